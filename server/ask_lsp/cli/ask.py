"""`ask-lsp ask`: one question from a terminal or a script, over the same code as the editor's."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from ask_lsp.core.errors import RequestRefused
from ask_lsp.core.languages import language_of
from ask_lsp.core.text import Point, Snapshot, Span, clamp, end_of, split_lines
from ask_lsp.core.uris import path_of
from ask_lsp.core.visible import visible

if TYPE_CHECKING:
    from ask_lsp.assistant.ports import Symbols
    from ask_lsp.assistant.sending import Prepared
    from ask_lsp.assistant.services import Services
    from ask_lsp.core.action import Action

_PLACE = re.compile(r"(?P<file>.+?):(?P<first>\d+)(?:-(?P<last>\d+))?")


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "ask",
        help="ask about a file, some of its lines, or standard input",
        description="Ask about a file, some of its lines (FILE:3-9), or standard input (-). No question: explain.",
    )
    add_place(parser)
    parser.set_defaults(func=run)


def add_place(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that say what is asked about what."""
    parser.add_argument("place", metavar="FILE[:START-END]", help="lines count from 1; - is standard input")
    parser.add_argument("question", nargs="?", default="", metavar="QUESTION")
    parser.add_argument("--action", help="another action than ask, or explain where there is no question")
    parser.add_argument("--profile", help="another profile than the active one")
    parser.add_argument("--ignored", action="store_true", help="this once, also a file that .gitignore leaves out")
    parser.add_argument("--over-cap", action="store_true", help="this once, also above a cap on spend or tokens")


def run(arguments: argparse.Namespace) -> int:
    """Streams the answer to stdout: Markdown, laid out on a terminal and plain where it is piped."""
    return asyncio.run(_ask(arguments))


def snapshot_of(place: str) -> tuple[Snapshot, Span]:
    """The text of a place on the command line, and the lines meant. Raises RequestRefused with a sentence."""
    if place == "-":
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
        lines = tuple(split_lines(text))
        return Snapshot("untitled:stdin", 0, "", lines), Span(Point(0, 0), end_of(lines))
    path, match = Path(place), None
    if not path.exists() and (match := _PLACE.fullmatch(place)):
        path = Path(match["file"])
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise RequestRefused(
            f"{path} cannot be read ({error.strerror}). Name a file, or - for standard input."
        ) from None
    if "\0" in text[:8192]:
        raise RequestRefused(f"{path} is not a text file. Name one that is.")
    lines = tuple(split_lines(text))
    span = Span(Point(0, 0), end_of(lines))
    if match is not None:
        first = int(match["first"])
        last = int(match["last"] or first)
        count = span.end.line + (1 if span.end.column else 0)
        if not 1 <= first <= min(last, count):
            raise RequestRefused(f"{path} has no lines {first}-{last}: it has {count}. Count from 1, START before END.")
        span = clamp(lines, Span(Point(first - 1, 0), Point(last, 0)))
    return Snapshot(path.absolute().as_uri(), 0, language_of(path.name), lines), span


def check_fits(action: Action, snapshot: Snapshot, question: str) -> None:
    """Raises RequestRefused where an editor would not list the action, or would ask for words first."""
    if action.languages and snapshot.language and snapshot.language not in action.languages:
        known = ", ".join(action.languages)
        raise RequestRefused(
            f"The action “{action.id}” is for {known}, and this is {snapshot.language}. Choose another with --action."
        )
    if action.about_problems:
        raise RequestRefused(
            f"The action “{action.id}” is about problems that an editor reports, and there are none here. "
            "Run it in an editor, or ask a question."
        )
    if action.output == "insert":
        raise RequestRefused(f"The action “{action.id}” needs a cursor. Run it in an editor, or ask a question.")
    if action.needs == "question" and not question.strip():
        raise RequestRefused(f"The action “{action.id}” needs a question. Give it behind the file.")


async def target_of(symbols: Symbols, snapshot: Snapshot, span: Span) -> str:
    """What the lines are called: the definition that they are, if they are one and no more."""
    last = span.end.line if span.end.column else span.end.line - 1
    filled = [line for line in range(span.start.line, last + 1) if snapshot.lines[line].strip()]
    if not filled:
        return "selection"
    indent = len(snapshot.lines[filled[0]]) - len(snapshot.lines[filled[0]].lstrip())
    definition = await symbols.enclosing_exact(snapshot, Point(filled[0], indent))
    whole = definition is not None and (definition.span.start.line, definition.span.end.line) == (filled[0], filled[-1])
    return definition.label if definition is not None and definition.name and whole else "selection"


