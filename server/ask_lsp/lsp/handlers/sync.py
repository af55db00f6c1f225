"""didOpen, didChange and didClose (LSP 3.17, Text Document Synchronization): what follows a document hears of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from ask_lsp.lsp.documents import Document

if TYPE_CHECKING:
    from ask_lsp.lsp.server import AskServer

log = logging.getLogger(__name__)


def opened(server: AskServer, item: types.TextDocumentItem) -> None:
    """didOpen; one of a document that is open already is what it says from now on."""
    before = server.documents.get(item.uri)
    if before is not None and server.has_shelf:
        server.shelf.closed(before)
    document = server.documents.open(item)
    if document.path is not None and server.is_chat(document):
        server.opened_chats.setdefault(document.path, asyncio.Event()).set()
        server.spawn(server.transcripts.opened(document.path))
        server.spawn(server.elsewhere.watch(document.path))
        return
    _parse_soon(server, document)
    if server.ready() is not None:
        server.spawn(server.shelf.opened(document))
        server.spawn(server.safety.judge(document))


def changed(
    server: AskServer,
    identifier: types.VersionedTextDocumentIdentifier,
    changes: Sequence[types.TextDocumentContentChangeEvent],
) -> None:
    """didChange; one for a document that was never opened is logged and forgotten."""
    document = server.documents.get(identifier.uri)
    if document is None:
        log.warning("didChange for a document that is not open")
        return
    document.apply(changes, identifier.version, server.encoding)
    if server.is_chat(document):
        return
    _parse_soon(server, document)
    if server.has_shelf:
        server.shelf.changed(document)


def closed(server: AskServer, uri: str) -> None:
    """didClose."""
    document = server.documents.close(uri)
    if document is None:
        return
    if document.path is not None and server.is_chat(document):
        server.opened_chats.pop(document.path, None)
        server.spawn(_chat_closed(server, document.path))
    elif server.has_shelf:
        server.shelf.closed(document)
    services = server.ready()
    if services is not None:
        services.symbols.closed(document.uri)


async def saved(server: AskServer, params: types.DidSaveTextDocumentParams) -> None:
    """didSave: of a chat, or perhaps of a file with rules."""
    document = server.documents.get(params.text_document.uri)
    if document is None or document.path is None:
        return
    if server.is_chat(document):
        await server.transcripts.saved(document.path)
    else:
        await server.safety.saved(document.path)


async def watched(server: AskServer, params: types.DidChangeWatchedFilesParams) -> None:
    """workspace/didChangeWatchedFiles: a file with rules has changed."""
    await server.safety.rules_changed()


async def folders(server: AskServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """workspace/didChangeWorkspaceFolders."""
    await server.safety.folders_changed(params.event)


def parse_all(server: AskServer) -> None:
    """Parses what was opened before the services were there."""
    for document in server.documents:
        if not server.is_chat(document):
            _parse_soon(server, document)


async def _chat_closed(server: AskServer, path: Path) -> None:
    await server.transcripts.closed(path)
    await server.recover()


def _parse_soon(server: AskServer, document: Document) -> None:
    services = server.ready()
    if services is not None:
        services.symbols.changed(document.uri, document.language, len(document.lines), document.snapshot)
