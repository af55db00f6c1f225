"""ask.retry: an edit asked for anew, about the same place as it is by now, and in the same way as at first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from ask_lsp.assistant.question import file_name
from ask_lsp.core.action import Problem
from ask_lsp.core.errors import AskError, RequestRefused
from ask_lsp.core.proposal import Proposal, Source
from ask_lsp.core.text import Span, carried, placed_at
from ask_lsp.lsp.documents import Document
from ask_lsp.lsp.extensions import RETRY, RunArguments, one_object, text_argument
from ask_lsp.lsp.handlers import proposals
from ask_lsp.lsp.kept import Kept, Mooring

if TYPE_CHECKING:
    from ask_lsp.assistant.jobs import Job
    from ask_lsp.lsp.server import AskServer

Run = Callable[..., Any]
"""execute_command.run_action."""


def retry(server: AskServer, arguments: list[Any], run: Run) -> dict[str, str]:
    """The edit of a proposal, which stays until there is a new one; else the last that was made, which is taken back.

    Raises RequestRefused.
    """
    given = one_object(arguments, RETRY)
    proposal_id = text_argument(arguments, RETRY, "proposal")
    question = given.get("question")
    if proposal_id is None and server.shelf.last is None:
        raise RequestRefused("There is nothing to try again in this session. Choose an action instead.")
    if question is not None and not isinstance(question, str):
        raise RequestRefused("ask.retry: “question” must be text.")
    kept = server.shelf.get(proposal_id) if proposal_id is not None else None
    if kept is not None and kept.source is None and kept.document is None:
        raise RequestRefused(
            "The place of that proposal is not open, or not to be found. Open its file, and try again."
        )
    uri = kept.proposal.uri if kept else server.shelf.last.document.uri if server.shelf.last else ""

    async def work(job: Job) -> None:
        try:
            proposal, document, span = await (_last(server) if kept is None else _kept(server, kept))
            words = "\n".join(filter(None, (proposal.question, question)))
            asked = RunArguments(proposal.action, question=words, wants_words=bool(given.get("ask")), instead_of=job.id)
            replaces = kept.proposal.id if kept is not None else ""
            source = proposal.source
            if source is None:  # kept by a version that did not know what it was asked for
                run(server, document, span, asked, replaces=replaces)
                return
            picked, problems = await _as_they_are(document, span, source)
            asked = replace(asked, directive=source.directed)
            run(server, document, picked, asked, problems, target=source.target, replaces=replaces)
        except AskError as error:
            server.editor.message(str(error), types.MessageType.Error)

    return {"job": server.jobs.start("try again", uri, work).id}


async def _kept(server: AskServer, kept: Kept) -> tuple[Proposal, Document, Span]:
    if kept.source is not None:
        await kept.source.moor(server.documents)
    return (kept.proposal, *_found(server, kept.source or kept.place))


async def _last(server: AskServer) -> tuple[Proposal, Document, Span]:
    """Takes the last edit back first."""
    last = server.shelf.last
    assert last is not None
    span = await proposals.take_back(server)
    if not server.editor.client.protocol:
        server.editor.message(f"Undone: {last.proposal.title}.")
    if last.source is not None:
        await last.source.moor(server.documents)
        return (last.proposal, *_found(server, last.source))
    return last.proposal, last.document, span


def _found(server: AskServer, place: Mooring) -> tuple[Document, Span]:
    if place.document is None or place.span is None:
        name = file_name(place.uri)
        if server.documents.get(place.uri) is None:
            raise RequestRefused(f"What it was asked for is in {name}, which is not open. Open it, and try again.")
        raise RequestRefused(f"What it was asked for cannot be found in {name} any more. Choose the action there anew.")
    return place.document, place.span


async def _as_they_are(document: Document, span: Span, source: Source) -> tuple[Span, tuple[Problem, ...]]:
    """What was picked and what was reported, in the document as it is now."""
    snapshot = document.snapshot()
    now, start = snapshot.slice(span), span.start

    def carry() -> list[Span]:
        spans = (source.picked, *(problem.span for problem in source.problems))
        return [placed_at(carried(each, source.text, now), start) for each in spans]

    # What was typed while this was worked out counts as well.
    found = [document.since(snapshot.version, each) for each in await asyncio.to_thread(carry)]
    known = [each for each in found if each is not None]
    if len(known) != len(found):
        raise RequestRefused("The file was changed too much meanwhile. Try again.")
    picked, *places = known
    return picked, tuple(replace(each, span=at) for each, at in zip(source.problems, places, strict=True))
