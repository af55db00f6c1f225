"""How users of a running embedded model make themselves known to it: a connection that is held.

The operating system closes a connection whichever way its owner ends, so a killed editor counts as gone. Both sides
prove that they know the key without sending it: a port that a dead server left may have been taken by anybody.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable

from ask_lsp.llm.local_files import Running

HANDSHAKE_LIMIT = 5.0


class Membership:
    """One user's hold on a server, until `close` or the end of the process."""

    def __init__(self, running: Running, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.running = running
        self._reader = reader
        self._writer = writer

    @property
    def is_lost(self) -> bool:
        """Whether the server has gone."""
        return self._reader.at_eof() or self._writer.is_closing()

    async def close(self) -> None:
        """Lets the server go."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            pass


async def join(running: Running) -> Membership | None:
    """Becomes a user of a server; None when it is not there any more, or is not the one we know."""
    try:
        return await asyncio.wait_for(_join(running), HANDSHAKE_LIMIT)
    except (OSError, asyncio.TimeoutError, ValueError):
        return None


async def _join(running: Running) -> Membership | None:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.control)
    joined = False
    try:
        nonce = secrets.token_hex(16)
        writer.write(f"{nonce}\n".encode())
        proof, challenge = (await reader.readline()).decode().split()
        if hmac.compare_digest(proof, _proof(running.key, "server", nonce)):
            writer.write(f"{_proof(running.key, 'user', challenge)}\n".encode())
            joined = await reader.readline() == b"welcome\n"
    finally:
        if not joined:
            writer.close()
    return Membership(running, reader, writer) if joined else None


class Door:
    """The server's side. `on_change` hears how many users there are, whenever that changes."""

    def __init__(self, key: str, on_change: Callable[[int], None]) -> None:
        self._key = key
        self._on_change = on_change
        self._inside = 0
        self._server: asyncio.Server | None = None

    async def open(self) -> int:
        """Begins to listen, and returns the port."""
        self._server = await asyncio.start_server(self._enter, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def close(self) -> None:
        """Lets nobody in any more."""
        if self._server is not None:
            self._server.close()

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not await asyncio.wait_for(self._greet(reader, writer), HANDSHAKE_LIMIT):
                return
            self._count(1)
            try:
                await reader.read()
            finally:
                self._count(-1)
        except (OSError, ValueError, asyncio.TimeoutError):
            pass
        finally:
            writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        nonce = (await reader.readline()).decode().strip()
        challenge = secrets.token_hex(16)
        writer.write(f"{_proof(self._key, 'server', nonce)} {challenge}\n".encode())
        answer = (await reader.readline()).decode().strip()
        if not hmac.compare_digest(answer, _proof(self._key, "user", challenge)):
            return False
        writer.write(b"welcome\n")
        await writer.drain()
        return True

    def _count(self, change: int) -> None:
        self._inside += change
        self._on_change(self._inside)


def _proof(key: str, side: str, nonce: str) -> str:
    return hmac.new(key.encode(), f"{side} {nonce}".encode(), hashlib.sha256).hexdigest()
