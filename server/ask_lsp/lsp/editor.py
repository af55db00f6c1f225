"""What we say to the editor: every request with a limit, and every failure a value.

vim-lsp and ALE never answer some requests, eglot 1.9 answers null, Kate takes edits for two seconds only.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import from_fs_path

from ask_lsp.lsp.client import Client
from ask_lsp.lsp.limits import within

if TYPE_CHECKING:
    from ask_lsp.lsp.protocol import AskProtocol

log = logging.getLogger(__name__)

SHOW_LIMIT = 10.0
EDIT_LIMIT = 10.0


def uri_of(path: Path) -> str:
    """The `file:` URI of a path."""
    return from_fs_path(str(path)) or path.as_uri()


class Editor:
    """The connected editor."""

    def __init__(self, protocol: AskProtocol) -> None:
        self._protocol = protocol
        self.client = Client()

    def notify(self, method: str, params: Any) -> None:
        """Sends a notification."""
        self._protocol.notify(method, params)

    async def request(self, method: str, params: Any, seconds: float) -> Any:
        """The editor's answer; None when it refuses, fails, answers nonsense or does not answer in time."""
        return (await self._ask(method, params, seconds) or (None,))[0]

    async def accepted(self, method: str, params: Any, seconds: float) -> bool:
        """Whether the editor answered without an error, for requests whose result says nothing."""
        return await self._ask(method, params, seconds) is not None

    async def _ask(self, method: str, params: Any, seconds: float) -> tuple[Any] | None:
        request = str(uuid.uuid4())
        try:
            return (await within(seconds, self._protocol.send_request_async(method, params, request)),)
        except JsonRpcException as error:
            log.info("the editor refused %s: %s", method, error.message)
        except asyncio.TimeoutError:
            log.info("the editor did not answer %s within %.0f s", method, seconds)
            self._protocol.forget(request)
        return None

    def message(self, text: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Shows one line in passing."""
        line = " ".join(text.split())
        self.notify(types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(type=kind, message=line))

    async def show(self, path: Path, *, focus: bool = False, at: types.Position | None = None) -> bool:
        """Opens a file beside what the user does; False where the editor cannot, or was never asked to say it can."""
        if not self.client.show_document:
            return False
        selection = types.Range(start=at, end=at) if at is not None else None
        params = types.ShowDocumentParams(uri=uri_of(path), external=False, take_focus=focus, selection=selection)
        result = await self.request(types.WINDOW_SHOW_DOCUMENT, params, SHOW_LIMIT)
        return bool(getattr(result, "success", False))

    async def insert(self, uri: str, version: int, position: types.Position, text: str) -> bool:
        """Inserts text into an open document of our own. True means that the editor says so, no more.

        The edit has no label: Neovim prints it at each edit.
        """
        edits = [types.TextEdit(range=types.Range(start=position, end=position), new_text=text)]
        if self.client.document_changes:
            identifier = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
            edit = types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(text_document=identifier, edits=edits)])
        else:
            edit = types.WorkspaceEdit(changes={uri: edits})
        params = types.ApplyWorkspaceEditParams(edit=edit)
        result = await self.request(types.WORKSPACE_APPLY_EDIT, params, EDIT_LIMIT)
        return bool(getattr(result, "applied", False))

    async def choose(self, question: str, answers: tuple[str, ...], seconds: float) -> str | None:
        """Which of the answers the user picked; None for none, or where the editor cannot ask."""
        if not self.client.ask_message:
            return None
        actions = [types.MessageActionItem(title=answer) for answer in answers]
        params = types.ShowMessageRequestParams(type=types.MessageType.Info, message=question, actions=actions)
        result = await self.request(types.WINDOW_SHOW_MESSAGE_REQUEST, params, seconds)
        return getattr(result, "title", None)
