"""textDocument/hover (LSP 3.17): what is remembered about the symbol, or null, at once; never an error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from lsprotocol import types

from ask_lsp.assistant.explain import remembered
from ask_lsp.assistant.question import Ask
from ask_lsp.core.action import Definition
from ask_lsp.core.plain import plain
from ask_lsp.core.text import Point, Snapshot, Span, line_text
from ask_lsp.lsp.convert import to_point, to_range

if TYPE_CHECKING:
    from ask_lsp.assistant.services import Services
    from ask_lsp.lsp.server import AskServer

_WORD = re.compile(r"(?P<name>[^\W\d]\w*)[!?]?")
_CHOICE = "hover"
_YES, _NO = "Yes", "No"
_CHOICE_LIMIT = 120.0


async def handle(server: AskServer, params: types.HoverParams) -> types.Hover | None:
    """The explanation of the symbol under the position."""
    document = server.documents.get(params.text_document.uri)
    if document is None or server.is_chat(document):
        return None
    snapshot = document.snapshot()
    services = await server.services()
    # As the files say now: somebody may just have saved `hover: off`.
    settings = await services.settings.current(server.safety.root_of(document))
    if settings.hover == "off":
        return None
    point = to_point(snapshot.lines, params.position, server.encoding)
    meant = ((services.symbols.named(snapshot, word, point), place) for word, place in _words_at(snapshot, point))
    definition, place = next((found for found in meant if found[0] is not None), (None, None))
    if definition is None or place is None:
        return None
    text = await remembered(services, settings, snapshot.slice(definition.span), server.locale)
    if text is None:
        mode: str = settings.hover
        if mode == "cached" and not settings.hover_chosen:
            mode = await _chosen(server, services, wished=settings.hover_wished)
        action = settings.action("explain_hover")
        if mode != "ask" or action is None:
            return None
        if not server.safety.verdict(document).allowed:
            return None
        consent = server.safety.consent(document.uri, use=False)
        consent = replace(consent, ignored_once=False, over_once=False)  # allowed for a question, not for a hover
        ask = Ask(action, snapshot, definition.span, definition.label, locale=server.locale, consent=consent)
        text = await server.explainer.explain(services, ask, settings.hover_wait)
    return _hover(server, snapshot, definition, place, text) if text else None


async def _chosen(server: AskServer, services: Services, *, wished: bool) -> str:
    """The mode that the user once chose; asks once where hover is a deliberate key, or where `wished`.

    The answer is for the hovers after this one.
    """
    choice = await services.memory.choice(_CHOICE)
    asks = wished or server.editor.client.deliberate_hover
    if choice is None and asks and not server.asked_about_hover:
        server.asked_about_hover = True
        server.spawn(_ask_once(server, services))
    return choice or "cached"


async def _ask_once(server: AskServer, services: Services) -> None:
    answer = await server.editor.choose("Explain on hover? (sends code)", (_YES, _NO), _CHOICE_LIMIT)
    if answer in (_YES, _NO):
        await services.memory.remember_choice(_CHOICE, "ask" if answer == _YES else "cached")


def _words_at(snapshot: Snapshot, point: Point) -> Iterator[tuple[str, Span]]:
    """The word at a point, with what ends a name in Ruby or calls a macro in Rust, then without it."""
    line = line_text(snapshot.lines[point.line])
    if len(line) > 20_000:
        return
    for match in _WORD.finditer(line):
        for word in dict.fromkeys((match[0], match["name"])):
            end = match.start() + len(word)
            if match.start() <= point.column <= end:
                yield word, Span(Point(point.line, match.start()), Point(point.line, end))


def _hover(server: AskServer, snapshot: Snapshot, definition: Definition, span: Span, text: str) -> types.Hover:
    markdown = server.editor.client.hover_markdown
    kind = types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText
    value = text if markdown else plain(text)
    return types.Hover(
        contents=types.MarkupContent(kind=kind, value=value), range=to_range(snapshot.lines, span, server.encoding)
    )
