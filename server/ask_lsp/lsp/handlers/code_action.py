"""textDocument/codeAction (LSP 3.17): lists what fits here, from memory alone; editors poll it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from ask_lsp.assistant.actions import Offer, Place, offers, wanted
from ask_lsp.core.text import Span
from ask_lsp.lsp.convert import to_range, to_span
from ask_lsp.lsp.documents import Document
from ask_lsp.lsp.extensions import CANCEL, RUN, SEND

if TYPE_CHECKING:
    from ask_lsp.lsp.server import AskServer

KINDS = ("ask", types.CodeActionKind.QuickFix.value, types.CodeActionKind.RefactorRewrite.value)


async def handle(server: AskServer, params: types.CodeActionParams) -> list[types.CodeAction | types.Command]:
    """The menu for a place; empty for a document that is not open."""
    document = server.documents.get(params.text_document.uri)
    if document is None:
        return []
    only = tuple(kind.value if isinstance(kind, types.CodeActionKind) else kind for kind in params.context.only or ())
    result = _cancel(server, document) if wanted("ask", only) else []
    if server.is_chat(document):
        if wanted("ask", only) and not result:
            command = types.Command(title="Send this question", command=SEND, arguments=[{"uri": document.uri}])
            result.append(_entry(server, command, "ask"))
        return result
    services = await server.services()
    settings = services.settings.loaded() or await services.settings.current()
    document = server.documents.get(params.text_document.uri)
    if document is None:
        return []
    selection = to_span(document.lines, params.range, server.encoding)
    server.remember_place(document, selection)
    definition = services.symbols.enclosing(document.live(), selection.start) if selection.is_empty else None
    place = Place(
        selection=selection,
        definition=definition,
        language=document.language,
        has_problems=bool(params.context.diagnostics),
        automatic=params.context.trigger_kind == types.CodeActionTriggerKind.Automatic,
        only=only,
    )
    return result + [_offer(server, document, offer, params.context.diagnostics) for offer in offers(settings, place)]


def _offer(
    server: AskServer,
    document: Document,
    offer: Offer,
    diagnostics: Sequence[types.Diagnostic],
) -> types.CodeAction | types.Command:
    bound = offer.action.needs == "diagnostics"
    problems = list(diagnostics) if bound or "diagnostics" in offer.action.context else []
    span = _around(document, offer.span, problems, server.encoding) if bound else offer.span
    arguments = {
        "action": offer.action.id,
        "uri": document.uri,
        "range": to_range(document.lines, span, server.encoding),
        "version": document.version,
    }
    if problems:
        arguments["problems"] = problems
    command = types.Command(title=offer.title, command=RUN, arguments=[arguments])
    return _entry(server, command, offer.action.kind, problems if bound else None)


def _around(document: Document, span: Span, problems: list[types.Diagnostic], encoding: str) -> Span:
    """A problem's own lines belong to what is asked about, even where nothing was selected."""
    spans = [to_span(document.lines, problem.range, encoding) for problem in problems]
    return Span(min([span.start, *(each.start for each in spans)]), max([span.end, *(each.end for each in spans)]))


def _cancel(server: AskServer, document: Document) -> list[types.CodeAction | types.Command]:
    running = server.jobs.running(document.uri)
    if not running:
        return []
    arguments = [{"job": running[-1].id}]
    return [_entry(server, types.Command(title="Cancel running request", command=CANCEL, arguments=arguments), "ask")]


def _entry(
    server: AskServer, command: types.Command, kind: str, problems: list[types.Diagnostic] | None = None
) -> types.CodeAction | types.Command:
    if not server.editor.client.code_action_literals:  # LSP 3.17: such a client may be given commands only
        return command
    tags = [types.CodeActionTag.LlmGenerated] if server.editor.client.tags_generated else None
    return types.CodeAction(title=command.title, kind=kind, command=command, diagnostics=problems, tags=tags)
