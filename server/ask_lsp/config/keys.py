"""Fetches the key of a profile from where the settings say it is: written out, variable, file, command or keyring.

A command runs, and the keyring is opened, when its key is first needed, once for all who ask, off the event loop and
under a limit; many of them open a dialog, so none may run at the start.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from ask_lsp.config.env import KEY_COMMAND_VARIABLES, Environment, minimal_environment, user_file
from ask_lsp.core.errors import KeyUnavailable
from ask_lsp.core.profile import Profile, origin_of
from ask_lsp.core.secret import Secret

COMMAND_LIMIT = 20.0
_MOST = 64 * 1024
_AFTER_KILL = 2.0
_LOOKS_LIKE_A_KEY = re.compile(r"[^\s'\"=:]{20,}")


class Keys:
    """`command_limit` is in seconds, and holds for the keyring as well."""

    def __init__(self, environment: Environment, command_limit: float = COMMAND_LIMIT) -> None:
        self._environment = environment
        self._command_limit = command_limit
        self._running: dict[tuple[str, ...], asyncio.Task[Secret]] = {}
        self._opening: dict[tuple[str, str], asyncio.Future[Secret | None]] = {}

    async def resolve(self, profile: Profile) -> Secret | None:
        """The key, or None when the profile has none. Raises KeyUnavailable; a failure is not remembered."""
        source = profile.key
        if source is None:
            return None
        if source.literal is not None:
            return self._checked(profile, source.literal.reveal(), f"The key in {self._file}")
        if source.env is not None:
            return self._from_environment(profile, source.env)
        if source.file is not None:
            return await asyncio.to_thread(self._from_file, profile, source.file)
        if source.command:
            return await self._from_command(profile, source.command)
        if source.keyring is not None:
            return await self._from_keyring(profile, source.keyring)
        return None

    async def aclose(self) -> None:
        """Ends the commands that are still running."""
        tasks = [task for task in self._running.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def _file(self) -> Path:
        return user_file(self._environment)

    def _from_environment(self, profile: Profile, name: str) -> Secret:
        value = self._environment.variable(name)
        if value is None:
            raise KeyUnavailable(
                f"Profile “{profile.name}” takes its key from the environment variable {name}, which is not set here. "
                "An editor that was started from the desktop does not see the variables of your shell: start it from "
                f"a terminal, or write api_key: {{file: PATH}} or {{command: [...]}} in {self._file}."
            )
        return self._checked(profile, value.reveal().strip(), f"The key in the environment variable {name}")

    def _from_file(self, profile: Profile, named: str) -> Secret:
        path = self._file.parent / Path(os.path.expanduser(named))  # noqa: PTH111 - this one never raises
        start = f"Profile “{profile.name}” takes its key from {path}, which"
        try:
            if path.exists() and not path.is_file():
                raise KeyUnavailable(f"{start} is no plain file. Name a file that holds the key alone.")
            with path.open("rb") as file:
                data = file.read(_MOST + 1)
        except FileNotFoundError:
            raise KeyUnavailable(f"{start} does not exist. Create it, or correct api_key in {self._file}.") from None
        except PermissionError:
            raise KeyUnavailable(f"{start} you may not read. Run: chmod 600 {path}") from None
        except (OSError, ValueError):
            raise KeyUnavailable(f"{start} cannot be read. Correct api_key in {self._file}.") from None
        text = data.decode("utf-8-sig", "replace")
        for newline in ("\r\n", "\n"):
            if text.endswith(newline):
                text = text[: -len(newline)]
                break
        return self._checked(profile, text, f"The key in {path}")

    async def _from_command(self, profile: Profile, command: tuple[str, ...]) -> Secret:
        task = self._running.get(command)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.create_task(self._run(profile, command))
            # Everybody who asked may be gone when it fails; asyncio would then complain on stderr.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._running[command] = task
        # One who cancels must not take the key from the others who wait for it.
        return await asyncio.shield(task)

    async def _run(self, profile: Profile, command: tuple[str, ...]) -> Secret:
        start = f"The key command of profile “{profile.name}”"
        again = f"Try it in a terminal, then ask again, or correct api_key in {self._file}."
        try:
            process = await asyncio.create_subprocess_exec(
                _program(command[0]),
                *command[1:],
                stdin=asyncio.subprocess.DEVNULL,  # Ours is the connection to the editor.
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=minimal_environment(self._environment, KEY_COMMAND_VARIABLES),
                cwd=str(self._file.parent) if self._file.parent.is_dir() else None,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise KeyUnavailable(f"{start} names a program that is not there. {again}") from None
        except (OSError, ValueError):
            raise KeyUnavailable(f"{start} could not be started. {again}") from None
        complete = False
        try:
            output, complaint, code = await asyncio.wait_for(_result(process), self._command_limit)
            complete = True
        except asyncio.TimeoutError:
            limit = f"{self._command_limit:g} seconds"
            raise KeyUnavailable(f"{start} did not end within {limit} and was stopped. {again}") from None
        finally:
            if not complete:
                await _kill(process)
        if code != 0:
            raise KeyUnavailable(f"{start} failed{_first_line(complaint, output)}. {again}")
        return self._checked(profile, output.decode("utf-8", "replace").strip(), f"{start} printed a key that")

    async def _from_keyring(self, profile: Profile, name: str) -> Secret:
        from ask_lsp.config.keyring_store import OTHER_WAYS, read_key

        where = origin_of(profile)
        opening = self._opening.get((name, where))
        if opening is None or opening.done():
            opening = _in_thread(lambda: read_key(name, where))
            self._opening[name, where] = opening
        try:
            # Shielded: whoever gives up must not take the key from the others, nor ask for a second dialog.
            found = await asyncio.wait_for(asyncio.shield(opening), self._command_limit)
        except asyncio.TimeoutError:
            raise KeyUnavailable(
                f"The keyring did not give the key of profile “{profile.name}” within {self._command_limit:g} seconds. "
                f"It may be waiting for you: unlock it, then ask again, {OTHER_WAYS}."
            ) from None
        if found is None:
            raise KeyUnavailable(
                f"There is no key “{name}” for {where} in the keyring; one stored for another endpoint does not "
                f"count. Run: ask-lsp key set {profile.name}"
            )
        return self._checked(profile, found.reveal(), f"The key “{name}” in the keyring")

    def _checked(self, profile: Profile, value: str, what: str) -> Secret:
        value = value.strip(" \t")
        if not value:
            raise KeyUnavailable(f"Profile “{profile.name}” has an empty key. Correct api_key in {self._file}.")
        return checked_key(value, what)


def checked_key(value: str, what: str) -> Secret:
    """Raises KeyUnavailable for what cannot be an HTTP header; the HTTP client would quote it in its own error."""
    if "\n" in value or "\r" in value:
        raise KeyUnavailable(f"{what} has more than one line. Keep the key alone.")
    if not value.isprintable() or any(ord(character) > 255 for character in value):
        raise KeyUnavailable(f"{what} holds characters that no key has. Copy it again, without quotes.")
    if value.endswith("...") or value.endswith("…"):
        raise KeyUnavailable(f"{what} is still the placeholder of the example. Replace it by your own.")
    return Secret(value)


def _in_thread(work: Callable[[], Secret | None]) -> asyncio.Future[Secret | None]:
    """The result of something that may never end. A daemon thread, since Python waits for all others at the exit."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Secret | None] = loop.create_future()
    # Everybody who asked may be gone when it fails; asyncio would then complain on stderr.
    future.add_done_callback(lambda done: done.cancelled() or done.exception())

    def settle(result: Secret | None, error: Exception | None) -> None:
        if future.cancelled():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as failed:
            error = failed
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:  # The loop has been closed since.
            pass

    threading.Thread(target=run, name="keyring", daemon=True).start()
    return future


