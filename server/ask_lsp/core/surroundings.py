"""What stands around a placeholder: whether it is still where its secret stood, or was carried somewhere else.

No language is parsed here. Where the text leaves a doubt, more brackets count as open than are, so that a doubt is a
reason to ask.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

_TOKEN = re.compile(
    r"(?P<aside>\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)|/\*.*?(?:\*/|\Z)|(?:\bself|\bthis)\.#|(?:#|//|<!--|(?<!\S)--(?=\s))[^\r\n]*)"
    r"|(?P<literal>(?<![\w])[A-Za-z]{0,2}(?:\"(?:\\.|[^\"\\\r\n])*\"|'(?:\\.|[^'\\\r\n])*'|`(?:\\.|[^`\\\r\n])*`))"
    r"|(?P<bracket>[()\[\]{}])",
    re.DOTALL,
)
_BRACKET = re.compile(r"[()\[\]{}]")
_OPENER = {")": "(", "]": "[", "}": "{"}
_CALLED = re.compile(r"[\w.!$]+$|\S$")
_BODY = re.compile(r"(?:\)|=>)\s*$")  # a block of statements, not a value, begins behind this
_GROUPED = frozenset(("=", ":", ",", "(", "[", "{", ";", "return"))
_GOES_ON = frozenset("\\,+|&=?")

# A plain name that is given a value, and nothing else: `const token: string = `, `"token": `, `self.token = `.
_GIVEN = re.compile(
    r"(?:(?:export|const|let|var|val|final|static|public|private|protected|readonly|local|pub|mut|auto"
    r"|std::string|String|string|char \*?)\s+)*"
    r"(?:self\.|this\.|\$|@)?(?P<quote>[\"']?)[A-Za-z_][\w-]*(?P=quote)"
    r"(?:\s*:\s*[A-Za-z_&][\w.\[\]|<>, ]*(?==))?\s*(?::=|=>|=|:)\s*(?P<value>\S.*)"
)
_ARGUMENT = re.compile(
    r"(?:[(\[,]|[({\[,]\s*[\"']?(?P<name>[A-Za-z_][\w-]*)[\"']?(?:\s*:\s*[A-Za-z_&][\w.\[\]|<>, ]*)?\s*(?:=>|=|:))\s*\Z"
)
_NAMED = re.compile(r"(?:=|:|[(\[,]|\breturn)\s*\Z")
_ENDS = re.compile(r"\s*(?:[,;)\]}]|(?:#|//)|\Z)|[ \t]*[\r\n]")
_REMARK = re.compile(r"\s+(?:#|//)\s.*")
_NEAR = 200  # characters before something that are looked at
_DEEPEST = 200  # open brackets that are looked at
_LINE_END = re.compile(r"[\r\n]")


class Place(NamedTuple):
    """One placeholder in a text, and what decides whether it may have its value there.

    `line` is all of its line, with what is next to that where it says nothing else; `value` what a plain name is given
    by the line, `literal` the string that it is in if that is a value of its own, `argument` that in brackets, with the
    name that it is passed by. `calls` are the calls around it, `links` how many addresses stand in them.
    """

    start: int
    name: str
    line: tuple[str, str, str]
    value: str | None
    literal: str | None
    argument: tuple[str, str] | None
    calls: Counter[str]
    links: int

    def stays(self, there: Place) -> bool:
        """Whether a secret of `there` is at home here."""
        if self.calls - there.calls or self.links > there.links:
            return False
        if self.line == there.line or (self.argument is not None and self.argument == there.argument):
            return True
        return self.value is not None and self.value in (there.value, there.literal)


@dataclass
class _Open:
    bracket: str
    called: str
    start: int
    end: int
    is_body: bool


def places(text: str, placeholder: re.Pattern[str]) -> list[Place]:
    """Every placeholder in a text, in order."""
    found = list(placeholder.finditer(text))
    if not found:
        return []
    around = _around(text, [match.start() for match in found])
    begins = [0, *(end.end() for end in _LINE_END.finditer(text))]
    lines: dict[int, str] = {}
    result = []
    for match, (inside, literal) in zip(found, around, strict=True):
        number = bisect_right(begins, match.start())
        begin, stop = begins[number - 1], begins[number] - 1 if number < len(begins) else len(text)
        if begin not in lines:
            lines[begin] = " ".join(text[begin:stop].split()).rstrip(",; ")
        result.append(_place(text, match, begin, lines[begin], inside, literal))
    return result


def _around(text: str, starts: list[int]) -> list[tuple[list[_Open], tuple[int, int] | None]]:
    """For each start what is open there, and the string literal that it is in."""
    result: list[tuple[list[_Open], tuple[int, int] | None]] = []
    stack: list[_Open] = []

    def reached(until: int, literal: tuple[int, int] | None = None) -> None:
        while len(result) < len(starts) and starts[len(result)] < until:
            result.append((_since_body(stack), literal))

    for token in _TOKEN.finditer(text):
        reached(token.start())
        if token["bracket"]:
            _turn(text, stack, token.start(), 0)
            continue
        # In a string or a remark: what closes nothing there closes nothing, what is left open might be code after all.
        literal, outside = token.span() if token["literal"] else None, len(stack)
        for found in _BRACKET.finditer(text, *token.span()):
            reached(found.start(), literal)
            _turn(text, stack, found.start(), outside)
        reached(token.end(), literal)
    reached(len(text))
    return result


def _turn(text: str, stack: list[_Open], at: int, outside: int) -> None:
    """Takes one bracket; the first `outside` of those that are open cannot be closed by it."""
    mark = text[at]
    if mark in _OPENER:
        if len(stack) > outside and stack[-1].bracket == _OPENER[mark]:
            stack.pop().end = at
        return
    before = _before(text, at)
    called = _CALLED.search(before)
    name = called[0] if called and mark == "(" else ""
    stack.append(
        _Open(mark, "" if name in _GROUPED else name, at, len(text), mark == "{" and bool(_BODY.search(before)))
    )


def _before(text: str, at: int) -> str:
    """What stands before a place, without the blanks between; something that fits nothing if only blanks are near."""
    near = text[max(0, at - _NEAR) : at].rstrip()
    return near if near or at <= _NEAR else "?"


def _since_body(stack: list[_Open]) -> list[_Open]:
    """What is open within the innermost block of statements."""
    inside: list[_Open] = []
    for each in reversed(stack):
        if each.is_body:
            break
        inside.append(each)
        if len(inside) > _DEEPEST:
            return [_Open("(", "?", 0, 0, False)]
    return inside[::-1]


def _place(
    text: str, match: re.Match[str], begin: int, line: str, inside: list[_Open], literal: tuple[int, int] | None
) -> Place:
    first, last = literal or match.span()
    left = text[max(0, first - _NEAR) : first]
    before = _before(text, begin)
    bare = line == text[first:last]
    calls = Counter(each.called for each in inside if each.called)
    if not inside and before[-1:] in _GOES_ON and not before.endswith("*/"):
        calls[before[-1:]] += 1
    opened = [each for each in inside if each.bracket == "("]
    given = _GIVEN.fullmatch(line)
    own = text[first:last] if literal and _ENDS.match(text, last) and _NAMED.search(left) else None
    passed = _ARGUMENT.search(left) if own is not None and inside else None
    return Place(
        match.start(),
        match[0],
        (before[-1:], line, text[last : last + _NEAR].lstrip()[:1]) if bare else ("", line, ""),
        _REMARK.sub("", given["value"]).rstrip(",; ") if given else None,
        own,
        (passed["name"] or "", text[first:last]) if passed else None,
        calls,
        text.count("://", opened[0].start, opened[0].end) if opened else 0,
    )
