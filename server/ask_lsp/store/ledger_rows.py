"""The ledger's table as statements and values: what is written of a request, what counts, what is shown of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ask_lsp.core.ledger import AuditRow, Grouping, UsageRow
from ask_lsp.core.spend import Caps, Cost, Planned, Sums, Used
from ask_lsp.core.text import replace_surrogates

if TYPE_CHECKING:
    import sqlite3

HOUR = 3_600.0

_SHOWN = (
    "at, state, origin, profile, model, action, file, project, conversation, input_tokens, cached_tokens,"
    " output_tokens, is_estimated, usd, seconds, redactions, content_hash, prompt"
)
# Days are those of the machine's own time, like the caps' days.
_GROUPS: Mapping[Grouping, str] = {
    "day": "date(at, 'unixepoch', 'localtime')",
    "model": "model",
    "action": "action",
    "project": "project",
}


class Starts(NamedTuple):
    """When the stretches of time began that caps are about: seconds since the epoch."""

    hour: float
    day: float
    month: float


def starts(now: float) -> Starts:
    """An hour is the last 60 minutes; a day and a month are those of the calendar, in local time."""
    day = datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return Starts(now - HOUR, day.timestamp(), day.replace(day=1).timestamp())


def first_day(now: float, days: int) -> float:
    """When the first of the last so many days began, today among them."""
    today = datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=max(0, min(days, 100_000) - 1))).timestamp()


def used(connection: sqlite3.Connection, since: Starts, caps: Caps) -> Used:
    """What counts already, for the stretches that there are caps on; 0 for the others.

    Everything is in the index, so the table itself is not read.
    """
    unknown = "CASE WHEN usd IS NULL THEN input_tokens + output_tokens END"
    tokens = "input_tokens + output_tokens" if caps.tokens_chosen else unknown
    usd_sums, token_sums = Sums(), Sums()
    for stretch, start in since._asdict().items():
        limits = (getattr(caps.spend, f"per_{stretch}"), getattr(caps.tokens, f"per_{stretch}"))
        if limits != (None, None):
            usd, count = connection.execute(
                f"SELECT TOTAL(usd), TOTAL({tokens}) FROM requests WHERE at >= ?", (start,)
            ).fetchone()
            usd_sums = usd_sums._replace(**{stretch: usd})
            token_sums = token_sums._replace(**{stretch: count})
    return Used(usd_sums, token_sums)


def insert(
    connection: sqlite3.Connection, at: float, owner: str, planned: Planned, limit: int | None, most: Cost
) -> int:
    """Writes a request that is about to be sent, and returns its id."""
    row: dict[str, Any] = {
        "at": at,
        "owner": owner,
        "state": "reserved",
        "conversation": planned.conversation,
        "origin": planned.origin,
        "profile": planned.profile,
        "model": planned.model,
        "action": planned.action,
        "file": planned.file,
        "project": planned.project,
        "pieces": planned.pieces,
        "estimated_input": planned.input_tokens,
        "output_limit": limit,
        "reserved_usd": most.usd,
        "input_tokens": most.input_tokens,
        "cached_tokens": 0,
        "output_tokens": most.output_tokens,
        "is_estimated": 1,
        "usd": most.usd,
        "redactions": json.dumps(dict(planned.redactions), sort_keys=True),
        "content_hash": planned.content_hash,
        "prompt": planned.prompt,
    }
    values = [replace_surrogates(value) if isinstance(value, str) else value for value in row.values()]
    made = connection.execute(
        f"INSERT INTO requests ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", values
    ).lastrowid
    assert made is not None
    return made


def update(connection: sqlite3.Connection, request: int, state: str, cost: Cost, seconds: float) -> None:
    """Puts what a request came to in the place of what was set aside."""
    connection.execute(
        "UPDATE requests SET state = ?, input_tokens = ?, cached_tokens = ?, output_tokens = ?, is_estimated = ?,"
        " usd = ?, seconds = ? WHERE id = ?",
        (
            state,
            cost.input_tokens,
            cost.cached_tokens,
            cost.output_tokens,
            int(cost.is_estimated),
            cost.usd,
            seconds,
            request,
        ),
    )


def usage(connection: sqlite3.Connection, by: Grouping, since: float) -> list[UsageRow]:
    """Requests since then, grouped; days in their order, everything else by what it cost."""
    order = "1" if by == "day" else "TOTAL(usd) DESC, SUM(input_tokens + output_tokens) DESC, 1"
    rows = connection.execute(
        f"SELECT {_GROUPS[by]}, COUNT(*), SUM(input_tokens), SUM(cached_tokens), SUM(output_tokens), SUM(usd),"
        f" SUM(usd IS NULL), SUM(is_estimated) FROM requests WHERE at >= ? GROUP BY 1 ORDER BY {order}",
        (since,),
    ).fetchall()
    return [UsageRow(*row) for row in rows]


def audit(connection: sqlite3.Connection, limit: int) -> list[AuditRow]:
    """The last requests, oldest first."""
    rows = connection.execute(f"SELECT {_SHOWN} FROM requests ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
    return [_audit_row(row) for row in reversed(rows)]


def _audit_row(row: tuple[Any, ...]) -> AuditRow:
    shown = AuditRow(*row)
    return shown._replace(is_estimated=bool(shown.is_estimated), redactions=json.loads(row[15]))
