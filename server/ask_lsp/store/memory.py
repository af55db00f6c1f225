"""Small things remembered across restarts and editors: explanations, choices, and what was used.

Without a database they are remembered until the server ends, so that nobody is asked the same thing twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from ask_lsp.core.conversation import Usage
from ask_lsp.core.profile import Profile
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

    async def record_usage(self, profile: Profile, action: str, usage: Usage) -> None:
        """Adds a request's tokens, and their price in USD where the profile knows it."""
        price = None if profile.prices is None else profile.prices.of(usage.input_tokens, usage.output_tokens)
        names = [replace_surrogates(name) for name in (profile.name, profile.model, action)]
        row = (self._now(), *names, usage.input_tokens, usage.output_tokens, usage.cached_tokens, price)
        try:
            await self._database.write(
                lambda connection: connection.execute(
                    "INSERT INTO usage (at, profile, model, action, input_tokens, output_tokens, cached_tokens, usd)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
            )
        except DatabaseUnavailable:
            pass  # The database has said so itself, once.

    async def spent_today(self) -> float:
        """USD spent since local midnight by all editors, as far as prices are known."""
        now = datetime.fromtimestamp(self._now())
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        try:
            return await self._database.read(
                lambda connection: float(
                    connection.execute("SELECT TOTAL(usd) FROM usage WHERE at >= ?", (midnight,)).fetchone()[0]
                )
            )
        except DatabaseUnavailable:
            return 0.0

    async def aclose(self) -> None:
        """Finishes what is queued and closes the database, which opens again if it is used after all."""
        await self._database.aclose()
