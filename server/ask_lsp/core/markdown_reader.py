"""Reading a text that arrives in pieces, so that every decision is the same however it is cut.

A decision may look ahead, but no further than LONGEST_HELD. Where what it looks at may go on in text that is not there
yet, it raises Undecided and is made again with the next piece; where that would hold back too much, it is told so.
"""

from __future__ import annotations

import re

LONGEST_HELD = 4096  # characters
_TO_LINE_END = re.compile(r"[^\r\n]*")
_LINE_END = re.compile(r"\r\n|\n|\r")


class Undecided(Exception):
    """What follows may change what this is."""


class Reader:
    """The text from `at` to `stop`, as far as it may be looked at, and what has come out of it."""

    def __init__(self) -> None:
        self.text = ""
        self.at = 0
        self.stop = 0
        self.last = "\n"
        self.tail = ""  # the last characters of this line that are no blanks
        self.line_tail = ""  # the same of the line before
        self._out: list[str] = []
        self._ended = False
        self._whole = False

    def take(self, piece: str, *, ended: bool = False) -> None:
        """More text. `ended`: nothing follows it."""
        self.text = self.text[self.at :] + piece
        self.at = 0
        self._ended = ended

    def look(self) -> bool:
        """Goes to what is to be decided next; False if there is nothing left."""
        self.stop = min(len(self.text), self.at + LONGEST_HELD)
        self._whole = self._ended and self.stop == len(self.text)
        return self.at < len(self.text)

    def taken(self) -> str:
        """What has come out since the last time."""
        out, self._out = "".join(self._out), []
        return out

    def is_cut(self, end: int) -> bool:
        """Whether what goes up to `end` may go on out of reach. Raises Undecided if it may go on in the next piece."""
        if end < self.stop or self._whole:
            return False
        if self.stop - self.at < LONGEST_HELD:
            raise Undecided
        return True

    def match(self, expression: re.Pattern[str], at: int | None = None) -> re.Match[str] | None:
        """A match at `at`, within what may be looked at."""
        return expression.match(self.text, self.at if at is None else at, self.stop)

    def line_end(self, at: int | None = None) -> int:
        """Where the line ends, without its terminator."""
        match = self.match(_TO_LINE_END, at)
        return match.end() if match else self.stop

    def behind_line_end(self, at: int) -> int:
        """Where the next line begins, when a line ends at `at`. Raises Undecided while a \\n may follow a \\r."""
        match = self.match(_LINE_END, at)
        if match is None:
            return at
        if match[0] == "\r":
            self.is_cut(match.end())
        return match.end()

    def emit(self, text: str, end: int) -> None:
        """`text` stands for what goes up to `end`."""
        if text:
            self._out.append(text)
            self.last = text[-1]
            self.tail = (self.tail + text[-8:].rstrip(" \t"))[-3:]
        self.at = end

    def keep(self, end: int) -> None:
        """What goes up to `end` stays as it is."""
        self.emit(self.text[self.at : end], end)

    def end_line(self) -> None:
        """Takes the line's terminator."""
        self.line_tail = self.tail
        self.keep(self.behind_line_end(self.at))
        self.tail = ""
