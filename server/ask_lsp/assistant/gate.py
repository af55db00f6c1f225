"""The examination that a text has to pass before it is offered as an edit.

What reading the answer could not see: whether the document still parses with the text in it, and whether anything that
nobody selected would be gone.
"""

from __future__ import annotations

import asyncio

from ask_lsp.assistant.ports import Symbols
from ask_lsp.assistant.question import Ask
from ask_lsp.core.answer import Unusable
from ask_lsp.core.edits import smallest
from ask_lsp.core.text import Snapshot, Span, splice, split_lines

MANY_LINES = 40


async def examine(symbols: Symbols, ask: Ask, seen: str, new: str) -> list[str]:
    """Sentences about what a person should look at before the edit is made; empty when it may be made at once.

    Raises Unusable when it may not be made at all.
    """
    snapshot = ask.snapshot
    after, replaced = await asyncio.to_thread(_with, snapshot, ask.span, new)
    found = await symbols.check(snapshot.language, snapshot.uri, tuple(snapshot.lines), after, ask.span, replaced)
    if found.problem:
        raise Unusable(found.problem)
    if found.lost:
        raise Unusable(f"{_named(found.lost)} would be gone, which nobody selected.")
    flags = []
    if not _keeps(seen, new, *ask.beside):
        if found.dropped:
            raise Unusable(f"{_named(found.dropped)} would be gone, which nobody selected.")
        flags.append("It changes lines beside those that it was asked about.")
    if found.dropped:
        flags.append(f"{_named(found.dropped)} would be gone.")
    if found.added and ask.action.output == "replace":
        flags.append(f"{_named(found.added)} would be new.")
    if (
        seen.strip()
        and ask.span == snapshot.whole
        and len(await asyncio.to_thread(smallest, snapshot.lines, ask.span, new)) > 1
    ):
        flags.append("It changes the file in several places.")
    lines = seen.count("\n") + 1
    if new.count("\n") > 3 * lines + MANY_LINES:
        flags.append("It is much longer than what it replaces.")
    return flags


def _keeps(seen: str, new: str, above: int, below: int) -> bool:
    """Whether the first and last lines are as they were, but for blank ones."""
    lines = split_lines(seen)
    first, last = lines[:above], lines[len(lines) - below :]
    head, tail, now = ([line.strip() for line in part if line.strip()] for part in (first, last, split_lines(new)))
    return now[: len(head)] == head and now[len(now) - len(tail) :] == tail


def _with(snapshot: Snapshot, span: Span, new: str) -> tuple[tuple[str, ...], Span]:
    """The document with the text in it, and where the text is then."""
    lines = list(snapshot.lines)
    change = splice(lines, span, new)
    return tuple(lines), Span(change.old.start, change.new_end)


def _named(names: tuple[str, ...]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
