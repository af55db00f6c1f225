"""Writes an answer into its chat file while it comes, with one writer at any time.

Until an editor opens the file we append on disk. From its didOpen on the buffer is the truth: then the text goes in by
applyEdit at a tracked place, at most twice a second, and the path is not written, because Neovim, Vim and Emacs do not
show a change on disk, or warn about it. What an editor says about an edit is not believed; the text it sends back is.
The journal has every word first, so whatever becomes of the buffer, nothing is lost.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from ask_lsp.assistant.jobs import Job
from ask_lsp.assistant.ports import Chats
from ask_lsp.core.chat_format import JOB_ATTRIBUTE, heading, next_turn
from ask_lsp.core.diff import common_prefix
from ask_lsp.core.errors import AskError
from ask_lsp.core.text import Point, Span, advance, line_text, plain_line_ends, replace_surrogates
from ask_lsp.lsp.convert import to_position
from ask_lsp.lsp.documents import Document, Documents, TrackedSpan
from ask_lsp.lsp.editor import Editor
from ask_lsp.lsp.limits import within

log = logging.getLogger(__name__)

EVERY = 0.5
CONFIRM_LIMIT = 10.0
TRIES = 3


class ChatTranscript:
    """One answer on its way into one file (assistant.answering.Transcript)."""

    def __init__(
        self,
        path: Path,
        nonce: str,
        job: Job,
        label: str,
        attributes: Mapping[str, str],
        chats: Chats,
        documents: Documents,
        editor: Editor,
        encoding: Callable[[], str],
    ) -> None:
        self.path = path
        self.finished = False
        self.in_buffer = False
        self._job = job
        self._chats = chats
        self._documents = documents
        self._editor = editor
        self._encoding = encoding
        self._token = secrets.token_hex(8)
        attributes = {**attributes, JOB_ATTRIBUTE: self._token}
        self._heading = heading(nonce, "assistant", label, attributes)
        self._begin = partial(next_turn, nonce=nonce, role="assistant", label=label, attributes=attributes)
        self._all = ""  # what is to stand in the file: blank lines, our heading, the answer, what follows it
        self._after_heading = 0
        self._answer = ""
        self._held = ""
        self._written = 0
        self._entry: int | None = None
        self._document: Document | None = None
        self._place: TrackedSpan | None = None
        self._journalled = -1
        self._edited_at = 0.0
        self._lock = asyncio.Lock()
        self._on_disk_allowed = asyncio.Event()
        self._on_disk_allowed.set()
        self._wake = asyncio.Event()
        self._dirty = asyncio.Event()
        self._pumps = [asyncio.ensure_future(self._run()), asyncio.ensure_future(self._run_journal())]

    def add(self, text: str) -> None:
        """Takes a piece of the answer."""
        text = self._held + text
        held = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" or text.endswith("\r") else ""
        self._held = held  # the other half of a line end, or of a character, may come with the next piece
        text = replace_surrogates(plain_line_ends(text[: len(text) - len(held)]))
        self._answer += text
        if self._after_heading:
            self._all += text
        self._wake.set()
        self._dirty.set()

    async def flush(self) -> None:
        """Writes all that there is, unless an editor will not take it.

        A cancel of who waits does not end the writing: an edit that is under way would be made twice.
        """
        await asyncio.shield(self._flush_in_turn())

    async def _flush_in_turn(self) -> None:
        async with self._lock:
            try:
                await self._flush()
            except AskError as error:
                log.warning("the chat file could not be written: %s", error)
            except OSError as error:
                log.warning("the chat file could not be written: %s", error.strerror)

    async def finish(self, tail: str, next_question: str) -> str:
        """Writes what is left. Where that cannot be, returns the sentence that says where the answer is."""
        left, self._held = self._held, ""
        self._answer += replace_surrogates(left)
        self._all += replace_surrogates(left) if self._after_heading else ""
        await self.flush()
        self._all += tail + next_question
        self._answer += tail
        for pump in self._pumps:
            pump.cancel()
        for _ in range(TRIES):
            await self.flush()
            if self.is_written:
                break
        self.finished = True
        if self.is_written and not self.in_buffer and self._entry is not None:
            await self._chats.journal_end(self._entry)
        return "" if self.is_written else await self._whereabouts()

    async def _whereabouts(self) -> str:
        """Where an answer is that is not in its file."""
        name = self.path.name
        if self._documents.at(self.path) is not None:
            return f"The editor does not take the whole answer into {name}. Close that file: the rest is written then."
        if not await asyncio.to_thread(self._chats.owns, self.path):
            return f"The chat file {name} is gone, and its answer with it. Ask again to begin a new one."
        if self._entry and self._journalled == len(self._answer):
            return (
                f"The chat file {name} cannot be written. The answer is kept: make the file writable, and it is "
                "completed when ask-lsp starts the next time."
            )
        return f"The answer could neither be written into {name} nor kept. Make room on the disk, and ask again."

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Nothing is written on disk meanwhile, until the editor has opened the file: it may have read it already."""
        async with self._lock:  # what is being written is written first
            self._on_disk_allowed.clear()
        try:
            yield
        finally:
            self._on_disk_allowed.set()

    @property
    def is_written(self) -> bool:
        """Whether everything stands in the file, or in the buffer that shows it."""
        return bool(self._after_heading) and self._written >= len(self._all)

    async def saved(self) -> None:
        """The editor wrote its buffer: what is in there is safe now."""
        if self.finished and self.is_written and self._entry is not None:
            await self._chats.journal_end(self._entry)

    async def opened(self) -> None:
        """An editor has the file, if only for a moment: what stands in there from now on is not ours alone."""
        self.in_buffer = True
        self._on_disk_allowed.set()
        await self.flush()

    async def closed(self) -> None:
        """The editor let go of the file: what it did not save is written now."""
        self._document = self._place = None
        await self.flush()
        if self.finished and self.is_written and self._entry is not None:
            await self._chats.journal_end(self._entry)

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.flush()
            await asyncio.sleep(EVERY)
            if not self.is_written:
                self._wake.set()  # an editor that refused once may have had its reasons

    async def _run_journal(self) -> None:
        """Journals what comes while an editor takes its time with what came before."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            try:
                await self._journal()
            except AskError as error:
                log.warning("the answer could not be journalled: %s", error)
            await asyncio.sleep(EVERY)

    async def _journal(self) -> None:
        answer = self._answer
        is_new = self._entry is not None and len(answer) != self._journalled
        if self._entry is not None and is_new and await self._chats.journal(self._entry, answer):
            self._journalled = len(answer)

    async def _flush(self) -> None:
        document = self._documents.at(self.path)
        if not self._after_heading:
            before = "".join(document.lines[-3:]) if document else await self._chats.read(self.path)
            begin = self._begin(plain_line_ends(before)[-2:])
            self._after_heading = len(begin)
            self._all = begin + self._answer
            self._entry = await self._chats.journal_begin(self.path, self._token)
        upto = len(self._all)
        await self._journal()  # all of it is safe before any of it is anywhere else
        document = self._documents.at(self.path)
        if document is None:
            await self._on_disk_allowed.wait()
            document = self._documents.at(self.path)
        if document is None:
            await self._write_on_disk(upto)
            return
        if not self._synced_with(document):
            self._sync_with_buffer(document)
        self.in_buffer = True
        if self._written < upto:
            await asyncio.sleep(self._edited_at + EVERY - time.monotonic())
            self._edited_at = time.monotonic()
            piece = self._all[self._written : upto]
            if self._documents.at(self.path) is document and await self._insert(document, piece):
                self._written = upto

    async def _write_on_disk(self, upto: int) -> None:
        let_go, self.in_buffer = self.in_buffer, False
        if self._written >= upto and not let_go:
            return
        there = await self._chats.read(self.path)
        if there.endswith(self._all[: self._written]):
            if self._written < upto:
                await self._chats.append(self.path, self._all[self._written : upto])
        else:  # what an editor saved, ours or that of another server; words of the user's may follow
            offset = self._sync(plain_line_ends(there))
            if self._written < upto:
                await self._chats.insert(self.path, offset, self._all[self._written : upto])
        self._written = upto

    def _synced_with(self, document: Document) -> bool:
        return self._document is document and self._place is not None

    def _sync(self, content: str) -> int:
        """Finds out how much of ours stands in `content`, and returns the offset at which the rest belongs."""
        found = content.find(self._heading)
        if found < 0:
            self._written = 0
            return len(content)
        begin = self._after_heading - len("\n\n")
        ours, theirs = self._all[begin:], content[found + len(self._heading) :]
        same = common_prefix(ours, theirs)
        if same < len(theirs.rstrip()):  # somebody edited our answer: go on behind the last words we know of
            known = self._all[max(begin, self._written - 40) : self._written]
            if known and (at := theirs.rfind(known)) >= 0:
                return found + len(self._heading) + at + len(known)
        self._written = begin + same
        return found + len(self._heading) + same

    def _sync_with_buffer(self, document: Document) -> None:
        content = "".join(line_text(line) + "\n" for line in document.lines)[:-1]
        offset = self._sync(content)
        found = content.find(self._heading)
        start = found + len(self._heading) if found >= 0 else offset
        self._document = document
        self._place = document.track(Span(_point_at(content, min(start, offset)), _point_at(content, offset)))

    async def _insert(self, document: Document, piece: str) -> bool:
        assert self._place is not None
        before = _text_at(document, self._place)
        position = to_position(document.lines, self._place.span.end, self._encoding())
        # Takes in our piece, and whatever else comes there. Only what is ours becomes part of the answer's own place:
        # what the user types right behind it stays behind it, also when that is why this edit is refused.
        grown = document.track(self._place.span, grows=True)
        version = document.version
        if not await self._editor.insert(document.uri, version, position, piece):
            return False
        try:
            return await within(CONFIRM_LIMIT, self._confirmed(document, grown, piece, before, version))
        except asyncio.TimeoutError:
            came = len(_text_at(document, grown)) - len(before)
            if 2 * came >= len(piece) and self._place is not None:
                self._place.span = grown.span
                return True  # something of that size came: the editor has its own mind about white space, say
            self._document = None  # what of it is there all the same is found out before anything is written again
            return False

    async def _confirmed(self, document: Document, grown: TrackedSpan, piece: str, before: str, version: int) -> bool:
        """Waits until the editor has sent our text back: eglot is late, Neovim says "applied" of what it refused.

        False if it let go of the file instead, and where Neovim's next change shows that the edit for `version` came
        too late.

        It is there when it stands there once more than before, wherever: somebody may have deleted what came earlier.
        """
        times = before.count(piece)
        while self._place is not None and self._documents.at(self.path) is document:
            changed = document.changed
            there = _text_at(document, grown)
            if there.count(piece) > times:
                # Not what lies behind our last word: Neovim adds a line end of its own at the end of the file.
                start = grown.span.start
                self._place.span = Span(start, advance(start, there[: there.rfind(piece) + len(piece)]))
                return True
            came = len(there) - len(before)
            if self._editor.client.is_neovim and document.version != version and 2 * came < len(piece):
                return False
            await changed.wait()
        return False


def _text_at(document: Document, place: TrackedSpan) -> str:
    return plain_line_ends(document.live().slice(place.span))


def _point_at(content: str, offset: int) -> Point:
    return Point(content.count("\n", 0, offset), offset - (content.rfind("\n", 0, offset) + 1))


class Transcripts:
    """The transcripts that may still have something to write, by file."""

    def __init__(self) -> None:
        self._all: list[ChatTranscript] = []

    def add(self, transcript: ChatTranscript) -> ChatTranscript:
        """Keeps one until all of it is safe."""
        self._all.append(transcript)
        return transcript

    async def saved(self, path: Path) -> None:
        """A didSave."""
        for transcript in self._of(path):
            await transcript.saved()
            self._drop(transcript)

    async def opened(self, path: Path) -> None:
        """A didOpen: what came between the editor's reading and this goes in now."""
        for transcript in self._of(path):
            await transcript.opened()

    async def closed(self, path: Path) -> None:
        """A didClose; the answers in the order in which they stand in the file."""
        for transcript in self._of(path):
            await transcript.closed()
            self._drop(transcript)

    def _of(self, path: Path) -> list[ChatTranscript]:
        return [transcript for transcript in self._all if transcript.path == path]

    def _drop(self, transcript: ChatTranscript) -> None:
        if transcript.finished and transcript.is_written and transcript in self._all:
            self._all.remove(transcript)
