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
class Thought:
    """A piece of what the model thinks before it answers: paid for, and shown to nobody."""

    text: str


@dataclass(frozen=True)
class Retrying:
    """The request failed in a way that may pass, and is sent again in `seconds`. `reason` is for people.

    `refused` says that the endpoint did not take it at all, so that nothing can have been billed.
    """

    reason: str
    seconds: float
    attempt: int
    refused: bool = False


@dataclass(frozen=True)
class Wire:
    """A request as it goes out: the URL, the names of the headers, and the very bytes of the body."""

    url: str
    headers: tuple[str, ...]
    body: bytes


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


Event = Waiting | TextDelta | Thought | Retrying | Usage | Finished
