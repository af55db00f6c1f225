"""Tracked spans against an oracle that marks characters, over histories of every kind of change.

What is claimed: after ranged changes that are told exactly, always the oracle's span. After changes that have to be
found by comparing, on lines that all differ, the oracle's span whenever no edit met the span's own first or last line.
"""

from __future__ import annotations

import random
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from ask_lsp.core.diff import Hunk, line_hunks
from ask_lsp.core.text import Point, Span, replace_all, split_lines
from ask_lsp.core.tracking import TrackedSpan, follow
from ask_lsp.lsp.documents import Document

PIECES = [
    "a",
    "b",
    "é",
    "e\u0301",
    "漢",
    "😀",
    "\n",
    "\r\n",
    "\r",
    "\u2028",
    "\x0c",
    "\x85",
    "\ud800",
    "\ufeff",
    " ",
    "xyz",
]
FLAT = [piece for piece in PIECES if piece.strip("\r\n")]


class Marked:
    """The oracle: characters, each with a mark, and where the marked ones are if there are none."""

    def __init__(self, text: str, begin: int, stop: int) -> None:
        self.characters = [(character, begin <= at < stop) for at, character in enumerate(text)]
        self.place = begin
        self.touched = False

    @property
    def text(self) -> str:
        return "".join(character for character, _ in self.characters)

    @property
    def span(self) -> tuple[int, int]:
        marked = [at for at, (_, mark) in enumerate(self.characters) if mark]
        return (marked[0], marked[-1] + 1) if marked else (self.place, self.place)

    def change(self, first: int, last: int, new: str) -> None:
        """By the letter: inside is what is typed between two marked characters, or replaces marked ones only."""
        begin, stop = self.span
        inside = begin < first < stop if first == last else begin <= first and last <= stop and begin < stop
        if first == last == begin == stop or first < begin < last or (first < begin == last and begin == stop):
            self.place = first + len(new)
        elif begin >= last and first < begin:
            self.place = begin + len(new) - (last - first)
        else:
            self.place = min(begin, first) if begin < stop else begin
        if begin < stop and first == begin and last > stop:
            self.place = first
        self.touched |= first < stop and last > begin
        self.characters[first:last] = [(character, inside) for character in new]

    def told(self, first: int, last: int, new: str) -> None:
        """A ranged change, less the beginning that stays; \\r and \\n that come together are one from then on."""
        text = self.text
        while first < last and new and text[first] == new[0]:
            if text[first] == "\r":
                break
            first, new = first + 1, new[1:]
        if first == last and not new:
            return
        if text[first - 1 : first] == "\r" and (new or text[last : last + 1]).startswith("\n"):
            first, new = first - 1, "\r" + new
        if new.endswith("\r") and text[last : last + 1] == "\n":
            last, new = last + 1, new + "\n"
        self.change(first, last, new)


def point_at(text: str, offset: int) -> Point:
    before = re.split(r"\r\n|\n|\r", text[:offset])
    return Point(len(before) - 1, len(before[-1]))


def offset_of(lines: list[str], point: Point) -> int:
    return sum(map(len, lines[: point.line])) + point.column


def places(text: str) -> list[int]:
    """Every offset that a client can point at: none lies inside a CRLF."""
    return [offset for offset in range(len(text) + 1) if text[offset - 1 : offset + 1] != "\r\n" or offset == 0]


def span_of(text: str, first: int, last: int) -> Span:
    return Span(point_at(text, first), point_at(text, last))


def ranged(text: str, first: int, last: int, new: str) -> types.TextDocumentContentChangePartial:
    start, end = (types.Position(line=line, character=column) for line, column in span_of(text, first, last))
    return types.TextDocumentContentChangePartial(range=types.Range(start=start, end=end), text=new)


def offsets(document: Document, tracked: TrackedSpan) -> tuple[int, int]:
    begin, stop = (offset_of(document.lines, point) for point in tracked.span)
    return begin, stop


