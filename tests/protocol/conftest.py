"""An editor for protocol tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lsp_client import LspClient


@pytest.fixture
def editor(home: dict[str, str], config: object) -> Iterator[Callable[..., LspClient]]:
    """Starts editors; each is closed properly at the end, and checked."""
    clients: list[LspClient] = []

    def start(name: str | None = "neovim-0.11.4", *, initialize: bool = True, **rest: Any) -> LspClient:
        client = LspClient(home, name, **rest)
        clients.append(client)
        if initialize:
            client.initialize()
        return client

    try:
        yield start
        for client in clients:
            if client.process.poll() is None:
                client.close()
    finally:
        for client in clients:
            client.kill()
