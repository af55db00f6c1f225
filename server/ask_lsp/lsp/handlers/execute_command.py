"""workspace/executeCommand (LSP 3.17): checks the arguments, starts a job, and returns its id at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from ask_lsp.assistant.ask import ask_about, send_chat
from ask_lsp.assistant.jobs import Cancelled, Job
from ask_lsp.assistant.question import Ask, file_name
from ask_lsp.core.action import Action, Problem
from ask_lsp.core.errors import AskError, RequestRefused
from ask_lsp.core.text import Snapshot, Span
from ask_lsp.lsp.convert import to_span
from ask_lsp.lsp.documents import Document
from ask_lsp.lsp.extensions import (
    CANCEL,
    LOG,
    OPEN_CONFIG,
    PROFILE,
    RUN,
    SEND,
    RunArguments,
    run_arguments,
    text_argument,
)

if TYPE_CHECKING:
    from ask_lsp.lsp.server import AskServer

INPUT_LIMIT = 3600.0


def handle(server: AskServer, command: str, arguments: list[Any]) -> Any:
    """Runs a command. Raises RequestRefused with a sentence for wrong arguments."""
    run = _COMMANDS.get(command)
    if run is None:
        raise RequestRefused(f"There is no command {command}. Known: {', '.join(sorted(_COMMANDS))}.")
    return run(server, arguments)


def _run(server: AskServer, arguments: list[Any]) -> dict[str, str]:
    given = run_arguments(arguments)
    document, span = _target(server, given)
    snapshot = document.snapshot()
    problems = tuple(_problem(each, snapshot, server.encoding) for each in given.problems)
    locale = server.locale

    async def work(job: Job) -> None:
        view = server.view(job)
        try:
            services = await server.services()
            settings = await services.settings.current()
            server.tell_problems(services)
            action = settings.action(given.action)
            if action is None or not action.listed:
                known = ", ".join(action.id for action in settings.actions if action.listed)
                raise RequestRefused(f"There is no action “{given.action}”. Known: {known}.")
            target, place = "selection", span
            if span.is_empty:
                definition = await services.symbols.enclosing_exact(snapshot, span.start)
                if definition is None:
                    raise RequestRefused("There is no code here. Select some, and ask again.")
                target, place = definition.label, definition.span
            elif (whole := services.symbols.enclosing(snapshot, span.start)) is not None and whole.span == span:
                target = whole.label
            question = given.question or ""
            if action.needs == "question" and not question.strip() and server.editor.client.protocol:
                question = await job.guard(_typed(server, job, action, target, settings.assistant_name))
            ask = Ask(action, snapshot, place, target, question, problems, locale)
            await ask_about(services, server.jobs, ask, job, view, server.transcript)
        except Cancelled:  # while the question was being typed
            await view.cancelled(None)
        except AskError as error:
            await view.failed(error, None)

    return {"job": server.jobs.start(f"ask {file_name(document.uri)}", document.uri, work).id}


async def _typed(server: AskServer, job: Job, action: Action, target: str, assistant: str) -> str:
    """The question, typed into whatever the client has for that (ask/input)."""
    params = {"job": job.id, "prompt": action.title_for(target, assistant)}
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
        return last[0], last[1].span
    document = server.documents.get(given.uri)
    if document is None:
        raise RequestRefused(f"{file_name(given.uri)} is not open in the editor. Open it, and ask again.")
    if given.range is None:
        return document, document.snapshot().whole
    if given.version is None or given.version == document.version:
        return document, to_span(document.lines, given.range, server.encoding)
    span = document.map_from(given.version, given.range, server.encoding)
    if span is None:
        name = file_name(given.uri)
        raise RequestRefused(f"Version {given.version} of {name} is no longer known. Ask for the code actions again.")
    return document, span


def _problem(diagnostic: types.Diagnostic, snapshot: Snapshot, encoding: str) -> Problem:
    code = "" if diagnostic.code is None else str(diagnostic.code)
    message = diagnostic.message if isinstance(diagnostic.message, str) else diagnostic.message.value
    return Problem(to_span(snapshot.lines, diagnostic.range, encoding), message, code, diagnostic.source or "")


def _send(server: AskServer, arguments: list[Any]) -> dict[str, str]:
    uri = text_argument(arguments, SEND, "uri")
    if uri is None:
        raise RequestRefused("ask.send needs the “uri” of a chat file.")
    if server.jobs.running(uri):
        raise RequestRefused("An answer is already on its way in this chat. Wait for it, or cancel it.")
    document = server.documents.get(uri)
    path = document.path if document else server.path_of(uri)
    text = document.snapshot().text if document else None
    locale = server.locale

    async def work(job: Job) -> None:
        view = server.view(job)
        try:
            services = await server.services()
            if path is None or not services.chats.owns(path):
                raise RequestRefused(f"{file_name(uri)} is not one of ask-lsp's chat files. Only those can be sent.")
            told = text if text is not None else await services.chats.read(path)
            await send_chat(services, server.jobs, path, told, locale, job, view, server.transcript)
        except AskError as error:
            await view.failed(error, None)

    return {"job": server.jobs.start("ask in a chat", uri, work).id}


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
    LOG: _show(_log, "There is no log yet; it would be {path}."),
}
