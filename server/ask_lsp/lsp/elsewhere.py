"""Chats that another server is writing into: eglot has a server for each project, and people have two editors.

The file is that server's until its answer is complete. Known from memory for the menu; asked for once when a chat is
opened, and then again only while it is so.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ask_lsp.lsp.server import AskServer

EVERY = 1.0


class Elsewhere:
    """What is known about the chats that this editor has open."""

    def __init__(self, server: AskServer) -> None:
        self._server = server
        self._written: set[Path] = set()

    def writes(self, path: Path | None) -> bool:
        """Whether another server was writing into that chat when last looked; no I/O."""
        return path in self._written

    async def watch(self, path: Path) -> None:
        """Looks until nobody else writes into a chat that was opened, and then says what to do."""
        chats = (await self._server.services()).chats
        if not await chats.is_written_elsewhere(path):
            return
        self._written.add(path)
        try:
            while self._server.documents.at(path) is not None:
                if not await chats.is_written_elsewhere(path):
                    self._server.editor.message(
                        f"The answer in {path.name} is complete. Load the file again to see it."
                    )
                    return
                await asyncio.sleep(EVERY)
        finally:
            self._written.discard(path)
