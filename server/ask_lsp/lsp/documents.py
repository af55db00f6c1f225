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
from typing import NamedTuple
from urllib.parse import unquote

from lsprotocol import types
from pygls.uris import to_fs_path

from ask_lsp.core.text import (
    Change,
    Point,
    Snapshot,
    Span,
    clamp,
    map_point,
    map_through,
    replace_all,
    slice_lines,
    splice,
    split_lines,
)
from ask_lsp.lsp.convert import to_span

KEPT_VERSIONS = 500


class _Step(NamedTuple):
    """One change, and the text that it removed: enough to go forward, and back."""

    change: Change
    removed: str


class TrackedSpan:
    """A span that moves with every change of its document.

    `grows` says whether text typed exactly at its end becomes part of it.
    """

    __slots__ = ("__weakref__", "grows", "span")

    def __init__(self, span: Span, *, grows: bool = False) -> None:
        self.span = span
        self.grows = grows

    def follow(self, change: Change) -> None:
        """Moves it through one change."""
        start = map_point(self.span.start, change, sticks_right=not self.grows)
        end = map_point(self.span.end, change, sticks_right=self.grows)
        self.span = Span(start, max(start, end))


class Document:
    """One open document. Its version is whatever the client last said, never counted (Neovim's are changedtick)."""

    def __init__(self, uri: str, language: str, version: int, text: str) -> None:
        self.uri = uri
        self.path = file_of(uri)
        self.language = language
        self.version = version
        self.lines = split_lines(text)
        self.changed = asyncio.Event()
        self._history: deque[tuple[int, tuple[_Step, ...]]] = deque([(version, ())], maxlen=KEPT_VERSIONS)
        self._tracked: weakref.WeakSet[TrackedSpan] = weakref.WeakSet()

    def apply(self, changes: Sequence[types.TextDocumentContentChangeEvent], version: int, encoding: str) -> None:
        """Takes a didChange: each change counts on the text that the ones before it left (LSP 3.17, didChange)."""
        made = []
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                made.append(self._splice(to_span(self.lines, change.range, encoding), change.text))
            else:
                before = self.lines.copy()
                step = replace_all(self.lines, change.text)
                made.append(_Step(step, slice_lines(before, step.old)))
        self.version = version
        self._history.append((version, tuple(made)))
        for tracked in self._tracked:
            for step, _ in made:
                tracked.follow(step)
        self.changed.set()
        self.changed = asyncio.Event()

    def _splice(self, span: Span, text: str) -> _Step:
        span, text = self._without_what_stays(span, text)
        first = max(0, span.start.line - 1)  # a \r before and a \n behind may become part of the change
        before = self.lines[first : span.end.line + 2]
        change = splice(self.lines, span, text)
        start, end = (Point(point.line - first, point.column) for point in change.old)
        return _Step(change, slice_lines(before, Span(start, end)))

    def _without_what_stays(self, span: Span, text: str) -> tuple[Span, str]:
        """The change without the beginning that it does not change.

        Neovim says of lines added at the end that the last line end was replaced by itself and more: a place behind it
        would seem to have been replaced too.
        """
        removed = slice_lines(self.lines, span)
        same = 0
        while same < min(len(removed), len(text)) and removed[same] == text[same]:
            same += 1
        if removed[:same].endswith("\r"):
            same -= 1  # a \n may follow, and belong to it
        *whole, rest = split_lines(removed[:same])
        column = len(rest) if whole else span.start.column + len(rest)
        return Span(Point(span.start.line + len(whole), column), span.end), text[same:]

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
        later: list[_Step] = []
        for known, steps in reversed(self._history):
            if known == version:
                break
            later[:0] = steps
        else:
            return None
        old = self.lines.copy()
        for (start, _), new_end, removed in ((*step.change, step.removed) for step in reversed(later)):
            splice(old, Span(start, new_end), removed)
        return clamp(self.lines, map_through(to_span(old, range_, encoding), (step.change for step in later)))

    def end(self) -> Point:
        """The place behind the last character."""
        return Point(len(self.lines) - 1, len(self.lines[-1]))


class Documents:
    """All open documents of this client."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}

    def __iter__(self) -> Iterator[Document]:
        return iter(self._open.values())

    def open(self, item: types.TextDocumentItem) -> Document:
        """Takes a didOpen; one for a document that is open already replaces it."""
        document = Document(item.uri, item.language_id, item.version, item.text)
        self._open[item.uri] = document
        return document

    def close(self, uri: str) -> Document | None:
        """Takes a didClose."""
        return self._open.pop(uri, None)

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
    if not uri.startswith("file:"):
        return None
    try:
        name = to_fs_path(uri)
        return Path(name).resolve() if name else None
    except (ValueError, OSError):
        return None
