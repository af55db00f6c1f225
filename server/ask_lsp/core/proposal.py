"""An edit that was not made, kept until somebody applies or discards it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from ask_lsp.core.text import Span

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Proposal:
    """What is to stand where, and what the model saw there.

    `created` is in seconds since the epoch. `span` is where the target was, `before` and `after` the text on each side
    of it, up to three lines, by which it is found again. `reason` says why it was not applied, `chat` is the path of
    the chat file with the answer. With `new_file`, `uri` is a file to be made.
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


def make_id() -> str:
    """A short name that people can type."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))
