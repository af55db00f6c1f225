"""workspace/executeCommand (LSP 3.17): checks the arguments, starts a job, and returns its id at once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from ask_lsp.assistant.answering import Previewed, Running, internal_error
from ask_lsp.assistant.ask import ask_about, ask_for_words, send_chat, sources_of
from ask_lsp.assistant.edit import Conversation, edit
from ask_lsp.assistant.follow_up import follow_up
from ask_lsp.assistant.jobs import Cancelled, Job
from ask_lsp.assistant.making import directive_at, making_of, source_of
from ask_lsp.assistant.new_file import make_file
from ask_lsp.assistant.question import Ask, concealing, file_name
from ask_lsp.core.action import Problem
from ask_lsp.core.chat_format import parse, with_question
from ask_lsp.core.errors import AskError, RequestRefused
from ask_lsp.core.text import Span
from ask_lsp.lsp.convert import to_span
from ask_lsp.lsp.disk import EditorDisk, follower
from ask_lsp.lsp.documents import Document, file_of
from ask_lsp.lsp.extensions import (
    ALLOW_ONCE,
    APPLY,
    CANCEL,
    CHECK,
    DIFF,
    DISCARD,
    LOG,
    OPEN_CONFIG,
    PREVIEW,
    PROFILE,
    PROPOSALS,
    RETRY,
    RUN,
    SEND,
    TRUST,
    UNDO,
    USAGE,
    RunArguments,
    run_arguments,
    text_argument,
)
from ask_lsp.lsp.handlers import proposals, sending
from ask_lsp.lsp.handlers.retry import retry
from ask_lsp.lsp.present.question import put_question
from ask_lsp.lsp.problems import message_of

if TYPE_CHECKING:
    from ask_lsp.lsp.present.view import AnswerView
    from ask_lsp.lsp.server import AskServer

log = logging.getLogger(__name__)

INPUT_LIMIT = 3600.0


def handle(server: AskServer, command: str, arguments: list[Any]) -> Any:
    """Runs a command. Raises RequestRefused with a sentence for wrong arguments."""
    run = _COMMANDS.get(command)
    if run is None:
        raise RequestRefused(f"There is no command {command}. Known: {', '.join(sorted(_COMMANDS))}.")
    return run(server, arguments)


def _run(server: AskServer, arguments: list[Any], *, preview: bool = False) -> dict[str, str]:
    given = run_arguments(arguments)
    if preview and given.action == "ask" and not given.question:
        given = replace(given, action="explain")
    document, span = _target(server, given)
    problems = tuple(_problem(each, document, given.version, server.encoding) for each in given.problems)
    return run_action(server, document, span, given, problems, preview=preview)


def _preview(server: AskServer, arguments: list[Any]) -> dict[str, str]:
    """ask.preview: the arguments of ask.run, or those of ask.send for a chat, to be shown instead of sent."""
    uri = text_argument(arguments, PREVIEW, "uri")
    document = server.documents.get(uri) if uri is not None else None
    if document is not None and server.is_chat(document):
        return _send(server, arguments, preview=True)
    return _run(server, arguments, preview=True)


def run_action(
    server: AskServer,
    document: Document,
    span: Span,
    given: RunArguments,
    problems: tuple[Problem, ...] = (),
    *,
    target: str = "",
    replaces: str = "",
    preview: bool = False,
) -> dict[str, str]:
    """Starts the job of an action at a place, and returns its id. With `preview` nothing is sent, but shown.

    When it is run once more, `target` is what the place was called, and `replaces` the proposal that goes when a new
    one is there.
    """
    called = target
    snapshot = document.snapshot()
    locale = server.locale
    consent = server.safety.consent(document.uri, use=not preview)

    async def work(job: Job, view: AnswerView) -> None:
        services = await server.services()
        settings = await services.settings.current(server.safety.root_of(document))
        server.tell_problems(services)
        action = settings.action(given.action)
        if action is None or not action.listed:
            known = ", ".join(action.id for action in settings.actions if action.listed)
            raise RequestRefused(f"There is no action “{given.action}”. Known: {known}.")
        question = given.question or ""
        if given.directive and not action.edits:
            directive, definition = await directive_at(services, snapshot, span)
            question = directive.text
        target, place = "selection", span
        if given.directive or action.scope == "file" or action.output == "insert":
            target = "the code"
        elif span.is_empty:
            definition = await services.symbols.enclosing_exact(snapshot, span.start)
            if definition is None:
                raise RequestRefused("There is no code here. Select some, and ask again.")
            target, place = definition.label, definition.span
        elif called:
            target = called
        elif (whole := services.symbols.enclosing(snapshot, span.start)) is not None and whole.span == span:
            target = whole.label
        ask = Ask(action, snapshot, place, target, question, problems, locale, consent=consent)
        conceal = concealing(services, ask, settings)
        told = [await conceal(problem.message) for problem in problems]
        title = action.title_for(target, settings.assistant_name, told)
        view.about(title, document.uri, given.instead_of)
        running = Running(services, server.jobs, job, view, server.transcript, preview)
        if action.edits:
            making = await making_of(
                services, ask, title, follower(server, document, snapshot), directed=given.directive
            )
            ask = making.ask
        needs_words = given.wants_words or (action.needs == "question" and not ask.question.strip())
        if preview:
            needs_words = False
        if needs_words and server.editor.client.protocol:
            words = (await job.guard(_typed(server, job, title))).strip()
            ask = replace(ask, question="\n".join(filter(None, (ask.question, words))))
            needs_words = not words
        if not action.edits:
            await ask_about(running, ask)
            return
        source = source_of(ask, place, target, directed=given.directive)
        making = replace(making, ask=ask, source=source, replaces=replaces)
        if needs_words:
            await ask_for_words(running, ask, title, partial(server.shelf.conversing, making=making))
        elif action.output == "new_file":
            await make_file(running, server.desk, server.shelf, making, EditorDisk(server))
        else:
            await edit(running, server.desk, server.shelf, making)

    return _job(server, f"ask {file_name(document.uri)}", document.uri, work)


def _job(
    server: AskServer, title: str, about: str, work: Callable[[Job, AnswerView], Awaitable[None]]
) -> dict[str, str]:
    """Starts a job with a view, whose progress ends with a sentence whatever happens, and returns its id."""

    async def run(job: Job) -> None:
        view = server.view(job)
        try:
            await work(job, view)
        except Previewed as previewed:
            sentence = await sending.show_preview(server, previewed.prepared)
            await view.edited(sentence, sentence, made="Nothing was sent: " in sentence)
        except Cancelled:
            await view.cancelled(None)
        except AskError as error:
            await view.failed(error, None)
        except Exception:
            log.exception("job %s failed", job.id)
            await view.failed(internal_error(), None)

    return {"job": server.jobs.start(title, about, run).id}


async def _typed(server: AskServer, job: Job, prompt: str) -> str:
    """The question, typed into whatever the client has for that (ask/input)."""
    params = {"job": job.id, "prompt": prompt}
    result = await server.editor.request("ask/input", params, INPUT_LIMIT)
    value = result.get("value") if isinstance(result, dict) else getattr(result, "value", None)
    return value if isinstance(value, str) else ""


def _target(server: AskServer, given: RunArguments) -> tuple[Document, Span]:
    """The place to act on: the given one, or the client's last code-action request, each as it is now."""
    if given.uri is None:
        last = server.last_place
        if last is None or server.documents.get(last[0].uri) is not last[0]:
            raise RequestRefused(
                "ask.run does not know where: open the code actions on some code once, or give “uri” and “range”."
            )
        if given.version is not None and not last[0].knows(given.version):
            raise _forgotten(replace(given, uri=last[0].uri))
        return last[0], last[1].span
    document = server.documents.get(given.uri)
    if document is None:
        raise RequestRefused(f"{file_name(given.uri)} is not open in the editor. Open it, and ask again.")
    if given.range is None:
        if given.version not in (None, document.version) and not document.knows(given.version):
            raise _forgotten(given)
        return document, document.snapshot().whole
    version = document.version if given.version is None else given.version
    lines = document.lines_of(version)
    span = document.map_from(version, given.range, server.encoding)
    if lines is None or span is None:
        raise _forgotten(given)
    if given.range.start.line >= len(lines):
        line, count, name = given.range.start.line + 1, len(lines), file_name(given.uri)
        raise RequestRefused(f"Line {line} is outside {name}, which has {count}. Ask for the code actions again.")
    return document, span


