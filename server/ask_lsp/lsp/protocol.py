"""JSON-RPC as pygls does it, with the corners that a client can hit put right.

Every request gets an answer, also a malformed one, one before `initialize` and one after `shutdown`; no traceback or
exception text reaches the client; documents are ours.
"""

from __future__ import annotations

import logging
from concurrent.futures import InvalidStateError
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.protocol.json_rpc import RPCMessage

from ask_lsp.core.errors import AskError
from ask_lsp.lsp.execution import execute
from ask_lsp.lsp.handlers import sync

if TYPE_CHECKING:
    from ask_lsp.lsp.server import AskServer

log = logging.getLogger(__name__)

_INTERNAL = "ask-lsp had an internal error; its log has the details (command ask.log)."


def _may_be_id(request: Any) -> bool:
    """Also a whole number that is written as 1.0; but NaN, which Python reads, cannot even be answered in JSON."""
    whole = isinstance(request, float) and request.is_integer()
    return request is None or whole or (isinstance(request, (str, int)) and not isinstance(request, bool))


class AskProtocol(LanguageServerProtocol):
    """One connection."""

    _server: AskServer

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Leaves parsed JSON as it is: pygls calls this for nested objects too, and `handle_message` does it once."""
        return data

    def handle_message(self, message: RPCMessage | Any) -> None:
        """Checks a message, answers what cannot be handled, and hands the rest to pygls."""
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            request = message.get("id") if isinstance(message, dict) else None
            self._refuse(request, types.ErrorCodes.InvalidRequest, "This is not a JSON-RPC 2.0 message.")
            return
        method, request = message.get("method"), message.get("id")
        if not _may_be_id(request):
            self._refuse(None, types.ErrorCodes.InvalidRequest, "The id of a message must be a whole number or text.")
            return
        if method is not None and not self._may_come_now(method, request, "id" in message):
            return
        if method is not None:
            message.setdefault("params", None)  # vim-lsp and others leave it out where there are none
        try:
            structured = super().structure_message(message)
        except (JsonRpcException, RecursionError):
            self._not_understood(method, request, is_request="id" in message)
            return
        try:
            super().handle_message(structured)
        except InvalidStateError:  # an answer to a request that we gave up waiting for
            log.debug("late answer to %s", request)

    def _may_come_now(self, method: Any, request: Any, is_request: bool) -> bool:
        if self._server.ended:
            reason = "The server has shut down." if method != types.EXIT else ""
        elif not self._server.begun:
            reason = "The first request must be initialize." if method not in (types.INITIALIZE, types.EXIT) else ""
        else:
            reason = "initialize comes once only." if method == types.INITIALIZE else ""
        if not reason:
            return True
        if is_request:
            before = not self._server.begun
            self._refuse(
                request, types.ErrorCodes.ServerNotInitialized if before else types.ErrorCodes.InvalidRequest, reason
            )
        return False

    def _not_understood(self, method: Any, request: Any, *, is_request: bool) -> None:
        if method is None:  # an answer of the client's that does not have the shape it should have (eglot 1.9: null)
            future = self._request_futures.pop(request, None)
            if future is not None and not future.done():
                future.set_exception(JsonRpcException("the client's answer was not understood"))
        elif is_request:
            self._refuse(
                request, types.ErrorCodes.InvalidParams, f"The parameters of {method} are not as LSP has them."
            )
        else:
            log.warning("ignored %s: its parameters are not as LSP has them", method)

    def _refuse(self, request: Any, code: types.ErrorCodes, sentence: str) -> None:
        valid = request if isinstance(request, (str, int)) and not isinstance(request, bool) else None
        error = {"code": code.value, "message": sentence}
        self._send_data({"jsonrpc": "2.0", "id": valid, "error": error})  # lsprotocol would leave an id of null out

    def refuse_unparsed(self, sentence: str = "This message is not valid JSON.") -> None:
        """Answers a message that could not be read (JSON-RPC 2.0: id null)."""
        self._refuse(None, types.ErrorCodes.ParseError, sentence)

    def refuse_header(self) -> None:
        """Answers a header line that is too long to be one."""
        self.refuse_unparsed("A header line is longer than 64 KB, and was ignored.")

    def forget(self, request: str) -> None:
        """Stops waiting for an answer of the client's."""
        self._request_futures.pop(request, None)
        self._result_types.pop(request, None)

    def _send_response(self, msg_id: Any, result: Any = None, error: types.ResponseError | None = None) -> None:
        """Answers; what an exception says never goes out, only sentences that were written for people."""
        if error is not None and error.code == types.ErrorCodes.InternalError:
            error = types.ResponseError(code=error.code, message=_INTERNAL)
        elif error is not None:
            error = types.ResponseError(code=error.code, message=error.message)
        super()._send_response(msg_id, result, error)

    # The built-in handlers of pygls that keep state which is ours.

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Any:
        """Negotiates (LSP 3.17, initialize)."""
        return self._server.initialize(params)

    @lsp_method(types.SHUTDOWN)
    async def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override]  # pygls takes coroutines as well
        """Ends every job, then answers."""
        await self._server.end()

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override]
        """Stops the loop; the process ends with 0 only after a shutdown (LSP 3.17, exit)."""
        self._server.stop()

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """A document was opened."""
        sync.opened(self._server, params.text_document)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """A document has changed."""
        sync.changed(self._server, params.text_document, params.content_changes)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """A document was closed."""
        sync.closed(self._server, params.text_document.uri)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:
        """Runs a command; every one returns at once."""
        try:
            return (yield from execute(self._server, params.command, list(params.arguments or ())))
        except AskError as error:
            raise JsonRpcException(str(error), code=types.LSPErrorCodes.RequestFailed) from None

    @lsp_method(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def lsp_work_done_progress_cancel(self, params: types.WorkDoneProgressCancelParams) -> None:
        """Somebody pressed cancel on a progress."""
        self._server.progresses.cancel(params.token)

    @lsp_method(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def lsp_workspace__did_change_workspace_folders(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        """Folders do not matter yet to anything we do."""

    def lsp_notebook_document__did_open(self, params: Any) -> None:
        """Not declared, so not registered."""

    lsp_notebook_document__did_change = lsp_notebook_document__did_open
    lsp_notebook_document__did_close = lsp_notebook_document__did_open
