"""One answer on its way: from the model's events into a chat file and past the user's eyes.

Whatever ends it - an error, a cancel, the output limit - the text so far stays, and the file ends in a state from which
the conversation can go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ask_lsp.assistant.jobs import Cancelled, Job, Jobs
from ask_lsp.assistant.sending import Prepared, Sending, Spent
from ask_lsp.assistant.services import Services
from ask_lsp.core import chat_format
from ask_lsp.core.conversation import Finished, Retrying, TextDelta, Waiting
from ask_lsp.core.errors import AskError, RequestRefused
from ask_lsp.core.fences import close_open_fence
from ask_lsp.core.markdown import MarkdownFilter
from ask_lsp.core.spend import about, money
from ask_lsp.core.tokens import pieces

log = logging.getLogger(__name__)

REPORT_EVERY = 0.25
CUT = "The answer reached the output limit (max_output). Ask it to go on, or raise the limit."


class Transcript(Protocol):
    """The place in a chat file where one answer is being written."""

    def add(self, text: str) -> None:
        """Takes a piece of the answer; it is written soon."""
        ...

    async def flush(self) -> None:
        """Has everything written that was added. Never raises for what an editor does."""
        ...

    def held(self) -> AbstractAsyncContextManager[None]:
        """While an editor is told to open the file: nothing is written to it that the editor might not have read."""
        ...

    async def finish(self, tail: str, next_question: str) -> str:
        """Writes what is left, `tail`, and the next question's heading.

        Where that cannot be, returns the sentence that says where the answer is.
        """
        ...


class View(Protocol):
    """What the user sees of one job, beside the chat file."""

    def note(self, sentence: str) -> None:
        """What is going on now: "waiting 35 s", "rate limited, retrying in 12 s"."""
        ...

    def delta(self, text: str) -> None:
        """A piece of the answer, at once (the chat file gets it twice a second)."""
        ...

    def begins(self, path: Path) -> None:
        """The first piece of an answer that is for reading comes, and goes to this chat file."""
        ...

    async def first_text(self, path: Path) -> None:
        """The answer has begun: time to show it."""
        ...

    async def question_wanted(self, path: Path) -> None:
        """A chat file with an empty question is there to be typed into."""
        ...

    async def done(self, sentence: str, path: Path | None, first_line: str, *, cut: bool = False) -> None:
        """The job has ended well; if the answer was `cut`, the sentence says so and has to be heard."""
        ...

    async def edited(self, sentence: str, short: str, *, made: bool) -> None:
        """The job of an edit has ended well: `short` without figures; `made` if the edit is there to be seen."""
        ...

    async def cancelled(self, path: Path | None) -> None:
        """The job was cancelled."""
        ...

    async def failed(self, error: AskError, path: Path | None) -> None:
        """The job has failed; the sentence says why and what to do."""
        ...


Writer = Callable[[Path, str, Job, Prepared], Transcript]
"""Opens a transcript: the file, the nonce of its conversation, the job that writes, and what it answers."""


@dataclass
class Told:
    """What an answer has come to so far. `ending` is a remark of ours below it, `again` our own next question.

    `astray` says where it is, if not in its file. `text` is as the model wrote it, `shown` what of it may be shown:
    nothing in it loads or runs anything.
    """

    text: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    spent: Spent = field(default_factory=Spent)
    complete: bool = False
    ending: str = ""
    again: str = ""
    astray: str = ""


class Previewed(Exception):
    """The job was only to show what would be sent, and has come to that point; not an error."""

    def __init__(self, prepared: Prepared) -> None:
        super().__init__()
        self.prepared = prepared


@dataclass(frozen=True)
class Running:
    """One job at work, with all that it works with. With `preview` it ends right before it would send."""

    services: Services
    jobs: Jobs
    job: Job
    view: View
    writer: Writer
    preview: bool = False

    async def prepare(self, sending: Sending) -> Prepared:
        """What will be sent, ready and allowed. Raises RequestRefused, SettingsError, Cancelled, and Previewed."""
        prepared = await self.job.guard(self.services.outbox.prepare(sending))
        if self.preview:
            raise Previewed(prepared)
        return prepared


Judge = Callable[[Told], Awaitable[str]]
"""Looks at a complete answer: what the model is told if it has to answer once more, or "". It may set the ending."""


async def answer(
    running: Running,
    prepared: Prepared,
    path: Path,
    nonce: str,
    *,
    show: bool = True,
    judge: Judge | None = None,
) -> Told:
    """Sends what was prepared and streams the answer into the chat file.

    Raises what ended it early, once the file is in order. Unless `show` is false, the file is opened when the first
    text is there. What `judge` says stands as the next question in the file.
    """
    jobs, job, view = running.jobs, running.job, running.view
    limit = prepared.sending.settings.max_jobs
    await jobs.turn(job, limit, lambda before: view.note(f"queued: {before} requests are at work"))
    told = Told()
    trouble: AskError | Cancelled | None = None
    transcript = running.writer(path, nonce, job, prepared)
    try:
        await job.guard(_read(running, prepared, told, transcript, path if show else None))
        if judge is not None:
            told.again = await job.guard(_judged(judge, told))
    except (AskError, Cancelled) as error:
        trouble = error
        told.ending = "Cancelled." if isinstance(error, Cancelled) else f"The answer stopped here: {error}"
    except Exception:
        log.exception("the answer of %s failed", job.id)
        trouble = internal_error()
        told.ending = f"The answer stopped here: {trouble}"
    finally:
        jobs.done()
    await _close(transcript, nonce, told)
    if trouble is not None:
        raise trouble
    return told


def internal_error() -> AskError:
    """What is said of a mistake of our own, once it has been logged."""
    return AskError("ask-lsp had an internal error; its log has the details (command ask.log).")


async def _judged(judge: Judge, told: Told) -> str:
    return await judge(told)


async def _read(
    running: Running,
    prepared: Prepared,
    told: Told,
    transcript: Transcript,
    shown: Path | None,
) -> None:
    """Reads to the end. The file is opened beside that: an editor may take its time, and the answer may not wait."""
    showing: asyncio.Task[None] | None = None

    def show() -> None:
        nonlocal showing
        if shown is not None:
            running.view.begins(shown)
            showing = asyncio.create_task(_show(running.view, transcript, shown))

    try:
        await _read_events(running, prepared, told, transcript, show)
    except asyncio.CancelledError:
        if showing is not None:
            showing.cancel()
        raise
    except AskError:
        await _settled(showing)
        raise
    await _settled(showing)


async def _show(view: View, transcript: Transcript, path: Path) -> None:
    try:
        await transcript.flush()
        async with transcript.held():
            await view.first_text(path)
    except Exception:
        log.exception("the chat file could not be shown")


async def _settled(showing: asyncio.Task[None] | None) -> None:
    if showing is not None:
        try:
            await asyncio.wait({showing})
        except asyncio.CancelledError:
            showing.cancel()
            raise


async def _read_events(
    running: Running,
    prepared: Prepared,
    told: Told,
    transcript: Transcript,
    begun: Callable[[], None],
) -> None:
    view = running.view
    began = reported = time.monotonic()
    tokens, begins = 0, True
    harmless = MarkdownFilter()

    def show(text: str) -> None:
        if text:
            told.shown.append(text)
            view.delta(text)
            transcript.add(text)

    view.note(f"asking {asked(prepared)}")
    events = running.services.outbox.send(prepared, told.spent)
    async with contextlib.aclosing(events), _ending(harmless, show):
        async for event in events:
            now = time.monotonic()
            if isinstance(event, TextDelta):
                told.text.append(event.text)
                tokens += pieces(event.text)
                if begins:
                    begun()
                show(harmless.feed(event.text))
                if now - reported >= REPORT_EVERY or begins:
                    reported, begins = now, False
                    view.note("1 token" if tokens == 1 else f"{tokens} tokens")
            elif isinstance(event, Waiting):
                view.note(f"{event.what} {now - began:.0f} s")
            elif isinstance(event, Retrying):
                view.note(f"{event.reason}, retrying in {event.seconds:.0f} s")
            elif isinstance(event, Finished):
                told.complete = event.reason == "stop"
                told.ending = "" if told.complete else CUT


@contextlib.asynccontextmanager
async def _ending(harmless: MarkdownFilter, show: Callable[[str], None]) -> AsyncIterator[None]:
    """Whatever ends an answer, what was held back of it is shown."""
    try:
        yield
    finally:
        show(harmless.end())


async def _close(transcript: Transcript, nonce: str, told: Told) -> None:
    """Brings the file into a state that the conversation can go on from."""
    text = "".join(told.shown)
    tail = close_open_fence(text) or ""
    if tail and not told.ending:
        told.ending = "The code block was not closed by the model."
    if told.ending:
        before = text + tail
        tail += "" if not before or before.endswith("\n\n") else "\n" if before.endswith("\n") else "\n\n"
        tail += chat_format.note(nonce, told.ending)
    question = chat_format.next_turn((text + tail)[-2:], nonce, "user")
    told.astray = await transcript.finish(tail, f"{question}{told.again}\n" if told.again else question)


def asked(prepared: Prepared) -> str:
    """Who is asked, and what that is expected to take: "gpt-5.4-mini, ~1.8k tokens, ~$0.004"."""
    return f"{prepared.planned.model}, {about(prepared.planned.input_tokens, prepared.input_usd)}"


def summary(prepared: Prepared, spent: Spent) -> str:
    """How an answer ended: who answered, and what it took, in tokens and USD as far as they are known."""
    words, cost = f"{prepared.planned.model} answered", spent.cost
    if cost is None:
        return words
    words += f": {cost.input_tokens} tokens in, {cost.output_tokens} out"
    if cost.usd is not None:
        words += f", {money(cost.usd)}"
    return f"{words} (estimated)" if cost.is_estimated else words


async def tell_answered(running: Running, prepared: Prepared, told: Told, path: Path) -> None:
    """Tells the user that the answer is there, or what there is of it. Raises RequestRefused if it is not."""
    if told.astray:
        raise RequestRefused(told.astray)
    sentence = summary(prepared, told.spent) if told.complete else CUT
    await running.view.done(sentence, path, first_line("".join(told.shown)), cut=not told.complete)


def first_line(text: str) -> str:
    """The first line of an answer that says something, for a message in passing."""
    return next((line.strip() for line in text.splitlines() if line.strip(" \t#`*>-")), "")
