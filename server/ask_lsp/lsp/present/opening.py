"""A chat file on its way into the editor: when it has arrived there, and where its text ends."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from ask_lsp.core.text import Point
from ask_lsp.lsp.convert import to_position
from ask_lsp.lsp.limits import within

if TYPE_CHECKING:
    from ask_lsp.lsp.server import AskServer

OPENED_LIMIT = 0.5


class Opening:
    """What a view has to know of the chat files of its editor."""

    def __init__(self, server: AskServer) -> None:
        self._server = server

    async def opened(self, path: Path) -> None:
        """Waits a moment for the didOpen that follows a showDocument, so that no write on disk comes in between."""
        try:
            await within(OPENED_LIMIT, self._server.opened_chats.setdefault(path, asyncio.Event()).wait())
        except asyncio.TimeoutError:
            pass

    async def last_position(self, path: Path) -> types.Position:
        """The place behind the last character, where the next question is typed."""
        services = await self._server.services()
        lines = (await services.chats.read(path)).split("\n")
        # Behind a final newline Neovim has no line: it refuses a cursor there, and with it the whole showDocument.
        behind_newline = len(lines) > 1 and not lines[-1]
        last = Point(len(lines) - (2 if behind_newline else 1), 0)
        return to_position(lines, last, self._server.encoding)
