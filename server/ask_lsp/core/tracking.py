"""Spans that stay on their text while it changes, so that an answer lands where its question was asked.

Text typed strictly inside a span is inside; text inserted exactly at an edge is outside. A replaced stretch that lies
wholly inside, edges included, stays inside. One that overlaps an edge is cut off, with what it was replaced by. A span
that is deleted as a whole becomes empty, behind what replaced it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from ask_lsp.core.text import Change, Point, Span, map_point

FEW = 8
_new = tuple.__new__


class TrackedSpan:
    """A span that moves with every change of its document.

    One that `grows` takes in what is inserted at its edges, and what replaces a stretch that overlaps one. `touched`
    counts the changes that met its inside; one that leaves an edge alone did not, but what an edge takes in counts.
    """

    __slots__ = ("__weakref__", "grows", "span", "touched")

    def __init__(self, span: Span, *, grows: bool = False) -> None:
        self.span = span
        self.grows = grows
        self.touched = 0

    def follow(self, change: Change) -> None:
        """Moves it through one change."""
        (first, last), new_end = change
        start, end = self.span
        if first > end:
            return
        if last[0] < start[0]:  # the usual key, further up: by hand, since a new line moves every span below it
            added = new_end[0] - last[0]
            if added:
                above = _new(Point, (start[0] + added, start[1]))
                self.span = _new(Span, (above, _new(Point, (end[0] + added, end[1]))))
            return
        if (first < end and last > start) or (self.grows and first == last and first in (start, end)):
            self.touched += 1
        moved = map_point(start, change, sticks_right=not self.grows)
        self.span = Span(moved, max(moved, map_point(end, change, sticks_right=self.grows)))


def follow(spans: Iterable[TrackedSpan], changes: Sequence[Change]) -> None:
    """Moves all spans through the changes of one replacement, bottom-up as `replace` returns them.

    A formatter may change each of 50,000 lines: a span looks at those it meets, and moves by the sum of those above.
    """
    if len(changes) <= FEW:
        for change in changes:
            _follow_one(spans, change)
        return
    starts = [change.old.start for change in reversed(changes)]
    added = list(accumulate((change.new_end.line - change.old.end.line for change in reversed(changes)), initial=0))
    for span in spans:
        left = bisect_right(starts, span.span.end)
        while left and (change := changes[-left]).old.end.line >= span.span.start.line:
            span.follow(change)
            left -= 1
        start, end = span.span
        span.span = Span(Point(start.line + added[left], start.column), Point(end.line + added[left], end.column))


def _follow_one(spans: Iterable[TrackedSpan], change: Change) -> None:
    """The change of a key: most spans lie above it, or move by whole lines, and are not looked at any closer."""
    (first, last), new_end = change
    added = new_end.line - last.line
    for tracked in spans:
        start, end = tracked.span
        if first > end:
            continue
        if last[0] >= start[0]:
            tracked.follow(change)
        elif added:
            tracked.span = Span(Point(start[0] + added, start[1]), Point(end[0] + added, end[1]))
