"""Text as a list of lines, and places in it.

A position is a line and a column in code points; the encodings of the protocol are the business of `lsp/convert.py`
alone. Lines keep their terminators, and end at \\n, \\r\\n or \\r only (LSP 3.17, "Text Documents").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ask_lsp.core.diff import Hunk, common_prefix, line_pieces

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")
_TERMINATOR = re.compile(r"[\r\n]")
_TERMINATORS = "\r\n"


class Point(NamedTuple):
    """A place between two characters: zero-based line, and column in code points."""

    line: int
    column: int


class Span(NamedTuple):
    """A half-open stretch of text; `start` is never behind `end`."""

    start: Point
    end: Point

    @property
    def is_empty(self) -> bool:
        """Whether it holds no character."""
        return self.start == self.end

    def contains(self, other: Span) -> bool:
        """Whether `other` lies inside, ends included."""
        return self.start <= other.start and other.end <= self.end


class Change(NamedTuple):
    """One replacement: `old` is where the text was, `new_end` where its replacement now ends."""

    old: Span
    new_end: Point


class Step(NamedTuple):
    """A change, and the text that it removed: enough to go forward, and back."""

    change: Change
    removed: str


class Snapshot(NamedTuple):
    """A document at one version; lines keep their terminators and the last one has none.

    Frozen when `lines` is a tuple; over the live list it holds until the next await only.
    """

    uri: str
    version: int
    language: str
    lines: Sequence[str]

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.lines)

    @property
    def whole(self) -> Span:
        """The span of everything."""
        return Span(Point(0, 0), end_of(self.lines))

    def slice(self, span: Span) -> str:
        """The text of `span`, which is clamped to the document first."""
        return slice_lines(self.lines, clamp(self.lines, span))


def split_lines(text: str) -> list[str]:
    """Lines with their terminators; there is always a last line, empty when the text ends in a terminator."""
    lines = _LINE.findall(text)
    if not lines or lines[-1][-1] in _TERMINATORS:
        lines.append("")
    return lines


def plain_line_ends(text: str) -> str:
    """Text with \\n for every line end: editors bring what is inserted into the form of the buffer."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def line_length(line: str) -> int:
    """Code points of a line without its terminator."""
    if line.endswith("\r\n"):
        return len(line) - 2
    return len(line) - 1 if line and line[-1] in _TERMINATORS else len(line)


def line_text(line: str) -> str:
    """A line without its terminator."""
    return line[: line_length(line)]


def end_of(lines: Sequence[str]) -> Point:
    """The place behind the last character."""
    return Point(len(lines) - 1, line_length(lines[-1]))


def clamp_point(lines: Sequence[str], point: Point) -> Point:
    """The nearest place that exists (LSP 3.17, Position: a character beyond the line's end means its end)."""
    if point.line >= len(lines):
        return end_of(lines)
    if point.line < 0:
        return Point(0, 0)
    return Point(point.line, max(0, min(point.column, line_length(lines[point.line]))))


def clamp(lines: Sequence[str], span: Span) -> Span:
    """`span` with both ends clamped, and put in order."""
    start, end = clamp_point(lines, span.start), clamp_point(lines, span.end)
    return Span(start, end) if start <= end else Span(end, start)


def slice_lines(lines: Sequence[str], span: Span) -> str:
    """The text of a span that exists in `lines`."""
    start, end = span
    if start.line == end.line:
        return lines[start.line][start.column : end.column]
    middle = lines[start.line + 1 : end.line]
    return lines[start.line][start.column :] + "".join(middle) + lines[end.line][: end.column]


def splice(lines: list[str], span: Span, text: str) -> Change:
    """Replaces `span` by `text` in place; costs what the change costs, not what the file costs.

    Returns the change in the coordinates of before and after. A lone \\r and a \\n that become neighbours are one
    terminator from then on, as if the whole text were split anew; the change then takes in both of them, because the
    place between them is gone and the lines below have moved up.
    """
    start, end = clamp(lines, span)
    first, behind = start.line, end.line + 1
    head = lines[first][: start.column]
    tail = lines[end.line][end.column :]
    if not head and first > 0 and lines[first - 1].endswith("\r") and (text or tail).startswith("\n"):
        first -= 1
        head = line_text(lines[first])
        start = Point(first, len(head))
        text = "\r" + text
    pieces = split_lines(head + text + tail)
    if behind < len(lines):
        pieces.pop()  # Empty, because `tail` has its terminator; the line behind follows instead.
    if text.endswith("\r") and tail.startswith("\n"):
        end = Point(behind, 0)
        text += "\n"
    lines[first:behind] = pieces
    return Change(Span(start, end), advance(start, text))


def advance(start: Point, text: str) -> Point:
    """Where a text ends that begins at `start`."""
    pieces = split_lines(text)
    if len(pieces) == 1:
        return Point(start.line, start.column + len(text))
    return Point(start.line + len(pieces) - 1, len(pieces[-1]))


def replace(lines: list[str], span: Span, text: str) -> list[Step]:
    """Replaces `span` by `text` in place, and returns what that changed, bottom-up: steps to take one after another.

    Several lines that become several lines, as when a formatter ran in Neovim, are compared, so that what lies between
    two changed places is not touched. Anything else is one step, less the beginning that stays: Neovim says of lines
    added at the end that the last line end was replaced by itself and more.
    """
    start, end = clamp(lines, span)
    removed = slice_lines(lines, Span(start, end))
    if removed == text:
        return []
    if start.line < end.line and _TERMINATOR.search(text):
        whole = lines[start.line][: start.column] + text + lines[end.line][end.column :]
        above = lines[start.line - 1] if start.line else ""
        if not (above.endswith("\r") and whole.startswith("\n")):  # else the two become one line end
            return _replace_lines(lines, start.line, end.line + 1, whole)
    same = common_prefix(removed, text)
    if removed[:same].endswith("\r"):
        same -= 1  # a \n may follow, and belong to it
    start = advance(start, removed[:same])
    first = max(0, start.line - 1)  # a \r before and a \n behind may become part of the change
    before = lines[first : end.line + 2]
    change = splice(lines, Span(start, end), text[same:])
    begin, stop = (Point(point.line - first, point.column) for point in change.old)
    return [Step(change, slice_lines(before, Span(begin, stop)))]


