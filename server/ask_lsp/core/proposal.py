"""An edit that was not made, kept until somebody applies or discards it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import NamedTuple

from ask_lsp.core.action import Problem
from ask_lsp.core.text import Span

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


class Anchor(NamedTuple):
    """A stretch of text as it was last seen: where it was, what it said, and what stood directly before and behind it.

    `before` and `after` are the rest of its own lines, and up to three more on each side.
    """

    span: Span
    text: str
    before: str
    after: str


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
        """The same, with the target as it is now."""
        standing = None if at.text == self.seen else at.text
        return replace(self, span=at.span, before=at.before, after=at.after, standing=standing)


def make_id() -> str:
    """A short name that people can type."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))
