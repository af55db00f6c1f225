"""What an edit does to a document's syntax: whether it still parses, and which definitions come and go.

Two parses, one of the document before and one of it after the edit; of a large document, the edited text alone is
parsed. Nothing is ever executed. Runs in the thread that does all parsing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ask_lsp.context.definitions import Parse, offset_of, parse, point_of, stretches
from ask_lsp.context.grammars import grammar_name
from ask_lsp.core.syntax import UNCHECKED, SyntaxCheck
from ask_lsp.core.text import Point, Span, line_text, replace_surrogates, slice_lines, split_lines

if TYPE_CHECKING:
    from tree_sitter import Node

_LONGEST_EXCERPT = 30
_MEMBER = "."


class _Side(NamedTuple):
    """A document before or after the edit, parsed, and where the edited text is in it, in bytes."""

    parse: Parse
    start: int
    end: int
    line_offset: int
    errors: list[int]


class _Named(NamedTuple):
    """A definition by where its name stands."""

    at: int
    name: str
    depth: int
    inside: bool
    outermost: bool


def compare(
    language: str,
    uri: str,
    before: tuple[str, ...],
    after: tuple[str, ...],
    target: Span,
    replaced: Span,
    most_lines: int,
    most_characters: int,
) -> SyntaxCheck:
    """What the edit from `before` to `after` does. Runs in the worker thread; raises ImportError without the wheel."""

    def small(lines: tuple[str, ...]) -> bool:
        return len(lines) <= most_lines and sum(map(len, lines)) <= most_characters

    grammar = grammar_name(language, uri)
    if grammar is None:
        return UNCHECKED
    if small(before) and small(after):
        old, new = _side(grammar, before, target), _side(grammar, after, replaced)
        problem = _problem(grammar, old, new)
        if problem and old.errors:  # In broken code, one mistake may be counted in many ways: the text alone decides.
            problem = _problem(grammar, _alone(grammar, before, target), _alone(grammar, after, replaced)) and problem
        return _names(old, new, problem)
    if not small(_lines_of(before, target)) or not small(_lines_of(after, replaced)):
        return UNCHECKED
    old, new = _alone(grammar, before, target), _alone(grammar, after, replaced)
    return _names(old, new, _problem(grammar, old, new))


def _side(grammar: str, lines: tuple[str, ...], span: Span, line_offset: int = 0) -> _Side:
    parsed = parse(grammar, lines)
    errors = sorted(_errors(parsed.tree.root_node))
    return _Side(parsed, offset_of(span.start, parsed), offset_of(span.end, parsed), line_offset, errors)


def _lines_of(lines: tuple[str, ...], span: Span) -> tuple[str, ...]:
    return lines[span.start.line : span.end.line + 1]


def _alone(grammar: str, lines: tuple[str, ...], span: Span) -> _Side:
    """The edited text as a document of its own, without the indentation that all its lines have."""
    before = line_text(lines[span.start.line])[: span.start.column]
    text = slice_lines(lines, span)
    own = split_lines(before + text if not before.strip() else text)
    margins = {line[: len(line) - len(line.lstrip(" \t"))] for line in own if line.strip()}
    margin = min(margins, key=len, default="")
    if margin and all(line.startswith(margin) for line in margins):
        own = [line[len(margin) :] if line.strip() else line.lstrip(" \t") for line in own]
    line_offset = span.start.line
    if grammar == "php" and "<?" not in text:
        own.insert(0, "<?php\n")
        line_offset -= 1
    return _side(grammar, tuple(own), Span(Point(0, 0), Point(len(own) - 1, len(own[-1]))), line_offset)


def _errors(root: Node) -> Iterator[int]:
    """Where the grammar met what it could not read, or missed something."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            yield node.start_byte
        if node.has_error:
            waiting.extend(node.children)


def _problem(grammar: str, before: _Side, after: _Side) -> str:
    if grammar == "python":
        refused = _refused_by_python(after.parse.lines)
        if refused is None:
            return ""  # Newer syntax than the grammar's is no mistake.
        if _refused_by_python(before.parse.lines) is None:
            return _sentence(after, *refused)
    if len(after.errors) <= len(before.errors):
        return ""
    offset = next((at for at in after.errors if after.start <= at <= after.end), after.errors[0])
    point = point_of(offset, after.parse)
    if not line_text(after.parse.lines[point.line])[point.column :].strip():
        point = Point(point.line, 0)
    return _sentence(after, point)


def _refused_by_python(lines: tuple[str, ...]) -> tuple[Point, str] | None:
    """Where and why Python does not read this; None when it does. Never executes anything."""
    import ast
    import warnings

    source = replace_surrogates("".join(lines)).removeprefix("\ufeff")
    if "\0" in source:  # Older Pythons raise ValueError, and none of them tells the line.
        return Point(next(number for number, line in enumerate(lines) if "\0" in line), 0), "it holds a NUL character"
    try:
        with warnings.catch_warnings():  # An invalid escape sequence warns, and would fail where warnings are errors.
            warnings.simplefilter("ignore")
            ast.parse(source)
    except SyntaxError as error:
        line = min(max((error.lineno or 1) - 1, 0), len(lines) - 1)
        return Point(line, 0), error.msg
    except (RecursionError, MemoryError):
        return Point(0, 0), "it is nested too deeply"
    except ValueError as error:
        return Point(0, 0), str(error)
    return None


def _sentence(side: _Side, point: Point, reason: str = "") -> str:
    """Names the place in the document, one-based, with what stands there."""
    line = line_text(side.parse.lines[point.line])
    excerpt = " ".join(re.sub(r"[`\0]", " ", line[point.column : point.column + 10 * _LONGEST_EXCERPT]).split())
    if len(excerpt) > _LONGEST_EXCERPT:
        excerpt = excerpt[: _LONGEST_EXCERPT - 1] + "…"
    near = f", near `{excerpt}`" if excerpt else ""
    because = f" ({reason})" if reason else ""
    return f"It does not parse any more: line {point.line + side.line_offset + 1}{near}{because}."


def _names(before: _Side, after: _Side, problem: str) -> SyntaxCheck:
    old, new = list(_definitions(before)), list(_definitions(after))
    # What stands outside the edited text is known again by its place, which the edit can move, but not change.
    moved = len(after.parse.source) - len(before.parse.source)
    standing = {named.at: named for named in new if not named.inside}
    lost = []
    for named in old:
        if named.inside:
            continue
        same = standing.get(named.at + moved if named.at >= before.end else named.at)
        if same is None or same.depth != named.depth or _last(same.name) != _last(named.name):
            lost.append(named.name)
    if before.errors and not after.errors:
        lost = []  # What was found in broken code may never have been a definition.
    had = Counter(named.name for named in old if named.inside)
    has = Counter(named.name for named in new if named.inside)
    added = Counter(named.name for named in new if named.inside and named.outermost) - had
    dropped = (had - has).elements()
    return SyntaxCheck(problem, tuple(lost), tuple(dropped), True, tuple(added.elements()))


def _definitions(side: _Side) -> Iterator[_Named]:
    around: list[tuple[int, str, bool]] = []
    found = sorted(stretches(side.parse).items(), key=lambda item: (item[1].start, -item[1].end))
    for at, stretch in found:
        while around and around[-1][0] < stretch.end:
            around.pop()
        name = around[-1][1] + _MEMBER + stretch.name if around else stretch.name
        inside = side.start <= at < side.end
        yield _Named(at, name, len(around), inside, not (around and around[-1][2]))
        around.append((stretch.end, name, inside))


def _last(name: str) -> str:
    return name.rpartition(_MEMBER)[2]