def check_history(text: str, marks: list[int], edits: list[tuple[int, int, str]]) -> None:
    """Exact ranged changes through a document; after each, the span must be where the marks are."""
    document = Document("file:///x", "python", 0, text)
    known = places(text)
    begin, stop = sorted(known[mark % len(known)] for mark in marks)
    tracked = document.track(span_of(text, begin, stop))
    oracle = Marked(text, begin, stop)
    for version, (one, other, new) in enumerate(edits, 1):
        before = oracle.text
        known = places(before)
        first, last = sorted((known[one % len(known)], known[other % len(known)]))
        if re.search(r"[\r\n]", before[first:last]):
            new = re.sub(r"[\r\n]", "", new)  # several lines by several lines are compared: not told exactly
        oracle.told(first, last, new)
        document.apply([ranged(before, first, last, new)], version, "utf-32")

        assert "".join(document.lines) == oracle.text
        assert offsets(document, tracked) == oracle.span
        assert (tracked.touched > 0) == oracle.touched


@given(
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    st.lists(st.integers(0, 99), min_size=2, max_size=2),
    st.lists(
        st.tuples(st.integers(0, 99), st.integers(0, 99), st.lists(st.sampled_from(PIECES), max_size=4).map("".join)),
        min_size=1,
        max_size=8,
    ),
)
@settings(max_examples=400, deadline=None)
def test_a_span_is_what_its_marked_characters_are(text: str, marks: list[int], edits) -> None:
    check_history(text, marks, edits)


def test_a_span_is_what_its_marked_characters_are_in_thousands_of_histories() -> None:
    """Empty files and spans, spans at both ends of a file, every kind of character and line end."""
    for seed in range(4_000):
        dice = random.Random(seed)
        text = "".join(dice.choices(PIECES, k=dice.randrange(16)))
        marks = [dice.choice([0, len(places(text)) - 1, dice.randrange(99)]) for _ in range(2)]
        edits = []
        for _ in range(dice.randrange(1, 8)):
            one = dice.randrange(99)
            other = one if dice.random() < 0.5 else one + dice.randrange(4)
            edits.append((one, other, "".join(dice.choices(PIECES, k=dice.randrange(4)))))

        check_history(text, marks, edits)


def known_edits(dice: random.Random, lines: list[str], end: str) -> list[tuple[int, int, list[str]]]:
    """Line edits, bottom-up, with at least two lines that stay between them; every new line is unlike all others."""
    edits = []
    at = len(lines) - 1
    while at > 0 and len(edits) < 5:
        last = at - dice.randrange(8)
        first = last - dice.randrange(4)
        if first < 0:
            break
        new = [f"new {dice.random()} {dice.choice(FLAT)}{end}" for _ in range(dice.randrange(4))]
        if new or first < last:
            edits.append((first, last, new))
        at = first - 2
    return edits


@pytest.mark.parametrize("told", ["whole", "whole lines", "as Neovim"])
def test_what_stays_between_known_edits_is_found(told: str) -> None:
    """Lines that all differ: the span is the oracle's whenever its own first and last line stay."""
    for seed in range(700):
        dice = random.Random(f"{told} {seed}")
        end = dice.choice(["\n", "\r\n", "\r"])
        lines = [f"{'  ' * dice.randrange(3)}{number} {dice.choice(FLAT)} {number}{end}" for number in range(40)]
        text = "".join(lines) + dice.choice(["", "the end"])
        lines = split_lines(text)
        edits = known_edits(dice, lines, end)
        document = Document("file:///x", "python", 0, text)
        pairs = []
        for _ in range(12):
            begin, stop = sorted(dice.choices(places(text), k=2))
            own = {point_at(text, begin).line, point_at(text, max(begin, stop - 1)).line}
            if begin < stop and not any(own & set(range(first, last)) for first, last, _ in edits):
                pairs.append((document.track(span_of(text, begin, stop)), Marked(text, begin, stop)))
        after = list(lines)
        for first, last, new in edits:
            begin, stop = (sum(map(len, lines[:number])) for number in (first, last))
            after[first:last] = new
            for _, oracle in pairs:
                oracle.change(begin, stop, "".join(new))

        document.apply([told_as(told, lines, split_lines("".join(after)))], 1, "utf-32")

        assert "".join(document.lines) == "".join(after)
        for tracked, oracle in pairs:
            assert offsets(document, tracked) == oracle.span
            assert (tracked.touched > 0) == oracle.touched


