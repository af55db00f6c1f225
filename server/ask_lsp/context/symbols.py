"""Which definition is around a place: from a syntax tree where there is one, by indentation until then.

Parsing holds the GIL, so it waits until typing pauses, runs in one worker thread, re-uses the last tree, and leaves
large files alone. Nothing here makes a request wait, but `enclosing_exact`, which may.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ask_lsp.context.comments import is_comment
from ask_lsp.context.definitions import Outline, Parse, parse
from ask_lsp.context.grammars import grammar_name
from ask_lsp.context.syntax import compare
from ask_lsp.core.action import Definition
from ask_lsp.core.directives import Directive
from ask_lsp.core.indent import block_by_indentation, enclosing_by_indentation, named_by_indentation
from ask_lsp.core.syntax import UNCHECKED, SyntaxCheck
from ask_lsp.core.text import Point, Snapshot, Span

DELAY = 0.3
"""Seconds without a change before a document is parsed."""

MOST_LINES = 5_000
MOST_CHARACTERS = 400_000
"""Larger files are not parsed: 50,000 lines would stop every thread for an eighth of a second."""

logger = logging.getLogger(__name__)


class _Document:
    """What is known about an open document. `last` belongs to the worker thread, the rest to the event loop."""

    def __init__(self) -> None:
        self.timer: asyncio.TimerHandle | None = None
        self.changes = 0
        self.outline: tuple[int, Outline] | None = None
        self.last: Parse | None = None


class TreeSymbols:
    """The Symbols port over tree-sitter. Use it from one event loop."""

    def __init__(self, delay: float = DELAY, most_lines: int = MOST_LINES) -> None:
        self._delay = delay
        self._most_lines = most_lines
        self._documents: dict[str, _Document] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # Syntax trees may not be used by two threads at once: all parsing is done by one.
        self._worker = ThreadPoolExecutor(1, "ask-lsp-parse")

    def enclosing(self, snapshot: Snapshot, point: Point) -> Definition | None:
        """At once: from the tree if it has this version, else by indentation. Never parses."""
        return _enclosing(snapshot, point, self._outline(snapshot))

    async def enclosing_exact(self, snapshot: Snapshot, point: Point) -> Definition | None:
        """As `enclosing`, from the tree of just this snapshot wherever the file has a grammar and is not too large."""
        outline = self._outline(snapshot)
        if outline is None and self._is_parsed(snapshot.language, snapshot.uri, len(snapshot.lines)):
            outline = await self._parse(self._documents.get(snapshot.uri) or _Document(), snapshot)
        return _enclosing(snapshot, point, outline)

    def named(self, snapshot: Snapshot, name: str, point: Point) -> Definition | None:
        """At once: the definition that `name`, standing at `point`, means in this document, as far as it can tell.

        None where nothing of that name is defined here, or several are and none of them is nearer than the others.
        """
        outline = self._outline(snapshot)
        if outline is None:
            return named_by_indentation(snapshot.lines, name, point, snapshot.language)
        return outline.named(name, point)

    async def check(
        self,
        language: str,
        uri: str,
        before: tuple[str, ...],
        after: tuple[str, ...],
        target: Span,
        replaced: Span,
    ) -> SyntaxCheck:
        """What an edit does to the syntax of a document, given as all its lines before and after.

        `target` is the edited text in `before`, `replaced` what it has become in `after`. Never raises; not `checked`
        where the language has no grammar, or the edited text alone is too large.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._worker, compare, language, uri, before, after, target, replaced, self._most_lines, MOST_CHARACTERS
            )
        except Exception:
            logger.exception("The syntax of an edit could not be checked.")
            return UNCHECKED

    async def comments_hold(self, snapshot: Snapshot, directive: Directive) -> bool:
        """Whether the tree, too, says that a directive is a comment; True where it cannot be asked. Never raises."""
        if not self._is_parsed(snapshot.language, snapshot.uri, len(snapshot.lines)):
            return True
        if sum(map(len, snapshot.lines)) > MOST_CHARACTERS:
            return True
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, is_comment, snapshot, directive.span)
        except Exception:
            logger.exception("A directive could not be looked at.")
            return True

    def changed(self, uri: str, language: str, line_count: int, take: Callable[[], Snapshot]) -> None:
        """A document was opened or has changed: parse it when it has been left alone for the delay."""
        document = self._documents.setdefault(uri, _Document())
        document.changes += 1
        if document.timer is not None:
            document.timer.cancel()
            document.timer = None
        if self._is_parsed(language, uri, line_count):
            loop = asyncio.get_running_loop()
            document.timer = loop.call_later(self._delay, self._begin, document, document.changes, take)
        else:
            self._documents[uri] = _Document()

    def closed(self, uri: str) -> None:
        """Forget a document."""
        document = self._documents.pop(uri, None)
        if document is not None:
            document.changes += 1
            if document.timer is not None:
                document.timer.cancel()

    async def settled(self) -> None:
        """Waits until every parse that has begun is over."""
        await asyncio.gather(*self._tasks)

    async def aclose(self) -> None:
        """Forgets everything and lets the worker end."""
        for uri in list(self._documents):
            self.closed(uri)
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _outline(self, snapshot: Snapshot) -> Outline | None:
        document = self._documents.get(snapshot.uri)
        known = document.outline if document else None
        return known[1] if known and known[0] == snapshot.version else None

    def _is_parsed(self, language: str, uri: str, line_count: int) -> bool:
        return line_count <= self._most_lines and grammar_name(language, uri) is not None

    def _begin(self, document: _Document, change: int, take: Callable[[], Snapshot]) -> None:
        document.timer = None
        task = asyncio.get_running_loop().create_task(self._parse_quietly(document, change, take))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _parse_quietly(self, document: _Document, change: int, take: Callable[[], Snapshot]) -> None:
        try:
            snapshot = take()
            if self._outline(snapshot) is None:
                await self._parse(document, snapshot, lambda: document.changes != change)
        except Exception:
            logger.exception("A document could not be read for its definitions.")

    async def _parse(
        self, document: _Document, snapshot: Snapshot, superseded: Callable[[], bool] = lambda: False
    ) -> Outline | None:
        """Parses in the worker and keeps the outcome if it is news; None if superseded, too large, or it failed."""
        if sum(map(len, snapshot.lines)) > MOST_CHARACTERS:
            return None
        changes = document.changes
        try:
            outline = await asyncio.get_running_loop().run_in_executor(
                self._worker, _parse_next, document, snapshot, superseded
            )
        except Exception:
            logger.exception("The definitions of a document could not be found.")
            return None
        if outline is not None and document.changes == changes:
            document.outline = snapshot.version, outline
        return outline


def _parse_next(document: _Document, snapshot: Snapshot, superseded: Callable[[], bool]) -> Outline | None:
    """Runs in the worker thread."""
    name = grammar_name(snapshot.language, snapshot.uri)
    if name is None or superseded():
        return None
    last, document.last = document.last, None  # A parse that fails may leave the old tree half edited.
    document.last = parse(name, tuple(snapshot.lines), last)
    return document.last.outline


def _enclosing(snapshot: Snapshot, point: Point, outline: Outline | None) -> Definition | None:
    if outline is None:
        return enclosing_by_indentation(snapshot.lines, point, snapshot.language)
    found = outline.enclosing(point)
    if found is not None:
        return found
    if outline.broken:  # While code is being typed, a definition may be there that the grammar cannot see yet.
        return enclosing_by_indentation(snapshot.lines, point, snapshot.language)
    return block_by_indentation(snapshot.lines, point)
