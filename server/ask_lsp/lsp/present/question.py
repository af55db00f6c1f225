"""A question that a client has typed elsewhere, on its way to the end of a chat file: through the one who writes it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from ask_lsp.assistant.services import Services
from ask_lsp.core.chat_format import with_question
from ask_lsp.core.edits import Edit
from ask_lsp.core.errors import RequestRefused
from ask_lsp.core.text import Span, plain_line_ends
from ask_lsp.lsp.limits import within

if TYPE_CHECKING:
    from ask_lsp.lsp.server import AskServer

PUT_LIMIT = 10.0


async def put_question(server: AskServer, services: Services, path: Path, words: str) -> str:
    """The chat with the question in it: put into the buffer where it is open, else on disk. Raises RequestRefused."""
    document = server.documents.at(path)
    if document is None:
        told = await services.chats.read(path)
        asked = with_question(told, words)
        await services.chats.append(path, asked[len(told) :])
        return asked
    snapshot = document.snapshot()
    told = snapshot.text
    asked = with_question(told, words)
    end = snapshot.whole.end
    await server.editor.edit(snapshot, [Edit(Span(end, end), asked[len(told) :])], "Question", server.encoding)

    async def there() -> str:
        while plain_line_ends(now := document.snapshot().text).rstrip("\n") != plain_line_ends(asked).rstrip("\n"):
            await document.changed.wait()
        return now

    try:
        return await within(PUT_LIMIT, there())
    except asyncio.TimeoutError:
        raise RequestRefused(
            f"The editor did not take the question into {path.name}. Type it at the end of the chat, and send it there."
        ) from None
