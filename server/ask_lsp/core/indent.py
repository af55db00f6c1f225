"""The definition around a place, told by indentation alone.

For languages without a grammar, for files too large to parse, and for the moments before a parse is ready. It looks
only at lines near the place, and only at the beginning of each, so it is instant in any file; odd code never fails.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from ask_lsp.core.action import Definition
from ask_lsp.core.headers import HEADER_LINES, definition_header, indentation
from ask_lsp.core.text import Point, Span, clamp_point, line_length

REACH = 2_000
"""How many lines are looked at above a place, and below the first line of what is around it."""

NAMED_REACH = 20_000
"""How many lines are searched for a name, above and below."""

CONTAINERS = frozenset(
    {"class", "struct", "interface", "trait", "impl", "enum", "record", "protocol", "extension", "object"}
)
"""Kinds whose functions are methods."""

_PROSE = frozenset({"plaintext", "text", "markdown", "latex", "restructuredtext", "asciidoc"})

_CLOSER = re.compile(r"[)\]}{]|(?:end|fi|done|esac)\b(?!\s*=)")
_CONTINUES = re.compile(r"(?:[\[({:]|=>|->)$")
_SEPARATOR = re.compile(r"(?:public|private|protected|signals|default|case\b[^:]*)\s*(?:slots)?:$|(?:rescue|ensure)\b")
_DECORATOR = re.compile(r"(?:@[\w(\[]|#\[|\[[A-Z][\w.]*[\](,])(?!.*\{$)", re.DOTALL)
_COMMENT = re.compile(r"//|/\*|\*(?:[\s/*]|$)|--|#(?:[\s#]|$)|;;")
_NOT_CODE = re.compile(r"//|/\*|\*(?:[\s/*]|$)|--|#|;;")


def enclosing_by_indentation(lines: Sequence[str], point: Point, language: str) -> Definition | None:
    """The definition around `point`, else the indented block, else the paragraph; None where there is only white space.

    A definition has its decorators and the comments directly above it. Spans are whole lines, without blank ones at the
    end and without the last terminator. `language` is the document's language id; prose has only paragraphs.
    """
    at = clamp_point(lines, point).line
    if language in _PROSE:
        return _paragraph(lines, at)
    anchor = _anchor(lines, at)
    header = _header_around(lines, anchor, language)
    while header is not None:
        found = _definition(lines, *header, language)
        if found.span.start.line <= at <= found.span.end.line:
            return found
        header = _header_around(lines, anchor, language, below=indentation(lines[header[0]])[0])
    return block_by_indentation(lines, point)


def block_by_indentation(lines: Sequence[str], point: Point) -> Definition | None:
    """The innermost indented block around `point` with the line that opens it, else the paragraph; without a name."""
    at = clamp_point(lines, point).line
    anchor = _anchor(lines, at)
    opener = next(_climb(lines, anchor), None)
    if opener is not None and opener != anchor:
        last = _last_line(lines, opener)
        if opener <= at <= last:
            return Definition("block", "", _whole_lines(lines, opener, last))
    return _paragraph(lines, at)


def named_by_indentation(lines: Sequence[str], name: str, point: Point, language: str) -> Definition | None:
    """The definition of that name on the line of `point`, else the nearest one above, else below; None without any."""
    if language in _PROSE:
        return None
    at = clamp_point(lines, point).line
    above = range(at, max(-1, at - NAMED_REACH), -1)
    below = range(at + 1, min(len(lines), at + NAMED_REACH))
    holding = (number for number in itertools.chain(above, below) if name in lines[number])
    for number in itertools.islice(holding, REACH):
        found = definition_header(lines, number, language)
        if found and last_part(found[1]) == name:
            return _definition(lines, number, *found, language)
    return None


def last_part(name: str) -> str:
    """The name itself of a qualified one: `area` of `Shape::area`, `self.area` and `M:area`, `Shape` of `Shape<T>`."""
    return re.split(r"[.:]+", name.partition("<")[0].rstrip(".: "))[-1]


def first_line_of(lines: Sequence[str], header: int) -> int:
    """The first line of the decorators, attributes and comments that stand directly above the line `header`."""
    width = indentation(lines[header])[0]
    first = header
    while first > 0 and header - first < REACH:
        above, start = indentation(lines[first - 1])
        if not start or above != width + (start[0] == "*"):
            break
        if _DECORATOR.match(start) or _COMMENT.match(start):
            first -= 1
        elif start[0] in ")]":
            opener = _opener(lines, first - 1, width)
            if opener is None or not _DECORATOR.match(indentation(lines[opener])[1]):
                break
            first = opener
        else:
            break
    return first


def _anchor(lines: Sequence[str], at: int) -> int:
    """The line whose indentation speaks for `at`: itself, or for a blank line the next that is not."""
    if indentation(lines[at])[1]:
        return at
    below = next((number for number in range(at, min(len(lines), at + REACH)) if indentation(lines[number])[1]), None)
    return at if below is None else below


def _climb(lines: Sequence[str], anchor: int, below: int | None = None) -> Iterator[int]:
    """The lines that open what `anchor` is in, from the inside out, those indented less than `below` only.

    Begins with `anchor` itself where it closes something that another line opened.
    """
    width, start = indentation(lines[anchor])
    limit = width + 1 if _CLOSER.match(start) else width
    if below is not None:
        limit = min(limit, below)
    for number in range(anchor - 1, max(-1, anchor - REACH), -1):
        if limit <= 0:
            return
        if lines[number].startswith(" " * limit):
            continue  # Most lines: this check is four times as fast as the ones below.
        width, start = indentation(lines[number])
        if not start or width >= limit or _NOT_CODE.match(start) or _SEPARATOR.match(start):
            continue
        if _CLOSER.match(start):
            limit = width + 1
            continue
        limit = width
        yield number


def _header_around(
    lines: Sequence[str], anchor: int, language: str, below: int | None = None
) -> tuple[int, str, str] | None:
    """The innermost line around `anchor` that begins a definition, with its kind and name."""
    if below is None:
        own = _below_decorators(lines, anchor)
        found = definition_header(lines, own, language)
        if found:
            return own, *found
    for number in _climb(lines, anchor, below):
        own = _below_decorators(lines, number)
        found = definition_header(lines, own, language)
        if found:
            return own, *found
    return None


def _below_decorators(lines: Sequence[str], number: int) -> int:
    """The line that a decorator, attribute or comment at `number` belongs to; `number` itself for any other line."""
    width, start = indentation(lines[number])
    if not (_DECORATOR.match(start) or _COMMENT.match(start)):
        return number
    for below in range(number + 1, min(len(lines), number + HEADER_LINES)):
        deep, start = indentation(lines[below])
        if not start or deep < width:
            return number
        if deep > width or start[0] in ")]" or _DECORATOR.match(start) or _COMMENT.match(start):
            continue
        return below
    return number


def _definition(lines: Sequence[str], number: int, kind: str, name: str, language: str) -> Definition:
    if kind == "function" and _is_member(lines, number, language):
        kind = "method"
    return Definition(kind, name, _whole_lines(lines, first_line_of(lines, number), _last_line(lines, number)))


def _is_member(lines: Sequence[str], header: int, language: str) -> bool:
    """Whether the innermost definition around the line `header` is of a kind that has methods."""
    around = _header_around(lines, header, language, below=indentation(lines[header])[0])
    return around is not None and around[1] in CONTAINERS


def _opener(lines: Sequence[str], closer: int, width: int) -> int | None:
    for number in range(closer - 1, max(-1, closer - HEADER_LINES), -1):
        deep, start = indentation(lines[number])
        if start and deep <= width:
            return number if deep == width else None
    return None


def _last_line(lines: Sequence[str], first: int) -> int:
    """The last line of what the line `first` opens: deeper lines, and the line that closes it."""
    width, opening = indentation(lines[first])
    last = first
    open_still = True
    for number in range(first + 1, min(len(lines), first + REACH)):
        deep, start = indentation(lines[number])
        if not start:
            continue
        if deep > width:
            last = number
            continue
        if _NOT_CODE.match(start) or (deep == width and _SEPARATOR.match(start)):
            continue
        if deep < width or not _CLOSER.match(start) or not open_still:
            break
        if start[0] == "{" and opening.endswith((";", "}")):
            break
        last = number
        open_still = start[0] in ")]{" or bool(_CONTINUES.search(start))
    return last


def _paragraph(lines: Sequence[str], at: int) -> Definition | None:
    """The run of non-blank lines around `at`, or the nearest one; the one above where two are as near."""
    nearest = next(
        (
            number
            for distance in range(REACH)
            for number in (at - distance, at + distance)
            if 0 <= number < len(lines) and indentation(lines[number])[1]
        ),
        None,
    )
    if nearest is None:
        return None
    first = last = nearest
    while first > 0 and nearest - first < REACH and indentation(lines[first - 1])[1]:
        first -= 1
    while last < len(lines) - 1 and last - nearest < REACH and indentation(lines[last + 1])[1]:
        last += 1
    return Definition("block", "", _whole_lines(lines, first, last))


def _whole_lines(lines: Sequence[str], first: int, last: int) -> Span:
    return Span(Point(first, 0), Point(last, line_length(lines[last])))
