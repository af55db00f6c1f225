"""What can be done with edits that were not made, or were: the entries of the menu, and the commands behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from ask_lsp.assistant.actions import wanted
from ask_lsp.assistant.landing import Landed, land
from ask_lsp.assistant.new_file import behind
from ask_lsp.core.action import shortened
from ask_lsp.core.edges import around
from ask_lsp.core.errors import AskError, RequestRefused
from ask_lsp.core.text import Snapshot, Span, plain_line_ends
from ask_lsp.core.uris import path_of
from ask_lsp.lsp.desk import DocumentPlace
from ask_lsp.lsp.disk import EditorDisk
from ask_lsp.lsp.documents import Document
from ask_lsp.lsp.extensions import APPLY, CHECK, DIFF, DISCARD, RETRY, UNDO, text_argument
from ask_lsp.lsp.kept import Kept
from ask_lsp.lsp.menu import Entry, entry

if TYPE_CHECKING:
    from ask_lsp.assistant.jobs import Job
    from ask_lsp.lsp.server import AskServer

MOST_SHOWN = 3
"""Proposals of one place that are listed; the page of all of them has the rest."""


def offered(
    server: AskServer, document: Document, selection: Span, only: tuple[str, ...], *, automatic: bool = False
) -> list[Entry]:
    """The entries for what is kept at a place, and for the last edit made there; from memory alone.

    Proposals are bound to the place and always listed. An undo is not, where an editor asks by itself
    (`automatic`) and nothing is selected: every line of the edit would have a light bulb.
    """
    entries: list[Entry] = []
    client = server.editor.client
    for kept in server.shelf.at(document, selection)[:MOST_SHOWN]:
        proposal, arguments = kept.proposal, [{"proposal": kept.proposal.id}]
        title = proposal.title
        if kept.waiting:
            if wanted("ask", only):
                command = types.Command(title="Check last edit", command=CHECK, arguments=arguments)
                entries.append(entry(client, command, "ask"))
            continue
        kind = "quickfix" if proposal.action.startswith("fix") else "refactor.rewrite"
        if wanted(kind, only):
            command = types.Command(title=shortened(f"Apply: {title}"), command=APPLY, arguments=arguments)
            entries.append(entry(client, command, kind, edit=server.shelf.literal(kept)))
        if wanted("ask", only):
            for what, name in (("Show diff: ", DIFF), ("Discard: ", DISCARD), ("Try again: ", RETRY)):
                command = types.Command(title=shortened(what + title), command=name, arguments=arguments)
                entries.append(entry(client, command, "ask"))
            again = [{**arguments[0], "ask": True}]
            command = types.Command(title=shortened(f"Try again with...: {title}"), command=RETRY, arguments=again)
            entries.append(entry(client, command, "ask"))
    unasked = automatic and selection.is_empty
    if wanted("ask", only) and not unasked and _can_undo(server, document, selection):
        entries.append(entry(client, types.Command(title="Undo last answer", command=UNDO, arguments=[]), "ask"))
        command = types.Command(title="Undo last answer and try again", command=RETRY, arguments=[])
        entries.append(entry(client, command, "ask"))
    return entries


def _can_undo(server: AskServer, document: Document, selection: Span) -> bool:
    last = server.shelf.last
    if last is None or last.document is not document:
        return False
    span = last.place.span
    if span.end.line < selection.start.line or selection.end.line < span.start.line:
        return False
    return plain_line_ends(document.live().slice(span)) == plain_line_ends(last.landed.after)


def apply(server: AskServer, arguments: list[Any]) -> dict[str, str]:
    """ask.apply: makes the edit now, in whatever way this editor takes edits. Raises RequestRefused."""
    kept = server.shelf.get(text_argument(arguments, APPLY, "proposal"))
    return _job(server, kept.proposal.title, kept.proposal.uri, lambda job: _apply(server, kept), is_seen=True)


async def _apply(server: AskServer, kept: Kept) -> str:
    proposal, place = kept.proposal, server.shelf.place(kept)
    if place is None and proposal.new_file:
        return await _make_file(server, kept)
    if place is None:
        name = Path(unquote(urlsplit(proposal.uri).path)).name
        where = "Its place cannot be found any more" if server.documents.get(proposal.uri) else f"{name} is not open"
        raise RequestRefused(
            f"{where}: nothing was changed. Show the diff, and make the change by hand or open {name}."
        )
    landed = await land(server.desk, place, proposal, _nothing_wrong)
    if landed.state == "kept":
        raise RequestRefused(f"{proposal.title}: not applied. {landed.reason} The proposal stays; show its diff.")
    if landed.state == "done":
        server.shelf.made(place, proposal, landed)
        await server.shelf.drop(proposal.id)
        return f"{proposal.title}: done."
    kept.waiting = True
    return f"{proposal.title}: sent. {landed.reason} Choose “Check last edit” there to see."


async def _nothing_wrong(snapshot: Snapshot, span: Span, text: str) -> str:
    return ""  # somebody has looked at it, and wants it


async def _make_file(server: AskServer, kept: Kept) -> str:
    services = await server.services()
    path = path_of(kept.proposal.uri)
    if path is None:
        raise RequestRefused("Only files on this machine can be made. Copy the text out of the diff.")
    if await services.files.exists(path) or server.documents.at(path) is not None:
        proposal, _, place = await behind(services.files, EditorDisk(server), path, kept.proposal)
        return await _apply(server, await server.shelf.change(kept, proposal, place))
    await services.files.create(path, kept.proposal.new)
    await server.shelf.drop(kept.proposal.id)
    await server.editor.show(path)
    return f"{kept.proposal.title}: {path} is there."


def diff(server: AskServer, arguments: list[Any]) -> dict[str, str]:
    """ask.diff: a page with the difference. Raises RequestRefused."""
    kept = server.shelf.get(text_argument(arguments, DIFF, "proposal"))

    async def work(job: Job) -> str:
        return await server.shelf.show_difference(kept, focus=True)

    return _job(server, "diff", kept.proposal.uri, work)


def list_all(server: AskServer, arguments: list[Any]) -> dict[str, str]:
    """ask.proposals: a page of all of them."""

    async def work(job: Job) -> str:
        from ask_lsp.core.pages import proposals_page

        await server.shelf.load()
        text = await asyncio.to_thread(proposals_page, [kept.located() for kept in server.shelf.all()])
        path = await (await server.services()).files.page("proposals.md", text)
        return "" if await server.editor.show(path, focus=True) else str(path)

    return _job(server, "proposals", "", work)


def discard(server: AskServer, arguments: list[Any]) -> dict[str, str]:
    """ask.discard: forgets a proposal. Raises RequestRefused."""
    kept = server.shelf.get(text_argument(arguments, DISCARD, "proposal"))

    async def work(job: Job) -> str:
        await server.shelf.drop(kept.proposal.id)
        return f"Discarded: {kept.proposal.title}."

    return _job(server, "discard", kept.proposal.uri, work, is_seen=True)


def check(server: AskServer, arguments: list[Any]) -> dict[str, str]:
    """ask.check: whether the text of an edit that the editor says to have made is there. Raises RequestRefused."""
    kept = server.shelf.get(text_argument(arguments, CHECK, "proposal"))

    async def work(job: Job) -> str:
        if await server.shelf.is_there(kept):
            await server.shelf.drop(kept.proposal.id)
            return f"{kept.proposal.title}: it is there."
        kept.waiting = False
        return f"{kept.proposal.title}: it is not there. It is kept: open the code actions there to apply it."

    return _job(server, "check", kept.proposal.uri, work)


def undo(server: AskServer, arguments: list[Any]) -> dict[str, str]:
    """ask.undo: takes the last edit back, while its text is still as we wrote it. Raises RequestRefused."""
    last = server.shelf.last
    if last is None and server.shelf.last_file is not None:
        raise RequestRefused(f"The last answer made {server.shelf.last_file}. Delete that file if you do not want it.")
    if last is None:
        raise RequestRefused("There is no edit of ask-lsp to undo in this session. Use your editor's own undo.")

    async def work(job: Job) -> str:
        await take_back(server)
        return f"Undone: {last.proposal.title}."

    return _job(server, "undo", last.document.uri, work)


async def take_back(server: AskServer) -> Span:
    """Undoes the last edit, and returns where its target is then. Raises RequestRefused."""
    last = server.shelf.last
    assert last is not None
    if server.documents.get(last.document.uri) is not last.document:
        raise RequestRefused("The file of the last edit is no longer open. Open it, and use your editor's undo.")
    span = last.place.span
    now = last.document.live().slice(span)
    if plain_line_ends(now) != plain_line_ends(last.landed.after):
        raise RequestRefused("The text was changed since: nothing was undone. Use your editor's own undo.")
    place = DocumentPlace(server.documents, last.document, span)
    before, after = around(last.document.lines, span)
    back = replace(last.proposal, title="Undo", seen=now, new=last.landed.before, before=before, after=after)
    landed: Landed = await land(server.desk, place, back, _nothing_wrong)
    if landed.state != "done":
        raise RequestRefused(f"Not undone. {landed.reason} Use your editor's own undo.")
    server.shelf.last = None
    return (place.made or last.place).span


def _job(
    server: AskServer, title: str, uri: str, work: Callable[[Job], Awaitable[str]], *, is_seen: bool = False
) -> dict[str, str]:
    """Runs something short as a job, and shows the sentence that it returns, or why it failed.

    What clients of our own messages have seen by those (`is_seen`) is not said to them once more.
    """

    async def run(job: Job) -> None:
        try:
            if (sentence := await work(job)) and not (is_seen and server.editor.client.protocol):
                server.editor.message(sentence)
        except AskError as error:
            server.editor.message(str(error), types.MessageType.Error)

    return {"job": server.jobs.start(title, uri, run).id}