def told_as(told: str, old: list[str], new: list[str]):
    """One change as an editor tells it: the whole text, the lines from first to last change, or less a beginning."""
    text, after = "".join(old), "".join(new)
    if told == "whole":
        return types.TextDocumentContentChangeWholeDocument(text=after)
    limit = min(len(old), len(new))
    head = next((number for number in range(limit) if old[number] != new[number]), limit)
    tail = next((number for number in range(limit - head) if old[-1 - number] != new[-1 - number]), limit - head)
    first = sum(map(len, old[:head]))
    left = sum(map(len, old[len(old) - tail :]))
    last, stop = len(text) - left, len(after) - left
    if told == "as Neovim":
        while first < min(last, stop) and text[first] == after[first] and text[first] not in "\r\n":
            first += 1
    return ranged(text, first, last, after[first:stop])


@pytest.mark.parametrize("told", ["whole", "whole lines", "as Neovim"])
def test_a_formatter_leaves_a_span_on_its_words(told: str) -> None:
    """It indents every line anew, adds and takes blank lines anywhere: the span begins and ends at the same words."""
    for seed in range(400):
        dice = random.Random(f"{told} {seed}")
        end, new_end = dice.choice([("\n", "\n"), ("\r\n", "\r\n"), ("\r\n", "\n"), ("\n", "\r\n")])
        words = [f"word {number} {dice.choice(FLAT)} end {number}" for number in range(20)]
        before, after = [], []
        for word in words:
            before += [end] * dice.choice([0, 0, 1, 2]) + [" " * dice.randrange(9) + word + end]
            after += [new_end] * dice.choice([0, 0, 1, 2]) + [" " * dice.randrange(9) + word + new_end]
        text = "".join(before)
        first, last = sorted(dice.choices(range(20), k=2))
        document = Document("file:///x", "python", 0, text)
        begin, stop = text.index(words[first]), text.index(words[last]) + len(words[last])
        tracked = document.track(span_of(text, begin, stop))

        document.apply([told_as(told, split_lines(text), split_lines("".join(after)))], 1, "utf-32")

        assert "".join(document.lines) == "".join(after)
        covered = document.snapshot().slice(tracked.span)
        assert covered.split() == " ".join(words[first : last + 1]).split()
        assert (covered[:4], covered[-1:]) == ("word", words[last][-1:])


@given(
    st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n"]), max_size=14),
    st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n"]), max_size=14),
)
@settings(max_examples=300, deadline=None)
def test_hunks_turn_one_text_into_the_other(old: list[str], new: list[str]) -> None:
    made: list[str] = []
    at = 0
    hunks = line_hunks(old, new)
    for number, hunk in enumerate(hunks):
        assert not number or hunk.old_first > hunks[number - 1].old_last
        made += old[at : hunk.old_first]
        assert len(made) == hunk.new_first
        made += new[hunk.new_first : hunk.new_last]
        at = hunk.old_last

    assert new == made + old[at:]


@pytest.mark.parametrize("different", [100_000, 500])
def test_two_edits_far_apart_in_a_huge_file_are_two_hunks(different: int) -> None:
    """Also where lines repeat, so that none of them stands once."""
    old = [f"line {number % different} of the text\n" for number in range(100_000)]
    new = [line[:4] + line[4:] for line in old]  # equal, but not the same objects
    new[5] = "other\n"
    new.insert(99_000, "added\n")
    began = time.perf_counter()

    hunks = line_hunks(old, new)

    spent = time.perf_counter() - began
    assert [Hunk(5, 6, 5, 6), Hunk(99_000, 99_000, 99_000, 99_001)] == hunks
    assert spent < 2  # about 10 ms; the limit only says that it is no matter of minutes


def test_many_changes_at_once_move_spans_as_they_do_one_by_one() -> None:
    for seed in range(300):
        dice = random.Random(seed)
        lines = [f"{number} {dice.choice(FLAT)}\n" for number in range(60)] + [""]
        text = "".join(lines)
        spans = []
        for _ in range(10):
            begin, stop = sorted(dice.choices(places(text), k=2))
            spans.append(span_of(text, begin, stop))
        edited = "".join(dice.choice([line, "  " + line, "", line + line, line.replace(" ", "..")]) for line in lines)
        changes = [step.change for step in replace_all(lines, edited)]
        together = [TrackedSpan(span, grows=bool(number % 2)) for number, span in enumerate(spans)]
        single = [TrackedSpan(span, grows=bool(number % 2)) for number, span in enumerate(spans)]

        follow(together, changes)
        for tracked in single:
            for change in changes:
                tracked.follow(change)

        assert [(each.span, each.touched) for each in single] == [(each.span, each.touched) for each in together]
