"""Lines, splices and moved places against oracles that know only plain strings, over everything text can hold."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ask_lsp.core.text import (
    Change,
    Point,
    Snapshot,
    Span,
    Step,
    carried,
    clamp,
    clamp_point,
    counted_from,
    end_of,
    line_length,
    map_point,
    map_span,
    map_through,
    placed_at,
    replace,
    replace_all,
    replace_surrogates,
    slice_lines,
    splice,
    split_lines,
)

unhurried = settings(deadline=None)  # A busy machine is no failure.

PIECES = (
    *("\r", "\n", "\r\n", "\n\r"),
    *("\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\x00", "\t"),
    *("a", "b", " ", "def", "日本", "😀", "👩‍👩‍👧", "e\u0301", "\u0301", "\ufeff", "\ud83d", "\ude00", "\udfff"),
)
texts = st.lists(st.sampled_from(PIECES), max_size=24).map("".join)
points = st.builds(Point, st.integers(-1, 14), st.integers(-1, 12))
spans = st.builds(Span, points, points)
edits = st.lists(st.tuples(spans, texts), min_size=1, max_size=6)


def oracle_split(text: str) -> list[str]:
    """Lines with terminators by the letter of the rule: a terminator is \\r\\n, \\n or \\r."""
    pieces = re.split(r"(\r\n|\n|\r)", text)
    return ["".join(pieces[at : at + 2]) for at in range(0, len(pieces), 2)]


def offset_of(lines: list[str], point: Point) -> int:
    return sum(map(len, lines[: point.line])) + point.column


def point_at(lines: list[str], offset: int) -> Point:
    for number, line in enumerate(lines):
        if offset < len(line) or number == len(lines) - 1:
            return Point(number, offset)
        offset -= len(line)
    raise AssertionError("behind the end")


def places(lines: list[str]) -> list[Point]:
    return [Point(number, column) for number, line in enumerate(lines) for column in range(line_length(line) + 1)]


def check_change(before: list[str], after: list[str], change: Change) -> None:
    """A change must be true: the same text before it and behind it, and every place outside it exact."""
    (start, old_end), new_end = change
    assert start <= old_end
    assert start <= new_end
    assert clamp_point(before, start) == start == clamp_point(after, start)
    assert clamp_point(before, old_end) == old_end
    assert clamp_point(after, new_end) == new_end
    begin, old_stop, new_stop = offset_of(before, start), offset_of(before, old_end), offset_of(after, new_end)
    old_text, new_text = "".join(before), "".join(after)
    assert old_text[:begin] == new_text[:begin]
    assert old_text[old_stop:] == new_text[new_stop:]

    for point in places(before):
        offset = offset_of(before, point)
        left, right = map_point(point, change), map_point(point, change, sticks_right=True)
        if start < point < old_end or start == point == old_end:
            assert (left, right) == (start, new_end)
        else:
            moved = offset if offset <= begin else offset + new_stop - old_stop
            assert left == right == point_at(after, moved)


def check_steps(before: list[str], after: list[str], steps: list[Step]) -> None:
    """Steps go bottom-up, each true of the text that the ones before it left, and can be taken back."""
    state = list(after)
    for number, (change, removed) in reversed(list(enumerate(steps))):
        assert removed == slice_lines(before, change.old)
        assert not number or change.old.end <= steps[number - 1].change.old.start
        new = list(state)
        splice(state, Span(change.old.start, change.new_end), removed)
        check_change(state, new, change)
    assert before == state


@unhurried
@given(texts)
@example("")
@example("\ufeff")
@example("a\r\rb\r\n\n\r")
def test_lines_end_at_three_terminators_only_and_join_back(text: str) -> None:
    lines = split_lines(text)

    assert oracle_split(text) == lines
    assert text == "".join(lines)
    assert text == Snapshot("file:///a", 1, "", tuple(lines)).text
    assert Point(len(lines) - 1, len(lines[-1])) == end_of(lines)


@unhurried
@given(texts, edits)
@example("a\rb", [(Span(Point(1, 0), Point(1, 0)), "\n")])
@example("a\rb\nc", [(Span(Point(1, 0), Point(1, 1)), "")])
@example("a\nb", [(Span(Point(0, 1), Point(0, 1)), "\r")])
@example("a\rb\nc", [(Span(Point(1, 0), Point(1, 1)), "\r")])
@example("\rb\n", [(Span(Point(1, 0), Point(2, 0)), "\n\r")])
@example("\r\n", [(Span(Point(0, 0), Point(1, 0)), "")])
def test_a_splice_is_what_a_plain_string_would_become(text: str, script: list[tuple[Span, str]]) -> None:
    lines = split_lines(text)
    for span, new in script:
        before = list(lines)
        inside = clamp(before, span)
        start, end = (offset_of(before, point) for point in inside)
        text = text[:start] + new + text[end:]

        change = splice(lines, span, new)

        assert oracle_split(text) == lines
        assert change.old.contains(inside)
        check_change(before, lines, change)


@unhurried
@given(texts, spans, texts)
@example("a\rb\n", Span(Point(0, 1), Point(2, 0)), "\n\r")
@example("a\rx\ny\n", Span(Point(1, 0), Point(3, 0)), "\nx\r")
@example("a\rb\rc\n", Span(Point(0, 0), Point(2, 0)), "b\rd\r\r")
def test_a_replaced_stretch_becomes_the_places_that_differ(text: str, span: Span, new: str) -> None:
    lines = split_lines(text)
    before = list(lines)
    inside = clamp(before, span)
    start, end = (offset_of(before, point) for point in inside)

    steps = replace(lines, span, new)

    assert oracle_split(text[:start] + new + text[end:]) == lines
    check_steps(before, lines, steps)
    lines_of_it = Span(Point(inside.start.line, 0), Point(inside.end.line + 1, 0))
    assert len(steps) == 1 or all(lines_of_it.contains(step.change.old) for step in steps)


@unhurried
@given(texts, texts)
@example("a\r", "a\r\n")
@example("a\nb", "a\n")
@example("a\n", "a\nb")
@example("x", "xx")
@example("\r\n", "\n")
def test_a_full_text_becomes_the_stretch_that_differs(text: str, new: str) -> None:
    lines = split_lines(text)
    before = list(lines)

    steps = replace_all(lines, new)

    assert oracle_split(new) == lines
    check_steps(before, lines, steps)


@unhurried
@given(texts, points, st.integers(0, 4), texts.filter(lambda text: not re.search(r"[\r\n]", text)))
def test_a_full_text_after_a_key_moves_places_as_the_key_would_have(
    text: str, point: Point, deleted: int, new: str
) -> None:
    """What Kate and ALE send: the change found must be no larger than the edit within a line that was made."""
    lines = split_lines(text)
    before = list(lines)
    edited = list(lines)
    start = clamp_point(lines, point)
    exact = splice(edited, clamp(lines, Span(start, Point(start.line, start.column + deleted))), new)

    steps = replace_all(lines, "".join(edited))

    assert edited == lines
    joined = exact.old.start < start  # a lone \r and a \n that have become neighbours
    assert len(steps) <= 1 + joined
    for step in steps:
        old = step.change.old
        assert exact.old.contains(old) or len(step.removed) <= len(slice_lines(before, exact.old))


@unhurried
@given(texts, spans, edits)
def test_a_span_keeps_exactly_its_characters(text: str, marked: Span, script: list[tuple[Span, str]]) -> None:
    """An oracle that gives each character a mark: of those left, the span's are inside it and no others are."""
    lines = split_lines(text)
    marked = clamp(lines, marked)
    begin, stop = (offset_of(lines, point) for point in marked)
    marks: list[bool | None] = [begin <= offset < stop for offset in range(len(text))]
    changes = []
    for span, new in script:
        before = list(lines)
        change = splice(lines, span, new)
        changes.append(change)
        start, end = (offset_of(before, point) for point in change.old)
        marks[start:end] = [None] * (offset_of(lines, change.new_end) - start)

    moved = map_through(marked, changes)

    assert clamp(lines, moved) == moved
    begin, stop = (offset_of(lines, point) for point in moved)
    assert False not in marks[begin:stop]
    assert True not in marks[:begin] + marks[stop:]


