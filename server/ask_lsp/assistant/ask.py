"""The main use case: a question about code goes out, and its answer is written into a chat file as it comes.

Whatever happens on the way - an error, a cancel, an editor that closes the file - the text so far stays, the file ends
in a state from which the conversation can go on, and the user hears one sentence.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ask_lsp.assistant.explain import explanation_key
from ask_lsp.assistant.jobs import Cancelled, Job, Jobs
from ask_lsp.assistant.question import NO_VALUES, Ask, answer_language, build, file_name
from ask_lsp.assistant.services import Services
from ask_lsp.core import chat_format
from ask_lsp.core.chat_format import Chat, Turn
from ask_lsp.core.conversation import Finished, Message, Retrying, TextDelta, Usage, Waiting
from ask_lsp.core.errors import AskError, RequestRefused
from ask_lsp.core.fences import close_open_fence
from ask_lsp.core.profile import Profile

log = logging.getLogger(__name__)

REPORT_EVERY = 0.25
BLANK = "blank"  # on a turn that waits for a question: a digest of what we put there


class Transcript(Protocol):
    """The place in a chat file where one answer is being written."""

    def add(self, text: str) -> None:
        """Takes a piece of the answer; it is written soon."""
        ...

    async def flush(self) -> None:
        """Has everything written that was added. Never raises for what an editor does."""
        ...

    async def finish(self, tail: str, next_question: str) -> bool:
        """Writes what is left, `tail`, and the next question's heading. False if an editor would not take it."""
        ...


class View(Protocol):
    """What the user sees of one job, beside the chat file."""

    def note(self, sentence: str) -> None:
        """What is going on now: "waiting 35 s", "rate limited, retrying in 12 s"."""
        ...

    def delta(self, text: str) -> None:
        """A piece of the answer, at once (the chat file gets it twice a second)."""
        ...

    async def first_text(self, path: Path) -> None:
        """The answer has begun: time to show it."""
        ...

    async def question_wanted(self, path: Path) -> None:
        """A chat file with an empty question is there to be typed into."""
        ...

    async def done(self, sentence: str, path: Path | None, first_line: str) -> None:
        """The job has ended well."""
        ...

    async def cancelled(self, path: Path | None) -> None:
        """The job was cancelled."""
        ...

    async def failed(self, error: AskError, path: Path | None) -> None:
        """The job has failed; the sentence says why and what to do."""
        ...


Writer = Callable[[Path, str, Job, Profile], Transcript]
"""Opens a transcript: the file, the nonce of its conversation, the job that writes, and who answers."""


@dataclass
class Told:
    """What an answer has come to so far."""

    text: list[str]
    usage: Usage | None = None
    complete: bool = False
    ending: str = ""


async def ask_about(services: Services, jobs: Jobs, ask: Ask, job: Job, view: View, writer: Writer) -> None:
    """Runs one ask from the menu to its end. Failures are shown by `view`, never raised."""
    path: Path | None = None
    try:
        settings = await services.settings.current()
        title = ask.question.strip().split("\n")[0] or ask.action.title_for(ask.target, settings.assistant_name)
        title = f"{title} ({file_name(ask.snapshot.uri)})"
        question = await job.guard(build(services, ask))
        nonce = secrets.token_hex(12)
        attributes = {"action": ask.action.id}
        if ask.action.needs == "question" and not ask.question.strip():
            blank = Turn("user", f"{question.about}\n", {BLANK: _digest(question.about)})
            opened = Chat(nonce, title, (blank,), attributes)
            path = await services.chats.create(title, chat_format.render(opened))
            await view.question_wanted(path)
            return
        chat = Chat(nonce, title, (Turn("user", question.text),), attributes)
        path = await services.chats.create(title, chat_format.render(chat))
        profile = settings.profile(ask.action.profile)
        sent = [Message("system", question.system), *chat_format.messages(chat)]
        told = await _answer(services, jobs, profile, sent, path, nonce, ask.action.id, job, view, writer)
        if told.complete and ask.action.id == "explain":
            language = answer_language(settings.language, ask.locale)
            key = explanation_key(ask.snapshot.slice(ask.span), language)
            await services.memory.remember_explanation(key, "".join(told.text).strip())
        await view.done(summary(profile, told.usage), path, first_line("".join(told.text)))
    except Cancelled:
        await view.cancelled(path)
    except AskError as error:
        await view.failed(error, path)


