"""Which process an unfinished answer belongs to, and whether that process still lives.

A process holds an exclusive lock on a file of its own; the kernel releases it however the process ends, which a process
id in a table cannot promise (they are used again, and mean nothing in another container).
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

from ask_lsp.store.locks import try_lock
from ask_lsp.store.private_files import create_file, make_directory

STALE_SECONDS = 3_600.0
_SUFFIX = ".lock"


class Owner:
    """This process, among all that use the same directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._descriptor: int | None = None
        self._token = ""

    @property
    def is_known(self) -> bool:
        """Whether others can tell that this process lives: `token` was called."""
        return self._descriptor is not None

    def is_me(self, token: str) -> bool:
        """Whether that is the name of this process."""
        return self._descriptor is not None and token == self._token

    def token(self) -> str:
        """The name under which this process is known to live, from now until `release`. Raises OSError."""
        if self._descriptor is None:
            make_directory(self._directory)
            token = secrets.token_hex(8)
            descriptor = create_file(self._directory / (token + _SUFFIX))
            try:
                if not try_lock(descriptor):
                    raise OSError("the new lock file is locked")
            except OSError:
                os.close(descriptor)
                raise
            self._descriptor, self._token = descriptor, token
        return self._token

    def release(self) -> None:
        """Ends this process's claim; what it did not finish is then for others to finish."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
            self.forget(self._token)

    def lives(self, token: str) -> bool:
        """Whether the process of that name lives; when that cannot be found out, it does."""
        if self.is_me(token):
            return True
        try:
            descriptor = os.open(self._directory / (token + _SUFFIX), os.O_RDWR)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        try:
            return not try_lock(descriptor)
        except OSError:
            return True
        finally:
            os.close(descriptor)

    def forget(self, token: str) -> None:
        """Removes the lock file of a dead process."""
        try:
            (self._directory / (token + _SUFFIX)).unlink()
        except OSError:
            pass

    def sweep(self) -> None:
        """Removes lock files that killed processes left, but none so new that it may not be locked yet."""
        try:
            old = [
                file.stem
                for file in self._directory.glob("*" + _SUFFIX)
                if time.time() - file.stat().st_mtime > STALE_SECONDS
            ]
        except OSError:
            return
        for token in old:
            if not self.lives(token):
                self.forget(token)
