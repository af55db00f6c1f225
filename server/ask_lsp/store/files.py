"""Files in the user's own folders, which we only ever add to, and pages of ours to read."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

from ask_lsp.core.errors import RequestRefused
from ask_lsp.core.text import replace_surrogates
from ask_lsp.store.private_files import create_file, make_directory


class LocalFiles:
    """Satisfies the port Files. `pages` is the folder for pages of ours."""

    def __init__(self, pages: Path) -> None:
        self._pages = pages

    async def real(self, path: Path) -> Path:
        """That path with every symlink followed, whether there is anything or not."""
        return await asyncio.to_thread(_real, path)

    async def exists(self, path: Path) -> bool:
        """Whether there is anything at that path, a dangling link included."""
        return await asyncio.to_thread(_exists, path)

    async def read(self, path: Path) -> str:
        """A text file, line ends as they are. Raises RequestRefused."""
        return await asyncio.to_thread(_read, path)

    async def create(self, path: Path, text: str) -> None:
        """Makes a new file (UTF-8, line ends as they are), through no symlink.

        Raises RequestRefused; nothing is ever replaced.
        """
        await asyncio.to_thread(_create, path, text)

    async def page(self, name: str, text: str) -> Path:
        """Writes a page, readable by the user alone, and returns its path."""
        return await asyncio.to_thread(self._page, name, text)

    def _page(self, name: str, text: str) -> Path:
        make_directory(self._pages)
        path = self._pages / name
        new = path.with_suffix(".new")
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        with open(create_file(new), "w", encoding="utf-8", newline="") as file:
            file.write(replace_surrogates(text))
        new.replace(path)
        return path


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _exists(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise RequestRefused(f"{path} is no UTF-8 text. Open it in the editor, and ask again.") from None
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise RequestRefused(f"{path} cannot be read ({reason}). Make it readable, and ask again.") from None


def _create(path: Path, text: str) -> None:
    try:
        if _real(path.parent) != path.parent:
            raise RequestRefused(f"A symbolic link leads to another folder than {path.parent}. Nothing was written.")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(replace_surrogates(text))
    except FileExistsError:
        raise RequestRefused(
            f"{path} exists already, and is left as it is. Move it away, or choose another name."
        ) from None
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise RequestRefused(f"{path} cannot be made ({reason}). Make its folder writable, and apply again.") from None
