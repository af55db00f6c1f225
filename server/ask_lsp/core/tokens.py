"""How many tokens a text will be, guessed without the model's own tokenizer, which would have to be downloaded.

Tokenizers differ, but all of them cut a text at much the same places. `pieces` counts those places; how many tokens a
piece comes to is learned for each model from the usage that its endpoint reports.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

FIRST_RATIO = 1.35
"""Tokens a piece of a model that nothing is known of. On the high side: what is set aside should be enough."""

MESSAGE_PIECES = 6
"""What the role and the frame of a message come to."""

_FIRST_WEIGHT = 100.0
"""As how many pieces of experience the first ratio counts, so that one tiny request does not decide."""

_MEMORY = 0.8
"""What an ask leaves of the weight of the asks before it."""

_LONGEST_TAIL = 1_000
"""Code points that are looked at again with what follows them."""

# Parts of words as camelCase and length divide them, numbers of three digits, marks in pairs, line ends with the
# indentation behind them. Beyond ASCII each character is a piece.
_PIECE = re.compile(r"[A-Z]?[a-z]{1,8}|[A-Z]{1,4}|[0-9]{1,3}|[^\x00-\x7f]|[^\sA-Za-z0-9]{1,2}|\n[ \t]*|[ \t]{2,}")


def pieces(text: str) -> int:
    """How many pieces a text has. About 20 ns a character."""
    return len(_PIECE.findall(text))


class RunningCount:
    """The pieces of a text that comes bit by bit, counted as if it had come at once."""

    def __init__(self) -> None:
        self._done = 0
        self._tail = ""
        self._beyond_ascii = 0

    def add(self, text: str) -> None:
        """Takes in what has come."""
        self._beyond_ascii += len(text) - len(text.encode("ascii", "ignore"))
        text = self._tail + text
        found = [match.start() for match in _PIECE.finditer(text)]
        self._done += max(0, len(found) - 1)
        self._tail = text[found[-1] :] if found else text
        if len(self._tail) > _LONGEST_TAIL:
            self._done += pieces(self._tail)
            self._tail = ""

    @property
    def pieces(self) -> int:
        """How many there are so far."""
        return self._done + pieces(self._tail)

    def tokens_at_least(self, ratio: float) -> float:
        """How many tokens that is, rather too few than too many. Beyond ASCII some tokenizers take a word for one."""
        return (self.pieces - self._beyond_ascii) * min(ratio, 1.0) + self._beyond_ascii / 3


def message_pieces(texts: Iterable[str]) -> int:
    """How many pieces some messages have, with what each of them adds."""
    return sum(pieces(text) + MESSAGE_PIECES for text in texts)


class Experience(NamedTuple):
    """How many tokens how many pieces of a model have come to; the latest asks count most."""

    pieces: float = 0.0
    tokens: float = 0.0

    @property
    def ratio(self) -> float:
        """Tokens a piece."""
        return (self.tokens + FIRST_RATIO * _FIRST_WEIGHT) / (self.pieces + _FIRST_WEIGHT)

    def estimate(self, count: int) -> int:
        """The tokens that so many pieces will be."""
        return math.ceil(self.ratio * count)

    def with_ask(self, count: int, tokens: int) -> Experience:
        """What is known after one more ask."""
        return Experience(self.pieces * _MEMORY + count, self.tokens * _MEMORY + tokens)
