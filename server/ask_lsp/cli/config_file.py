"""A configuration file of somebody else's: read, copied, replaced at once. What is not ours is never lost."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from datetime import datetime
from pathlib import Path

from ask_lsp.core.errors import RequestRefused


def read(path: Path) -> str | None:
    """The text of the file, byte for byte as UTF-8; None if there is none. Raises RequestRefused."""
    try:
        if path.exists() and not path.is_file():
            raise RequestRefused(f"{path} is no file. Name one with --file.")
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RequestRefused(f"{path} cannot be read ({error.strerror}). Make it a readable file first.") from None
    if b"\0" in content:
        raise RequestRefused(f"{path} is not UTF-8 text. Put the lines in by hand.")
    return content.decode("utf-8", "surrogateescape")


def replace(path: Path, old: str | None, new: str | None) -> Path | None:
    """Writes the new text, or deletes the file, and returns the copy of the old one. Raises RequestRefused.

    A symbolic link stays one, and the file it leads to keeps its permissions and owner.
    """
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = None if old is None else _copy(target, old)
        if read(target) != old:
            raise RequestRefused(f"{path} was changed meanwhile, and is left as it is. Run this again.")
        if new is None and not path.is_symlink():
            target.unlink()
        else:
            _write(target, new or "")
    except OSError as error:
        raise RequestRefused(f"{path} could not be written ({error.strerror}), and is left as it is.") from None
    return copy


def _copy(target: Path, text: str) -> Path:
    """A copy beside the file, under a new name that no editor loads."""
    now = datetime.now().strftime("%Y%m%d-%H%M%S")
    for number in range(1, 1000):
        path = target.with_name(f"{target.name}.ask-lsp-{now}" + (f"-{number}" if number > 1 else ""))
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            _fill(descriptor, path, text, like=target)
            return path
    raise RequestRefused(f"{target.parent} is full of copies. Delete some of “{target.name}.ask-lsp-…”.")


def _write(target: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    part = Path(name)
    try:
        _fill(descriptor, part, text, like=target)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _fill(descriptor: int, path: Path, text: str, like: Path) -> None:
    """Writes the text, with the permissions and owner of another file; a new one gets what is usual."""
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode("utf-8", "surrogateescape"))
        file.flush()
        os.fsync(file.fileno())
    try:
        known = like.stat()
    except FileNotFoundError:
        path.chmod(0o666 & ~_umask())
        return
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(path, known.st_uid, known.st_gid)
    path.chmod(stat.S_IMODE(known.st_mode))


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