async def _ask(arguments: argparse.Namespace) -> int:
    from ask_lsp.assistant.answering import asked, summary
    from ask_lsp.assistant.sending import Spent

    async with prepared_ask(arguments) as (services, prepared):
        if sys.stdout.isatty():
            print(f"asking {asked(prepared)}", file=sys.stderr)
        answer, spent = Answer(), Spent()
        async with contextlib.aclosing(services.outbox.send(prepared, spent)) as events:
            await _show(events, answer)
        if answer.is_cut:
            print("ask-lsp: the answer reached the output limit (max_output). Raise it to get more.", file=sys.stderr)
        elif sys.stdout.isatty():
            print(summary(prepared, spent), file=sys.stderr)
        return 1 if answer.is_cut else 0


@contextlib.asynccontextmanager
async def prepared_ask(arguments: argparse.Namespace) -> AsyncIterator[tuple[Services, Prepared]]:
    """The services, and the ask of a command line as it would be sent. Raises AskError subclasses."""
    from ask_lsp import compose
    from ask_lsp.assistant.question import Ask, build
    from ask_lsp.assistant.sending import Consent
    from ask_lsp.config.env import take_environment

    snapshot, span = snapshot_of(arguments.place)
    if not snapshot.slice(span).strip():
        raise RequestRefused("There is nothing to ask about: it is empty. Name a file or lines with text in them.")
    environment = take_environment()
    compose.start_logging()
    services = compose.load(environment)
    try:
        root = workspace_of(snapshot)
        consent = Consent((root,), root, ignored_once=arguments.ignored, over_once=arguments.over_cap)
        settings = await services.settings.current(root)
        for sentence in services.settings.take_problems():
            print(f"ask-lsp: {visible(sentence)}", file=sys.stderr)
        name = arguments.action or ("ask" if arguments.question else "explain")
        action = settings.action(name)
        if action is None or not action.listed:
            known = ", ".join(each.id for each in settings.actions if each.listed)
            raise RequestRefused(f"There is no action “{name}”. Known: {known}.")
        check_fits(action, snapshot, arguments.question)
        if action.scope == "file":
            span = snapshot.whole
        target = await target_of(services.symbols, snapshot, span)
        ask = Ask(action, snapshot, span, target, arguments.question, locale=environment.locale, consent=consent)
        await services.outbox.require(ask.sending((), settings, arguments.profile))
        question = await build(services, ask)
        sending = ask.sending(question.messages(), settings, arguments.profile)
        yield services, await services.outbox.prepare(sending)
    finally:
        await services.aclose()


def workspace_of(snapshot: Snapshot) -> Path:
    """The folder whose rules hold for a file on the command line: the repository around it, else the working folder."""
    path = path_of(snapshot.uri)
    if path is None:
        return Path.cwd()
    path = path.resolve()
    for folder in path.parents:
        if (folder / ".git").exists():
            return folder
    return Path.cwd() if path.is_relative_to(Path.cwd()) else path.parent


class Answer:
    """What has come so far, as it may be shown."""

    def __init__(self) -> None:
        self.text = ""
        self.is_cut = False


async def _show(events: AsyncGenerator[object, None], answer: Answer) -> None:
    """Prints events as they come, whole lines whatever happens; what is not the answer goes to stderr."""
    from ask_lsp.core.conversation import Finished, Retrying, TextDelta
    from ask_lsp.core.markdown import MarkdownFilter

    harmless = MarkdownFilter()
    with contextlib.ExitStack() as stack:
        write = _written
        if sys.stdout.isatty():
            from ask_lsp.cli.terminal import TerminalAnswer

            write = stack.enter_context(contextlib.closing(TerminalAnswer())).add
        else:
            stack.callback(lambda: print() if answer.text and not answer.text.endswith("\n") else None)

        def show(text: str) -> None:
            answer.text += text
            write(text)

        try:
            async for event in events:
                if isinstance(event, TextDelta):
                    show(harmless.feed(event.text))
                elif isinstance(event, Retrying):
                    print(f"{event.reason}, retrying in {event.seconds:.0f} s", file=sys.stderr)
                elif isinstance(event, Finished):
                    answer.is_cut = event.reason == "length"
        finally:
            show(harmless.end())


def _written(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