def _program(named: str) -> str:
    return os.path.expanduser(named)  # noqa: PTH111 - this one never raises


async def _result(process: asyncio.subprocess.Process) -> tuple[bytes, bytes, int]:
    assert process.stdout is not None
    assert process.stderr is not None
    return await asyncio.gather(_read(process.stdout), _read(process.stderr), process.wait())


async def _read(stream: asyncio.StreamReader) -> bytes:
    """All of it, of which no more than a key can need is kept; a program that never ends printing meets the limit."""
    kept = b""
    while piece := await stream.read(_MOST):
        kept += piece[: _MOST - len(kept)]
    return kept


async def _kill(process: asyncio.subprocess.Process) -> None:
    """Ends a command that was given up, and what it has started: a dialog may be waiting on the screen."""
    try:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):  # macOS says the latter of a process that has just ended
        pass
    try:
        # To the end of its pipes, or asyncio would complain of them when the loop is gone. A child that has left the
        # group can hold them open.
        await asyncio.wait_for(process.communicate(), _AFTER_KILL)
    except asyncio.TimeoutError:
        pass


def _first_line(complaint: bytes, output: bytes) -> str:
    """What the program said, as far as it is safe to show: one short line in which nothing looks like a key."""
    lines = complaint.decode("utf-8", "replace").strip().splitlines()
    line = "".join(character for character in lines[0] if character.isprintable()) if lines else ""
    printed = output.decode("utf-8", "replace").strip()
    if printed:
        line = line.replace(printed, "…")
    line = _LOOKS_LIKE_A_KEY.sub("…", line)[:120].rstrip(" .")
    return f" and said: {line}" if line else ""
