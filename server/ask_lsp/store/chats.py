"""Conversations as Markdown files in one directory that only their owner can read.

Everything is written in the order in which it was asked for, on one thread, without newline translation. What an answer
says is journalled besides, so that the next start can complete the file of one that was cut off.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import unicodedata
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from ask_lsp.core.errors import RequestRefused
from ask_lsp.core.text import replace_surrogates
from ask_lsp.store.db import Database
from ask_lsp.store.journal import Journal, Unfinished
from ask_lsp.store.private_files import create_file, make_directory, write_all
from ask_lsp.store.recovery import completed
from ask_lsp.store.worker import Worker

_SLUG_LENGTH = 40
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")

logger = logging.getLogger(__name__)


class FileChats:
    """Satisfies the port Chats: files in `state_directory`/chats."""

    def __init__(self, state_directory: Path, database: Database) -> None:
        # Resolved once: an editor's path for the file is compared with ours, and symlinks may lead here.
        self._directory = (state_directory / "chats").resolve()
        self._journal = Journal(database, state_directory / "running")
        self._worker = Worker("ask-lsp-chats")

    @property
    def directory(self) -> Path:
        """Where chat files live; exists from the first `create` on."""
        return self._directory

    async def create(self, title: str, text: str) -> Path:
        """Writes a new chat file (0600) whose name begins with the date and a slug of `title`.

        Raises RequestRefused when it cannot be written.
        """
        content = replace_surrogates(text).encode()

        def write() -> Path:
            make_directory(self._directory)
            while True:
                path = self._directory / file_name(title, datetime.now())
                try:
                    descriptor = create_file(path)
                except FileExistsError:
                    continue
                _write_and_close(descriptor, content)
                return path

        try:
            return await self._worker.run(write)
        except OSError as error:
            raise RequestRefused(
                f"No chat file could be written in {self._directory} ({_reason(error)}). Make it writable first."
            ) from error

    async def append(self, path: Path, text: str) -> None:
        """Appends to a chat file that no editor has open. Raises RequestRefused when it is gone or not writable."""
        content = replace_surrogates(text).encode()

        def write() -> None:
            _write_and_close(os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)), content)

        try:
            await self._worker.run(write)
        except OSError as error:
            raise RequestRefused(
                f"The chat file {path.name} could not be written ({_reason(error)}). Ask again to begin a new one."
            ) from error

    async def insert(self, path: Path, offset: int, text: str) -> None:
        """Puts text into a chat file that no editor has open, at once or not at all.

        `offset` counts code points of the file with \\n for every line end, which it then has. Raises RequestRefused.
        """

        def write() -> None:
            old = path.read_bytes().decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n")
            self._replace(path, old[:offset] + replace_surrogates(text) + old[offset:])

        try:
            await self._worker.run(write)
        except OSError as error:
            raise RequestRefused(
                f"The chat file {path.name} could not be written ({_reason(error)}). Ask again to begin a new one."
            ) from error

    async def read(self, path: Path) -> str:
        """The file as it is on disk, with all that was appended. Raises RequestRefused when it cannot be read."""
        try:
            content = await self._worker.run(path.read_bytes)
        except OSError as error:
            raise RequestRefused(
                f"The chat file {path.name} could not be read ({_reason(error)}). Ask again to begin a new one."
            ) from error
        return content.decode("utf-8", "replace")

    def owns(self, path: Path) -> bool:
        """Whether the real path (symlinks followed) is a Markdown file in our chats directory. Asks the disk."""
        try:
            real = path.resolve()
            return real.suffix == ".md" and real.is_relative_to(self._directory) and real.is_file()
        except (OSError, ValueError, RuntimeError):
            return False

    async def is_written_elsewhere(self, path: Path) -> bool:
        """Whether another process that lives is writing an answer into the file, or has one that is not safe yet."""
        return await self._journal.is_open_elsewhere(await self._worker.run(lambda: self._name(path)))

    async def journal_begin(self, path: Path, job: str) -> int:
        """Opens a journal entry for one answer and returns its id.

        `job` tells the answers of one file apart for good; the heading of the answer carries it (JOB_ATTRIBUTE).
        """
        return await self._journal.begin(await self._worker.run(lambda: self._name(path)), job)

    async def journal(self, entry: int, text: str) -> bool:
        """Replaces the text of a journal entry by what the answer is so far. False if it could not be kept."""
        return await self._journal.put(entry, text)

    async def journal_end(self, entry: int) -> None:
        """Marks an entry as safely in its file."""
        await self._journal.end(entry)

    async def recover(self, leave: Callable[[Path], bool] = lambda path: False) -> list[Path]:
        """Completes the chat files of entries whose process has died, and returns the files that were changed.

        Files for which `leave` says so (an editor has them open) stay for the next call.
        """
        changed: list[Path] = []
        for unfinished in await self._journal.claim_unfinished():
            path = self._directory / unfinished.name
            if leave(path):
                continue
            try:
                is_changed = await self._worker.run(partial(self._complete, path, unfinished))
            except OSError as error:
                logger.warning("the answer in %s could not be completed: %s", path, error)
                continue
            await self._journal.end(unfinished.entry)
            if is_changed and path not in changed:
                changed.append(path)
        return changed

    async def aclose(self) -> None:
        """Finishes what is queued. Answers that were not ended are then for others to complete."""
        await self._worker.aclose()
        await self._journal.aclose()

    def _name(self, path: Path) -> str:
        try:
            return os.path.relpath(path.resolve(), self._directory)
        except ValueError:
            return str(path)  # Another drive of Windows.

    def _complete(self, path: Path, unfinished: Unfinished) -> bool:
        if not self.owns(path):
            return False  # Deleted, or moved out of our reach: people may do that.
        path = path.resolve()
        # Whatever bytes others have put into the file survive this.
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        new_text = completed(text, unfinished.job, unfinished.text)
        if new_text is None:
            return False
        self._replace(path, new_text)
        return True

    def _replace(self, path: Path, text: str) -> None:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            _write_and_close(create_file(temporary), text.encode("utf-8", "surrogateescape"))
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def file_name(title: str, now: datetime) -> str:
    """`2025-01-31-0905-why-is-this-slow-3f9c.md`: sorts by time, can be typed anywhere, differs at each call."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    slug = _NOT_IN_SLUG.sub("-", ascii_title.lower())[: _SLUG_LENGTH + 1].strip("-")[:_SLUG_LENGTH].strip("-")
    return f"{now:%Y-%m-%d-%H%M}-{slug or 'chat'}-{secrets.token_hex(2)}.md"


def _write_and_close(descriptor: int, content: bytes) -> None:
    try:
        write_all(descriptor, content)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
