"""A proposal finds its place again in a document that changed while nobody looked, or is not offered at all."""

from __future__ import annotations

import random
import time
from dataclasses import replace

from ask_lsp.core.anchor import UNMISTAKABLE, find, fitted
from ask_lsp.core.edges import around
from ask_lsp.core.proposal import Proposal, make_id
from ask_lsp.core.text import Point, Span, end_of, slice_lines, split_lines

RUNS = 2_000


def proposal_at(lines: list[str], first: int, last: int) -> Proposal:
    """One about the whole lines from `first` to `last`, as the edit would keep it."""
    span = Span(Point(first, 0), Point(last, len(lines[last].rstrip("\r\n"))))
    before, after = around(lines, span)
    seen = slice_lines(lines, span)
    return Proposal(make_id(), "file:///a.py", "T", "fix", 0.0, span, seen, "new", before, after, "", None)


def test_it_stays_on_its_lines_whatever_happens_above_and_below() -> None:
    """On texts whose lines all differ: found exactly where the lines are, or nowhere if one of them is gone."""
    for seed in range(RUNS):
        rng = random.Random(seed)
        eol = rng.choice(["\n", "\r\n"])
        lines = split_lines(eol.join(f"line {number} é😀" for number in range(rng.randint(3, 30))))
        first = rng.randrange(len(lines))
        last = rng.randrange(first, len(lines))
        proposal = proposal_at(lines, first, last)
        marked = [(number, line.rstrip("\r\n")) for number, line in enumerate(lines)]
        for step in range(rng.randint(0, 12)):
            at = rng.randrange(len(marked) + 1)
            if rng.random() < 0.5:
                marked.insert(at, (-1, f"new {seed} {step}"))
            elif marked and not first <= marked[at - 1][0] <= last:
                marked.pop(at - 1)
        new_eol = rng.choice(["\n", "\r\n"])
        now = split_lines(new_eol.join(text for _, text in marked))
        where = [place for place, (number, _) in enumerate(marked) if first <= number <= last]

        found = find(now, proposal)

        together = where == list(range(where[0], where[0] + len(where)))
        beside = {marked[near][0] for near in (where[0] - 1, where[-1] + 1) if 0 <= near < len(marked)}
        if together and found is None:  # nothing around it is left, and it is short
            assert len(proposal.seen) < UNMISTAKABLE or first == last
            assert not beside & {first - 1, last + 1} - {-1}
        elif together:
            assert found is not None
            assert (found.start, found.end.line) == (Point(where[0], 0), where[-1])
        else:
            assert found is None


def test_copies_are_told_apart_by_what_stands_around_them() -> None:
    copy = "def f():\n    return 1\n\n\n"
    lines = split_lines(f"{copy}class A:\n    x = 1\n\n\n{copy}class B:\n    y = 2\n")
    proposal = proposal_at(lines, 8, 9)

    found = find(split_lines("# one\n# two\n" + "".join(lines)), proposal)

    assert found is not None
    assert found.start.line == 10


def test_copies_that_nothing_tells_apart_are_not_guessed() -> None:
    lines = split_lines("a\n" * 3 + "x = 1\n" + "a\n" * 3)
    proposal = proposal_at(lines, 3, 3)

    assert find(split_lines("b\nx = 1\nb\nb\nb\nx = 1\nb\n"), proposal) is None


def test_an_insertion_goes_by_the_lines_around_it_alone() -> None:
    lines = split_lines("one\ntwo\n\nthree\nfour\n")
    proposal = proposal_at(lines, 2, 2)

    found = find(split_lines("zero\none\ntwo\n\nthree\nfour\n"), proposal)

    assert proposal.seen == ""
    assert found == Span(Point(3, 0), Point(3, 0))
    assert find(split_lines("one\n\nfour\n"), proposal) is None


def test_a_longer_line_is_another_line() -> None:
    """What stood alone on its line does not stand in `x = 10`."""
    lines = split_lines("a\nx = 1\nb\n")

    assert find(split_lines("a\nx = 10\nb\n"), proposal_at(lines, 1, 1)) is None
    assert find(split_lines("z\na\nx = 1 + 1\nb\n"), proposal_at(lines, 1, 1)) is None


def test_a_stranger_is_not_taken_for_it() -> None:
    """A short text elsewhere, with nothing around it that fits, is somebody else's."""
    lines = split_lines("class A:\n    def f(self):\n        pass\n\n    x = 1\n")
    other = split_lines("class A:\n    def f(self):\n        return 2\n\n    x = 1\n\n\nclass B:\n        pass\n")

    assert find(other, proposal_at(lines, 2, 2)) is None


def test_blank_lines_behind_it_count_as_they_stand() -> None:
    lines = split_lines("one\ntwo\n\n\nthree\n")
    proposal = proposal_at(lines, 1, 1)

    assert find(split_lines("zero\none\ntwo\n\n\nthree\n"), proposal) == Span(Point(2, 0), Point(2, 3))


def test_line_ends_become_those_of_the_document() -> None:
    lines = split_lines("a\r\nx = 1\r\ny = 2\r\nb\r\n")
    proposal = replace(proposal_at(lines, 1, 2), new="x = 2\r\ny = 3")
    now = split_lines("a\nx = 1\ny = 2\nb\n")

    span = find(now, proposal)

    assert span is not None
    assert (fitted(now, proposal, span).seen, fitted(now, proposal, span).new) == ("x = 1\ny = 2", "x = 2\ny = 3")


def test_a_large_document_is_searched_quickly() -> None:
    """Linear: a hundred thousand lines, most of them alike, take no more than a moment."""
    lines = split_lines("    pass\n" * 50_000 + "def target():\n    pass\n" + "    pass\n" * 50_000)
    proposal = proposal_at(lines, 50_000, 50_001)
    began = time.process_time()

    found = find(["# new\n", *lines], proposal)

    assert found is not None
    assert found.start.line == 50_001
    assert time.process_time() - began < 5


def test_an_empty_document_has_no_place() -> None:
    lines = split_lines("a\nb\n")

    assert find([""], proposal_at(lines, 0, 1)) is None
    assert end_of([""]) == Point(0, 0)
