"""From what somebody picked to the edit that is to be made: which text is the target, and how the model sees it.

And from one edit to the next of the same chat, which is about the text that the first has left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ask_lsp.assistant.landing import LivePlace
from ask_lsp.assistant.question import Ask
from ask_lsp.assistant.services import Services
from ask_lsp.core.action import Definition, Output
from ask_lsp.core.anchor import anchored
from ask_lsp.core.directives import Directive, find, without
from ask_lsp.core.errors import RequestRefused
from ask_lsp.core.fit import white
from ask_lsp.core.proposal import Source
from ask_lsp.core.text import Point, Snapshot, Span, counted_from, line_length, slice_lines

LONG = 400  # lines: above that an answer gives only what changes
AROUND_CURSOR = 60
MOST_OF_NEIGHBOUR = 40
"""Lines of the definition beside a lone target that it takes in."""
CURSOR = "<cursor/>"

Follow = Callable[[Span], LivePlace]
"""A place that follows a stretch of the snapshot that was taken, from where it is by now."""


@dataclass(frozen=True)
class Making:
    """An edit that somebody wants to have made, at a place that follows what they type meanwhile.

    `ask.span` is the target; `ask.code` is how the model sees it, if that is not as it stands. `cursor` is the offset
    in the target at which a completion goes. Without a place the document is not open.

    `offered` is what an answer has made of the target, and may stand there by now. When the next one is to take its
    place, `base` is the text that both were to be inserted into.

    `source` is what it takes to ask for it anew, and `replaces` the proposal whose place the new one takes.
    """

    ask: Ask
    place: LivePlace | None
    output: Output
    title: str
    cursor: int = 0
    base: str | None = None
    offered: str | None = None
    source: Source | None = None
    replaces: str = ""
    seen: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seen", self.ask.snapshot.slice(self.ask.span))

    @property
    def into(self) -> str:
        """The text that something is inserted into."""
        return self.seen if self.base is None else self.base


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
    elif action.output in ("insert_before", "insert_after"):
        ask = _whole_lines(ask)
    elif action.output == "replace" and action.about_problems:
        ask = await _with_neighbours(services, ask)
    form = _form(ask) if action.output == "replace" else action.output
    return Making(replace(ask, form=form), follow(ask.span), action.output, title)


def _form(ask: Ask) -> str:
    """How what replaces the target has to be written."""
    return "blocks" if ask.span.end.line - ask.span.start.line + 1 > LONG else "replace"


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
    words = ask.question  # when it is asked for anew: what the comment says is among them
    if directive.text not in words:
        words = "\n".join(filter(None, (directive.text, words)))
    return replace(ask, span=span, code=code, question=words, target=target)


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
    """The same edit with a new question, for the text that stands at its place by now.

    What an answer has inserted gives way to the next one; if it was changed since, it is code like any other.
    """
    ask, place = replace(making.ask, question=question), making.place
    if place is not None and making.offered is not None:
        place = place.taking_in(making.seen, making.offered)
    at = place.now() if place is not None else None
    if place is None or at is None:
        return replace(making, ask=ask)
    snapshot, span = at[0]._replace(language=making.ask.snapshot.language), at[1]
    if _ends_a_line(making.ask.snapshot, making.ask.span):  # what was typed behind it is in its last line
        span = Span(span.start, _end_of_line(snapshot, span.end.line))
        place = place.over(span)
    ask, now = replace(ask, snapshot=snapshot, span=span), snapshot.slice(span)
    if now == making.seen:
        return replace(making, ask=ask, place=place)
    if now == making.offered and making.output != "replace":
        return replace(making, ask=ask, place=place, base=making.into)
    return rewriting(making, replace(ask, code=None, form=_form(ask)), place)


def rewriting(making: Making, ask: Ask, place: LivePlace | None) -> Making:
    """An edit of the same kind that rewrites a target, whatever the first one did with its own."""
    return replace(making, ask=ask, place=place, output="replace", cursor=0, base=None, offered=None)


def source_of(ask: Ask, picked: Span, target: str, *, directed: bool) -> Source:
    """What it takes to ask for an edit anew; `picked` is what somebody pointed at, and `target` what titles call it."""
    start = ask.span.start
    problems = tuple(replace(each, span=counted_from(each.span, start)) for each in ask.problems)
    at = anchored(ask.snapshot, ask.span)
    return Source(ask.snapshot.uri, at, target, counted_from(picked, start), directed, problems)


def _whole_lines(ask: Ask) -> Ask:
    """What is inserted goes before or behind the lines that were picked, never into them."""
    lines, (start, end) = ask.snapshot.lines, ask.span
    if end.column or end == start:
        end = _end_of_line(ask.snapshot, end.line)
    span = Span(Point(start.line, 0), end)
    picked = ask.shown if slice_lines(lines, span).strip() != ask.shown.strip() and ask.shown.strip() else None
    return replace(ask, span=span, code=picked)


async def _with_neighbours(services: Services, ask: Ask) -> Ask:
    """With the code above or below, where every line has a problem: the right answer may be to remove all of them.

    An answer without any code is none, so what is left has to be something.
    """
    lines, span = ask.snapshot.lines, ask.span
    troubled = {line for each in ask.problems for line in range(each.span.start.line, each.span.end.line + 1)}
    own = [number for number in range(span.start.line, span.end.line + 1) if lines[number].strip()]
    if not own or not set(own) <= troubled:
        return ask
    above = next((number for number in range(own[0] - 1, -1, -1) if lines[number].strip()), None)
    below = next((number for number in range(own[-1] + 1, len(lines)) if lines[number].strip()), None)
    sides = [await _with_its_definition(services, ask, number) for number in (above, below) if number is not None]
    alike = [side for side in sides if white(lines[side.start]) == white(lines[own[0]])]
    side = next(iter(alike or sides), None)
    if side is None:
        return ask
    first, last = min(side.start, own[0]), max(side.stop - 1, own[-1])
    beside = (own[0] - first, last - own[-1])
    return replace(ask, span=Span(Point(first, 0), _end_of_line(ask.snapshot, last)), target="the code", beside=beside)


async def _with_its_definition(services: Services, ask: Ask, number: int) -> range:
    """The line, or all lines of the definition that it begins or ends, unless that is long."""
    definition = await services.symbols.enclosing_exact(ask.snapshot, Point(number, 0))
    if definition is not None:
        lines = range(definition.span.start.line, definition.span.end.line + 1)
        if number in (lines[0], lines[-1]) and len(lines) <= MOST_OF_NEIGHBOUR:
            return lines
    return range(number, number + 1)


def _ends_a_line(snapshot: Snapshot, span: Span) -> bool:
    return span.end.column > 0 and span.end == _end_of_line(snapshot, span.end.line)


def _end_of_line(snapshot: Snapshot, number: int) -> Point:
    return Point(number, line_length(snapshot.lines[number]))
