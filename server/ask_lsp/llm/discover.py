"""Looks for a model server on this machine when nobody has configured anything.

Only then, and only when somebody asks: a tool that knocks at ports by itself would be a nuisance.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ask_lsp.core.errors import NotReachable

LIMIT = 0.2
REMEMBERED = 30.0
_LARGEST_LISTING = 1_000_000


class LocalServer(NamedTuple):
    """Where one of the usual servers listens."""

    name: str
    port: int


class Found(NamedTuple):
    """A server that answered, and the model to use there."""

    name: str
    base_url: str
    model: str


USUAL = (LocalServer("Ollama", 11434), LocalServer("llama.cpp", 8080), LocalServer("LM Studio", 1234))

NOTHING_FOUND = (
    "No model is configured, and no model server was found on this machine. One of three ways: "
    "put api_key into the settings file (`ask-lsp config --path` says where), set OPENAI_API_KEY, "
    "or run `ask-lsp local pull` and choose the profile “local”."
)


class Discovery:
    """Finds the first usual server that has a model, and remembers it for half a minute."""

    def __init__(
        self,
        servers: Sequence[LocalServer] = USUAL,
        *,
        limit: float = LIMIT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._servers = servers
        self._limit = limit
        self._clock = clock
        self._found: Found | None = None
        self._found_at = 0.0

    async def find(self) -> Found:
        """The server to use; takes at most `limit` seconds. Raises NotReachable, with the ways to get going."""
        if self._found is not None and self._clock() - self._found_at < REMEMBERED:
            return self._found
        answers = await asyncio.gather(*(self._look(server) for server in self._servers))
        self._found = next((answer for answer in answers if answer is not None), None)
        self._found_at = self._clock()
        if self._found is None:
            raise NotReachable(NOTHING_FOUND)
        return self._found

    def forget(self) -> None:
        """What was found does not answer any more."""
        self._found = None

    async def _look(self, server: LocalServer) -> Found | None:
        try:
            models = await asyncio.wait_for(_list_models(server.port), self._limit)
        except (OSError, ValueError, IndexError, EOFError, asyncio.TimeoutError, asyncio.LimitOverrunError):
            return None
        model = next((name for name in models if "embed" not in name.lower()), None)
        return Found(server.name, f"http://127.0.0.1:{server.port}/v1", model) if model else None


async def _list_models(port: int) -> list[str]:
    """GET /v1/models by hand: an http client takes longer to load than the 200 ms there are.

    HTTP/1.0, so that the body ends with the connection and is never chunked.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_LARGEST_LISTING)
    try:
        writer.write(f"GET /v1/models HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if head.split(None, 2)[1] != b"200":
            return []
        length = next(
            (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")),
            -1,
        )
        body = await (
            reader.read(_LARGEST_LISTING) if length < 0 else reader.readexactly(min(length, _LARGEST_LISTING))
        )
    finally:
        writer.close()
    listing = json.loads(body)
    entries = listing.get("data") if isinstance(listing, dict) else None
    names = (entry.get("id") for entry in entries or [] if isinstance(entry, dict))
    return [name for name in names if isinstance(name, str)]
