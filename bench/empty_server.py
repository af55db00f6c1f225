"""The reference for start-up and memory: a pygls server that does nothing, as short as it can be written."""

from __future__ import annotations

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("empty", "0")


@server.feature(types.TEXT_DOCUMENT_HOVER)
def hover(params: types.HoverParams) -> None:
    """No hover anywhere."""


if __name__ == "__main__":
    server.start_io()
