"""The edits that make a proposal are worked out for the text as it is, and a large one never while somebody waits."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from lsprotocol import types

from ask_lsp.core.edges import around
from ask_lsp.core.edits import apply
from ask_lsp.core.proposal import Anchor, Proposal, Source, make_id
from ask_lsp.core.text import Point, Span, slice_lines
from ask_lsp.lsp.documents import Document, Documents
from ask_lsp.lsp.kept import LARGE, Kept

URI = "file:///w/a.py"
ABOVE, BELOW = "import os\n\n\n", "\n\n\ndef g():\n    pass\n"


def function(lines: int) -> str:
    return "def f():\n" + "".join(f"    line{number} = {number}\n" for number in range(lines)) + "    return 1"


def kept(target: str, new: str) -> tuple[Document, Kept, Documents]:
    documents = Documents()
    document = documents.open(types.TextDocumentItem(URI, "python", 1, ABOVE + target + BELOW))
    last = target.split("\n")
    span = Span(Point(3, 0), Point(2 + len(last), len(last[-1])))
    before, after = around(document.lines, span)
    made = Kept(Proposal(make_id(), URI, "T", "fix", 0.0, span, target, new, before, after, "", None))
    made.hold(document, span)
    return document, made, documents


def types_in(document: Document, line: int, text: str) -> None:
    place = types.Range(types.Position(line, 0), types.Position(line, 0))
    document.apply([types.TextDocumentContentChangePartial(range=place, text=text)], document.version + 1, "utf-16")


def result(document: Document, one: Kept) -> str | None:
    edits = one.edits()
    return None if edits is None else apply("".join(document.lines), edits, Point(0, 0))


@pytest.mark.parametrize("lines", [3, 3_000])
async def test_it_is_what_it_would_be_if_it_were_worked_out_anew_wherever_something_was_typed(lines: int) -> None:
    target = function(lines)
    new = target.replace("return 1", "return 2")
    large = len(target) >= LARGE
    document, one, _ = kept(target, new)
    assert (result(document, one) is None) is large
    await one.work_out()
    assert result(document, one) == ABOVE + new + BELOW

    for line in (0, 6, len(document.lines)):
        types_in(document, line, "# Mine.\n")
        if large and line == 6:
            assert one.edits() is None
            await one.work_out()
        expected = "".join(document.lines).replace("return 1", "return 2")
        assert result(document, one) == expected


async def test_one_that_meets_what_was_typed_has_none() -> None:
    target = function(3)
    document, one, _ = kept(target, target.replace("return 1", "return 2"))
    types_in(document, 7, "    x = 1\n")

    assert one.edits() is None


async def test_a_large_one_costs_a_listing_nothing() -> None:
    target = function(20_000)
    document, one, _ = kept(target, "".join(f"{line} + 1\n" for line in target.split("\n")).rstrip("\n"))
    await one.work_out()
    types_in(document, 5, "    x = 1\n")
    began = time.process_time()

    assert one.edits() is None

    assert time.process_time() - began < 0.05


async def test_it_is_known_by_what_stands_there_when_it_is_closed_and_found_by_that() -> None:
    """Also when that is something else than what the model saw, and with other line ends."""
    target = function(3)
    document, one, documents = kept(target, target.replace("return 1", "return 2"))
    types_in(document, 4, "    mine = 1\n")
    documents.close(URI)

    one.release(document)

    assert one.document is None
    assert one.proposal.seen == target
    assert one.proposal.at.text == target.replace("def f():\n", "def f():\n    mine = 1\n")
    text = "".join(document.lines).replace("import os\n", "import os\nimport re\n").replace("\n", "\r\n")
    again = documents.open(types.TextDocumentItem(URI, "python", 1, text))
    assert await Kept(one.proposal).moor(documents)
    other = Kept(one.proposal)
    await other.moor(documents)
    assert result(again, other) == text.replace("return 1", "return 2")


async def test_what_it_was_asked_for_is_followed_in_the_other_document() -> None:
    documents = Documents()
    code = documents.open(types.TextDocumentItem(URI, "python", 1, ABOVE + function(1) + BELOW))
    span = Span(Point(3, 0), Point(5, 12))
    text = slice_lines(code.lines, span)
    at = Anchor(span, text, *around(code.lines, span))
    source = Source(URI, at, "function `f`", Span(Point(0, 0), Point(2, 12)))
    nowhere = Span(Point(0, 0), Point(0, 0))
    one = Kept(
        Proposal(make_id(), "file:///w/t.py", "T", "tests", 0.0, nowhere, "", "x", "", "", "", None, source=source)
    )
    assert one.source is not None
    assert await one.source.moor(documents)
    types_in(code, 0, "import re\n")
    types_in(code, 5, "    mine = 1\n")
    documents.close(URI)

    one.release(code)

    moved = one.proposal.source
    assert moved is not None
    assert moved.text == text
    assert moved.at.text == text.replace("def f():\n", "def f():\n    mine = 1\n")
    assert moved.at.span == Span(Point(4, 0), Point(7, 12))
    assert moved.moved(moved.at._replace(text=text)).then is None


def test_one_whose_source_is_its_own_place_follows_nothing_else() -> None:
    _, one, _ = kept("x = 1", "x = 2")
    source = Source(URI, one.proposal.at, "selection", Span(Point(0, 0), Point(0, 5)))

    assert Kept(replace(one.proposal, source=source)).source is None