def _forgotten(given: RunArguments) -> RequestRefused:
    name = file_name(given.uri or "")
    return RequestRefused(f"Version {given.version} of {name} is no longer known. Ask for the code actions again.")


def _problem(diagnostic: types.Diagnostic, document: Document, version: int | None, encoding: str) -> Problem:
    """With its place as it is now; `version` is the one that the menu was made for."""
    code = "" if diagnostic.code is None else str(diagnostic.code)
    span = document.map_from(version, diagnostic.range, encoding) if version not in (None, document.version) else None
    if span is None:
        span = to_span(document.lines, diagnostic.range, encoding)
    return Problem(span, message_of(diagnostic), code, diagnostic.source or "")


def _send(server: AskServer, arguments: list[Any], *, preview: bool = False) -> dict[str, str]:
    uri = text_argument(arguments, SEND, "uri")
    if uri is None:
        raise RequestRefused("ask.send needs the “uri” of a chat file.")
    if server.jobs.running(uri):
        raise RequestRefused("An answer is already on its way in this chat. Wait for it, or cancel it.")
    words = None if isinstance(arguments[0], str) else text_argument(arguments, SEND, "question")
    document = server.documents.get(uri)
    path = document.path if document else file_of(uri)
    text = document.snapshot().text if document else None
    locale = server.locale
    consent = server.safety.consent(uri, use=not preview)

    async def work(job: Job, view: AnswerView) -> None:
        services = await server.services()
        if path is None or not services.chats.owns(path):
            raise RequestRefused(f"{file_name(uri)} is not one of ask-lsp's chat files. Only those can be sent.")
        if not preview and await services.chats.is_written_elsewhere(path):
            raise RequestRefused(
                f"Another editor's ask-lsp is writing its answer into {path.name}, or has it unsaved. "
                "When it is complete and saved there, load the file again, and send then."
            )
        view.about("ask in a chat", uri)
        told = text if text is not None else await services.chats.read(path)
        if words and words.strip():
            told = with_question(told, words) if preview else await put_question(server, services, path, words)
        making = server.shelf.chats.get(path)
        running = Running(services, server.jobs, job, view, server.transcript, preview)
        if making is None:
            first = next(iter(sources_of(parse(told))), None)
            root = server.safety.root_of_file(first.path if first else None)
            await send_chat(running, path, told, locale, replace(consent, root=root))
            return
        making = replace(making, ask=replace(making.ask, consent=replace(consent, root=making.ask.root)))
        chat = Conversation(path, told)
        await follow_up(running, server.desk, server.shelf, making, EditorDisk(server), chat)

    return _job(server, "ask in a chat", "" if preview else uri, work)


