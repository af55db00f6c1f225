"""Code fences of Markdown: making one that its content cannot break, finding them, closing one that was left open.

An answer that is cut in the middle of a code block would otherwise swallow everything that follows it in the chat file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ask_lsp.core.text import line_text, split_lines

_BACKTICKS = re.compile(r"`+")
_NOT_IN_INFO = re.compile(r"[`\s]+")
_LINE_END = re.compile(r"\r\n|\n|\r")
_FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$", re.DOTALL)
_LIST_MARKER = re.compile(r"(?:[-+*]|[0-9]{1,9}[.)])(?=[ \t]|$)")
_TAB = 4
_DEEPEST_INDENT = 3


def fenced(text: str, language: str = "") -> str:
    """`text` as a code block: the fence is longer than any run of backticks in it, and a newline ends the result."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    body = text if not text or text.endswith("\n") else text + "\n"
    return f"{fence}{_NOT_IN_INFO.sub('', language)}\n{body}{fence}\n"


def close_open_fence(markdown: str) -> str | None:
    """What must be appended to `markdown` to close a code fence that is still open at its end; None if there is none.

    Follows CommonMark 0.31, "Fenced code blocks": indented by at most 3, closed by a line of at least as many of the
    same character and nothing else, or by the end of the list item that it stands in.
    """
    blocks = _Blocks()
    for line in _LINE_END.split(markdown):
        blocks.take(line)
    if not blocks.fence:
        return None
    return ("" if markdown.endswith("\n") else "\n") + " " * blocks.base + blocks.fence


def lines_and_blocks(markdown: str) -> Iterator[tuple[str, bool]]:
    """Every line with its line end, and whether it belongs to a fenced code block, the fences included."""
    blocks = _Blocks()
    for line in split_lines(markdown):
        yield line, blocks.take(line_text(line))


class _Blocks:
    """Reads line by line; `fence` is that of the block which is open, and `base` the column of its list item."""

    def __init__(self) -> None:
        self.fence = ""
        self._items: list[int] = []

    @property
    def base(self) -> int:
        return self._items[-1] if self._items else 0

    def take(self, line: str) -> bool:
        """Whether a line, given without its end, belongs to a block."""
        indent, rest = _indentation(line)
        if not rest:
            return bool(self.fence)
        if self.fence:
            if indent >= self.base:
                if indent - self.base <= _DEEPEST_INDENT and _closes(rest, self.fence):
                    self.fence = ""
                return True
            self.fence = ""
        while self._items and indent < self._items[-1]:
            self._items.pop()
        indent, rest = _enter_list_items(self._items, indent, rest)
        if indent - self.base <= _DEEPEST_INDENT and (opening := _FENCE.match(rest)):
            self.fence = opening[1] or opening[3]
        return bool(self.fence)


def _closes(rest: str, fence: str) -> bool:
    run = rest.rstrip(" \t")
    return len(run) >= len(fence) and run == fence[0] * len(run)


def _indentation(line: str, column: int = 0) -> tuple[int, str]:
    """The column of the first character that is not blank, and the line from there; tabs stop at every fourth."""
    rest = line.lstrip(" \t")
    for blank in line[: len(line) - len(rest)]:
        column += _TAB - column % _TAB if blank == "\t" else 1
    return column, rest


def _enter_list_items(items: list[int], indent: int, rest: str) -> tuple[int, str]:
    """Adds the columns at which the items that begin on this line have their content; returns what is left of it."""
    while indent - (items[-1] if items else 0) <= _DEEPEST_INDENT and (marker := _LIST_MARKER.match(rest)):
        behind = indent + marker.end()
        indent, rest = _indentation(rest[marker.end() :], behind)
        # Content five or more columns behind its marker is indented code, and the item begins one column behind it.
        items.append(indent if rest and indent - behind <= _TAB else behind + 1)
    return indent, rest
