"""Which lines differ between two texts, so that a change told as a whole is taken for the places it really made.

Lines that stand once on either side hold the two together (patience), which is how people read a change; what lies
between them is small, and compared line by line. In a large text the places of a few edits are walked to first.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

MAX_PRODUCT = 4_000_000
MAX_EQUAL_PAIRS = 100_000
LARGE = 1_000
FAR = 48
ENOUGH = 16
_WORD = re.compile(r"\w")


_NEARBY = [(here, far - here) for far in range(1, FAR) for here in range(far + 1)]


class Hunk(NamedTuple):
    """Lines that became other lines: half-open line numbers, either side may be empty."""

    old_first: int
    old_last: int
    new_first: int
    new_last: int


class _Block(NamedTuple):
    """Lines that are the same on both sides."""

    old: int
    new: int
    length: int


def line_hunks(old: Sequence[str], new: Sequence[str]) -> list[Hunk]:
    """The stretches that differ, in order; at least one equal line lies between two of them."""
    return _hunks(old, new, thorough=True)


def _hunks(old: Sequence[str], new: Sequence[str], *, thorough: bool) -> list[Hunk]:
    """If not `thorough`, held together by telling lines alone: a brace or blank line may be another one."""
    same: list[_Block] = []
    gaps = [Hunk(0, len(old), 0, len(new))]
    while gaps:
        gap = _without_equal_ends(old, new, gaps.pop(), same)
        gap = _without_small_edits(old, new, gap, same, gaps)
        if gap.old_first == gap.old_last or gap.new_first == gap.new_last:
            continue
        anchors = _anchors(old, new, gap)
        if not anchors:
            same += _similar(old, new, gap) if thorough else []
            continue
        old_first, new_first = gap.old_first, gap.new_first
        for here, there in anchors:
            if here > old_first and there > new_first:
                gaps.append(Hunk(old_first, here, new_first, there))
            same.append(_Block(here, there, 1))
            old_first, new_first = here + 1, there + 1
        gaps.append(Hunk(old_first, gap.old_last, new_first, gap.new_last))
    same.sort()
    return _between(same, len(old), len(new))


def line_pieces(old: Sequence[str], new: Sequence[str], tail: str = "") -> list[Hunk]:
    """The hunks, those of several lines cut further: where only white space differs, or lines are as many as before.

    `old` and `new` are lines as of core/text.py, `tail` stays behind them. Pieces may touch, but where one begins, the
    old lines above and the new ones below are lines together, so that they can be taken one by one, bottom-up.
    """
    pieces: list[Hunk] = []
    for hunk in _hunks(old, new, thorough=False):
        whole = True
        for piece in _finer(hunk, old, new):
            if not whole and not _can_begin_at(piece, old, new, tail):
                above = pieces.pop()
                piece = Hunk(above.old_first, piece.old_last, above.new_first, piece.new_last)
            pieces.append(piece)
            whole = False
    return [piece for piece in pieces if old[piece.old_first : piece.old_last] != new[piece.new_first : piece.new_last]]


def _finer(hunk: Hunk, old: Sequence[str], new: Sequence[str]) -> list[Hunk]:
    old_first, old_last, new_first, new_last = hunk
    if old_first == old_last or new_first == new_last:
        return [hunk]
    one = [line.strip() for line in old[old_first:old_last]]
    other = [line.strip() for line in new[new_first:new_last]]
    pieces: list[Hunk] = []
    here = there = 0
    for part in [*line_hunks(one, other), Hunk(len(one), len(one), len(other), len(other))]:
        pieces += _line_by_line(here, part.old_first, there)
        if part.old_last - part.old_first == part.new_last - part.new_first:
            pieces += _line_by_line(part.old_first, part.old_last, part.new_first)
        else:
            pieces.append(part)
        here, there = part.old_last, part.new_last
    return [Hunk(a + old_first, b + old_first, c + new_first, d + new_first) for a, b, c, d in pieces]


def _line_by_line(first: int, last: int, there: int) -> list[Hunk]:
    return [Hunk(at, at + 1, at - first + there, at - first + there + 1) for at in range(first, last)]


def _can_begin_at(piece: Hunk, old: Sequence[str], new: Sequence[str], tail: str) -> bool:
    if (piece.old_first == len(old)) != (piece.new_first == len(new)):
        return False
    below = new[piece.new_first] if piece.new_first < len(new) else ""
    return not (old[piece.old_first - 1].endswith("\r") and (below or tail).startswith("\n"))


def common_prefix(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items, or code points, two begin with alike; in leaps, so that a line of megabytes costs little."""
    return _equal_from(one, 0, other, 0, min(len(one), len(other)))