@pytest.mark.parametrize(
    ("before", "span", "new", "after"),
    [
        ("a«bcd»e", "1-1", "X", "aX«bcd»e"),
        ("a«bcd»e", "4-4", "X", "a«bcd»Xe"),
        ("a«bcd»e", "2-3", "XY", "a«bXYd»e"),
        ("a«bcd»e", "1-4", "XY", "a«XY»e"),
        ("a«bcd»e", "0-2", "X", "X«cd»e"),
        ("a«bcd»e", "3-5", "X", "a«bc»X"),
        ("a«bcd»e", "0-5", "X", "X«»"),
        ("a«»e", "1-1", "X", "aX«»e"),
        ("a\n«b\n»c", "0-1", "x\ny\n", "x\ny\n\n«b\n»c"),
        ("a\r«b»", "2-2", "\n", "a\r\n«b»"),
        ("a\rb\n«c»", "2-3", "", "a\r\n«c»"),
    ],
)
def test_a_span_keeps_its_own_text(before: str, span: str, new: str, after: str) -> None:
    def unmarked(text: str) -> tuple[list[str], Span]:
        lines = split_lines(text.replace("«", "").replace("»", ""))
        return lines, Span(point_at(lines, text.index("«")), point_at(lines, text.index("»") - 1))

    lines, marked = unmarked(before)
    start, end = (point_at(lines, int(offset)) for offset in span.split("-"))
    change = splice(lines, Span(start, end), new)

    assert unmarked(after) == (lines, map_span(marked, change))


