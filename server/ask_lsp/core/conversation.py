"""What goes to a model and what comes back: messages, and the events of a streamed answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple


class Message(NamedTuple):
    """One message of a chat completion."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True)
class Waiting:
    """The model is at work but has said nothing yet: headers came, keep-alives, or reasoning. `what` is for people."""

    what: str


@dataclass(frozen=True)
class TextDelta:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True)
class Retrying:
    """The request failed in a way that may pass, and is sent again in `seconds`. `reason` is for people."""

    reason: str
    seconds: float
    attempt: int


@dataclass(frozen=True)
class Usage:
    """Tokens as the endpoint counted them."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True)
class Finished:
    """The answer is complete, or cut by the output limit (`length`)."""

    reason: Literal["stop", "length"]


Event = Waiting | TextDelta | Retrying | Usage | Finished
