"""Small things remembered across restarts and editors: explanations and choices.

Without a database they are remembered until the server ends, so that nobody is asked the same thing twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ask_lsp.core.text import replace_surrogates
from ask_lsp.store.db import Database, DatabaseUnavailable

if TYPE_CHECKING:
    import sqlite3

MAX_EXPLANATIONS = 5_000
MAX_WITHOUT_DATABASE = 200
TOUCH_AFTER_SECONDS = 3_600.0


class SqliteMemory:
    """Satisfies the port Memory. `now` gives seconds since the epoch."""

    def __init__(
        self, database: Database, *, now: Callable[[], float] = time.time, max_explanations: int = MAX_EXPLANATIONS
    ) -> None:
        self._database = database
        self._now = now
        self._max_explanations = max_explanations
        self._explanations: dict[str, str] = {}
        self._choices: dict[str, str] = {}

    def take_problems(self) -> list[str]:
        """What keeps the database from being used, each sentence once."""
        return self._database.take_problems()

    async def explanation(self, key: str) -> str | None:
        """A remembered explanation, or None; never an empty one. It is then among the last to be forgotten."""
        key = replace_surrogates(key)

        def look(connection: sqlite3.Connection) -> tuple[str, float] | None:
            found = connection.execute("SELECT text, used FROM explanations WHERE key = ?", (key,)).fetchone()
            return None if found is None else (str(found[0]), float(found[1]))

        try:
            found = await self._database.read(look)
        except DatabaseUnavailable:
            return self._explanations.get(key)
        text, used = found or ("", 0.0)
        if not text:
            return None
        now = self._now()
        # Reading is on the way of a hover; a write at each would cost it the wait for other writers.
        if now - used > TOUCH_AFTER_SECONDS:
            self._database.write_later(
                lambda connection: connection.execute("UPDATE explanations SET used = ? WHERE key = ?", (now, key))
            )
        return text

    async def remember_explanation(self, key: str, text: str) -> None:
        """Keeps an explanation under a content hash, and forgets the ones that were not read for longest.

        An empty one explains nothing, and would hide that there is none.
        """
        if not text.strip():
            return
        key, text = replace_surrogates(key), replace_surrogates(text)

        def keep(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO explanations VALUES (?, ?, ?)", (key, text, self._now()))
            connection.execute(
                "DELETE FROM explanations WHERE key IN"
                " (SELECT key FROM explanations ORDER BY used DESC LIMIT -1 OFFSET ?)",
                (self._max_explanations,),
            )

        try:
            await self._database.write(keep)
        except DatabaseUnavailable:
            self._explanations[key] = text
            if len(self._explanations) > MAX_WITHOUT_DATABASE:
                del self._explanations[next(iter(self._explanations))]

    async def choice(self, name: str) -> str | None:
        """What the user once chose, if asked."""
        name = replace_surrogates(name)
        try:
            found = await self._database.read(
                lambda connection: connection.execute("SELECT value FROM choices WHERE name = ?", (name,)).fetchone()
            )
        except DatabaseUnavailable:
            return self._choices.get(name)
        return self._choices.get(name) if found is None else str(found[0])

    async def remember_choice(self, name: str, value: str) -> None:
        """Keeps a choice."""
        name, value = replace_surrogates(name), replace_surrogates(value)
        try:
            await self._database.write(
                lambda connection: connection.execute("INSERT OR REPLACE INTO choices VALUES (?, ?)", (name, value))
            )
        except DatabaseUnavailable:
            self._choices[name] = value

    async def aclose(self) -> None:
        """Finishes what is queued and closes the database, which opens again if it is used after all."""
        await self._database.aclose()
