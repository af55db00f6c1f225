"""The open documents: lists of lines that changes are spliced into, with what follows places through those changes.

pygls keeps documents too, but splits the whole file anew at every change, and at characters that LSP does not count as
line ends; its own copies are never made.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

from lsprotocol import types

from ask_lsp.core.privacy import Verdict
from ask_lsp.core.text import (
    Point,
    Snapshot,
    Span,
    Step,
    clamp,
    end_of,
    line_length,
    map_through,
    replace,
    replace_all,
    slice_lines,
    splice,
    split_lines,
)
from ask_lsp.core.tracking import TrackedSpan, follow
from ask_lsp.core.uris import path_of
from ask_lsp.lsp.convert import to_span

__all__ = ["Document", "Documents", "TrackedSpan", "file_of"]

KEPT_VERSIONS = 500


class Document:
    """One open document. Its version is whatever the client last said, never counted (Neovim's are changedtick)."""

    def __init__(self, uri: str, language: str, version: int, text: str) -> None:
        self.uri = uri
        self.path = file_of(uri)
        self.language = language
        self.version = version
        self.lines = split_lines(text)
        self.changed = asyncio.Event()
        self.verdict: Verdict | None = None  # whether it may be sent, as far as has been found out
        self._history: deque[tuple[int, tuple[Step, ...]]] = deque([(version, ())], maxlen=KEPT_VERSIONS)
        self._tracked: weakref.WeakSet[TrackedSpan] = weakref.WeakSet()

    def apply(self, changes: Sequence[types.TextDocumentContentChangeEvent], version: int, encoding: str) -> None:
        """Takes a didChange: each change counts on the text that the ones before it left (LSP 3.17, didChange)."""
        made: list[Step] = []
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                steps = replace(self.lines, to_span(self.lines, change.range, encoding), change.text)
            else:
                steps = replace_all(self.lines, change.text)
            follow(self._tracked, [step.change for step in steps])
            made += steps
        self.version = version
        self._history.append((version, tuple(made)))
        self.changed.set()
        self.changed = asyncio.Event()

    def snapshot(self) -> Snapshot:
        """The document frozen as it is now."""
        return Snapshot(self.uri, self.version, self.language, tuple(self.lines))

    def live(self) -> Snapshot:
        """The document as it is until the next await: costs nothing, which a listing in 50,000 lines needs."""
        return Snapshot(self.uri, self.version, self.language, self.lines)

    def track(self, span: Span, *, grows: bool = False) -> TrackedSpan:
        """A span that follows the text for as long as somebody holds it."""
        tracked = TrackedSpan(span, grows=grows)
        self._tracked.add(tracked)
        return tracked

    def map_from(self, version: int, range_: types.Range, encoding: str) -> Span | None:
        """Where a range of an earlier version is now; None if that version is not remembered.

        Its columns count in the encoding's units on the lines as they were, so the old text is made again first.
        """
        old, later = self.lines_of(version), self._later(version)
        if old is None or later is None:
            return None
        return clamp(self.lines, map_through(to_span(old, range_, encoding), (step.change for step in later)))

    def lines_of(self, version: int) -> list[str] | None:
        """The lines as they were in an earlier version; None if that version is not remembered."""
        later = self._later(version)
        if later is None:
            return None
        old = self.lines.copy()
        for (start, _), new_end, removed in ((*step.change, step.removed) for step in reversed(later)):
            splice(old, Span(start, new_end), removed)
        return old

    def since(self, version: int, span: Span) -> Span | None:
        """Where a span of an earlier version is now; None if that version is not remembered."""
        later = self._later(version)
        return None if later is None else clamp(self.lines, map_through(span, (step.change for step in later)))

    def knows(self, version: int | None) -> bool:
        """Whether that version is remembered."""
        return any(known == version for known, _ in self._history)

    def _later(self, version: int) -> list[Step] | None:
        later: list[Step] = []
        for known, steps in reversed(self._history):
            if known == version:
                return later
            later[:0] = steps
        return None

    def end(self) -> Point:
        """The place behind the last character."""
        return end_of(self.lines)


class Grown:
    """A stretch of a document with all that comes to its edges.

    Editors that send whole documents do not say whether a line that was added below the last one of a stretch came to
    the end of that, or to the beginning of the next. So the line ends on both sides are followed too.
    """

    def __init__(self, document: Document, span: Span) -> None:
        (start, end), lines = span, document.lines
        self._document = document
        self._has_above = start.column == 0 < start.line
        self._has_below = end.line + 1 < len(lines) and end.column == line_length(lines[end.line])
        first = Point(start.line - 1, line_length(lines[start.line - 1])) if self._has_above else start
        last = Point(end.line + 1, 0) if self._has_below else end
        self._tracked = document.track(Span(first, last), grows=True)
        above, below = max(0, start.line - 1), min(len(lines) - 1, end.line + 1)
        self._wide = document.track(Span(Point(above, 0), Point(below, line_length(lines[below]))), grows=True)

    @property
    def touched(self) -> int:
        """How many changes met it."""
        return self._tracked.touched

    def now(self) -> tuple[Span, str]:
        """Where it is and what it says, without the two line ends."""
        lines, (start, end) = self._document.lines, self._tracked.span
        if self._has_above and start.column == line_length(lines[start.line]) and start.line < end.line:
            start = Point(start.line + 1, 0)
        if self._has_below and end.column == 0 and start.line < end.line:
            end = Point(end.line - 1, line_length(lines[end.line - 1]))
        return Span(start, end), slice_lines(lines, Span(start, end))

    def with_neighbours(self) -> tuple[Span, str]:
        """The same with the lines above and below."""
        return self._wide.span, slice_lines(self._document.lines, self._wide.span)


class Documents:
    """All open documents of this client."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}
        self.opened_one = asyncio.Event()

    def __iter__(self) -> Iterator[Document]:
        return iter(self._open.values())

    def open(self, item: types.TextDocumentItem) -> Document:
        """Takes a didOpen; one for a document that is open already replaces it."""
        document = Document(item.uri, item.language_id, item.version, item.text)
        self._open[item.uri] = document
        self.opened_one.set()
        self.opened_one = asyncio.Event()
        return document

    def close(self, uri: str) -> Document | None:
        """Takes a didClose; who waits for a change of the document need not wait any longer."""
        document = self._open.pop(uri, None)
        if document is not None:
            document.changed.set()
        return document

    def get(self, uri: str) -> Document | None:
        """The open document of that URI, however the URI is percent-encoded."""
        if uri in self._open:
            return self._open[uri]
        plain = unquote(uri)
        return next((document for known, document in self._open.items() if unquote(known) == plain), None)

    def at(self, path: Path) -> Document | None:
        """The open document that shows this file, symlinks followed."""
        return next((document for document in self if document.path == path), None)


def file_of(uri: str) -> Path | None:
    """The real path of a `file:` URI; None for every other scheme."""
    path = path_of(uri)
    try:
        return None if path is None else path.resolve()
    except (ValueError, OSError, RuntimeError):
        return None
