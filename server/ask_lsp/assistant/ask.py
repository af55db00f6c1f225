"""The main use case: a question about code goes out, and its answer is written into a chat file as it comes.

Whatever happens on the way - an error, a cancel, an editor that closes the file - the text so far stays, the file ends
in a state from which the conversation can go on, and the user hears one sentence.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from pathlib import Path

from ask_lsp.assistant.answering import Running, answer, tell_answered
from ask_lsp.assistant.explain import explanation_key
from ask_lsp.assistant.jobs import Cancelled
from ask_lsp.assistant.question import NO_VALUES, Ask, answer_language, build, file_name
from ask_lsp.core import chat_format
from ask_lsp.core.chat_format import Chat, Turn
from ask_lsp.core.conversation import Message
from ask_lsp.core.errors import AskError, RequestRefused

BLANK = "blank"  # on a turn that waits for a question: a digest of what we put there


async def ask_about(running: Running, ask: Ask) -> None:
    """Runs one ask from the menu to its end. Failures are shown by its view, never raised."""
    services, job, view = running.services, running.job, running.view
    path: Path | None = None
    try:
        settings = await services.settings.current()
        title = ask.question.strip().split("\n")[0] or ask.action.title_for(ask.target, settings.assistant_name)
        title = f"{title} ({file_name(ask.snapshot.uri)})"
        if ask.action.needs == "question" and not ask.question.strip():
            await ask_for_words(running, ask, title)
            return
        question = await job.guard(build(services, ask))
        nonce = secrets.token_hex(12)
        chat = Chat(nonce, title, (Turn("user", question.text),), {"action": ask.action.id})
        path = await services.chats.create(title, chat_format.render(chat))
        profile = settings.profile(ask.action.profile)
        sent = [Message("system", question.system), *chat_format.messages(chat)]
        told = await answer(running, profile, sent, path, nonce, ask.action.id)
        if told.complete and ask.action.id == "explain":
            language = answer_language(settings.language, ask.locale)
            key = explanation_key(ask.snapshot.slice(ask.span), language)
            await services.memory.remember_explanation(key, "".join(told.text).strip())
        await tell_answered(running, profile, told, path)
    except Cancelled:
        await view.cancelled(path)
    except AskError as error:
        await view.failed(error, path)


async def ask_for_words(
    running: Running, ask: Ask, title: str, conversing: Callable[[Path], None] = lambda chat: None
) -> None:
    """Opens a chat file to type the question into; `conversing` hears which before anybody sees it. Raises AskError."""
    services = running.services
    question = await running.job.guard(build(services, ask))
    given = question.about if ask.action.needs == "question" and not ask.question else f"{question.text}\n"
    blank = Turn("user", f"{given}\n", {BLANK: _digest(given)})
    chat = Chat(secrets.token_hex(12), title, (blank,), {"action": ask.action.id})
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


async def send_chat(running: Running, path: Path, text: str, locale: str | None) -> None:
    """Sends the question at the end of a chat file. Failures are shown by its view, never raised."""
    services, job, view = running.services, running.job, running.view
    try:
        question_in(text)
        chat = chat_format.parse(text)
        settings = await services.settings.current()
        action = settings.action(chat.attributes.get("action", "ask")) or settings.action("ask")
        profile = settings.profile(action.profile if action else None)
        system = ""
        if action is not None:
            values = {**NO_VALUES, "answer_language": answer_language(settings.language, locale)}
            system, _ = await job.guard(services.prompts.render(action, values))
        sent = [Message("system", system)] if system else []
        sent += chat_format.messages(chat)
        told = await answer(running, profile, sent, path, chat.nonce, "ask")
        await tell_answered(running, profile, told, path)
    except Cancelled:
        await view.cancelled(path)
    except AskError as error:
        await view.failed(error, path)


def _digest(text: str) -> str:
    """Says whether anything was typed since; only blank ends and the form of line ends may differ."""
    return hashlib.sha256("\n".join(text.strip().splitlines()).encode("utf-8", "replace")).hexdigest()[:16]