def _equal_from(one: Sequence[str], here: int, other: Sequence[str], there: int, limit: int) -> int:
    low, leap = 0, 32
    while (
        low < limit
        and one[here + low : here + min(low + leap, limit)] == other[there + low : there + min(low + leap, limit)]
    ):
        low, leap = min(low + leap, limit), leap * 2
    high = min(low + leap, limit)
    while low < high:
        middle = (low + high + 1) // 2
        if one[here + low : here + middle] == other[there + low : there + middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _without_equal_ends(old: Sequence[str], new: Sequence[str], gap: Hunk, same: list[_Block]) -> Hunk:
    old_first, old_last, new_first, new_last = gap
    one, other = old[old_first:old_last], new[new_first:new_last]
    if head := common_prefix(one, other):
        same.append(_Block(old_first, new_first, head))
        one, other = one[head:], other[head:]
    if tail := common_prefix(one[::-1], other[::-1]):
        same.append(_Block(old_last - tail, new_last - tail, tail))
    return Hunk(old_first + head, old_last - tail, new_first + head, new_last - tail)


def _without_small_edits(
    old: Sequence[str], new: Sequence[str], gap: Hunk, same: list[_Block], gaps: list[Hunk]
) -> Hunk:
    """What is left of a large gap behind the small edits that it begins with; those become gaps of their own.

    Counting the lines of a file of 100,000 takes longer than all this, and finds nothing where they repeat.
    """
    old_first, old_last, new_first, new_last = gap
    while min(old_last - old_first, new_last - new_first) > LARGE:
        for here, there in _NEARBY:
            if (
                old[old_first + here] == new[new_first + there]
                and old[old_first + here : old_first + here + ENOUGH]
                == new[new_first + there : new_first + there + ENOUGH]
            ):
                break
        else:
            break
        if here and there:
            gaps.append(Hunk(old_first, old_first + here, new_first, new_first + there))
        old_first, new_first = old_first + here, new_first + there
        length = _equal_from(old, old_first, new, new_first, min(old_last - old_first, new_last - new_first))
        same.append(_Block(old_first, new_first, length))
        old_first, new_first = old_first + length, new_first + length
    return Hunk(old_first, old_last, new_first, new_last)


def _anchors(old: Sequence[str], new: Sequence[str], gap: Hunk) -> list[tuple[int, int]]:
    """Lines that stand once on either side, as many of them as are in the same order there."""
    one, other = old[gap.old_first : gap.old_last], new[gap.new_first : gap.new_last]
    times, times_there = Counter(one), Counter(other)
    there = {line: number for number, line in enumerate(other, gap.new_first) if times_there[line] == 1}
    pairs = [
        (number, there[line])
        for number, line in enumerate(one, gap.old_first)
        if line in there and times[line] == 1 and _WORD.search(line)
    ]
    return _longest_rise(pairs)


def _longest_rise(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most pairs, of those given in the order of their first number, that rise in the second one too."""
    lowest: list[int] = []  # the smallest second number that a rise of this length can end in
    ends: list[int] = []  # and the pair it belongs to
    before: list[int] = []
    for index, (_, number) in enumerate(pairs):
        length = len(lowest) if not lowest or number > lowest[-1] else bisect_left(lowest, number)
        before.append(ends[length - 1] if length else -1)
        lowest[length : length + 1] = [number]
        ends[length : length + 1] = [index]
    rise = []
    index = ends[-1] if ends else -1
    while index >= 0:
        rise.append(pairs[index])
        index = before[index]
    return rise[::-1]


def _similar(old: Sequence[str], new: Sequence[str], gap: Hunk) -> list[_Block]:
    """The equal lines of a gap without anchors; none if looking for them would take long."""
    one, other = old[gap.old_first : gap.old_last], new[gap.new_first : gap.new_last]
    if len(one) * len(other) > MAX_PRODUCT:
        return []
    times, times_there = Counter(one), Counter(other)
    pairs = sum(times[line] * times_there[line] for line in times)
    if not 0 < pairs <= MAX_EQUAL_PAIRS:
        return []
    from difflib import SequenceMatcher  # takes long to import

    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return [_Block(gap.old_first + block.a, gap.new_first + block.b, block.size) for block in blocks if block.size]


def _between(same: list[_Block], old_length: int, new_length: int) -> list[Hunk]:
    hunks = []
    old_first = new_first = 0
    for old, new, length in [*same, _Block(old_length, new_length, 0)]:
        if old > old_first or new > new_first:
            hunks.append(Hunk(old_first, old, new_first, new))
        old_first, new_first = old + length, new + length
    return hunks
