"""What an answer changes in a text: the smallest edits that do it, and the merge with what was typed meanwhile.

All of it counts in whole lines: a line that stays is not touched, so marks, folds and blame stay with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ask_lsp.core.diff import line_hunks
from ask_lsp.core.text import Point, Span, end_of, line_length, line_text, slice_lines, split_lines

_BREAK = re.compile(r"[\r\n]")


class Edit(NamedTuple):
    """One replacement, in the coordinates of the text before any of its siblings (LSP 3.17, TextEdit[])."""

    span: Span
    text: str


def smallest(lines: Sequence[str], span: Span, new: str) -> list[Edit]:
    """The edits that make the text of `span`, which exists in `lines`, into `new`; none if it is that already."""
    old_lines, new_lines = split_lines(slice_lines(lines, span)), split_lines(new)
    edits = []
    eol = _line_end(new_lines, old_lines)
    for first, last, new_first, new_last in line_hunks(_ended(old_lines, eol), _ended(new_lines, eol)):
        text = "".join(new_lines[new_first:new_last])
        start, end = _beginning(span, old_lines, first), _beginning(span, old_lines, last)
        if first == len(old_lines):  # behind the last line, which has no line end yet
            before = new_lines[new_first - 1]
            text = before[line_length(before) :] + text
        elif last == len(old_lines) and new_first == new_last:  # the last lines go, and the line end before them
            kept = line_length(old_lines[first - 1])
            start = Point(start.line - 1, kept + (span.start.column if first == 1 else 0))
        edits.append(Edit(Span(start, end), text))
    return edits


def changes(seen: str, new: str, now: str) -> list[Edit] | None:
    """The edits that make the step from `seen` to `new` in `now`, counted from its beginning; None if the two meet."""
    text = merge(seen, new, now)
    lines = split_lines(now)
    return None if text is None else smallest(lines, Span(Point(0, 0), end_of(lines)), text)


def taken_back(seen: str, new: str, now: str) -> str | None:
    """What `now` was before the step from `seen` to `new` was made in it; None where that cannot be told."""
    before = merge(new, seen, now)
    return before if before is not None and before != now and merge(seen, new, before) == now else None


def apply(text: str, edits: Sequence[Edit], start: Point) -> str:
    """`text`, which begins at `start`, with the edits made in it."""
    lines = split_lines(text)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def offset(point: Point) -> int:
        return starts[point.line - start.line] + point.column - (start.column if point.line == start.line else 0)

    pieces, at = [], 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        pieces += [text[at : offset(edit.span.start)], edit.text]
        at = offset(edit.span.end)
    return "".join([*pieces, text[at:]])


def merge(seen: str, new: str, now: str) -> str | None:
    """What `now` becomes when the step from `seen` to `new` is made in it; None when the two changes meet.

    Changes of neighbouring lines count as meeting, but for new lines below or above all that was seen, when something
    was typed at that end of it. So do changes that leave nothing of what was seen but blank lines: a place is not known
    by those. The same change on both sides is one.
    """
    if now == seen:
        return new
    if now == new or new == seen:
        return now
    for added, typed in ((new, now), (now, new)):
        if seen and (both := _lines_beside(seen, added, typed)) is not None:
            return both
    known = _with_words(seen)
    if known and (known.isdisjoint(_with_words(new)) or known.isdisjoint(_with_words(now))):
        return None
    from merge3 import Merge3

    texts = [split_lines(text) for text in (now, seen, new)]
    eol = _line_end(*texts)
    theirs, base, mine = (_ended(lines, eol) for lines in texts)
    merged: list[str] = []
    for group in Merge3(base, theirs, mine, sequence_matcher=_Matcher).merge_groups():
        if group[0] == "conflict":
            return None
        merged += group[1]
    return "".join(merged)[: -len(eol)]


def _with_words(text: str) -> set[str]:
    """The lines that are not blank."""
    return {line_text(line) for line in split_lines(text) if line.strip()}


def _lines_beside(seen: str, added: str, typed: str) -> str | None:
    """Both, where the one adds lines below or above all of `seen`, and the other text at the end that is there."""
    if added.startswith(seen) and typed.startswith(seen) and _BREAK.match(added, len(seen)):
        more = typed[len(seen) :]
        return None if _BREAK.search(more) else seen + more + added[len(seen) :]
    if added.endswith("\n" + seen) and typed.endswith(seen):
        more = typed[: -len(seen)]
        return None if _BREAK.search(more) else added[: -len(seen)] + more + seen
    return None


class _Matcher:
    """Our line diff, in the shape of difflib.SequenceMatcher that merge3 asks for."""

    def __init__(self, isjunk: object, a: Sequence[str], b: Sequence[str]) -> None:
        self._a, self._b = a, b

    def get_matching_blocks(self) -> list[tuple[int, int, int]]:
        """The stretches that both have, as (begin in a, begin in b, length), and an empty one at the end."""
        blocks = []
        at_a = at_b = 0
        for hunk in line_hunks(self._a, self._b):
            if hunk.old_first > at_a:
                blocks.append((at_a, at_b, hunk.old_first - at_a))
            at_a, at_b = hunk.old_last, hunk.new_last
        if at_a < len(self._a):
            blocks.append((at_a, at_b, len(self._a) - at_a))
        return [*blocks, (len(self._a), len(self._b), 0)]


def _line_end(*texts: list[str]) -> str:
    """How the first line ends that has an end; a text of one line has none, so the next text is asked."""
    return next((end for lines in texts if (end := lines[0][line_length(lines[0]) :])), "\n")


def _ended(lines: list[str], eol: str) -> list[str]:
    """The lines with an end on the last one too, so that it can equal one that is not the last."""
    return [*lines[:-1], lines[-1] + eol]


def _beginning(span: Span, lines: list[str], number: int) -> Point:
    """The place where a line of the span's text begins; the end of the span for the one behind its last."""
    if number >= len(lines):
        return span.end
    return Point(span.start.line + number, span.start.column if number == 0 else 0)