def replace_all(lines: list[str], text: str) -> list[Step]:
    """Replaces the whole text in place, and returns the places that really differ, as `replace` does.

    Kate and ALE send the full text at every key; taken literally, every remembered place would be lost each time.
    """
    return _replace_lines(lines, 0, len(lines), text)


def _replace_lines(lines: list[str], first: int, last: int, text: str) -> list[Step]:
    """Compares whole lines: that the first ones begin alike, which Neovim leaves out of a range, means nothing."""
    old, new = lines[first:last], split_lines(text)
    below = lines[last] if last < len(lines) else None
    if below is not None:
        old.append("")
    steps = []
    for hunk in reversed(line_pieces(old, new, below or "")):
        for (start, end), new_end in _without_common_edges(hunk, old, new):
            removed = slice_lines(old, Span(start, end))
            start, end, new_end = (Point(first + line, column) for line, column in (start, end, new_end))
            steps.append(Step(Change(Span(start, end), new_end), removed))
    lines[first:last] = new if below is None else new[:-1]
    return steps


def _without_common_edges(piece: Hunk, old: list[str], new: list[str]) -> list[Change]:
    """The change of a piece, less what its first lines begin with and its last lines end in alike.

    Two changes where one line gets another text and another terminator, so that the text between is not touched.
    """
    first, old_last, new_first, new_last = piece
    ends = old_last == len(old)
    last = first + new_last - new_first
    old_end = Point(old_last - 1, len(old[-1])) if ends else Point(old_last, 0)
    new_end = Point(last - 1, len(new[-1])) if ends else Point(last, 0)
    if first == old_last or new_first == new_last:
        return [Change(Span(Point(first, 0), old_end), new_end)]
    begin = common_prefix(line_text(old[first]), line_text(new[new_first]))
    old_line, new_line = line_text(old[old_last - 1]), line_text(new[new_last - 1])
    terminators = []
    if old[old_last - 1][len(old_line) :] != new[new_last - 1][len(new_line) :]:
        if not (old_last - first == new_last - new_first == 1 and old_line) or old_line == new_line:
            return [Change(Span(Point(first, begin), old_end), new_end)]
        terminators = [Change(Span(Point(first, len(old_line)), old_end), new_end)]
    old_rest = old_line[begin:] if old_last - 1 == first else old_line
    new_rest = new_line[begin:] if new_last - 1 == new_first else new_line
    kept = common_prefix(old_rest[::-1], new_rest[::-1])
    old_end = Point(old_last - 1, len(old_line) - kept)
    new_end = Point(last - 1, len(new_line) - kept)
    return [*terminators, Change(Span(Point(first, begin), old_end), new_end)]


def map_point(point: Point, change: Change, *, sticks_right: bool = False) -> Point:
    """Where a place is after a change.

    A place inside the replaced stretch goes to its end if it `sticks_right`, else to its start; so does a place exactly
    where text is inserted. A place at either end of a replaced stretch keeps its side of it.
    """
    (start, old_end), new_end = change
    if point < start or (point == start and (start != old_end or not sticks_right)):
        return point
    if point < old_end:
        return new_end if sticks_right else start
    if point.line == old_end.line:
        return Point(new_end.line, new_end.column + point.column - old_end.column)
    return Point(point.line + new_end.line - old_end.line, point.column)


def map_span(span: Span, change: Change) -> Span:
    """Where a span is after a change: text inserted at its edges stays outside."""
    start = map_point(span.start, change, sticks_right=True)
    end = map_point(span.end, change, sticks_right=False)
    return Span(start, max(start, end))


def map_through(span: Span, changes: Iterable[Change]) -> Span:
    """`map_span` over several changes, oldest first."""
    for change in changes:
        span = map_span(span, change)
    return span


def counted_from(span: Span, start: Point) -> Span:
    """A span as it counts in the text that begins at `start`; what lies before that is cut off."""
    first, last = (max(point, start) for point in span)
    return Span(_less(first, start), _less(last, start))


def _less(point: Point, start: Point) -> Point:
    return Point(point.line - start.line, point.column - (start.column if point.line == start.line else 0))


def placed_at(span: Span, start: Point) -> Span:
    """The opposite of `counted_from`: where a span of a text is when that begins at `start`."""
    first, last = (
        Point(point.line + start.line, point.column + (start.column if point.line == 0 else 0)) for point in span
    )
    return Span(first, last)


def carried(span: Span, old: str, new: str) -> Span:
    """Where a stretch of the text `old` is in `new`, which was made of it; what reached to an end still does."""
    lines = split_lines(old)
    first, last = Point(0, 0), end_of(lines)
    moved = map_through(span, (step.change for step in replace_all(lines, new)))
    end = end_of(lines) if span.end == last else moved.end
    start = end if span.is_empty else first if span.start == first else moved.start
    return clamp(lines, Span(start, end))


def replace_surrogates(text: str) -> str:
    """`text` with lone surrogates as U+FFFD, so that it can be written as UTF-8 (prompts, files, SQLite)."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
