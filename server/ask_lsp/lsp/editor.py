"""What we say to the editor: every request with a limit, and every failure a value.

vim-lsp and ALE never answer some requests, eglot 1.9 answers null, Kate takes edits for two seconds only.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import from_fs_path

from ask_lsp.assistant.landing import Said
from ask_lsp.core.passing import passing
from ask_lsp.lsp.client import Client
from ask_lsp.lsp.convert import to_range
from ask_lsp.lsp.limits import within

if TYPE_CHECKING:
    from ask_lsp.core.edits import Edit
    from ask_lsp.core.text import Snapshot
    from ask_lsp.lsp.protocol import AskProtocol

log = logging.getLogger(__name__)

SHOW_LIMIT = 10.0
EDIT_LIMIT = 10.0
ASKED_LIMIT = 3600.0
ANNOTATION = "ask-lsp"
MOST_OF_REASON = 200


def uri_of(path: Path) -> str:
    """The `file:` URI of a path."""
    return from_fs_path(str(path)) or path.as_uri()


def _sentence(reason: object) -> str:
    """What the editor gives as its reason (LSP 3.17, ApplyWorkspaceEditResult), on one line and with an end."""
    line = passing(reason)[:MOST_OF_REASON] if isinstance(reason, str) else ""
    return line if not line or line[-1] in ".!?…" else f"{line}."


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
        try:
            return (await self._ask(method, params, seconds) or (None,))[0]
        except asyncio.TimeoutError:
            return None

    async def accepted(self, method: str, params: Any, seconds: float) -> bool:
        """Whether the editor answered without an error, for requests whose result says nothing."""
        try:
            return await self._ask(method, params, seconds) is not None
        except asyncio.TimeoutError:
            return False

    async def _ask(self, method: str, params: Any, seconds: float) -> tuple[Any] | None:
        """The answer; None when it refuses or fails. Raises asyncio.TimeoutError."""
        request = str(uuid.uuid4())
        try:
            return (await within(seconds, self._protocol.send_request_async(method, params, request)),)
        except JsonRpcException as error:
            log.info("the editor refused %s: %s", method, error.message)
        except asyncio.TimeoutError:
            log.info("the editor did not answer %s within %.0f s", method, seconds)
            self._protocol.forget(request)
            raise
        return None

    def message(self, text: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Shows one line in passing."""
        self.notify(types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(type=kind, message=passing(text)))

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
        if self.client.versioned_edits:
            edit = types.WorkspaceEdit(document_changes=[self._versioned(uri, version, edits)])
        else:
            edit = types.WorkspaceEdit(changes={uri: edits})
        params = types.ApplyWorkspaceEditParams(edit=edit)
        result = await self.request(types.WORKSPACE_APPLY_EDIT, params, EDIT_LIMIT)
        return bool(getattr(result, "applied", False))

    def _versioned(self, uri: str, version: int, edits: Sequence[Any]) -> types.TextDocumentEdit:
        # Neovim (0.11) opens with version 0 and heeds versions from 1 on; its own is higher from the first change on.
        heeded = max(1, version) if self.client.is_neovim else version
        identifier = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=heeded)
        return types.TextDocumentEdit(text_document=identifier, edits=edits)

    def workspace_edit(
        self, snapshot: Snapshot, edits: Sequence[Edit], encoding: str, ask_first: str | None = None
    ) -> types.WorkspaceEdit:
        """Edits of one document, with its version where the editor heeds it.

        With `ask_first`, a label, the editor shows them and asks before it makes them (LSP 3.17, ChangeAnnotation).
        """
        ranged = [(to_range(snapshot.lines, edit.span, encoding), edit.text) for edit in edits]
        if not self.client.versioned_edits:
            return types.WorkspaceEdit(
                changes={snapshot.uri: [types.TextEdit(range=where, new_text=text) for where, text in ranged]}
            )
        if ask_first is None:
            texts = [types.TextEdit(range=where, new_text=text) for where, text in ranged]
            return types.WorkspaceEdit(document_changes=[self._versioned(snapshot.uri, snapshot.version, texts)])
        annotated = [
            types.AnnotatedTextEdit(range=where, new_text=text, annotation_id=ANNOTATION) for where, text in ranged
        ]
        return types.WorkspaceEdit(
            document_changes=[self._versioned(snapshot.uri, snapshot.version, annotated)],
            change_annotations={ANNOTATION: types.ChangeAnnotation(label=ask_first, needs_confirmation=True)},
        )

    async def edit(
        self, snapshot: Snapshot, edits: Sequence[Edit], label: str, encoding: str, *, ask_first: bool = False
    ) -> Said:
        """Has edits made in the user's document: one workspace/applyEdit, so one step to undo.

        Returns what the editor says, which need not be true. Neovim prints the label at each edit, so it gets none.
        """
        edit = self.workspace_edit(snapshot, edits, encoding, label if ask_first else None)
        params = types.ApplyWorkspaceEditParams(edit=edit, label=None if self.client.is_neovim else label)
        try:
            answer = await self._ask(types.WORKSPACE_APPLY_EDIT, params, ASKED_LIMIT if ask_first else EDIT_LIMIT)
        except asyncio.TimeoutError:
            return Said("silent")
        result = answer[0] if answer is not None else None
        if getattr(result, "applied", False):
            return Said("applied")
        return Said("refused", _sentence(getattr(result, "failure_reason", None)))

    async def choose(self, question: str, answers: tuple[str, ...], seconds: float) -> str | None:
        """Which of the answers the user picked; None for none, or where the editor cannot ask."""
        if not self.client.ask_message:
            return None
        actions = [types.MessageActionItem(title=answer) for answer in answers]
        params = types.ShowMessageRequestParams(type=types.MessageType.Info, message=passing(question), actions=actions)
        result = await self.request(types.WINDOW_SHOW_MESSAGE_REQUEST, params, seconds)
        return getattr(result, "title", None)
