"""Which workspaces' own actions and instructions the user trusts: a small file in our state directory, never in theirs.

A decision is about exactly one content of a workspace's file; when that changes, nobody has decided anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from ask_lsp.store.locks import try_lock
from ask_lsp.store.private_files import create_file, make_directory

log = logging.getLogger(__name__)

NAME = "trust.json"
LOCK_LIMIT = 5.0
MOST_WORKSPACES = 1_000
MOST_CONTENTS = 20
"""How many contents of one workspace's file are remembered: somebody switches between branches."""
_MOST_BYTES = 4_000_000

_Decisions = dict[str, dict[str, bool]]


class TrustFile:
    """The port `Trust`, in the directory `state`. Decisions that cannot be written hold in this process."""

    def __init__(self, state: Path) -> None:
        self._file = state / NAME
        self._signature: tuple[int, ...] | None = None
        self._read: _Decisions = {}
        self._unwritten: dict[tuple[str, str], bool] = {}

    def decision(self, root: Path, digest: str) -> bool | None:
        """What the user decided about this content of this workspace's file; None for nothing yet."""
        name = _name_of(root)
        if (name, digest) in self._unwritten:
            return self._unwritten[name, digest]
        return self._decisions().get(name, {}).get(digest)

    async def remember(self, root: Path, digest: str, trusted: bool) -> None:
        """Keeps a decision, for all editors of the user."""
        await asyncio.to_thread(self._remember, _name_of(root), digest, trusted)

    def _remember(self, name: str, digest: str, trusted: bool) -> None:
        try:
            make_directory(self._file.parent)
            with _locked(self._file.with_suffix(".lock")):
                decisions = _read(self._file)
                of_root = decisions.pop(name, {})
                of_root.pop(digest, None)
                of_root[digest] = trusted
                # The youngest are the last; the oldest go first.
                decisions[name] = dict(list(of_root.items())[-MOST_CONTENTS:])
                _replace(self._file, dict(list(decisions.items())[-MOST_WORKSPACES:]))
            self._unwritten.pop((name, digest), None)
        except OSError as error:
            log.warning("the decision about a workspace is kept until the end only: %s", error.strerror or error)
            self._unwritten[name, digest] = trusted

    def _decisions(self) -> _Decisions:
        try:
            status = self._file.stat()
        except OSError:
            return {}
        signature = (status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode, status.st_uid)
        if signature != self._signature:
            self._read, self._signature = _read(self._file), signature
        return self._read


def _name_of(root: Path) -> str:
    return os.path.realpath(root)


def _read(path: Path) -> _Decisions:
    """What stands in the file; nothing when it is damaged, or when somebody else could have written it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if os.name == "posix" and (status.st_uid != os.geteuid() or status.st_mode & 0o022):
                log.warning("%s can be written by others, so nothing in it counts", path)
                return {}
            data = file.read(_MOST_BYTES)
        found = json.loads(data)["workspaces"]
        return {
            str(root): {str(digest): trusted for digest, trusted in decided.items() if isinstance(trusted, bool)}
            for root, decided in found.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        log.warning("%s cannot be read, so no workspace is trusted", path)
        return {}


def _replace(path: Path, decisions: _Decisions) -> None:
    """Writes all of it or nothing, as a file that only its owner can read."""
    new = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    descriptor = create_file(new)
    try:
        with open(descriptor, "wb") as file:
            file.write(json.dumps({"version": 1, "workspaces": decisions}, indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Nobody else writes meanwhile. The kernel ends the lock with its process. Raises OSError after LOCK_LIMIT."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        until = time.monotonic() + LOCK_LIMIT
        while not try_lock(descriptor):
            if time.monotonic() > until:
                raise OSError(0, "another process holds its lock")
            time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)
