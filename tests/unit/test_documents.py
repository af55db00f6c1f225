"""Open documents: what an editor sends leaves the text it has, and a place of any kept version finds its text again."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from ask_lsp.core.text import split_lines
from ask_lsp.lsp.convert import to_position, to_range, to_span
from ask_lsp.lsp.documents import Document

PIECES = ["a", "é", "e\u0301", "漢", "😀", "\n", "\r\n", "\r", "\u2028", "\x0c", "\x85", "\ud800", "\ufeff", " ", "xyz"]
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
encodings = st.sampled_from(["utf-8", "utf-16", "utf-32"])


def units(text: str, encoding: str) -> int:
    if encoding == "utf-32":
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)


def position_of(text: str, offset: int, encoding: str) -> types.Position:
    """By a rule of its own: split what is before the place, measure what is left."""
    before = re.split(r"\r\n|\n|\r", text[:offset])
    return types.Position(line=len(before) - 1, character=units(before[-1], encoding))


def places(text: str) -> list[int]:
    """Every offset that a client can point at: none lies inside a CRLF."""
    return [offset for offset in range(len(text) + 1) if text[offset - 1 : offset + 1] != "\r\n" or offset == 0]


@given(texts, st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), texts, st.booleans()), max_size=8), encodings)
@settings(max_examples=400, deadline=None)
def test_the_text_is_the_editors_after_any_changes(start: str, edits, encoding: str) -> None:
    """Against a plain string: full and incremental changes, any encoding, every kind of line end."""
    document = Document("file:///x", "python", 1, start)
    text = start
    for version, (one, other, new, whole) in enumerate(edits, 2):
        if whole:
            text = new
            document.apply([types.TextDocumentContentChangeWholeDocument(text=new)], version, encoding)
        else:
            known = places(text)
            first, last = sorted((known[one % len(known)], known[other % len(known)]))
            range_ = types.Range(start=position_of(text, first, encoding), end=position_of(text, last, encoding))
            text = text[:first] + new + text[last:]
            document.apply([types.TextDocumentContentChangePartial(range=range_, text=new)], version, encoding)

        assert "".join(document.lines) == text
        assert document.lines == split_lines(text)


@given(texts, encodings, st.integers(0, 99))
@settings(max_examples=400, deadline=None)
def test_positions_round_trip(text: str, encoding: str, which: int) -> None:
    lines = split_lines(text)
    known = places(text)
    offset = known[which % len(known)]
    position = position_of(text, offset, encoding)
    span = to_span(lines, types.Range(start=position, end=position), encoding)

    assert to_position(lines, span.start, encoding) == position
    assert "".join(lines[: span.start.line]) + lines[span.start.line][: span.start.column] == text[:offset]


@given(texts, st.lists(st.tuples(st.integers(0, 99), texts), min_size=1, max_size=6), encodings, st.integers(0, 99))
@settings(max_examples=300, deadline=None)
def test_a_range_of_an_old_version_finds_its_text_again(before: str, edits, encoding: str, which: int) -> None:
    """Insertions anywhere outside a marked word leave the word's mapped range on the word."""
    word = "target😀"
    text = before + word + "\n"
    document = Document("file:///x", "python", 1, text)
    at = len(before)
    range_ = types.Range(start=position_of(text, at, encoding), end=position_of(text, at + len(word), encoding))
    for version, (place, new) in enumerate(edits, 2):
        known = [offset for offset in places(text) if not at < offset < at + len(word)]
        offset = known[place % len(known)]
        spot = position_of(text, offset, encoding)
        document.apply(
            [types.TextDocumentContentChangePartial(range=types.Range(start=spot, end=spot), text=new)],
            version,
            encoding,
        )
        text = text[:offset] + new + text[offset:]
        at += len(new) if offset <= at else 0

    span = document.map_from(1, range_, encoding)

    assert span is not None
    assert document.snapshot().slice(span) == word
    assert to_range(document.lines, span, encoding).start == position_of(text, at, encoding)
    assert document.map_from(99, range_, encoding) is None


def test_text_that_neovim_adds_at_the_end_leaves_a_tracked_place_behind_it() -> None:
    """Neovim says of lines added at the end that the last line end became itself, the new text and another line end."""
    document = Document("file:///x", "markdown", 1, "# Chat\n\nOne.\n")
    place = document.track(to_span(document.lines, _at(3, 0), "utf-8"), grows=True)
    earlier = document.track(to_span(document.lines, _at(2, 4), "utf-8"))
    start, end = types.Position(line=2, character=4), types.Position(line=3, character=0)

    change = types.TextDocumentContentChangePartial(range=types.Range(start=start, end=end), text="\nTwo.\n\n")
    document.apply([change], 2, "utf-8")

    assert "".join(document.lines) == "# Chat\n\nOne.\nTwo.\n\n"
    assert document.snapshot().slice(place.span) == "Two.\n\n"
    assert earlier.span.start == (2, 4)


def _at(line: int, character: int) -> types.Range:
    return types.Range(
        start=types.Position(line=line, character=character), end=types.Position(line=line, character=character)
    )
