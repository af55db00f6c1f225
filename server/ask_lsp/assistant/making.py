"""From what somebody picked to the edit that is to be made: which text is the target, and how the model sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ask_lsp.assistant.edit import LONG, Making
from ask_lsp.assistant.landing import LivePlace
from ask_lsp.assistant.question import Ask
from ask_lsp.assistant.services import Services
from ask_lsp.core.action import Definition
from ask_lsp.core.directives import Directive, find, without
from ask_lsp.core.errors import RequestRefused
from ask_lsp.core.text import Point, Snapshot, Span, line_length, slice_lines

AROUND_CURSOR = 60
CURSOR = "<cursor/>"

Follow = Callable[[Span], LivePlace]
"""A place that follows a stretch of the snapshot that was taken, from where it is by now."""


async def making_of(services: Services, ask: Ask, title: str, follow: Follow, *, directed: bool = False) -> Making:
    """The edit that an action makes of a place. Raises RequestRefused when there is nothing to act on.

    With `directed`, the instruction is the comment that ends in `ask!` there, which goes away with the edit.
    """
    action = ask.action
    if action.scope == "file":
        ask = replace(ask, span=ask.snapshot.whole, target="this file")
    if action.output == "insert":
        return await _completion(services, ask, title, follow)
    if directed:
        ask = await _directed(services, ask)
    lines = ask.span.end.line - ask.span.start.line + 1
    long = action.output == "replace" and lines > LONG
    return Making(replace(ask, form="blocks" if long else action.output), follow(ask.span), action.output, title)


async def directive_at(services: Services, snapshot: Snapshot, selection: Span) -> tuple[Directive, Definition | None]:
    """The comment that asks at this place, and the definition around it. Raises RequestRefused when there is none."""
    definition = await services.symbols.enclosing_exact(snapshot, selection.start)
    found = find(snapshot.lines, selection, definition.span if definition else None, snapshot.language)
    if found is None or not await services.symbols.comments_hold(snapshot, found):
        raise RequestRefused("There is no comment here that ends in “ask!” or “ask?”. Write one, and try again.")
    return found, definition


async def _directed(services: Services, ask: Ask) -> Ask:
    directive, definition = await directive_at(services, ask.snapshot, ask.span)
    span = ask.span
    if span.is_empty or directive.span.contains(span):
        if definition is None or definition.span == directive.span:
            definition = await services.symbols.enclosing_exact(ask.snapshot, directive.span.end)
        if definition is None:
            raise RequestRefused("There is no code at that comment. Select what it is about, and ask again.")
        span = definition.span
    span = Span(min(span.start, directive.span.start), max(span.end, directive.span.end))
    if span.end.column == 0 and span.end > span.start and span.end == directive.span.end:
        before = span.end.line - 1  # a directive that comes last takes its line end along, which is not ours to take
        span = Span(span.start, Point(before, line_length(ask.snapshot.lines[before])))
    code = without(ask.snapshot.lines, span, directive)
    target = definition.label if definition is not None else "the code"
    return replace(ask, span=span, code=code, question=directive.text, target=target)


async def _completion(services: Services, ask: Ask, title: str, follow: Follow) -> Making:
    """The target is the cursor's line; the model sees what is around it, with the place marked."""
    lines, cursor = ask.snapshot.lines, ask.span.start
    line = Span(Point(cursor.line, 0), Point(cursor.line, line_length(lines[cursor.line])))
    around = Span(
        Point(max(0, cursor.line - AROUND_CURSOR), 0),
        _end_of_line(ask.snapshot, min(len(lines) - 1, cursor.line + AROUND_CURSOR)),
    )
    definition = await services.symbols.enclosing_exact(ask.snapshot, cursor)
    if definition is not None and definition.kind != "block" and around.contains(definition.span):
        around = definition.span
        if cursor < around.start or cursor > around.end:
            around = Span(min(around.start, cursor), max(around.end, cursor))
    code = slice_lines(lines, Span(around.start, cursor)) + CURSOR + slice_lines(lines, Span(cursor, around.end))
    shown = replace(ask, span=line, code=code, form="insert", target="the code")
    return Making(shown, follow(line), "insert", title, cursor=cursor.column)


def going_on(making: Making, question: str) -> Making:
    """The same edit with a new question, for the text that stands at its place by now."""
    at = making.place.now() if making.place is not None else None
    ask = replace(making.ask, question=question)
    if at is None or at[0].slice(at[1]) == making.seen:
        return replace(making, ask=ask)
    form = "replace" if making.output == "insert" else ask.form
    ask = replace(ask, snapshot=at[0], span=at[1], code=None, form=form)
    return replace(making, ask=ask, output="replace" if making.output == "insert" else making.output)


def _end_of_line(snapshot: Snapshot, number: int) -> Point:
    return Point(number, line_length(snapshot.lines[number]))
