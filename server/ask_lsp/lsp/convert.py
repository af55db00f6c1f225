"""Positions of the protocol to places in our text, and back. The only file that knows position encodings.

LSP 3.17, PositionEncodingKind: a `character` counts code units of the negotiated encoding; utf-16 is always allowed.
"""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from ask_lsp.core.text import Point, Span, clamp_point, end_of, line_text

ENCODINGS = ("utf-8", "utf-16", "utf-32")


def negotiate(offered: Sequence[str] | None, forced: str | None) -> str:
    """The encoding to use: the forced one if it is offered, else the first offered that we know, else utf-16."""
    known = [encoding for encoding in offered or () if encoding in ENCODINGS] or ["utf-16"]
    return forced if forced in known or forced == "utf-16" else known[0]


def _units(character: str, encoding: str) -> int:
    code = ord(character)
    if encoding == "utf-16":
        return 2 if code > 0xFFFF else 1
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


def _same_units(text: str, encoding: str) -> bool:
    """Whether every character is one unit."""
    return encoding == "utf-32" or text.isascii() or (encoding == "utf-16" and max(text) <= "\uffff")


def to_point(lines: Sequence[str], position: types.Position, encoding: str) -> Point:
    """The place of a position: clamped to the document, and before the character if it is inside one."""
    if position.line >= len(lines):
        return end_of(lines)
    line = line_text(lines[position.line])
    if _same_units(line, encoding):
        return Point(position.line, min(position.character, len(line)))
    left = position.character
    for column, character in enumerate(line):
        left -= _units(character, encoding)
        if left < 0:
            return Point(position.line, column)
    return Point(position.line, len(line))


def to_span(lines: Sequence[str], range_: types.Range, encoding: str) -> Span:
    """The span of a range, its ends put in order (some clients send a selection made backwards as it was made)."""
    start, end = to_point(lines, range_.start, encoding), to_point(lines, range_.end, encoding)
    return Span(start, end) if start <= end else Span(end, start)


def to_position(lines: Sequence[str], point: Point, encoding: str) -> types.Position:
    """The position of a place, which is clamped to the document first."""
    line, column = clamp_point(lines, point)
    before = lines[line][:column]
    if _same_units(before, encoding):
        return types.Position(line=line, character=column)
    return types.Position(line=line, character=sum(_units(character, encoding) for character in before))


def to_range(lines: Sequence[str], span: Span, encoding: str) -> types.Range:
    """The range of a span."""
    return types.Range(start=to_position(lines, span.start, encoding), end=to_position(lines, span.end, encoding))
