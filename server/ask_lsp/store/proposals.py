"""Edits that were not made, in the database: they outlive the server, and every editor of this user sees them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ask_lsp.core.proposal import Proposal
from ask_lsp.core.text import Point, Span
from ask_lsp.store.db import Database, DatabaseUnavailable

if TYPE_CHECKING:
    import sqlite3

MOST = 500
DAYS = 30

_TEXTS = ("uri", "title", "action", "seen", "new", "before", "after", "reason", "chat", "question")
_COLUMNS = ("id", "created", "start_line", "start_column", "end_line", "end_column", "new_file", *_TEXTS)


class SqliteProposals:
    """Satisfies the port Proposals. `now` gives seconds since the epoch."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        self._here: dict[str, Proposal] = {}

    async def add(self, proposal: Proposal) -> None:
        """Keeps a proposal, in the place of one with the same id, and lets go of the oldest."""
        row = _row(proposal)
        marks = ", ".join("?" * len(row))

        def keep(connection: sqlite3.Connection) -> None:
            names = ", ".join(f'"{name}"' for name in _COLUMNS)
            connection.execute(f"INSERT OR REPLACE INTO proposals ({names}) VALUES ({marks})", row)
            connection.execute("DELETE FROM proposals WHERE created < ?", (self._now() - DAYS * 86_400,))
            connection.execute(
                "DELETE FROM proposals WHERE id IN (SELECT id FROM proposals ORDER BY created DESC LIMIT -1 OFFSET ?)",
                (MOST,),
            )

        try:
            await self._database.write(keep)
            self._here.pop(proposal.id, None)
        except DatabaseUnavailable:
            self._here[proposal.id] = proposal
            if len(self._here) > MOST:
                del self._here[next(iter(self._here))]

    async def remove(self, proposal_id: str) -> bool:
        """Forgets one; False if there was none."""
        here = self._here.pop(proposal_id, None) is not None
        try:
            return await self._database.write(lambda connection: _delete(connection, proposal_id)) or here
        except DatabaseUnavailable:
            return here

    async def of_uri(self, uri: str) -> list[Proposal]:
        """Those for a document, newest first."""
        return [proposal for proposal in await self.all() if proposal.uri == uri]

    async def all(self) -> list[Proposal]:
        """All of them, newest first."""
        names = ", ".join(f'"{name}"' for name in _COLUMNS)
        try:
            rows = await self._database.read(
                lambda connection: connection.execute(f"SELECT {names} FROM proposals").fetchall()
            )
        except DatabaseUnavailable:
            rows = []
        oldest = self._now() - DAYS * 86_400
        found = [*(_proposal(row) for row in rows), *self._here.values()]
        found = [proposal for proposal in found if proposal.created >= oldest]
        return sorted(found, key=lambda proposal: -proposal.created)


def _delete(connection: sqlite3.Connection, proposal_id: str) -> bool:
    return connection.execute("DELETE FROM proposals WHERE id = ?", (proposal_id,)).rowcount > 0


def _row(proposal: Proposal) -> tuple[Any, ...]:
    (start, end) = proposal.span
    texts = (getattr(proposal, name) for name in _TEXTS)
    # Lone surrogates are no UTF-8; they have to come back as they were, or the target would not be found again.
    kept = (None if text is None else text.encode("utf-8", "surrogatepass") for text in texts)
    return (proposal.id, proposal.created, *start, *end, int(proposal.new_file), *kept)


def _proposal(row: tuple[Any, ...]) -> Proposal:
    given = dict(zip(_COLUMNS, row, strict=True))
    start = Point(given.pop("start_line"), given.pop("start_column"))
    end = Point(given.pop("end_line"), given.pop("end_column"))
    texts = {name: None if given[name] is None else given[name].decode("utf-8", "surrogatepass") for name in _TEXTS}
    return Proposal(**{**given, **texts, "new_file": bool(given["new_file"]), "span": Span(start, end)})