def test_a_hundred_thousand_lines_are_spliced_like_ten() -> None:
    lines = [f"line {number} 😀\r\n" for number in range(100_000)] + [""]
    text = "".join(lines)
    below = Point(99_999, 3)

    change = splice(lines, Span(Point(50_000, 0), Point(50_002, 4)), "new\rtext\n")

    start, end = text.index("line 50000 "), text.index("line 50002 ") + 4
    assert text[:start] + "new\rtext\n" + text[end:] == "".join(lines)
    assert len(lines) == 100_001
    assert Change(Span(Point(50_000, 0), Point(50_002, 4)), Point(50_002, 0)) == change
    assert below == map_point(below, change)


def test_a_line_of_megabytes_is_compared_without_walking_it() -> None:
    lines = ["x" * 3_000_000]

    steps = replace_all(lines, "x" * 1_000_000 + "y" + "x" * 2_000_000)

    assert [Step(Change(Span(Point(0, 1_000_000), Point(0, 1_000_000)), Point(0, 1_000_001)), "")] == steps


@unhurried
@given(texts)
def test_text_without_surrogates_can_be_written_as_utf_8(text: str) -> None:
    written = replace_surrogates(text)

    written.encode()
    assert split_lines(written) == [replace_surrogates(line) for line in split_lines(text)]
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert text == written


@given(texts, spans, spans)
@unhurried
def test_a_place_counted_from_the_beginning_of_a_text_is_found_again_wherever_that_begins(
    text: str, part: Span, whole: Span
) -> None:
    """What lies before the beginning is cut off."""
    lines = split_lines(text)
    whole, part = clamp(lines, whole), clamp(lines, part)
    inner = Span(min(part.start, whole.end), min(part.end, whole.end))

    counted = counted_from(inner, whole.start)

    cut = Span(max(inner.start, whole.start), max(inner.end, whole.start))
    assert placed_at(counted, whole.start) == cut
    assert slice_lines(split_lines(slice_lines(lines, whole)), counted) == slice_lines(lines, cut)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\n«b»\nc", "x\na\nb\nc", "b"),
        ("a\nb = «»1\nc", "a\n\nb = 1\nc", ""),
        ("a\nb «= 1»\nc", "a\nbb = 1\nc\nd", "= 1"),
        ("a\n«b»\nc", "a\nc", ""),
    ],
)
def test_a_stretch_of_a_text_is_carried_to_what_has_become_of_it(old: str, new: str, expected: str) -> None:
    start, end = old.index("«"), old.index("»") - 1
    old = old.replace("«", "").replace("»", "")
    lines = split_lines(old)

    moved = carried(Span(point_at(lines, start), point_at(lines, end)), old, new)

    assert slice_lines(split_lines(new), moved) == expected
    assert carried(Span(Point(0, 0), end_of(lines)), old, new) == Span(Point(0, 0), end_of(split_lines(new)))
