"""An edit that was not made, kept until somebody applies or discards it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import NamedTuple

from ask_lsp.core.action import Problem
from ask_lsp.core.edges import rest_of_lines, typed_at
from ask_lsp.core.text import Point, Span

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


class Anchor(NamedTuple):
    """A stretch of text as it was last seen: where it was, what it said, and what stood directly before and behind it.

    `before` and `after` are the rest of its own lines, and up to three more on each side.
    """

    span: Span
    text: str
    before: str
    after: str

    def widened(self) -> Anchor:
        """The same with the rest of its own lines."""
        head, tail = rest_of_lines(self.before, self.after)
        (start, end), after = self.span, self.after[len(tail) :]
        span = Span(Point(start.line, 0), Point(end.line, end.column + len(tail)))
        return Anchor(span, head + self.text + tail, self.before[: len(self.before) - len(head)], after)


@dataclass(frozen=True)
class Source:
    """What an edit was asked for, so that it can be asked for anew: `at` is the target in the document `uri`.

    `target` is what titles call it. `picked` is what was selected, or where the cursor was, and `problems` are those
    reported; both count from where the target began in `then`, which is what it said (None: what `at` says). When it is
    `directed`, a comment there was the instruction.
    """

    uri: str
    at: Anchor
    target: str
    picked: Span
    directed: bool = False
    problems: tuple[Problem, ...] = ()
    then: str | None = None

    @property
    def text(self) -> str:
        """What the target said when it was asked about."""
        return self.at.text if self.then is None else self.then

    def moved(self, at: Anchor) -> Source:
        """The same, with the target where it is now."""
        return replace(self, at=at, then=None if at.text == self.text else self.text)


@dataclass(frozen=True)
class Proposal:
    """What is to stand where, and what the model saw there.

    `created` is in seconds since the epoch. `span` is where the target was last, `before` and `after` the text on each
    side of it, up to three lines, and `standing` what it said, if that was not `seen` any more: by these it is found
    again. `reason` says why it was not applied, `chat` is the path of the chat file with the answer. With `new_file`,
    `uri` is a file to be made.
    """

    id: str
    uri: str
    title: str
    action: str
    created: float
    span: Span
    seen: str
    new: str
    before: str
    after: str
    reason: str
    chat: str | None
    question: str = ""
    new_file: bool = False
    standing: str | None = None
    source: Source | None = None

    @property
    def at(self) -> Anchor:
        """The target as it was last seen."""
        return Anchor(self.span, self.seen if self.standing is None else self.standing, self.before, self.after)

    def moved(self, at: Anchor) -> Proposal:
        """The same, with the target as it is now: in whole lines, if text was typed at an edge of it."""
        rest, now = rest_of_lines(self.before, self.after), rest_of_lines(at.before, at.after)
        if typed_at(rest, now):
            return replace(self, seen=rest[0] + self.seen + rest[1], new=rest[0] + self.new + rest[1])._at(at.widened())
        return self._at(at)

    def _at(self, at: Anchor) -> Proposal:
        standing = None if at.text == self.seen else at.text
        return replace(self, span=at.span, before=at.before, after=at.after, standing=standing)


def make_id() -> str:
    """A short name that people can type."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))
