"""From text to its definitions: an incremental parse, one query over the tree, and plain values out of it.

Trees stay in here. tree-sitter counts bytes of UTF-8, and lines by \\n alone, so places are carried over as byte
offsets and turned into points by the document's own lines.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from ask_lsp.context.grammars import load_grammar
from ask_lsp.core.action import Definition
from ask_lsp.core.indent import CONTAINERS, first_line_of, last_part
from ask_lsp.core.text import Point, Span, line_text

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_NAME = 200


class Outline(NamedTuple):
    """The definitions of a text, outer before inner, and whether the grammar met code that it could not read."""

    definitions: tuple[Definition, ...]
    broken: bool

    def enclosing(self, point: Point) -> Definition | None:
        """The innermost definition that holds `point`, its ends included."""
        found = None
        for definition in self.definitions:
            start, end = definition.span
            if start <= point <= end and (
                found is None or found.span.contains(definition.span) or found.span.end == start
            ):
                found = definition
        return found

    def named(self, name: str, point: Point) -> Definition | None:
        """The definition that `name` at `point` means: the one that holds the place most closely, or whose parent does.

        The first one of several with the same parent (overloads). None when only parents elsewhere have such a name,
        and more than one of them.
        """
        parents: list[int] = []
        visible: dict[int, int] = {}
        hidden: dict[int, int] = {}
        for number, definition in enumerate(self.definitions):
            while parents and not self.definitions[parents[-1]].span.contains(definition.span):
                parents.pop()
            parent = parents[-1] if parents else -1
            if last_part(definition.name) == name:
                inside = parent < 0 or _holds(self.definitions[parent], point)
                if _holds(definition, point):
                    visible[len(parents) + 1] = number
                elif inside:
                    visible.setdefault(len(parents), number)
                else:
                    hidden.setdefault(parent, number)
            parents.append(number)
        if visible:
            return self.definitions[visible[max(visible)]]
        return self.definitions[next(iter(hidden.values()))] if len(hidden) == 1 else None


class Parse(NamedTuple):
    """One parse, kept to make the next one cheap."""

    grammar: str
    lines: tuple[str, ...]
    starts: list[int]
    source: bytes
    tree: Tree
    outline: Outline


def parse(grammar: str, lines: tuple[str, ...], last: Parse | None = None) -> Parse:
    """Parses `lines`, starting from the last parse of the same document if there is one. Uses up `last`.

    Holds the GIL for about 2.5 ms per 1,000 lines the first time. Raises ImportError without the grammar's wheel.
    """
    from tree_sitter import Parser

    if last is not None and last.grammar != grammar:
        last = None
    if last is not None and last.lines == lines:
        return last
    encoded = [_encode(line) for line in lines]
    starts = [0, *accumulate(map(len, encoded))]
    source = b"".join(encoded)
    parser = Parser(load_grammar(grammar).language)
    if last is None:
        tree = parser.parse(source)
    else:
        _tell_edit(last, lines, starts, source)
        tree = parser.parse(source, last.tree)
    return Parse(grammar, lines, starts, source, tree, _outline(grammar, tree, lines, starts, source))


def _encode(line: str) -> bytes:
    """UTF-8 in which a lone surrogate is one replacement character, so that columns still count alike."""
    return line.encode() if line.isascii() else _SURROGATE.sub("\ufffd", line).encode()


def _tell_edit(last: Parse, lines: tuple[str, ...], starts: list[int], source: bytes) -> None:
    """Tells the old tree which bytes were replaced: the lines between those that both texts begin and end with."""
    limit = min(len(last.lines), len(lines))
    head = 0
    while head < limit and last.lines[head] == lines[head]:
        head += 1
    tail = 0
    while tail < limit - head and last.lines[-1 - tail] == lines[-1 - tail]:
        tail += 1
    start = starts[head]
    old_end, new_end = last.starts[len(last.lines) - tail], starts[len(lines) - tail]
    last.tree.edit(
        start,
        old_end,
        new_end,
        _row_and_column(source, start),
        _row_and_column(last.source, old_end),
        _row_and_column(source, new_end),
    )


def _row_and_column(source: bytes, offset: int) -> tuple[int, int]:
    return source.count(b"\n", 0, offset), offset - source.rfind(b"\n", 0, offset) - 1


class _Found(NamedTuple):
    start: int
    end: int
    kind: str
    name: str


def stretches(parsed: Parse) -> dict[int, _Found]:
    """The definitions of a parsed text as stretches of bytes, by where their names begin."""
    return _stretches(parsed.grammar, parsed.tree, parsed.source)


def _stretches(grammar: str, tree: Tree, source: bytes) -> dict[int, _Found]:
    from tree_sitter import QueryCursor

    widest: dict[int, _Found] = {}
    for _, captures in QueryCursor(load_grammar(grammar).definitions).matches(tree.root_node):
        found = _found(captures, source)
        if found is None:
            continue
        # Patterns that take in a decorator or an `export` find the same name again, in a wider stretch.
        at = captures["name"][0].start_byte
        known = widest.get(at)
        if known is None or found.end - found.start > known.end - known.start:
            widest[at] = found
    return widest


def _outline(grammar: str, tree: Tree, lines: tuple[str, ...], starts: list[int], source: bytes) -> Outline:
    definitions: list[Definition] = []
    around: list[Definition] = []
    for found in sorted(_stretches(grammar, tree, source).values(), key=lambda found: (found.start, -found.end)):
        span = _with_its_lines(Span(_point(found.start, lines, starts), _point(found.end, lines, starts)), lines)
        while around and not around[-1].span.contains(span):
            around.pop()
        kind = "method" if found.kind == "function" and around and around[-1].kind in CONTAINERS else found.kind
        definition = Definition(kind, found.name, span)
        definitions.append(definition)
        around.append(definition)
    return Outline(tuple(definitions), tree.root_node.has_error)


def _found(captures: dict[str, list[Node]], source: bytes) -> _Found | None:
    kinds = [kind for kind in captures if kind != "name"]
    if not kinds or "name" not in captures:
        return None
    node, name = captures[kinds[0]][0], captures["name"][0]
    text = source[name.start_byte : min(name.end_byte, name.start_byte + _LONGEST_NAME)].decode(errors="ignore")
    return _Found(node.start_byte, node.end_byte, kinds[0], " ".join(text.split()).strip("\"'`"))


def point_of(offset: int, parsed: Parse) -> Point:
    """The place of a byte offset into a parsed text."""
    return _point(offset, parsed.lines, parsed.starts)


def offset_of(point: Point, parsed: Parse) -> int:
    """The byte offset of a place in a parsed text; a place behind its line is the end of the line."""
    text = line_text(parsed.lines[point.line])[: point.column]
    return parsed.starts[point.line] + (len(text) if text.isascii() else len(_encode(text)))


def _point(offset: int, lines: tuple[str, ...], starts: list[int]) -> Point:
    """The place of a byte offset; an offset inside or behind a terminator is the end of its line."""
    line = min(bisect_right(starts, offset) - 1, len(lines) - 1)
    text, column = line_text(lines[line]), offset - starts[line]
    if not text.isascii():
        column = len(_encode(text)[:column].decode(errors="ignore"))
    return Point(line, min(column, len(text)))


def _with_its_lines(span: Span, lines: tuple[str, ...]) -> Span:
    """A definition that has its lines to itself is those whole lines, with the decorators and comments above them."""
    start, end = span
    if end.column == 0 and end.line > start.line:  # Some grammars count the terminator in.
        end = Point(end.line - 1, len(line_text(lines[end.line - 1])))
    if not line_text(lines[start.line])[: start.column].strip(" \t\f\ufeff"):
        start = Point(first_line_of(lines, start.line), 0)
    rest = line_text(lines[end.line])
    if rest[end.column :].strip() in {"", ";"}:
        end = Point(end.line, len(rest))
    return Span(start, end)


def _holds(definition: Definition, point: Point) -> bool:
    return definition.span.start <= point <= definition.span.end
