"""textDocument/codeAction (LSP 3.17): lists what fits here, from memory alone; editors poll it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from ask_lsp.assistant.actions import Offer, Place, offers, wanted
from ask_lsp.core.action import shortened
from ask_lsp.core.directives import find
from ask_lsp.core.settings import Settings
from ask_lsp.core.text import Span
from ask_lsp.lsp.convert import to_range, to_span
from ask_lsp.lsp.documents import Document
from ask_lsp.lsp.extensions import CANCEL, PREVIEW, RUN, SEND
from ask_lsp.lsp.handlers import proposals, sending
from ask_lsp.lsp.menu import Entry, entry
from ask_lsp.lsp.problems import message_of

if TYPE_CHECKING:
    from ask_lsp.lsp.server import AskServer


async def handle(server: AskServer, params: types.CodeActionParams) -> list[Entry]:
    """The menu for a place; empty for a document that is not open."""
    document = server.documents.get(params.text_document.uri)
    if document is None:
        return []
    only = tuple(kind.value if isinstance(kind, types.CodeActionKind) else kind for kind in params.context.only or ())
    result = _cancel(server, document) if wanted("ask", only) else []
    automatic = params.context.trigger_kind == types.CodeActionTriggerKind.Automatic
    # What is bound to no problem or job would be a light bulb on every line.
    asked_for = wanted("ask", only) and not (automatic and params.range.start == params.range.end)
    if server.is_chat(document):
        if asked_for and not result and not server.elsewhere.writes(document.path):
            command = types.Command(title="Send this question", command=SEND, arguments=[{"uri": document.uri}])
            result.append(entry(server.editor.client, command, "ask"))
            result.append(_preview(server, {"uri": document.uri}))
        return result
    services = await server.services()
    settings = server.safety.settings(services, document) or await services.settings.current()
    document = server.documents.get(params.text_document.uri)
    if document is None:
        return []
    if (why := sending.refused(server, document)) is not None:
        return result + (why if asked_for else [])
    selection = to_span(document.lines, params.range, server.encoding)
    server.remember_place(document, selection)
    definition = services.symbols.enclosing(document.live(), selection.start) if selection.is_empty else None
    here = params.context.diagnostics
    server.problems.note(document, selection, here, server.encoding)
    known = server.problems.all(document, server.encoding)
    place = Place(
        selection=selection,
        definition=definition,
        language=document.language,
        automatic=automatic,
        only=only,
        problems=[message_of(problem) for problem in here],
        in_file=[message_of(problem) for problem in known],
    )
    result += sending.over_cap(server) if asked_for else []
    result += proposals.offered(server, document, selection, only, automatic=place.automatic)
    result += _directed(server, document, place, settings)
    offered = offers(settings, place)
    for offer in offered:
        told = known if offer.action.scope == "file" else here
        result.append(_offer(server, document, offer, [told[number] for number in offer.problems]))
    if asked_for:
        result += [
            _preview(server, _arguments(server, document, offer.action.id, offer.span))
            for offer in offered
            if offer.action.id == "explain"
        ]
    return result


def _arguments(server: AskServer, document: Document, action: str, span: Span) -> dict[str, Any]:
    """What ask.run is told about a place."""
    range_ = to_range(document.lines, span, server.encoding)
    return {"action": action, "uri": document.uri, "range": range_, "version": document.version}


def _preview(server: AskServer, arguments: dict[str, Any]) -> Entry:
    """Shows what a question about a place, or the one in a chat, would send."""
    command = types.Command(title="Preview what would be sent", command=PREVIEW, arguments=[arguments])
    return entry(server.editor.client, command, "ask")


def _directed(server: AskServer, document: Document, place: Place, settings: Settings) -> list[Entry]:
    """What a comment ending in `ask!` or `ask?` says, as an entry; none if the action that would do it is hidden.

    Nothing is ever sent by the comment alone.
    """
    around = place.definition.span if place.definition else None
    found = find(document.lines, place.selection, around, document.language)
    if found is None or (place.automatic and not found.span.contains(place.selection)):
        return []
    kind, action_id = ("refactor.rewrite", "rewrite") if found.kind == "instruction" else ("ask", "ask")
    action = settings.action(action_id)
    if action is None or not action.listed or not wanted(kind, place.only):
        return []
    arguments = {**_arguments(server, document, action_id, place.selection), "directive": True}
    title = shortened(("Do: " if found.kind == "instruction" else "Answer: ") + found.text)
    return [entry(server.editor.client, types.Command(title=title, command=RUN, arguments=[arguments]), kind)]


def _offer(server: AskServer, document: Document, offer: Offer, problems: list[types.Diagnostic]) -> Entry:
    bound = offer.action.about_problems
    span = _around(document, offer.span, problems, server.encoding) if bound else offer.span
    arguments = _arguments(server, document, offer.action.id, span)
    if problems:
        arguments["problems"] = problems
    command = types.Command(title=offer.title, command=RUN, arguments=[arguments])
    return entry(server.editor.client, command, offer.action.kind, problems if bound else None)


def _around(document: Document, span: Span, problems: list[types.Diagnostic], encoding: str) -> Span:
    """A problem's own lines belong to what is asked about, even where nothing was selected."""
    spans = [to_span(document.lines, problem.range, encoding) for problem in problems]
    return Span(min([span.start, *(each.start for each in spans)]), max([span.end, *(each.end for each in spans)]))


def _cancel(server: AskServer, document: Document) -> list[Entry]:
    running = server.jobs.running(document.uri)
    if not running:
        return []
    title = "Cancel the answer" if server.is_chat(document) else "Cancel running request"
    command = types.Command(title=title, command=CANCEL, arguments=[{"job": running[-1].id}])
    return [entry(server.editor.client, command, "ask")]
