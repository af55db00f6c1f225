"""The journal of answers: what was said so far, kept before it is in a file or a buffer.

So nothing is lost whatever becomes of the buffer or of this process. An entry is open until its answer is safely in its
file; entries of dead processes are claimed by the next one that starts.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ask_lsp.core.text import replace_surrogates
from ask_lsp.store.db import Database, DatabaseUnavailable
from ask_lsp.store.owner import Owner

if TYPE_CHECKING:
    import sqlite3

NO_ENTRY = 0
KEEP_ENDED_SECONDS = 30 * 86_400.0

logger = logging.getLogger(__name__)


class Unfinished(NamedTuple):
    """An answer that its process did not finish, claimed by this one. `name` is its file in the chats directory."""

    entry: int
    name: str
    job: str
    text: str


class Journal:
    """Without a usable database every entry is `NO_ENTRY`, and nothing is kept."""

    def __init__(self, database: Database, locks: Path) -> None:
        self._database = database
        # Used on the database's thread only.
        self._owner = Owner(locks)

    async def begin(self, name: str, job: str) -> int:
        """Opens an entry for an answer in the file of that name, and returns its id."""

        def insert(connection: sqlite3.Connection) -> int:
            cursor = connection.execute(
                "INSERT INTO answers (name, job, owner, state, text, updated) VALUES (?, ?, ?, 'open', '', ?)",
                (replace_surrogates(name), replace_surrogates(job), self._owner.token(), time.time()),
            )
            return cursor.lastrowid or NO_ENTRY

        try:
            return await self._database.write(insert)
        except (DatabaseUnavailable, OSError) as error:
            logger.warning("an answer is not journalled: %s", error)
            return NO_ENTRY

    async def put(self, entry: int, text: str) -> bool:
        """Replaces the text of an open entry. False if it could not be kept."""
        return await self._update(
            entry, "UPDATE answers SET text = ?, updated = ? WHERE id = ? AND state = 'open'", replace_surrogates(text)
        )

    async def end(self, entry: int) -> None:
        """Marks an entry as safely in its file, and drops its text, which would only be a copy."""
        await self._update(entry, "UPDATE answers SET state = 'ended', text = ?, updated = ? WHERE id = ?", "")

    async def is_open_elsewhere(self, name: str) -> bool:
        """Whether an entry for the file of that name belongs to another process that lives."""

        def look(connection: sqlite3.Connection) -> bool:
            rows = connection.execute(
                "SELECT DISTINCT owner FROM answers WHERE name = ? AND state = 'open'", (replace_surrogates(name),)
            ).fetchall()
            return any(not self._owner.is_me(owner) and self._owner.lives(owner) for (owner,) in rows)

        try:
            return await self._database.read(look)
        except (DatabaseUnavailable, OSError) as error:
            logger.warning("who writes into %s is not known: %s", name, error)
            return False

    async def claim_unfinished(self) -> list[Unfinished]:
        """The entries of dead processes, oldest first, and those claimed earlier that were not ended since."""

        def claim(connection: sqlite3.Connection) -> list[Unfinished]:
            token = self._owner.token()
            open_owners = connection.execute("SELECT DISTINCT owner FROM answers WHERE state != 'ended'").fetchall()
            dead = [owner for (owner,) in open_owners if not self._owner.lives(owner)]
            connection.executemany(
                "UPDATE answers SET owner = ?, state = 'recovering' WHERE owner = ? AND state != 'ended'",
                [(token, owner) for owner in dead],
            )
            connection.execute(
                "DELETE FROM answers WHERE state = 'ended' AND updated < ?", (time.time() - KEEP_ENDED_SECONDS,)
            )
            rows = connection.execute(
                "SELECT id, name, job, text FROM answers WHERE state = 'recovering' AND owner = ? ORDER BY id", (token,)
            ).fetchall()
            return [Unfinished(int(entry), name, job, text) for entry, name, job, text in rows]

        try:
            unfinished = await self._database.write(claim)
            await self._database.off_loop(self._owner.sweep)
        except (DatabaseUnavailable, OSError) as error:
            logger.warning("unfinished answers are not looked for: %s", error)
            return []
        return unfinished

    async def aclose(self) -> None:
        """Lets go of this process's entries. The database stays open."""
        if self._owner.is_known:
            await self._database.off_loop(self._owner.release)

    async def _update(self, entry: int, statement: str, text: str) -> bool:
        if entry == NO_ENTRY:
            return False
        try:
            await self._database.write(lambda connection: connection.execute(statement, (text, time.time(), entry)))
        except DatabaseUnavailable as error:
            logger.warning("a journal entry is not written: %s", error)
            return False
        return True
