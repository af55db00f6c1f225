"""Edits that were not made, in the database: they outlive the server, and every editor of this user sees them."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ask_lsp.core.action import Problem
from ask_lsp.core.proposal import Anchor, Proposal, Source
from ask_lsp.core.text import Point, Span
from ask_lsp.core.uris import same_spelling
from ask_lsp.store.db import Database, DatabaseUnavailable

if TYPE_CHECKING:
    import sqlite3

log = logging.getLogger(__name__)

MOST = 500
DAYS = 30

_TEXTS = ("uri", "title", "action", "seen", "new", "before", "after", "reason", "chat", "question", "standing")
_COLUMNS = ("id", "created", "start_line", "start_column", "end_line", "end_column", "new_file", "source", *_TEXTS)


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

    async def update(self, proposals: Sequence[Proposal]) -> None:
        """Takes what is new about those that are still kept: another editor may have let go of some of them."""
        rows = [_row(proposal) for proposal in proposals]
        names = ", ".join(f'"{name}" = ?' for name in _COLUMNS)

        def change(connection: sqlite3.Connection) -> None:
            connection.executemany(f"UPDATE proposals SET {names} WHERE id = ?", [(*row, row[0]) for row in rows])

        try:
            await self._database.write(change)
        except DatabaseUnavailable:
            self._here.update({proposal.id: proposal for proposal in proposals if proposal.id in self._here})

    async def remove(self, proposal_id: str) -> bool:
        """Forgets one; False if there was none."""
        here = self._here.pop(proposal_id, None) is not None
        try:
            return await self._database.write(lambda connection: _delete(connection, proposal_id)) or here
        except DatabaseUnavailable:
            return here

    async def of_uri(self, uri: str) -> list[Proposal]:
        """Those for a document, newest first."""
        wanted = same_spelling(uri)
        return [proposal for proposal in await self.all() if same_spelling(proposal.uri) == wanted]

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
    source = None if proposal.source is None else json.dumps(asdict(proposal.source))
    return (proposal.id, proposal.created, *start, *end, int(proposal.new_file), source, *kept)


def _proposal(row: tuple[Any, ...]) -> Proposal:
    given = dict(zip(_COLUMNS, row, strict=True))
    start = Point(given.pop("start_line"), given.pop("start_column"))
    end = Point(given.pop("end_line"), given.pop("end_column"))
    texts = {name: None if given[name] is None else given[name].decode("utf-8", "surrogatepass") for name in _TEXTS}
    source = _source(given["source"])
    new_file = bool(given["new_file"])
    return Proposal(**{**given, **texts, "new_file": new_file, "source": source, "span": Span(start, end)})


def _source(text: str | None) -> Source | None:
    """What was asked, if that is known: without it the edit can still be made, and asked for anew less well."""
    if text is None:
        return None
    try:
        given = json.loads(text)
        span, *texts = given.pop("at")
        problems = tuple(Problem(**{**each, "span": _span(each["span"])}) for each in given.pop("problems"))
        at, picked = Anchor(_span(span), *texts), _span(given.pop("picked"))
        return Source(**given, at=at, picked=picked, problems=problems)
    except (KeyError, TypeError, ValueError):
        log.warning("what a proposal was asked for cannot be read")
        return None


def _span(given: list[list[int]]) -> Span:
    start, end = (Point(*point) for point in given)
    return Span(start, end)
