"""From an action and a place to the words that the model gets, which are the very words that the chat file shows."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ask_lsp.assistant.sending import NO_CONSENT, Consent, Sending, Source
from ask_lsp.assistant.services import Services
from ask_lsp.core.action import Action, Problem
from ask_lsp.core.chat_format import Chat, Turn, place_link
from ask_lsp.core.chat_format import messages as chat_messages
from ask_lsp.core.conversation import Message
from ask_lsp.core.fences import close_open_fence, fenced
from ask_lsp.core.settings import Settings
from ask_lsp.core.text import Snapshot, Span, line_text
from ask_lsp.core.uris import judged_path

SURROUNDING_LIMIT = 8_000
PROBLEM_LIMIT = 10


NO_VALUES: dict[str, Any] = {
    "target": "",
    "language": "",
    "file": "",
    "question": "",
    "code": "",
    "surrounding": "",
    "problems": [],
    "answer_language": "",
}


@dataclass(frozen=True)
class Ask:
    """One thing that somebody wants to know or to have done: frozen before the first await.

    `form` names how an answer that becomes an edit has to look, `file` the file that it goes to if that is another one.
    `conversation` is the nonce of its chat, `also` further files whose text is sent. `beside` counts the first and the
    last lines of the target that nobody asked about, which are there so that what is left of it can be something.
    """

    action: Action
    snapshot: Snapshot
    span: Span
    target: str
    question: str = ""
    problems: tuple[Problem, ...] = ()
    locale: str | None = None
    code: str | None = None
    form: str = ""
    file: str = ""
    consent: Consent = NO_CONSENT
    also: tuple[Path, ...] = ()
    beside: tuple[int, int] = (0, 0)
    conversation: str = field(default_factory=lambda: secrets.token_hex(12))

    @property
    def sources(self) -> tuple[Source, ...]:
        """The files whose text is sent."""
        path = judged_path(self.snapshot.uri)
        return tuple(Source(each) for each in dict.fromkeys((*([path] if path else ()), *self.also)))

    @property
    def root(self) -> Path | None:
        """The workspace folder that the document is in."""
        return self.consent.root

    def sending(self, messages: Sequence[Message], settings: Settings, chosen: str | None = None) -> Sending:
        """These messages, to be sent for this ask. `chosen` is a profile that was named for it."""
        return Sending(
            messages=messages,
            action=self.action.id,
            conversation=self.conversation,
            settings=settings,
            sources=self.sources,
            consent=self.consent,
            chosen=chosen or self.action.profile,
        )

    @property
    def shown(self) -> str:
        """The code that the model sees: that of the span, unless it is to see it in another shape."""
        return self.snapshot.slice(self.span) if self.code is None else self.code


@dataclass(frozen=True)
class Question:
    """What is sent: the system prompt, and the user's message as Markdown. `about` is the message without the words."""

    system: str
    text: str
    about: str = field(repr=False, default="")

    def messages(self) -> list[Message]:
        """What a model is sent when there is no conversation around it."""
        chat = Chat(secrets.token_hex(16), "", (Turn("user", self.text),))
        return [Message("system", self.system), *chat_messages(chat)]


def file_name(uri: str) -> str:
    """The last part of a URI's path, or the whole of it when it has none (untitled:)."""
    path = unquote(urlsplit(uri).path)
    return path.rsplit("/", 1)[-1] or uri


def line_numbers(span: Span) -> str:
    """`3` or `3-9`, counted from one; a last line of which nothing is taken does not count."""
    first, last = span.start.line + 1, span.end.line + 1
    if span.end.column == 0 and last > first:
        last -= 1
    return f"{first}" if first == last else f"{first}-{last}"


def answer_language(setting: str, locale: str | None) -> str:
    """The language to answer in: the setting, else that of `locale` (a tag, or a POSIX locale); "" for English."""
    if setting != "auto":
        return setting
    tag = (locale or "").split(".")[0].split("@")[0].replace("_", "-")
    return "" if tag.lower() in ("", "c", "posix") or tag.lower().startswith("en") else tag


def concealing(services: Services, ask: Ask, settings: Settings) -> Callable[[str], Awaitable[str]]:
    """What puts placeholders into a text, those of the ask's conversation."""
    vault, roots = services.outbox.vault(ask.conversation), ask.consent.roots

    async def conceal(text: str) -> str:
        return (await services.outbox.redact(text, vault, settings.redact, roots)).text

    return conceal


