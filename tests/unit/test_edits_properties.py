"""The smallest edits that make one text another, and the merge of two changes, over thousands of random texts."""

from __future__ import annotations

import random

import pytest

from ask_lsp.core.edits import apply, changes, merge, smallest, taken_back
from ask_lsp.core.text import Point, Span, slice_lines, split_lines

SEEDS = range(20)
ROUNDS = 100
WORDS = ("", "x = 1", "    return x", "}", "def f():", "# ä 𝒳")


def some_text(chance: random.Random, eol: str) -> str:
    return eol.join(chance.choice(WORDS) for _ in range(chance.randrange(1, 9)))


def changed(chance: random.Random, text: str, eol: str) -> str:
    lines = text.split(eol)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(lines) + 1)
        lines[at : at + chance.randrange(3)] = [chance.choice(WORDS) for _ in range(chance.randrange(3))]
    return eol.join(lines)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_edits_make_exactly_the_new_text_and_nothing_is_nothing(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        eol = chance.choice(("\n", "\r\n"))
        lines = split_lines(some_text(chance, eol))
        first = chance.randrange(len(lines))
        last = chance.randrange(first, len(lines))
        span = Span(Point(first, 0), Point(last, len(lines[last].rstrip("\r\n"))))
        old = slice_lines(lines, span)
        new = changed(chance, old, eol)

        edits = smallest(lines, span, new)

        assert apply(old, edits, span.start) == new
        assert all(span.start <= edit.span.start <= edit.span.end <= span.end for edit in edits)
        assert smallest(lines, span, old) == []


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_lines_that_stay_are_not_touched(eol: str) -> None:
    lines = [f"line {number}{eol}" for number in range(50)]
    for number in range(50):
        new = [*lines[:number], f"other{eol}", *lines[number + 1 :]]
        (edit,) = smallest(lines, Span(Point(0, 0), Point(49, len("line 49"))), "".join(new).removesuffix(eol))
        assert edit.span.start.line == number
        assert edit.span.end <= Point(number + 1, 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_merge_takes_both_sides_or_none_and_does_not_care_which_is_whose(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        eol = chance.choice(("\n", "\r\n"))
        seen = some_text(chance, eol)
        new, now = changed(chance, seen, eol), changed(chance, seen, eol)

        assert merge(seen, new, seen) == new
        assert merge(seen, seen, now) == now
        assert merge(seen, new, new) == new
        assert merge(seen, new, now) == merge(seen, now, new)


@pytest.mark.parametrize("seed", SEEDS)
def test_changes_that_do_not_meet_are_both_there_and_those_that_do_are_a_conflict(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        lines = [f"line {number}" for number in range(chance.randrange(3, 40))]
        mine = chance.randrange(len(lines))
        theirs = chance.randrange(len(lines))
        new, now, both = list(lines), list(lines), list(lines)
        new[mine] = both[mine] = "from the model"
        now[theirs] = both[theirs] = "from the user"

        merged = merge("\n".join(lines), "\n".join(new), "\n".join(now))

        assert merged == ("\n".join(both) if abs(mine - theirs) > 1 else None)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_that_was_made_beside_other_changes_is_taken_back_or_it_is_not_known_how(seed: int) -> None:
    chance = random.Random(seed)
    known = 0
    for _ in range(ROUNDS):
        eol = chance.choice(("\n", "\r\n"))
        seen = some_text(chance, eol)
        new, other = changed(chance, seen, eol), changed(chance, seen, eol)
        edits = changes(seen, new, other)
        assert (edits is None) is (merge(seen, new, other) is None)
        if edits is None:
            continue
        now = apply(other, edits, Point(0, 0))
        before = taken_back(seen, new, now)

        assert now == merge(seen, new, other)
        if before is not None:
            known += 1
            assert merge(seen, new, before) == now
            assert before != now
    assert known > ROUNDS // 10
    assert taken_back("a", "b", "b") == "a"
    assert taken_back("a", "b", "c") is None
