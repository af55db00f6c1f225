"""The log, one file that all servers of a person write to: readable by its owner alone, and no line is lost.

Every line is one write at the end of the file. Who finds the file full gives it a name of its own, which overwrites
nothing; the others see that theirs is no longer the one of that name, and open the new one.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from ask_lsp.store.private_files import make_directory, write_all

MOST_BYTES = 1_000_000
KEPT = 3  # full ones, beside the one that is written


class LogFile(logging.Handler):
    """Writes to `path`, and keeps the last `kept` full files beside it. Raises OSError if it cannot be opened."""

    def __init__(self, path: Path, *, most_bytes: int = MOST_BYTES, kept: int = KEPT) -> None:
        super().__init__()
        self._path = path
        self._most_bytes = most_bytes
        self._kept = kept
        make_directory(path.parent)
        self._descriptor = self._open()

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one record."""
        try:
            line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
            if not self._is_current():
                self._reopen()
            write_all(self._descriptor, line)
            if os.fstat(self._descriptor).st_size >= self._most_bytes:
                self._put_aside()
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Closes the file."""
        self.acquire()
        try:
            descriptor, self._descriptor = self._descriptor, -1
            if descriptor >= 0:
                os.close(descriptor)
        finally:
            self.release()
        super().close()

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self._path, flags, 0o600)
        if os.fstat(descriptor).st_mode & 0o777 != 0o600:
            self._path.chmod(0o600)
        return descriptor

    def _reopen(self) -> None:
        descriptor, self._descriptor = self._descriptor, self._open()
        os.close(descriptor)

    def _is_current(self) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._descriptor))
        except FileNotFoundError:
            return False

    def _put_aside(self) -> None:
        if self._is_current():
            try:
                self._path.rename(self._path.with_name(f"{self._path.name}.{time.time_ns()}-{os.getpid()}"))
            except OSError:  # Windows renames nothing that another server has open: it grows until that one ends.
                return
        self._reopen()
        for old in sorted(self._path.parent.glob(f"{self._path.name}.*"), key=_age)[self._kept :]:
            old.unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:  # another server was faster
        return 0.0