async def concealed(services: Services, ask: Ask, settings: Settings) -> Ask:
    """The ask with placeholders for the secrets in what is sent of it: the code, the question, the problems.

    The chat file and the reading of an answer then see what the model sees. The gate looks at everything once more.
    """
    conceal = concealing(services, ask, settings)
    code = await conceal(ask.shown)
    problems = tuple([replace(each, message=await conceal(each.message)) for each in ask.problems])
    return replace(
        ask, code=ask.code if code == ask.shown else code, question=await conceal(ask.question), problems=problems
    )


def instructed(system: str, settings: Settings) -> str:
    """A system prompt with what the project itself says about how to answer."""
    told = f"Instructions of this project:\n\n{settings.instructions}" if settings.instructions else ""
    return "\n\n".join(filter(None, (system, told)))


async def build(services: Services, ask: Ask) -> Question:
    """Renders the action's prompt and puts the code and the context behind it, in a fixed order.

    Raises SettingsError when the action's template fails.
    """
    settings = await services.settings.current(ask.root)
    ask = await concealed(services, ask, settings)
    snapshot, span = ask.snapshot, ask.span
    code = ask.shown
    surrounding = ""
    if "symbol" in ask.action.context:
        surrounding = await concealing(services, ask, settings)(await _surrounding(services, snapshot, span))
    values = {
        **NO_VALUES,
        "target": ask.target,
        "language": snapshot.language,
        "file": ask.file or file_name(snapshot.uri),
        "question": ask.question,
        "code": code,
        "surrounding": surrounding,
        "problems": [
            {"message": each.message, "code": each.code, "source": each.source, "line": each.span.start.line + 1}
            for each in ask.problems
        ],
        "answer_language": answer_language(settings.language, ask.locale),
    }
    system, words = await services.prompts.render(ask.action, values)
    system = instructed(system, settings)
    if ask.form:
        system = f"{system}\n\n{await services.prompts.form(ask.form, values)}"
        if ask.question and ask.action.needs != "question":
            words += f"\n\n{ask.question}"
    problems = ask.problems if "diagnostics" in ask.action.context else ()
    about = _about(snapshot, span, code, surrounding, problems, marked=bool(ask.form))
    if ask.action.needs == "question":
        return Question(system, f"{about}\n{words}", about)
    words += close_open_fence(words) or ""  # what follows is not part of a block that somebody began in the words
    return Question(system, f"{words}\n\n{about}", about)


async def _surrounding(services: Services, snapshot: Snapshot, span: Span) -> str:
    """The definition around a selection that is only a part of it, unless it is too long to be worth it."""
    definition = await services.symbols.enclosing_exact(snapshot, span.start)
    if definition is None or not definition.span.contains(span) or definition.span == span:
        return ""
    text = snapshot.slice(definition.span)
    if len(text) > SURROUNDING_LIMIT or text.strip() == snapshot.slice(span).strip():
        return ""
    return text


def _about(
    snapshot: Snapshot, span: Span, code: str, surrounding: str, problems: Sequence[Problem], *, marked: bool
) -> str:
    name, lines = file_name(snapshot.uri), line_numbers(span)
    link = place_link(name, lines, snapshot.uri) if snapshot.uri.startswith("file:") else f"{name}:{lines}"
    indent = line_text(snapshot.lines[span.start.line])[: span.start.column] if snapshot.lines else ""
    shown = indent + code if not indent.strip() else code
    block = fenced(shown, snapshot.language)
    parts = [f"{link}\n", f"<code>\n{block}</code>\n" if marked else block]
    if problems:
        parts.append("\nProblems reported there:\n")
        parts += [_problem_line(problem) for problem in problems[:PROBLEM_LIMIT]]
    if surrounding:
        parts.append(f"\nIt is part of:\n\n{fenced(surrounding, snapshot.language)}")
    return "\n".join(part.rstrip("\n") for part in parts) + "\n"


def _problem_line(problem: Problem) -> str:
    told = " ".join(problem.message.split())
    origin = " ".join(part for part in (problem.source, problem.code) if part)
    return f"- line {problem.span.start.line + 1}: {told}" + (f" ({origin})" if origin else "")