async def send_chat(
    services: Services, jobs: Jobs, path: Path, text: str, locale: str | None, job: Job, view: View, writer: Writer
) -> None:
    """Sends the question at the end of a chat file. Failures are shown by `view`, never raised."""
    try:
        chat = chat_format.parse(text)
        if not chat_format.last_question(chat) or chat.turns[-1].attributes.get(BLANK) == _digest(chat.turns[-1].text):
            raise RequestRefused(
                "There is no question at the end of this chat yet. Type one under the last heading, then send it."
            )
        settings = await services.settings.current()
        action = settings.action(chat.attributes.get("action", "ask")) or settings.action("ask")
        profile = settings.profile(action.profile if action else None)
        system = ""
        if action is not None:
            values = {**NO_VALUES, "answer_language": answer_language(settings.language, locale)}
            system, _ = await job.guard(services.prompts.render(action, values))
        sent = [Message("system", system)] if system else []
        sent += chat_format.messages(chat)
        told = await _answer(services, jobs, profile, sent, path, chat.nonce, "ask", job, view, writer)
        await view.done(summary(profile, told.usage), path, first_line("".join(told.text)))
    except Cancelled:
        await view.cancelled(path)
    except AskError as error:
        await view.failed(error, path)


async def _answer(
    services: Services,
    jobs: Jobs,
    profile: Profile,
    sent: list[Message],
    path: Path,
    nonce: str,
    action: str,
    job: Job,
    view: View,
    writer: Writer,
) -> Told:
    """Streams one answer into the chat file. Raises what ended it early, once the file is in order."""
    settings = await services.settings.current()
    await jobs.turn(job, settings.max_jobs, lambda before: view.note(f"queued: {before} requests are at work"))
    told = Told([])
    trouble: AskError | Cancelled | None = None
    transcript = writer(path, nonce, job, profile)
    try:
        await job.guard(_read(services, profile, sent, told, transcript, path, view))
    except (AskError, Cancelled) as error:
        trouble = error
        told.ending = "Cancelled." if isinstance(error, Cancelled) else f"The answer stopped here: {error}"
    except Exception:
        log.exception("the answer of %s failed", job.id)
        trouble = AskError("ask-lsp had an internal error; its log has the details (command ask.log).")
        told.ending = f"The answer stopped here: {trouble}"
    finally:
        jobs.done()
    await _close(transcript, nonce, told)
    if told.usage is not None:
        await services.memory.record_usage(profile, action, told.usage)
    if trouble is not None:
        raise trouble
    return told


async def _read(
    services: Services,
    profile: Profile,
    sent: list[Message],
    told: Told,
    transcript: Transcript,
    path: Path,
    view: View,
) -> None:
    began = reported = time.monotonic()
    pieces = 0
    view.note(f"asking {profile.model or profile.name}")
    async with contextlib.aclosing(services.models.stream(profile, sent)) as events:
        async for event in events:
            now = time.monotonic()
            if isinstance(event, TextDelta):
                told.text.append(event.text)
                pieces += 1
                view.delta(event.text)
                transcript.add(event.text)
                if pieces == 1:
                    await transcript.flush()
                    await view.first_text(path)
                if now - reported >= REPORT_EVERY or pieces == 1:
                    reported = now
                    view.note(f"{pieces} tokens")
            elif isinstance(event, Waiting):
                view.note(f"{event.what} {now - began:.0f} s")
            elif isinstance(event, Retrying):
                view.note(f"{event.reason}, retrying in {event.seconds:.0f} s")
            elif isinstance(event, Usage):
                told.usage = event
            elif isinstance(event, Finished):
                told.complete = event.reason == "stop"
                if not told.complete:
                    told.ending = (
                        "The answer reached the output limit (max_output). Ask it to go on, or raise the limit."
                    )


async def _close(transcript: Transcript, nonce: str, told: Told) -> None:
    """Brings the file into a state that the conversation can go on from."""
    text = "".join(told.text)
    tail = close_open_fence(text) or ""
    if told.ending:
        before = text + tail
        tail += "" if not before or before.endswith("\n\n") else "\n" if before.endswith("\n") else "\n\n"
        tail += chat_format.note(nonce, told.ending)
    await transcript.finish(tail, chat_format.next_turn((text + tail)[-2:], nonce, "user"))


def _digest(text: str) -> str:
    """Says whether anything was typed since; only blank ends and the form of line ends may differ."""
    return hashlib.sha256("\n".join(text.strip().splitlines()).encode("utf-8", "replace")).hexdigest()[:16]


def summary(profile: Profile, usage: Usage | None) -> str:
    """How an answer ended: who answered, and what it took, in tokens and USD as far as they are known."""
    name = profile.model or profile.name
    if usage is None:
        return f"{name} answered"
    spent = f"{name} answered: {usage.input_tokens} tokens in, {usage.output_tokens} out"
    if profile.prices is not None:
        spent += f", ${profile.prices.of(usage.input_tokens, usage.output_tokens):.4f}"
    return spent


def first_line(text: str) -> str:
    """The first line of an answer that says something, for a message in passing."""
    return next((line.strip() for line in text.splitlines() if line.strip(" \t#`*>-")), "")