def _retry(server: AskServer, arguments: list[Any]) -> dict[str, str]:
    return retry(server, arguments, run_action)


def _cancel(server: AskServer, arguments: list[Any]) -> dict[str, list[str]]:
    wanted = text_argument(arguments, CANCEL, "job")
    jobs = server.jobs.running()
    if wanted is not None:
        jobs = [job for job in jobs if job.id == wanted]
    for job in jobs:
        job.cancel()
    return {"cancelled": [job.id for job in jobs]}


def _profile(server: AskServer, arguments: list[Any]) -> None:
    name = text_argument(arguments, PROFILE, "name")

    async def work(job: Job) -> None:
        services = await server.services()
        settings = await services.settings.current()
        try:
            if name is None:
                known = ", ".join(sorted(settings.profiles))
                server.editor.message(f"Profile {settings.active}. Known: {known}. Choose with ask.profile NAME.")
                return
            profile = await services.settings.select_profile(name)
            server.editor.message(f"Profile {profile.name}: {profile.model or profile.kind}.")
        except AskError as error:
            server.editor.message(str(error), types.MessageType.Error)
        server.send_status()

    server.jobs.start("profile", "", work)


def _show(what: Callable[[AskServer], Path], missing: str) -> Callable[[AskServer, list[Any]], None]:
    def run(server: AskServer, arguments: list[Any]) -> None:
        async def work(job: Job) -> None:
            path = what(server)
            await server.services()  # the log begins with them
            if not path.exists():
                server.editor.message(missing.format(path=path))
            elif not await server.editor.show(path, focus=True):
                server.editor.message(str(path))

        server.jobs.start("show", "", work)

    return run


def _config(server: AskServer) -> Path:
    return server.places.config


def _log(server: AskServer) -> Path:
    return server.places.log


_COMMANDS: dict[str, Callable[[AskServer, list[Any]], Any]] = {
    RUN: _run,
    SEND: _send,
    CANCEL: _cancel,
    PROFILE: _profile,
    OPEN_CONFIG: _show(
        _config,
        "There is no {path} yet. Make one with: ask-lsp config --example > '{path}'",
    ),
    APPLY: proposals.apply,
    DIFF: proposals.diff,
    DISCARD: proposals.discard,
    PROPOSALS: proposals.list_all,
    CHECK: proposals.check,
    UNDO: proposals.undo,
    RETRY: _retry,
    PREVIEW: _preview,
    ALLOW_ONCE: sending.allow_once,
    TRUST: sending.trust,
    USAGE: sending.usage,
    LOG: _show(_log, "There is no log yet; it would be {path}."),
}
