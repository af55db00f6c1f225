"""Reads one streamed answer under the limits of its profile.

One task receives and this generator hands on: so a limit can run, and signs of life can be told, while no text comes,
and giving up the generator cancels the task, which closes the HTTP response.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from ask_lsp.core.conversation import Event, Finished, TextDelta, Thought, Usage, Waiting
from ask_lsp.llm.answers import filtered
from ask_lsp.llm.errors import (
    ended_early,
    failure_of,
    first_content_expired,
    idle_expired,
    malformed,
    said_nothing,
)
from ask_lsp.llm.failure import Failure, Target

# What a server may still take for the usage after it has said that the answer is complete.
GRACE = 5.0
WAITING_INTERVAL = 1.0
WAITING = "waiting for the model"
MOST_TOKENS = 50_000_000
"""No answer takes more; an endpoint that says so is not believed."""

_ENDED = object()
_EXPIRED = object()
_ALIVE = object()


class AttemptFailed(Exception):
    """A request did not lead to a complete answer. `cause` is what the SDK raised, if it did."""

    def __init__(self, failure: Failure, cause: BaseException | None = None) -> None:
        super().__init__(failure.reason)
        self.failure = failure
        self.cause = cause


class Inbox:
    """Where the receiving task puts what it gets."""

    def __init__(self) -> None:
        self._items: asyncio.Queue[Any] = asyncio.Queue()
        self._clock = asyncio.get_running_loop().time
        self.last_sign = self._clock()

    def chunk(self, chunk: Any) -> None:
        """A chunk of the answer, parsed."""
        self.last_sign = self._clock()
        self._items.put_nowait(chunk)

    def alive(self) -> None:
        """A sign of life: headers, or bytes, which may be no more than a keep-alive comment."""
        self.last_sign = self._clock()
        self._items.put_nowait(_ALIVE)

    def put(self, item: object) -> None:
        """Anything else, which is no sign of life."""
        self._items.put_nowait(item)

    async def take(self) -> Any:
        """The next item."""
        return await self._items.get()


class _Progress:
    """What has come of the answer so far, and until when the next thing must."""

    def __init__(self, inbox: Inbox, target: Target) -> None:
        self.any_text = False
        self.any_words = False  # some models end with nothing but blank lines
        self.finish: str | None = None
        self.usage: Usage | None = None
        self._inbox = inbox
        self._limits = target.limits
        self._began = inbox.last_sign

    @property
    def deadline(self) -> float:
        """In loop time."""
        if self.finish is not None:
            return self._inbox.last_sign + min(GRACE, self._limits.idle)
        if self.any_text:
            return self._inbox.last_sign + self._limits.idle
        return self._began + self._limits.first_content


async def read_answer(receive: Callable[[Inbox], Awaitable[None]], target: Target) -> AsyncGenerator[Event, None]:
    """The events of one attempt: thoughts and text, then usage if it was told, then Finished.

    `receive` sends the request and fills the inbox; it is cancelled when this generator is closed. Raises
    AttemptFailed.
    """
    inbox = Inbox()
    progress = _Progress(inbox, target)
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(_receive_all(receive, inbox))
    timer: asyncio.TimerHandle | None = None
    said, said_at = "", 0.0
    try:
        while True:
            due = progress.deadline
            if not progress.any_text and progress.finish is None:
                due = min(due, loop.time() + WAITING_INTERVAL)
            timer = loop.call_at(due, inbox.put, _EXPIRED)
            item = await inbox.take()
            timer.cancel()
            if item is _EXPIRED:
                if loop.time() < progress.deadline:
                    if not progress.any_text and progress.finish is None:
                        said, said_at = said or WAITING, loop.time()
                        yield Waiting(said)
                    continue
                if progress.finish is not None:
                    break
                raise AttemptFailed(idle_expired(target) if progress.any_text else first_content_expired(target))
            if item is _ENDED:
                break
            if isinstance(item, BaseException):
                if progress.finish is not None:
                    break  # The answer is complete; how the connection ended does not matter any more.
                if isinstance(item, AttemptFailed):
                    raise item
                raise AttemptFailed(failure_of(item, target, after_text=progress.any_text), item)
            try:
                text, thought = ("", "") if item is _ALIVE else _take_in(item, progress)
            except (AttributeError, TypeError, ValueError, IndexError) as error:
                raise AttemptFailed(malformed(target)) from error
            if progress.finish == "content_filter":
                raise AttemptFailed(Failure(filtered(target)))
            if thought:
                yield Thought(thought)
            if text:
                progress.any_text = True
                progress.any_words = progress.any_words or not text.isspace()
                yield TextDelta(text)
            elif not progress.any_text and progress.finish is None:
                what = "thinking" if thought or said == "thinking" else WAITING
                if what != said or loop.time() - said_at >= WAITING_INTERVAL:
                    said, said_at = what, loop.time()
                    yield Waiting(what)
    finally:
        if timer is not None:
            timer.cancel()
        task.cancel()
        await asyncio.wait({task})
    if progress.finish is None:
        raise AttemptFailed(ended_early(target, any_text=progress.any_text))
    if progress.usage is not None:
        yield progress.usage
    if not progress.any_words:
        raise AttemptFailed(said_nothing(target, cut=progress.finish == "length"))
    yield Finished("length" if progress.finish == "length" else "stop")


async def _receive_all(receive: Callable[[Inbox], Awaitable[None]], inbox: Inbox) -> None:
    try:
        await receive(inbox)
    except Exception as error:
        inbox.put(error)
    else:
        inbox.put(_ENDED)


def _take_in(chunk: Any, progress: _Progress) -> tuple[str, str]:
    """The text and the reasoning of a chunk; what else it says goes into `progress`.

    Chunks are not checked against their types by the SDK, and servers leave out what they like.
    """
    usage = getattr(chunk, "usage", None)
    if usage is not None:
        details = getattr(usage, "prompt_tokens_details", None)
        counts = [
            getattr(where, name, None) or 0
            for where, name in ((usage, "prompt_tokens"), (usage, "completion_tokens"), (details, "cached_tokens"))
        ]
        told = all(type(count) is int and 0 <= count <= MOST_TOKENS for count in counts)
        progress.usage = Usage(*counts) if told else None
    text = thought = ""
    for choice in (getattr(chunk, "choices", None) or ())[:1]:
        delta = getattr(choice, "delta", None)
        text = _plain(getattr(delta, "content", None)) + _plain(getattr(delta, "refusal", None))
        thought = _plain(getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None))
        progress.finish = getattr(choice, "finish_reason", None) or progress.finish
    return text, thought


def _plain(content: object) -> str:
    """Text of a delta; some servers send a list of parts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = (part.get("text") if isinstance(part, dict) else getattr(part, "text", None) for part in content)
        return "".join(part for part in parts if isinstance(part, str))
    raise TypeError("content is neither text nor a list of parts")
