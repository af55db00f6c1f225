"""What 100 live spans add to one change of a document, in microseconds."""

from __future__ import annotations

import time

from figures import Figure, median
from home import FUNCTION_LINES, TYPED_COLUMN, TYPED_LINE, code
from lsprotocol import types

from ask_lsp.core.text import Point, Span
from ask_lsp.core.tracking import TrackedSpan
from ask_lsp.lsp.documents import Document

LINES = 5_000
SPANS = 100
SPAN_LINES = 20
KEYSTROKES = 2_000
NEW_LINE = 41
BOUND = 50.0


def measure() -> list[Figure]:
    """The same keystrokes, each first in a document without spans and then in one with them."""
    text = code(LINES)
    plain, tracked = (Document(f"file:///bench/{name}.py", "python", 0, text) for name in ("plain", "tracked"))
    spans = [_span(tracked, number) for number in range(SPANS)]
    alone: list[float] = []
    beside: list[float] = []
    for number in range(KEYSTROKES):
        alone.append(_type(plain, number))
        beside.append(_type(tracked, number))
    if plain.lines != tracked.lines or len(spans) != SPANS:
        raise RuntimeError("the two documents differ")
    differences = [one - other for one, other in zip(beside, alone, strict=True)]
    added = median(differences)
    detail = {
        "change_without_spans_us": median(alone),
        "change_with_spans_us": median(beside),
        "a_new_line_adds_us": median(differences[::NEW_LINE]),
    }
    return [
        Figure(f"{SPANS} live spans, each change", added, "us", KEYSTROKES, BOUND, "the same without spans", detail)
    ]


def _span(document: Document, number: int) -> TrackedSpan:
    first = number * (LINES - SPAN_LINES) // SPANS
    return document.track(Span(Point(first, 0), Point(first + SPAN_LINES, 0)))


def _type(document: Document, number: int) -> float:
    """Microseconds of one key in the middle; some add a line, so that half of the spans move."""
    line = LINES // 2 - LINES // 2 % FUNCTION_LINES + TYPED_LINE
    place = types.Position(line=line, character=TYPED_COLUMN + number % 40)
    text = "1" if number % NEW_LINE else "1\n        "
    change = types.TextDocumentContentChangePartial(range=types.Range(start=place, end=place), text=text)
    began = time.perf_counter()
    document.apply([change], number + 1, "utf-16")
    return (time.perf_counter() - began) * 1_000_000
