"""Directories and files that only their owner can read, whatever the umask: questions hold people's code."""

from __future__ import annotations

import os
from pathlib import Path


def make_directory(directory: Path) -> None:
    """Makes the directory 0700, also if it exists. Raises OSError if that cannot be done."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_mode & 0o777 != 0o700:
        directory.chmod(0o700)


def create_file(path: Path) -> int:
    """A new file, 0600, as a descriptor to write to. Raises FileExistsError if there is one of that name."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        path.chmod(0o600)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def write_all(descriptor: int, content: bytes) -> None:
    """Writes everything to a descriptor."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
