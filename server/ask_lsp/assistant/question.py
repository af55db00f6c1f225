"""From an action and a place to the words that the model gets, which are the very words that the chat file shows."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from ask_lsp.assistant.services import Services
from ask_lsp.core.action import Action, Problem
from ask_lsp.core.chat_format import Chat, Turn, place_link
from ask_lsp.core.chat_format import messages as chat_messages
from ask_lsp.core.conversation import Message
from ask_lsp.core.fences import close_open_fence, fenced
from ask_lsp.core.text import Snapshot, Span, line_text

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


async def build(services: Services, ask: Ask) -> Question:
    """Renders the action's prompt and puts the code and the context behind it, in a fixed order.

    Raises SettingsError when the action's template fails.
    """
    settings = await services.settings.current()
    snapshot, span = ask.snapshot, ask.span
    code = ask.shown
    surrounding = ""
    if "symbol" in ask.action.context:
        surrounding = await _surrounding(services, snapshot, span)
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
