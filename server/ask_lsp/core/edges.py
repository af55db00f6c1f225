"""Where a target ends and the rest of its lines begins: what is typed there belongs to both sides, and to none.

A tracked span leaves it outside. An edit that looked at the inside alone would set it apart from the code it was typed
at, so the target is taken in whole lines from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ask_lsp.core.text import Point, Span, line_length, line_text, split_lines

CONTEXT = 3
"""Lines on each side of a target by which it is known again."""


class Aim(NamedTuple):
    """What is to become of which stretch: `seen` is what the model saw there, `new` what it wants."""

    seen: str
    new: str
    span: Span


def around(lines: Sequence[str], span: Span) -> tuple[str, str]:
    """What stands directly before and behind a target: the rest of its own lines, and up to three more on each side."""
    start, end = span
    above = "".join(lines[max(0, start.line - CONTEXT) : start.line])
    below = "".join(lines[end.line + 1 : end.line + 1 + CONTEXT])
    return above + lines[start.line][: start.column], lines[end.line][end.column :] + below


def rest_of_lines(before: str, after: str) -> tuple[str, str]:
    """Of what stands around a target, what stands on its own first and last line."""
    return split_lines(before)[-1], line_text(split_lines(after)[0])


def typed_at(then: tuple[str, str], now: tuple[str, str]) -> bool:
    """Whether text has come to an edge; both are what `rest_of_lines` says."""
    (head, tail), (new_head, new_tail) = then, now
    return (head != new_head and new_head.startswith(head)) or (tail != new_tail and new_tail.endswith(tail))


def whole_lines(lines: Sequence[str], span: Span) -> Span:
    """The span with the rest of its own lines."""
    return Span(Point(span.start.line, 0), Point(span.end.line, line_length(lines[span.end.line])))


def aimed(lines: Sequence[str], span: Span, seen: str, new: str, before: str, after: str) -> Aim | None:
    """The step from `seen` to `new` for the place where the target is now; `before` and `after` stood around it then.

    In whole lines if text was typed at an edge. None where the target was nothing but a place between lines and neither
    of these is there any more: then nothing says that this is the place.
    """
    now = around(lines, span)
    if not seen.strip() and not any(_nearest(then, by) for then, by in _neighbours((before, after), now)):
        return None
    rest = rest_of_lines(before, after)
    if not typed_at(rest, rest_of_lines(*now)):
        return Aim(seen, new, span)
    return Aim(rest[0] + seen + rest[1], rest[0] + new + rest[1], whole_lines(lines, span))


def _neighbours(then: tuple[str, str], now: tuple[str, str]) -> list[tuple[list[str], list[str]]]:
    """The lines above, nearest first, as they were and are, and those below."""
    above = [split_lines(before)[-2::-1] for before, _ in (then, now)]
    below = [split_lines(after)[1:] for _, after in (then, now)]
    return [(above[0], above[1]), (below[0], below[1])]


def _nearest(then: list[str], now: list[str]) -> bool:
    """Whether the nearest lines with anything on them are alike."""
    first, second = (next((line.strip() for line in lines if line.strip()), "") for lines in (then, now))
    return first == second
