"""The editor as the place where edits are made: versions, what it says about an edit, and what its text says.

`applied: true` is only a word: Neovim says it of an edit that it refused for being late, vim-lsp always, and eglot
sends the change long after. So an edit counts as made when a didChange has brought its text.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence

from ask_lsp.assistant.landing import Said
from ask_lsp.core.diff import line_hunks
from ask_lsp.core.edits import Edit, merge
from ask_lsp.core.text import Snapshot, Span, advance, plain_line_ends
from ask_lsp.core.tracking import TrackedSpan
from ask_lsp.lsp.documents import Document, Documents
from ask_lsp.lsp.editor import Editor
from ask_lsp.lsp.limits import within

SHOWN_LIMIT = 10.0
MOVED_LIMIT = 1.0
MOST_COUNTED = 200
_TELLING = re.compile(r"\w\W*\w\W*\w")
_WORD = re.compile(r"\w+|[^\w\s]")


def holds(seen: str, new: str, now: str) -> bool:
    """Whether `now` has `new` word for word, or is `seen` with the step to `new` and other lines changed: no guess."""
    seen, new, now = plain_line_ends(seen), plain_line_ends(new), plain_line_ends(now)
    if now == new:
        return True
    return now != seen and ((new not in seen and new in now) or merge(seen, new, now) == now)


def stands(seen: str, new: str, now: str) -> bool:
    """Whether `now` is `seen` with the step to `new` made in it, whatever else was typed at the same time."""
    return holds(seen, new, now) or _traces(plain_line_ends(seen), plain_line_ends(new), plain_line_ends(now))


def _traces(seen: str, new: str, now: str) -> bool:
    """Whether the step was made, beside keys that came with it.

    Every line that it adds is there, every line that it takes away is gone, as often as they should be. A line that is
    gone may only have been typed in; so if no other tells, the words must be plainly nearer to the new text than to the
    old one.
    """
    old_lines, new_lines = seen.split("\n"), new.split("\n")
    changed = {
        line.strip()
        for hunk in line_hunks(old_lines, new_lines)
        for line in (*old_lines[hunk.old_first : hunk.old_last], *new_lines[hunk.new_first : hunk.new_last])
    }
    told = False
    for line in sorted(changed - {""}, key=len)[-MOST_COUNTED:]:
        before, after, found = seen.count(line), new.count(line), now.count(line)
        if (after > before and found < after) or (after < before and found > after):
            return False
        told |= after > before and _TELLING.search(line) is not None
    if told:
        return True
    old_words, new_words, now_words = map(_WORD.findall, (seen, new, now))
    nearer = _distance(old_words, now_words) - _distance(new_words, now_words)
    return 2 * nearer >= _distance(old_words, new_words) > 0


def _distance(one: list[str], other: list[str]) -> int:
    """How many words go and come between the two."""
    return sum(hunk.old_last - hunk.old_first + hunk.new_last - hunk.new_first for hunk in line_hunks(one, other))


class DocumentPlace:
    """A stretch of an open document (assistant.landing.LivePlace)."""

    def __init__(self, documents: Documents, document: Document, span: Span) -> None:
        self._documents = documents
        self.document = document
        self.made: TrackedSpan | None = None
        self._follow(span)

    def _follow(self, span: Span) -> None:
        self._tracked = self.document.track(span)
        self._grown = self.document.track(span, grows=True)

    @property
    def uri(self) -> str:
        """The document."""
        return self.document.uri

    def now(self) -> tuple[Snapshot, Span] | None:
        """Where it is; None when the document was closed."""
        if self._documents.get(self.document.uri) is not self.document:
            return None
        return self.document.snapshot(), self._tracked.span

    def over(self, span: Span) -> DocumentPlace:
        """Another stretch of the document as it is."""
        return DocumentPlace(self._documents, self.document, span)

    def taking_in(self, seen: str, new: str) -> DocumentPlace:
        """The place for what comes next, with `new` in it, whoever put that there: it may reach over the edges."""
        text = self.document.live().slice(self._grown.span)
        if self.now() is None or not stands(seen, new, text):
            return self
        part = self._stretch(self._grown.span, text, new)
        start, end = self._tracked.span
        return self.over(Span(min(start, part.start), max(end, part.end)))

    def took(self, around: Span, text: str, new: str) -> None:
        """An edit has brought `new`, somewhere in `text`, which is what `around` says: it is part of the place now."""
        part = self._stretch(around, text, new)
        self.made = self.document.track(part)
        start, end = self._tracked.span
        self._follow(Span(min(start, part.start), max(end, part.end)))

    @staticmethod
    def _stretch(around: Span, text: str, new: str) -> Span:
        at = text.find(new)
        return _part(around, text, at, len(new)) if at >= 0 else around

    def watch(self) -> EditWatch:
        """Begins to look at what an edit does here."""
        return EditWatch(self, self.document.track(self._tracked.span, grows=True))


class EditWatch:
    """Looks at a place after an edit was sent there (assistant.landing.Watch)."""

    def __init__(self, place: DocumentPlace, grown: TrackedSpan) -> None:
        self._place = place
        self._document = place.document
        self._grown = grown
        self._version = place.document.version

    async def shown(self, seen: str, new: str) -> bool | None:
        """Whether the editor's next change brought `new`; None if no change came within 10 s."""
        if self._there(seen, new):
            return True
        if self._document.version != self._version:
            return False  # the change that decides has come already, or the one that made the edit late
        try:
            await within(SHOWN_LIMIT, self._document.changed.wait())
        except asyncio.TimeoutError:
            return None
        return self._there(seen, new)

    async def moved(self) -> bool:
        """Whether the document has another version than the edit was made for, or gets one within a second."""
        until = time.monotonic() + MOVED_LIMIT
        while self._document.version == self._version and (left := until - time.monotonic()) > 0:
            try:
                await within(left, self._document.changed.wait())
            except asyncio.TimeoutError:
                break
        return self._document.version != self._version

    def _there(self, seen: str, new: str) -> bool:
        now = self._document.live().slice(self._grown.span)
        if not stands(seen, new, now):
            return False
        self._place.took(self._grown.span, now, new)
        return True


def _part(span: Span, text: str, offset: int, length: int) -> Span:
    """Where a piece of the text of `span` is."""
    return Span(advance(span.start, text[:offset]), advance(span.start, text[: offset + length]))


class EditorDesk:
    """The connected editor (assistant.landing.Desk)."""

    def __init__(self, editor: Editor, encoding: str) -> None:
        self._editor = editor
        self._encoding = encoding
        self._queues: dict[str, asyncio.Lock] = {}

    @property
    def versioned(self) -> bool:
        """Neovim does not declare it, and honours it."""
        return self._editor.client.versioned_edits

    @property
    def says_yes_to_late_edits(self) -> bool:
        """Neovim answers `applied: true` to a stale edit that it did not make."""
        return self._editor.client.is_neovim

    def queue(self, uri: str) -> asyncio.Lock:
        """One edit of a document at a time."""
        return self._queues.setdefault(uri, asyncio.Lock())

    async def edit(self, snapshot: Snapshot, edits: Sequence[Edit], label: str, *, ask_first: bool = False) -> Said:
        """Sends one edit, and returns what the editor says."""
        return await self._editor.edit(snapshot, edits, label, self._encoding, ask_first=ask_first)
