"""The editor as the place where edits are made: versions, what it says about an edit, and what its text says.

`applied: true` is only a word: Neovim says it of an edit that it refused for being late, vim-lsp always, and eglot
sends the change long after. So an edit counts as made when a didChange has brought its text.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from ask_lsp.assistant.landing import Said
from ask_lsp.core.anchor import anchored
from ask_lsp.core.edits import Edit
from ask_lsp.core.evidence import found_in, has_come_near, stands
from ask_lsp.core.proposal import Anchor
from ask_lsp.core.text import Snapshot, Span, advance
from ask_lsp.core.tracking import TrackedSpan
from ask_lsp.lsp.documents import Document, Documents, Grown
from ask_lsp.lsp.editor import Editor
from ask_lsp.lsp.limits import within

SHOWN_LIMIT = 10.0
MOVED_LIMIT = 1.0


class DocumentPlace:
    """A stretch of an open document (assistant.landing.LivePlace)."""

    def __init__(self, documents: Documents, document: Document, span: Span) -> None:
        self._documents = documents
        self.document = document
        self.made: TrackedSpan | None = None
        self._follow(span)

    def _follow(self, span: Span) -> None:
        self._tracked = self.document.track(span)
        self._grown = Grown(self.document, span)

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
        around, text = self._grown.now()
        if self.now() is None or not stands(seen, new, text):
            return self
        part = self._stretch(around, text, new)
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
        at = found_in(new, text)
        return _part(around, text, at, len(new)) if at >= 0 else around

    def watch(self, span: Span, edits: Sequence[Edit]) -> EditWatch:
        """Begins to look at what edits do to a stretch of the document as it is, which holds the place."""
        going = [self.document.track(edit.span) for edit in edits if not edit.span.is_empty]
        return EditWatch(self, Grown(self.document, span), going)

    def last_seen(self) -> Anchor:
        """It as it is now; as it was last if the document was closed."""
        return anchored(self.document.live(), self._tracked.span)


class EditWatch:
    """Looks at a place after an edit was sent there (assistant.landing.Watch)."""

    def __init__(self, place: DocumentPlace, grown: Grown, going: Sequence[TrackedSpan]) -> None:
        self._place = place
        self._document = place.document
        self._grown = grown
        self._going = going
        _, self._before = grown.with_neighbours()
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
        around, now = self._grown.now()
        gone = bool(self._going) and all(tracked.span.is_empty for tracked in self._going)
        if not stands(seen, new, now, gone=gone):
            around, now = self._grown.with_neighbours()
            if not has_come_near(seen, new, self._before, now):
                return False
        self._place.took(around, now, new)
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
