"""How paths and the editor's documents belong together, and places that follow a document from a version on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ask_lsp.assistant.question import file_name
from ask_lsp.core.errors import RequestRefused
from ask_lsp.core.text import Snapshot, Span
from ask_lsp.lsp.desk import DocumentPlace
from ask_lsp.lsp.documents import Document, file_of
from ask_lsp.lsp.editor import uri_of
from ask_lsp.lsp.limits import within

if TYPE_CHECKING:
    from ask_lsp.lsp.server import AskServer

OPENED_LIMIT = 2.0


def follower(server: AskServer, document: Document, snapshot: Snapshot) -> Callable[[Span], DocumentPlace]:
    """Makes places of stretches of a snapshot, each tracked from where it is by then."""

    def follow(span: Span) -> DocumentPlace:
        now = document.since(snapshot.version, span)
        if now is None or server.documents.get(document.uri) is not document:
            raise RequestRefused(f"{file_name(document.uri)} was closed, or changed too much meanwhile. Ask again.")
        return DocumentPlace(server.documents, document, now)

    return follow


class EditorDisk:
    """The files of this editor's user (assistant.new_file.Disk)."""

    def __init__(self, server: AskServer) -> None:
        self._server = server

    def path_of(self, uri: str) -> Path | None:
        """The real path of a `file:` URI."""
        return file_of(uri)

    def uri_of(self, path: Path) -> str:
        """The URI of a path."""
        return uri_of(path)

    async def show(self, path: Path) -> bool:
        """Opens a file beside what the user does."""
        return await self._server.editor.show(path)

    def is_open(self, path: Path) -> bool:
        """Whether there is a document of a file, saved or not."""
        return self._server.documents.at(path) is not None

    def open_now(self, uri: str) -> tuple[Snapshot, Callable[[Span], DocumentPlace]] | None:
        """The document of that URI, if it is open."""
        document = self._server.documents.get(uri)
        return None if document is None else self._followed(document)

    async def opened(self, path: Path) -> tuple[Snapshot, Callable[[Span], DocumentPlace]] | None:
        """The document of a file, opened without focus if the editor can."""
        document = self._server.documents.at(path)
        if document is None and await self._server.editor.show(path):
            try:
                document = await within(OPENED_LIMIT, self._didopen(path))
            except asyncio.TimeoutError:
                return None
        return None if document is None else self._followed(document)

    def _followed(self, document: Document) -> tuple[Snapshot, Callable[[Span], DocumentPlace]]:
        snapshot = document.snapshot()
        return snapshot, follower(self._server, document, snapshot)

    async def _didopen(self, path: Path) -> Document:
        while (document := self._server.documents.at(path)) is None:
            await self._server.documents.opened_one.wait()
        return document
