"""What was sent, what it cost and what may still be spent: one table that all editors of a person share.

A request is written down before it is sent, at the most that it can cost, in the same transaction that looks at the
caps; so however many processes ask at once, none of them can spend what another has set aside. Without a database the
caps hold within this process.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ask_lsp.core.errors import CapReached
from ask_lsp.core.ledger import AuditRow, Grouping, UsageRow
from ask_lsp.core.spend import Caps, Cost, Outcome, Planned, Reservation, Sums, Used, admit, cost, set_aside
from ask_lsp.core.text import replace_surrogates
from ask_lsp.core.tokens import Experience, message_pieces
from ask_lsp.store import ledger_rows
from ask_lsp.store.db import Database, DatabaseUnavailable
from ask_lsp.store.ledger_rows import Starts, starts
from ask_lsp.store.owner import Owner

if TYPE_CHECKING:
    import sqlite3

KEEP_DAYS = 400
"""How long a request stays in the ledger."""

logger = logging.getLogger(__name__)


@dataclass
class _Own:
    """A request of this process: what counts for it when the database does not answer."""

    at: float
    planned: Planned
    cost: Cost
    is_stored: bool
    is_open: bool = True


class SqliteLedger:
    """Satisfies the port Ledger. `owner` is how others tell that this process lives, `now` seconds since the epoch."""

    def __init__(self, database: Database, owner: Owner, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._owner = owner
        self._now = now
        self._own: dict[int, _Own] = {}
        self._learned: dict[tuple[str, str], Experience] = {}
        self._next_here = -1
        self._swept = False

    async def estimate(self, origin: str, model: str, texts: Sequence[str]) -> tuple[int, int]:
        """How many pieces these messages have, and how many tokens that will be as far as is known of the model."""

        def look(connection: sqlite3.Connection) -> tuple[int, int]:
            count = message_pieces(texts)
            return count, _experience(connection, origin, model).estimate(count)

        try:
            return await self._database.read(look)
        except DatabaseUnavailable:
            count = message_pieces(texts)
            return count, self._learned.get((origin, model), Experience()).estimate(count)

    async def reserve(self, planned: Planned, caps: Caps, *, once: bool = False) -> Reservation:
        """Sets aside the most that a request can cost, before it is sent. Raises CapReached, unless `once` allows it.

        Who is cancelled meanwhile has set nothing aside.
        """
        now = self._now()
        self._forget_before(starts(now))
        made: list[int] = []

        def take(connection: sqlite3.Connection) -> Reservation | CapReached:
            token = self._owner.token()
            self._end_dead(connection, token)
            if not self._swept:
                connection.execute("DELETE FROM requests WHERE at < ?", (now - KEEP_DAYS * 86_400,))
                self._swept = True
            try:
                limit = admit(planned, caps, self._used(connection, caps, now), once=once)
            except CapReached as refusal:
                # Returned, not raised: the dead requests stay ended.
                return refusal
            most = set_aside(planned, limit)
            request = ledger_rows.insert(connection, now, token, planned, limit, most)
            made.append(request)
            return Reservation(request, limit, planned.input_tokens, most.usd)

        try:
            reserved = await self._database.write(take)
        except asyncio.CancelledError:
            # The row is written all the same; nobody would settle it before this process ends.
            self._database.write_later(lambda connection: _delete(connection, made))
            raise
        except (DatabaseUnavailable, OSError) as error:
            logger.warning("a request is not in the ledger: %s", error)
            limit = admit(planned, caps, self._used_here(caps, now, also_stored=True), once=once)
            reserved = Reservation(self._next_here, limit, planned.input_tokens, set_aside(planned, limit).usd)
            self._next_here -= 1
        if isinstance(reserved, CapReached):
            raise reserved
        assert reserved.id is not None
        self._own[reserved.id] = _Own(now, planned, set_aside(planned, reserved.max_output), reserved.id > 0)
        return reserved

    async def preview(self, planned: Planned, caps: Caps, *, once: bool = False) -> Reservation:
        """What `reserve` would give now; nothing is set aside or written. Raises CapReached."""
        now = self._now()
        try:
            used = await self._database.read(lambda connection: self._used(connection, caps, now))
        except DatabaseUnavailable:
            used = self._used_here(caps, now, also_stored=True)
        limit = admit(planned, caps, used, once=once)
        return Reservation(None, limit, planned.input_tokens, set_aside(planned, limit).usd)

    async def settle(self, reservation: Reservation, outcome: Outcome) -> Cost | None:
        """Puts what it was in the place of what was set aside, and learns how many tokens the model makes of a text.

        Returns what it was, None for what is no reservation of ours. Settling a second time changes nothing.
        """
        own = self._own.get(reservation.id) if reservation.id is not None else None
        if own is None:
            return None
        if not own.is_open:
            return own.cost
        own.is_open = False
        own.cost = cost(own.planned, outcome)
        planned, request, is_stored = own.planned, reservation.id, own.is_stored
        sample = _sample(planned, outcome)
        if sample:
            key = (planned.origin, planned.model)
            self._learned[key] = self._learned.get(key, Experience()).with_ask(*sample)

        def put(connection: sqlite3.Connection) -> None:
            if is_stored and request is not None:
                ledger_rows.update(connection, request, outcome.state, own.cost, outcome.seconds)
            if sample:
                _learn(connection, planned.origin, planned.model, sample)

        try:
            await self._database.write(put)
        except DatabaseUnavailable as error:
            logger.warning("what a request came to is not in the ledger: %s", error)
        return own.cost

    async def spent_today(self) -> float:
        """USD spent or set aside since local midnight by all editors, as far as prices are known."""
        day = starts(self._now()).day
        here = sum(own.cost.usd or 0.0 for own in self._own.values() if own.at >= day and not own.is_stored)
        try:
            return here + await self._database.read(
                lambda connection: float(
                    connection.execute("SELECT TOTAL(usd) FROM requests WHERE at >= ?", (day,)).fetchone()[0]
                )
            )
        except DatabaseUnavailable:
            return sum(own.cost.usd or 0.0 for own in self._own.values() if own.at >= day)

    async def usage(self, by: Grouping, days: int) -> list[UsageRow]:
        """What was used in the last `days` days, today among them. Raises DatabaseUnavailable."""
        since = ledger_rows.first_day(self._now(), days)
        return await self._database.read(lambda connection: ledger_rows.usage(connection, by, since))

    async def audit(self, limit: int) -> list[AuditRow]:
        """The last requests, newest last. Raises DatabaseUnavailable."""
        return await self._database.read(lambda connection: ledger_rows.audit(connection, limit))

    async def aclose(self) -> None:
        """Lets go of what is still under way, which is then spent for all that others know. The database stays open."""
        if self._owner.is_known:
            await self._database.off_loop(self._owner.release)

    def _end_dead(self, connection: sqlite3.Connection, token: str) -> None:
        """What processes set aside that have died since is spent, for all that anybody knows."""
        owners = connection.execute("SELECT DISTINCT owner FROM requests WHERE state = 'reserved'").fetchall()
        for (owner,) in owners:
            if owner != token and not self._owner.lives(owner):
                connection.execute(
                    "UPDATE requests SET state = 'estimated' WHERE owner = ? AND state = 'reserved'", (owner,)
                )

    def _used(self, connection: sqlite3.Connection, caps: Caps, now: float) -> Used:
        """What counts already, for all editors."""
        here = self._used_here(caps, now, also_stored=False)
        there = ledger_rows.used(connection, starts(now), caps)
        return Used(
            Sums(*(mine + theirs for mine, theirs in zip(here.usd, there.usd, strict=True))),
            Sums(*(mine + theirs for mine, theirs in zip(here.tokens, there.tokens, strict=True))),
        )

    def _used_here(self, caps: Caps, now: float, *, also_stored: bool) -> Used:
        """What this process remembers; what is in the database too only if asked for."""
        counting = [own for own in list(self._own.values()) if also_stored or not own.is_stored]
        usd, tokens = [], []
        for start in starts(now):
            since = [own.cost for own in counting if own.at >= start]
            usd.append(sum(each.usd or 0.0 for each in since))
            tokens.append(
                sum(each.input_tokens + each.output_tokens for each in since if caps.tokens_chosen or each.usd is None)
            )
        return Used(Sums(*usd), Sums(*tokens))

    def _forget_before(self, since: Starts) -> None:
        for request, own in list(self._own.items()):
            if own.at < min(since) and not own.is_open:
                del self._own[request]


def _delete(connection: sqlite3.Connection, requests: Sequence[int]) -> None:
    connection.executemany("DELETE FROM requests WHERE id = ?", [(request,) for request in requests])


def _sample(planned: Planned, outcome: Outcome) -> tuple[int, int] | None:
    """How many pieces came to how many tokens, if the endpoint told."""
    told = outcome.usage.input_tokens if outcome.usage is not None else 0
    return (planned.pieces, told) if told > 0 and planned.pieces > 0 else None


def _experience(connection: sqlite3.Connection, origin: str, model: str) -> Experience:
    row = connection.execute(
        "SELECT pieces, tokens FROM token_ratios WHERE origin = ? AND model = ?",
        (replace_surrogates(origin), replace_surrogates(model)),
    ).fetchone()
    return Experience() if row is None else Experience(*row)


def _learn(connection: sqlite3.Connection, origin: str, model: str, sample: tuple[int, int]) -> None:
    known = _experience(connection, origin, model).with_ask(*sample)
    connection.execute(
        "INSERT OR REPLACE INTO token_ratios (origin, model, pieces, tokens) VALUES (?, ?, ?, ?)",
        (replace_surrogates(origin), replace_surrogates(model), *known),
    )
