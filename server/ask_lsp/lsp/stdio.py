"""Standard input and output as a server needs them: neither ever blocks the loop, and nothing else gets to write there.

Both ends have a daemon thread, so that a client that stops reading, or never closes our input, cannot keep the process
alive or a job from being cancelled.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
from collections.abc import Callable

LONGEST_HEADER = 1 << 16
_CHUNK = 1 << 16


def take_stdout() -> int:
    """Returns a private descriptor of the real stdout, and points descriptor 1 at stderr.

    A stray `print`, ours, a library's or a subprocess's, would otherwise break the protocol.
    """
    private = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout = sys.stderr
    return private


class _Reader(asyncio.StreamReader):
    """Takes header lines of any length: one that is too long to be one is read over, and `refused` is called."""

    def __init__(self, refused: Callable[[], None]) -> None:
        super().__init__(limit=LONGEST_HEADER)
        self._refused = refused

    async def readline(self) -> bytes:
        """A line with its end, or what is left at the end of the input."""
        overlong = False
        while True:
            try:
                line = await self.readuntil(b"\n")
            except asyncio.IncompleteReadError as error:
                return error.partial
            except asyncio.LimitOverrunError as error:
                await self.readexactly(error.consumed)
                overlong = True
                continue
            if not overlong:
                return line
            self._refused()
            return b"Too-Long: \r\n"  # nobody knows a header of that name


def open_stdin(refused: Callable[[], None]) -> asyncio.StreamReader:
    """A reader of descriptor 0, fed by a thread; at its end the reader is at its end.

    `refused` hears of a header line that is longer than `LONGEST_HEADER` bytes, and was ignored.
    """
    loop = asyncio.get_running_loop()
    reader = _Reader(refused)
    descriptor = sys.stdin.fileno()

    def pump() -> None:
        try:
            while data := os.read(descriptor, _CHUNK):
                loop.call_soon_threadsafe(reader.feed_data, data)
            loop.call_soon_threadsafe(reader.feed_eof)
        except (OSError, RuntimeError):  # the descriptor or the loop has gone
            try:
                loop.call_soon_threadsafe(reader.feed_eof)
            except RuntimeError:
                pass

    threading.Thread(target=pump, name="stdin", daemon=True).start()
    return reader


class Writer:
    """Writes whole messages in order from a thread of its own (pygls' Writer protocol)."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._pump, name="stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queues one message."""
        self._queue.put(data)

    def close(self) -> None:
        """Waits up to a second for what is queued, then lets go."""
        self._queue.put(None)
        self._thread.join(timeout=1.0)

    def _pump(self) -> None:
        while (data := self._queue.get()) is not None:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except OSError:  # the client has gone; what it would have read goes with it
                return
