"""What must hold of the ledger: what is set aside counts at once, what it was replaces it, and nothing is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from ask_lsp.core.conversation import Usage
from ask_lsp.core.errors import CapReached
from ask_lsp.core.profile import Prices
from ask_lsp.core.spend import USUAL_OUTPUT, Amounts, Caps, Cost, Outcome, Planned, Reservation
from ask_lsp.core.tokens import FIRST_RATIO, message_pieces
from ask_lsp.store import db
from ask_lsp.store.db import Database
from ask_lsp.store.ledger import KEEP_DAYS, SqliteLedger
from ask_lsp.store.owner import Owner

# 1,000 tokens in and 100 out come to $0.002.
PLANNED = Planned(
    origin="https://api.example",
    profile="work",
    model="big-1",
    action="ask",
    pieces=800,
    input_tokens=1_000,
    max_output=100,
    prices=Prices(1.0, 10.0, 0.1),
    file="/home/me/p/a.py",
    project="/home/me/p",
    redactions={"openai_key": 2},
    content_hash="c0ffee",
    conversation="chat-1",
)
UNKNOWN = replace(PLANNED, prices=None, model="odd")
FREE = replace(PLANNED, prices=Prices(0, 0), model="local")
NOON = datetime(2025, 3, 5, 12).timestamp()
MONTHLY = Caps(Amounts(per_month=1_000.0), Amounts())


class Clock:
    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path)
    yield opened
    await opened.aclose()


@pytest.fixture
async def ledger(tmp_path: Path, database: Database, clock: Clock) -> AsyncIterator[SqliteLedger]:
    made = SqliteLedger(database, Owner(tmp_path / "running"), clock)
    yield made
    await made.aclose()


@pytest.fixture
async def broken(tmp_path: Path, clock: Clock) -> AsyncIterator[SqliteLedger]:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / db.FILE_NAME).write_bytes(b"not a database" * 100)
    opened = Database(folder)
    yield SqliteLedger(opened, Owner(folder / "running"), clock)
    await opened.aclose()


async def rows(database: Database, columns: str) -> list[tuple[object, ...]]:
    return await database.read(lambda found: found.execute(f"SELECT {columns} FROM requests ORDER BY id").fetchall())


async def test_a_request_is_written_down_before_it_is_sent_and_again_when_it_is_over(
    ledger: SqliteLedger, database: Database
) -> None:
    reserved = await ledger.reserve(PLANNED, Caps())

    assert reserved == Reservation(1, 100, 1_000, pytest.approx(0.002))
    assert await rows(database, "at, state, estimated_input, output_limit, reserved_usd, usd, is_estimated") == [
        (NOON, "reserved", 1_000, 100, pytest.approx(0.002), pytest.approx(0.002), 1)
    ]

    cost = await ledger.settle(reserved, Outcome("done", Usage(900, 40, 500), 45, 1.5))

    assert cost == Cost(900, 500, 40, pytest.approx(0.00085), is_estimated=False)
    assert await rows(database, "state, input_tokens, cached_tokens, output_tokens, usd, is_estimated, seconds") == [
        ("done", 900, 500, 40, pytest.approx(0.00085), 0, 1.5)
    ]
    assert await rows(database, "conversation, origin, profile, model, action, file, project, pieces") == [
        ("chat-1", "https://api.example", "work", "big-1", "ask", "/home/me/p/a.py", "/home/me/p", 800)
    ]
    assert await rows(database, "redactions, content_hash, prompt") == [('{"openai_key": 2}', "c0ffee", None)]


async def test_what_nobody_told_is_estimated_and_says_so(ledger: SqliteLedger, database: Database) -> None:
    cost = await ledger.settle(await ledger.reserve(PLANNED, Caps()), Outcome("cancelled", None, 30, 0.5))

    assert cost == Cost(1_000, 0, 30, pytest.approx(0.0013), is_estimated=True)
    assert await rows(database, "state, input_tokens, output_tokens, is_estimated") == [("cancelled", 1_000, 30, 1)]


async def test_settling_twice_or_what_was_only_asked_changes_nothing(ledger: SqliteLedger, database: Database) -> None:
    reserved = await ledger.reserve(PLANNED, Caps())
    first = await ledger.settle(reserved, Outcome("done", Usage(900, 40)))

    assert await ledger.settle(reserved, Outcome("failed", Usage(0, 0))) == first
    assert await ledger.settle(Reservation(None, None, 5, 1.0), Outcome("done", Usage(1, 1))) is None
    assert await ledger.settle(Reservation(77, None, 5, 1.0), Outcome("done", Usage(1, 1))) is None
    assert await rows(database, "state, input_tokens") == [("done", 900)]


async def test_what_is_set_aside_counts_against_the_next_and_what_was_not_used_does_not(ledger: SqliteLedger) -> None:
    caps = Caps(Amounts(per_day=0.005), Amounts())
    first = await ledger.reserve(PLANNED, caps)
    second = await ledger.reserve(PLANNED, caps)

    with pytest.raises(CapReached, match=r"\$0\.0040 was spent today.*spend\.per_day"):
        await ledger.reserve(PLANNED, caps)

    await ledger.settle(first, Outcome("failed", Usage(0, 0)))
    third = await ledger.reserve(PLANNED, caps)
    await ledger.settle(second, Outcome("done", Usage(1_000, 100)))
    await ledger.settle(third, Outcome("done", Usage(1_000, 100)))

    assert (await ledger.preview(PLANNED, Caps(Amounts(per_day=0.0059), Amounts()))).max_output == 90


async def test_allowed_once_it_passes_and_is_counted_all_the_same(ledger: SqliteLedger) -> None:
    caps = Caps(Amounts(per_request=0.0005, per_day=0.0005), Amounts())
    with pytest.raises(CapReached):
        await ledger.reserve(PLANNED, caps)

    assert (await ledger.reserve(PLANNED, caps, once=True)).max_output == 100

    assert await ledger.spent_today() == pytest.approx(0.002)
    with pytest.raises(CapReached):
        await ledger.reserve(PLANNED, caps)


async def test_asking_what_would_be_writes_nothing(ledger: SqliteLedger, database: Database) -> None:
    wide = replace(PLANNED, max_output=None)

    assert await ledger.preview(wide, Caps()) == Reservation(
        None, USUAL_OUTPUT, 1_000, pytest.approx(0.001 + USUAL_OUTPUT / 1e5)
    )
    with pytest.raises(CapReached):
        await ledger.preview(wide, Caps(Amounts(per_request=0.001)))
    assert await rows(database, "id") == []


@pytest.mark.parametrize(
    ("limits", "last_second", "next_second"),
    [
        (Amounts(per_hour=0.003), NOON + 3_600, NOON + 3_601),
        (Amounts(per_day=0.003), datetime(2025, 3, 5, 23, 59, 59).timestamp(), datetime(2025, 3, 6).timestamp()),
        (Amounts(per_month=0.003), datetime(2025, 3, 31, 23, 59, 59).timestamp(), datetime(2025, 4, 1).timestamp()),
    ],
)
async def test_an_hour_is_sixty_minutes_a_day_and_a_month_are_the_calendars(
    ledger: SqliteLedger, clock: Clock, limits: Amounts, last_second: float, next_second: float
) -> None:
    await ledger.settle(await ledger.reserve(PLANNED, Caps()), Outcome("done", Usage(1_000, 100)))

    clock.now = last_second
    with pytest.raises(CapReached):
        await ledger.reserve(PLANNED, Caps(limits, Amounts()))
    clock.now = next_second
    await ledger.reserve(PLANNED, Caps(limits, Amounts()))


async def test_in_the_first_hour_of_a_month_the_month_has_only_its_own(ledger: SqliteLedger, clock: Clock) -> None:
    clock.now = datetime(2025, 3, 31, 23, 50).timestamp()
    await ledger.reserve(PLANNED, Caps())

    clock.now = datetime(2025, 4, 1, 0, 10).timestamp()
    await ledger.preview(PLANNED, Caps(Amounts(per_month=0.002), Amounts()))
    with pytest.raises(CapReached):
        await ledger.preview(PLANNED, Caps(Amounts(per_hour=0.003, per_month=0.002), Amounts()))


async def test_token_caps_count_what_has_no_price_and_everything_if_the_user_set_them(ledger: SqliteLedger) -> None:
    for planned in (PLANNED, UNKNOWN, FREE):
        await ledger.settle(await ledger.reserve(planned, Caps()), Outcome("done", Usage(1_000, 100)))
    limit = Amounts(per_day=2_500)

    assert (await ledger.preview(UNKNOWN, Caps(Amounts(), limit))).max_output == 100
    assert (await ledger.preview(PLANNED, Caps(Amounts(), limit))).max_output == 100
    for planned in (PLANNED, UNKNOWN, FREE):
        with pytest.raises(CapReached, match=r"3,300 tokens were used today"):
            await ledger.preview(planned, Caps(Amounts(), limit, tokens_chosen=True))


async def test_by_default_an_unknown_price_is_held_by_tokens(ledger: SqliteLedger) -> None:
    with pytest.raises(CapReached, match=r"50,000 tokens a request .tokens\.per_request; the price of this model is"):
        await ledger.reserve(replace(UNKNOWN, input_tokens=50_000), Caps())

    assert (await ledger.reserve(UNKNOWN, Caps())).usd is None
    assert (await ledger.reserve(replace(FREE, input_tokens=50_000, max_output=None), Caps())).max_output is None


async def test_spent_today_counts_what_is_set_aside_and_only_known_prices(ledger: SqliteLedger, clock: Clock) -> None:
    await ledger.settle(await ledger.reserve(PLANNED, Caps()), Outcome("done", Usage(1_000, 100)))
    await ledger.reserve(UNKNOWN, Caps())
    await ledger.reserve(PLANNED, Caps())
    assert await ledger.spent_today() == pytest.approx(0.004)

    clock.now = datetime(2025, 3, 6).timestamp()
    assert await ledger.spent_today() == 0.0


async def test_who_is_cancelled_while_reserving_has_set_nothing_aside(ledger: SqliteLedger, database: Database) -> None:
    await ledger.settle(await ledger.reserve(PLANNED, Caps()), Outcome("done", Usage(1_000, 100)))

    task = asyncio.ensure_future(ledger.reserve(PLANNED, Caps()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await rows(database, "state") == [("done",)]


async def test_the_ratio_is_learned_for_each_model_and_shared_by_editors(
    ledger: SqliteLedger, database: Database, tmp_path: Path
) -> None:
    texts = ["You are an assistant.", "What does this do?\n\n```\n" + "total = total + price\n" * 60 + "```"]
    count = message_pieces(texts)
    assert await ledger.estimate("https://api.example", "big-1", texts) == (
        count,
        pytest.approx(count * FIRST_RATIO, abs=1),
    )

    real = round(count * 0.8)
    for _ in range(10):
        pieces, tokens = await ledger.estimate("https://api.example", "big-1", texts)
        reserved = await ledger.reserve(replace(PLANNED, pieces=pieces, input_tokens=tokens), Caps())
        await ledger.settle(reserved, Outcome("done", Usage(real, 10)))

    other = SqliteLedger(Database(tmp_path), Owner(tmp_path / "running"))
    assert (await other.estimate("https://api.example", "big-1", texts))[1] == pytest.approx(real, rel=0.1)
    assert (await other.estimate("https://else.example", "big-1", texts))[1] > real * 1.5
    assert (await other.estimate("https://api.example", "big-2", texts))[1] > real * 1.5
    await other._database.aclose()


async def test_nothing_is_learned_from_an_answer_without_usage(ledger: SqliteLedger) -> None:
    before = await ledger.estimate("https://api.example", "big-1", ["a b c"])
    for outcome in (Outcome("done", None, 50), Outcome("failed", Usage(0, 0))):
        await ledger.settle(await ledger.reserve(PLANNED, Caps()), outcome)

    assert await ledger.estimate("https://api.example", "big-1", ["a b c"]) == before


async def test_without_a_database_caps_hold_within_this_process(broken: SqliteLedger, clock: Clock) -> None:
    caps = Caps(Amounts(per_day=0.005), Amounts())
    first = await broken.reserve(PLANNED, caps)
    await broken.reserve(PLANNED, caps)
    with pytest.raises(CapReached):
        await broken.reserve(PLANNED, caps)
    with pytest.raises(CapReached):
        await broken.preview(PLANNED, caps)

    cost = await broken.settle(first, Outcome("done", Usage(100, 0)))
    assert cost is not None
    assert cost.usd == pytest.approx(0.0001)
    assert await broken.spent_today() == pytest.approx(0.0021)
    assert (await broken.reserve(PLANNED, caps)).max_output == 100
    before = (await broken.estimate("https://api.example", "big-1", ["x " * 500]))[1]
    assert before < (await broken.estimate("https://api.example", "other", ["x " * 500]))[1]

    clock.now = datetime(2025, 4, 6).timestamp()
    assert await broken.spent_today() == 0.0
    assert (await broken.reserve(PLANNED, caps)).max_output == 100


async def test_a_database_that_is_locked_for_a_while_loses_no_count(
    ledger: SqliteLedger, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.0)
    caps = Caps(Amounts(per_day=0.0075), Amounts())
    await ledger.reserve(PLANNED, caps)

    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await ledger.reserve(PLANNED, caps)
    await ledger.reserve(PLANNED, caps)

    with pytest.raises(CapReached, match=r"\$0\.0060 was spent today"):
        await ledger.reserve(replace(PLANNED, input_tokens=2_000), caps)
    assert await ledger.spent_today() == pytest.approx(0.006)
    assert len(await rows(database, "id")) == 2


async def test_usage_is_grouped_and_says_what_is_unknown_and_what_is_estimated(
    ledger: SqliteLedger, clock: Clock
) -> None:
    clock.now = NOON - 86_400
    await ledger.settle(await ledger.reserve(PLANNED, Caps()), Outcome("done", Usage(1_000, 100, 500)))
    clock.now = NOON
    await ledger.settle(await ledger.reserve(PLANNED, Caps()), Outcome("cancelled", None, 50))
    await ledger.settle(await ledger.reserve(replace(UNKNOWN, action="fix"), Caps()), Outcome("done", Usage(7, 3)))

    assert await ledger.usage("day", 30) == [
        ("2025-03-04", 1, 1_000, 500, 100, pytest.approx(0.00155), 0, 0),
        ("2025-03-05", 2, 1_007, 0, 53, pytest.approx(0.0015), 1, 1),
    ]
    assert await ledger.usage("model", 30) == [
        ("big-1", 2, 2_000, 500, 150, pytest.approx(0.00305), 0, 1),
        ("odd", 1, 7, 0, 3, None, 1, 0),
    ]
    assert [row.name for row in await ledger.usage("action", 30)] == ["ask", "fix"]
    assert [row.requests for row in await ledger.usage("project", 1)] == [2]
    assert [row.name for row in await ledger.usage("day", 1)] == ["2025-03-05"]


async def test_the_audit_log_has_no_text_unless_it_was_asked_for(ledger: SqliteLedger) -> None:
    await ledger.settle(await ledger.reserve(PLANNED, Caps()), Outcome("done", Usage(1_000, 100), 0, 2.0))
    await ledger.reserve(replace(PLANNED, prompt="what is this \ud800?", file="/tmp/\udcff.py"), Caps())

    older, newer = await ledger.audit(10)

    assert (older.state, older.prompt, older.redactions, older.seconds) == ("done", None, {"openai_key": 2}, 2.0)
    assert (older.is_estimated, newer.is_estimated) == (False, True)
    assert (newer.state, newer.prompt, newer.file) == ("reserved", "what is this \ufffd?", "/tmp/\ufffd.py")
    assert await ledger.audit(1) == [newer]


async def test_what_is_very_old_is_forgotten(ledger: SqliteLedger, database: Database, clock: Clock) -> None:
    await ledger.reserve(PLANNED, Caps())
    later = SqliteLedger(database, ledger._owner, Clock(NOON + (KEEP_DAYS + 1) * 86_400))

    await later.reserve(PLANNED, Caps())

    assert len(await rows(database, "id")) == 1


async def test_usage_of_earlier_versions_is_kept(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / db.FILE_NAME)) as old:
        for statement in [statement for version in db.MIGRATIONS[:2] for statement in version]:
            old.execute(statement)
        old.execute("INSERT INTO usage VALUES (3, ?, 'work', 'm', 'ask', 10, 5, 2, 0.5)", (NOON,))
        old.execute("INSERT INTO usage VALUES (9, ?, 'local', '', 'explain', 20, 6, 0, NULL)", (NOON,))
        old.execute("PRAGMA user_version = 2")
        old.commit()
    database = Database(tmp_path)
    ledger = SqliteLedger(database, Owner(tmp_path / "running"), Clock())

    assert await ledger.spent_today() == 0.5
    assert [(row.state, row.model, row.usd) for row in await ledger.audit(5)] == [
        ("done", "m", 0.5),
        ("done", "", None),
    ]
    await database.aclose()


async def test_only_the_owner_can_read_it(ledger: SqliteLedger, tmp_path: Path) -> None:
    await ledger.reserve(PLANNED, Caps())

    assert tmp_path.stat().st_mode & 0o777 == 0o700
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"ask-lsp.db", "ask-lsp.db-wal"}
    assert [path for path in files if path.stat().st_mode & 0o777 != 0o600] == []
