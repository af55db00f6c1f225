"""How long a request is held up by the ledger: what it may cost is set aside before it is sent, and settled after."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from figures import Figure, median, percentile

from ask_lsp.core.conversation import Usage
from ask_lsp.core.profile import Prices
from ask_lsp.core.spend import Amounts, Caps, Outcome, Planned
from ask_lsp.store.db import Database
from ask_lsp.store.ledger import SqliteLedger
from ask_lsp.store.owner import Owner

BEFORE = 5_000  # requests of the last 20 days: a busy month of one person
RUNS = 300
BOUND = 2.0
CAPS = Caps(Amounts(0.5, 50.0, 500.0, 5_000.0), Amounts(50_000, 1e9, 1e9, 1e9), tokens_chosen=True)
PLANNED = Planned(
    "https://api.example", "work", "gpt-5.4-mini", "ask", pieces=1_500, input_tokens=1_800, max_output=1_000,
    prices=Prices(0.75, 4.5, 0.075), file="/home/me/project/module.py", project="/home/me/project",
    content_hash="0" * 64, conversation="2026-11-25-what-does-this-do.md",
)  # fmt: skip


def measure() -> list[Figure]:
    """Every cap that there is, and a second process's worth of rows before; the estimate besides."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Figure]:
    database = Database(folder)
    ledger = SqliteLedger(database, Owner(folder / "running"))
    await _fill(database)
    reserving: list[float] = []
    settling: list[float] = []
    estimating: list[float] = []
    nothing: list[float] = []
    texts = ["You are an assistant.", "total = total + price  # and so on\n" * 200]
    for number in range(RUNS):
        began = time.perf_counter()
        await database.off_loop(lambda: None)
        nothing.append(time.perf_counter() - began)
        began = time.perf_counter()
        await ledger.estimate(PLANNED.origin, PLANNED.model, texts)
        estimating.append(time.perf_counter() - began)
        began = time.perf_counter()
        reserved = await ledger.reserve(replace(PLANNED, conversation=str(number)), CAPS)
        reserving.append(time.perf_counter() - began)
        began = time.perf_counter()
        await ledger.settle(reserved, Outcome("done", Usage(1_750, 400, 1_024), 380, 2.5))
        settling.append(time.perf_counter() - began)
    await ledger.aclose()
    await database.aclose()
    both = [(one + other) * 1000 for one, other in zip(reserving, settling, strict=True)]
    detail = {
        "reserve_p50_ms": median(reserving) * 1000,
        "settle_p50_ms": median(settling) * 1000,
        "p99_ms": percentile(both, 0.99),
        "estimate_7_kb_p50_ms": median(estimating) * 1000,
        "a_hop_to_the_thread_p50_ms": median(nothing) * 1000,
    }
    name = f"ledger check over {BEFORE:,} requests, p50"
    return [Figure(name, median(both), "ms", RUNS, BOUND, "a hop to the database's thread", detail)]


async def _fill(database: Database) -> None:
    now = time.time()
    names = (
        "at, owner, state, conversation, origin, profile, model, action, file, project, pieces, estimated_input,"
        " input_tokens, cached_tokens, output_tokens, is_estimated, usd, redactions, content_hash"
    )
    rows = [
        (
            now - number * 86_400 * 20 / BEFORE,
            "x",
            "done",
            "",
            "o",
            "p",
            "m",
            "ask",
            "",
            "",
            1,
            1,
            900,
            0,
            90,
            0,
            0.001,
            "{}",
            "",
        )
        for number in range(BEFORE)
    ]
    marks = ", ".join("?" * len(rows[0]))
    await database.write(
        lambda connection: connection.executemany(f"INSERT INTO requests ({names}) VALUES ({marks})", rows)
    )
