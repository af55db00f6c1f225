"""Which lines begin inside a string, so that what a program says is not moved along with its code.

Told by marks alone, since an answer need not parse. A wrong guess costs nothing: it is asked only about lines that the
document has in a string word for word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_QUOTED = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
_PYTHON = re.compile(rf"(\"\"\"|''')|#.*|{_QUOTED}")
_BACKTICKS = re.compile(rf"(`)|//.*|/\*.*?\*/|{_QUOTED}")
_MARKS = {
    "python": _PYTHON,
    **dict.fromkeys(("javascript", "javascriptreact", "typescript", "typescriptreact", "go"), _BACKTICKS),
}


def inside_strings(lines: Sequence[str], language: str) -> Iterator[range]:
    """The stretches of lines that begin inside a string of several lines; the last of each holds its end."""
    marks = _MARKS.get(language)
    if marks is None:
        return
    closer, begun = "", 0
    for number, line in enumerate(lines):
        at = 0
        while True:
            if closer:
                end = _end(line, at, closer)
                if end < 0:
                    break
                at, closer = end, ""
                if number > begun:
                    yield range(begun + 1, number + 1)
            found = marks.search(line, at)
            if found is None:
                break
            at = found.end()
            if found[1]:
                closer, begun = found[1], number


def _end(line: str, at: int, closer: str) -> int:
    """The place behind the closing mark; -1 if it is not on this line."""
    while (found := line.find(closer, at)) >= 0:
        before = line[:found]
        if (len(before) - len(before.rstrip("\\"))) % 2 == 0:
            return found + len(closer)
        at = found + 1
    return -1
