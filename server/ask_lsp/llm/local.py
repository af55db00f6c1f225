"""The embedded model as its users see it: started when first needed, shared between editors, gone with the last one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from ask_lsp.core.errors import LocalModelError
from ask_lsp.core.secret import Secret
from ask_lsp.llm.local_files import RunFiles, model_file, try_lock
from ask_lsp.llm.local_server import EXTRA_MISSING
from ask_lsp.llm.local_users import Membership, join

START_LIMIT = 120.0
POLL = 0.02

_TRY_BY_HAND = "Try `ask-lsp local serve` in a terminal."
# CREATE_NEW_PROCESS_GROUP | DETACHED_PROCESS
_DETACHED_ON_WINDOWS = 0x208


class LocalModel:
    """Gives the address of a running embedded model.

    `environment` is the whole environment of the process that is started; `command` is how ask-lsp is called.
    """

    def __init__(
        self,
        data_directory: Path,
        environment: Mapping[str, str],
        *,
        command: Sequence[str] = (sys.executable, "-m", "ask_lsp"),
        start_limit: float = START_LIMIT,
    ) -> None:
        self._data_directory = data_directory
        self._environment = dict(environment)
        self._command = tuple(command)
        self._start_limit = start_limit
        self._memberships: dict[Path, Membership] = {}
        self._starting: asyncio.Lock | None = None

    async def endpoint(self, model: str = "") -> tuple[str, Secret]:
        """base_url and key of a server for `model` (a path that ends in .gguf, else the pulled one), started if needed.

        Raises LocalModelError when the model or the extra is missing, or it does not start.
        """
        gguf = await asyncio.to_thread(model_file, self._data_directory, model)
        self._starting = self._starting or asyncio.Lock()
        async with self._starting:
            held = self._memberships.get(gguf)
            if held is None or held.is_lost:
                if held is not None:
                    await held.close()
                held = self._memberships[gguf] = await self._join_or_start(gguf)
        return held.running.base_url, Secret(held.running.key)

    async def aclose(self) -> None:
        """Lets the servers go; each stops by itself when nobody else uses it."""
        memberships, self._memberships = list(self._memberships.values()), {}
        for membership in memberships:
            await membership.close()

    async def _join_or_start(self, gguf: Path) -> Membership:
        files = RunFiles.of(self._data_directory, gguf)
        files.prepare()
        deadline = asyncio.get_running_loop().time() + self._start_limit
        async with _locked(files, deadline):
            membership = await _join_running(files)
            if membership is None:
                process = await asyncio.to_thread(self._spawn, gguf, files)
                membership = await _ready(process, files, deadline)
        return membership

    def _spawn(self, gguf: Path, files: RunFiles) -> subprocess.Popen[bytes]:
        import importlib.util

        if importlib.util.find_spec("xllamacpp") is None:
            raise LocalModelError(EXTRA_MISSING)
        files.state.unlink(missing_ok=True)
        on_windows = sys.platform == "win32"
        with open(files.log, "wb") as output:
            try:
                process = subprocess.Popen(
                    [*self._command, "local", "serve", str(gguf), "--while-used"],
                    # Python puts the working directory on its module path: it must not be somebody's repository.
                    cwd=files.state.parent,
                    env=self._environment | {"ASK_LSP_DATA": str(self._data_directory)},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    # A signal to the editor's process group must not end what other editors use.
                    start_new_session=not on_windows,
                    creationflags=_DETACHED_ON_WINDOWS if on_windows else 0,
                )
            except OSError as error:
                raise LocalModelError(
                    f"The embedded model could not be started ({error.strerror}). {_TRY_BY_HAND}"
                ) from error
        # It outlives us if others use it, and must be waited for if it does not.
        threading.Thread(target=process.wait, name="ask-lsp-local-reaper", daemon=True).start()
        return process


async def _join_running(files: RunFiles) -> Membership | None:
    running = files.read()
    return None if running is None else await join(running)


async def _ready(process: subprocess.Popen[bytes], files: RunFiles, deadline: float) -> Membership:
    """Waits until the process serves, and joins. Raises LocalModelError with what it said last."""
    while asyncio.get_running_loop().time() < deadline:
        membership = await _join_running(files)
        if membership is not None:
            return membership
        if process.returncode is not None:
            break
        await asyncio.sleep(POLL)
    else:
        process.kill()  # It has published nothing yet, and would not listen to less while it loads.
        raise LocalModelError(f"The embedded model did not start in time. {_TRY_BY_HAND}")
    said = files.log.read_text("utf-8", "replace").strip().splitlines()
    last = said[-1][:200] if said else f"exit code {process.returncode}"
    raise LocalModelError(f"The embedded model did not start: {last} {_TRY_BY_HAND}")


@asynccontextmanager
async def _locked(files: RunFiles, deadline: float) -> AsyncIterator[None]:
    """Holds the lock under which servers are started, so that two editors do not start two."""
    while True:
        with try_lock(files.lock) as held:
            if held:
                yield
                return
        if asyncio.get_running_loop().time() >= deadline:
            raise LocalModelError("Another editor has been starting the embedded model for too long. Ask again.")
        await asyncio.sleep(POLL)
