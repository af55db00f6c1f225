"""The main use case: a question about code goes out, and its answer is written into a chat file as it comes.

Whatever happens on the way - an error, a cancel, an editor that closes the file - the text so far stays, the file ends
in a state from which the conversation can go on, and the user hears one sentence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ask_lsp.assistant.answering import Running, answer, tell_answered
from ask_lsp.assistant.explain import explanation_key
from ask_lsp.assistant.jobs import Cancelled
from ask_lsp.assistant.question import NO_VALUES, Ask, answer_language, build, concealing, file_name, instructed
from ask_lsp.assistant.sending import Consent, Sending, Source
from ask_lsp.core import chat_format
from ask_lsp.core.chat_format import Chat, Turn
from ask_lsp.core.conversation import Message
from ask_lsp.core.errors import AskError, RequestRefused
from ask_lsp.core.uris import path_of

SOURCES = "sources"  # on a turn: the paths of the files whose text is in it, or was sent for it
BLANK = "blank"  # on a turn that waits for a question: a digest of what we put there


async def ask_about(running: Running, ask: Ask) -> None:
    """Runs one ask from the menu to its end. Failures are shown by its view, never raised."""
    services, job, view = running.services, running.job, running.view
    path: Path | None = None
    try:
        settings = await services.settings.current(ask.root)
        await services.outbox.require(ask.sending((), settings))
        asked = await concealing(services, ask, settings)(ask.question)
        title = asked.strip().split("\n")[0] or ask.action.title_for(ask.target, settings.assistant_name)
        title = f"{title} ({file_name(ask.snapshot.uri)})"
        if ask.action.needs == "question" and not ask.question.strip() and not running.preview:
            await ask_for_words(running, ask, title)
            return
        question = await job.guard(build(services, ask))
        chat = Chat(ask.conversation, title, (first_turn(ask, question.text),), {"action": ask.action.id})
        sent = [Message("system", question.system), *chat_format.messages(chat)]
        prepared = await running.prepare(ask.sending(sent, settings))
        path = await services.chats.create(title, chat_format.render(chat))
        told = await answer(running, prepared, path, ask.conversation)
        if told.complete and ask.action.id == "explain":
            language = answer_language(settings.language, ask.locale)
            key = explanation_key(ask.snapshot.slice(ask.span), language)
            await services.memory.remember_explanation(key, "".join(told.shown).strip())
        await tell_answered(running, prepared, told, path)
    except Cancelled:
        await view.cancelled(path)
    except AskError as error:
        await view.failed(error, path)


async def ask_for_words(
    running: Running, ask: Ask, title: str, conversing: Callable[[Path], None] = lambda chat: None
) -> None:
    """Opens a chat file to type the question into; `conversing` hears which before anybody sees it. Raises AskError."""
    services = running.services
    settings = await services.settings.current(ask.root)
    await services.outbox.require(ask.sending((), settings))
    question = await running.job.guard(build(services, ask))
    given = question.about if ask.action.needs == "question" and not ask.question else f"{question.text}\n"
    blank = first_turn(ask, f"{given}\n", {BLANK: _digest(given)})
    chat = Chat(ask.conversation, title, (blank,), {"action": ask.action.id})
    path = await services.chats.create(title, chat_format.render(chat))
    conversing(path)
    await running.view.question_wanted(path)


def question_in(text: str) -> str:
    """What was typed into the last turn of a chat. Raises RequestRefused if nothing was."""
    chat = chat_format.parse(text)
    found = chat_format.last_question(chat)
    if not found or chat.turns[-1].attributes.get(BLANK) == _digest(chat.turns[-1].text):
        raise RequestRefused(
            "There is no question at the end of this chat yet. Type one under the last heading, then send it."
        )
    return found


def first_turn(ask: Ask, text: str, attributes: Mapping[str, str] | None = None) -> Turn:
    """The turn that begins a conversation: its heading says which files' text is in it, for the gate."""
    return Turn("user", text, {**(attributes or {}), **recorded([source.path for source in ask.sources])})


def recorded(paths: Iterable[Path]) -> dict[str, str]:
    """What a heading says about the files whose text was sent."""
    sources = "\n".join(map(str, paths))
    return {SOURCES: sources} if sources else {}


def sources_of(chat: Chat) -> tuple[Source, ...]:
    """The files whose text is in a conversation, and the turns that they came with.

    Those that a heading names, and those that somebody has linked in a question: what is typed is not recorded.
    """
    found: dict[Path, Source] = {}
    for number, turn in enumerate(chat.turns, 1):
        paths = [Path(line) for line in turn.attributes.get(SOURCES, "").split("\n") if line]
        if turn.role == "user":
            # Where a heading says which files there are, a link in code is only code.
            links = chat_format.linked(turn.text, in_code=not paths)
            paths += [path for uri in links if (path := path_of(uri)) is not None]
        for path in paths:
            found.setdefault(path, Source(path, number))
    return tuple(found.values())


async def send_chat(running: Running, path: Path, text: str, locale: str | None, consent: Consent) -> None:
    """Sends the question at the end of a chat file. Failures are shown by its view, never raised."""
    services, job, view = running.services, running.job, running.view
    try:
        question_in(text)
        chat = chat_format.parse(text)
        settings = await services.settings.current(consent.root)
        action = settings.action(chat.attributes.get("action", "ask")) or settings.action("ask")
        system = ""
        if action is not None:
            values = {**NO_VALUES, "answer_language": answer_language(settings.language, locale)}
            system, _ = await job.guard(services.prompts.render(action, values))
        system = instructed(system, settings)
        sent = [Message("system", system)] if system else []
        sent += chat_format.messages(chat)
        sending = Sending(
            messages=sent,
            action=action.id if action else "ask",
            conversation=chat.nonce,
            settings=settings,
            sources=sources_of(chat),
            consent=consent,
            chosen=action.profile if action else None,
        )
        prepared = await running.prepare(sending)
        told = await answer(running, prepared, path, chat.nonce)
        await tell_answered(running, prepared, told, path)
    except Cancelled:
        await view.cancelled(path)
    except AskError as error:
        await view.failed(error, path)


def _digest(text: str) -> str:
    """Says whether anything was typed since; only blank ends and the form of line ends may differ."""
    return hashlib.sha256("\n".join(text.strip().splitlines()).encode("utf-8", "replace")).hexdigest()[:16]
