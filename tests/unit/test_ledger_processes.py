"""What must hold when several editors ask at once: no cap is passed together, nothing is lost, the dead have spent."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ask_lsp.core.errors import CapReached
from ask_lsp.core.profile import Prices
from ask_lsp.core.spend import Amounts, Caps, Outcome, Planned
from ask_lsp.store import db
from ask_lsp.store.db import Database
from ask_lsp.store.ledger import SqliteLedger
from ask_lsp.store.owner import Owner

PROCESSES = 8

# Each says "ready" once its database is open, waits for the starting shot, and then asks eight times at once.
ASKER = """
import asyncio, sys
from pathlib import Path
from ask_lsp.core.conversation import Usage
from ask_lsp.core.errors import CapReached
from ask_lsp.core.profile import Prices
from ask_lsp.core.spend import Amounts, Caps, Outcome, Planned
from ask_lsp.store.db import Database
from ask_lsp.store.ledger import SqliteLedger
from ask_lsp.store.owner import Owner

PLANNED = Planned("o", "p", "m", "ask", pieces=80, input_tokens=100, max_output=900, prices=Prices(1000.0, 1000.0))

async def main(what, folder):
    database = Database(folder)
    ledger = SqliteLedger(database, Owner(folder / "running"))
    await ledger.spent_today()
    print("ready", flush=True)
    sys.stdin.readline()
    if what == "at once":
        caps = Caps(Amounts(per_day=20.5), Amounts())
        done = await asyncio.gather(*(ledger.reserve(PLANNED, caps) for _ in range(8)), return_exceptions=True)
        bad = [one for one in done if isinstance(one, BaseException) and not isinstance(one, CapReached)]
        assert not bad, bad
        print(sum(one.max_output + 100 for one in done if not isinstance(one, CapReached)), flush=True)
        sys.stdin.readline()
    elif what == "write":
        for number in range(20):
            reserved = await ledger.reserve(PLANNED, Caps(Amounts(), Amounts()))
            await ledger.settle(reserved, Outcome("done", Usage(500, 500), 0, 0.1))
        assert database.take_problems() == []
    else:
        await ledger.reserve(PLANNED, Caps(Amounts(), Amounts()))
        print("reserved", flush=True)
        sys.stdin.readline()
    await ledger.aclose()
    await database.aclose()

asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
"""


def start(what: str, folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", ASKER, what, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return process


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = process.stdout.readline().strip()
    assert said, process.communicate(timeout=30)[1]
    return said


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def end(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        _, errors = process.communicate("go\n", timeout=60)
        assert (process.returncode, errors) == (0, "")


def test_sixty_four_asks_of_eight_processes_cannot_pass_a_cap_together(tmp_path: Path) -> None:
    """Each may cost $1 and the cap is $20.50: twenty fit, and one more with half an answer."""
    askers = [start("at once", tmp_path) for _ in range(PROCESSES)]
    assert [line(asker) for asker in askers] == ["ready"] * PROCESSES
    for asker in askers:
        go(asker)
    taken = [int(line(asker)) for asker in askers]

    with closing(sqlite3.connect(tmp_path / db.FILE_NAME)) as connection:
        count, usd, largest = connection.execute(
            "SELECT COUNT(*), SUM(usd), MAX(output_limit) FROM requests WHERE state = 'reserved'"
        ).fetchone()
    end(askers)

    assert (count, largest) == (21, 900)
    assert usd == pytest.approx(20.5)
    assert sum(taken) == 20_500


def test_eight_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    writers = [start("write", tmp_path) for _ in range(PROCESSES)]
    assert [line(writer) for writer in writers] == ["ready"] * PROCESSES
    end(writers)

    with closing(sqlite3.connect(tmp_path / db.FILE_NAME)) as connection:
        row = connection.execute(
            "SELECT COUNT(*), SUM(usd), COUNT(DISTINCT owner), MIN(state), MAX(state) FROM requests"
        ).fetchone()

    assert row == (160, 160.0, PROCESSES, "done", "done")


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
async def test_what_a_killed_process_had_set_aside_is_spent(tmp_path: Path) -> None:
    asker = start("and wait", tmp_path)
    assert line(asker) == "ready"
    go(asker)
    assert line(asker) == "reserved"
    database = Database(tmp_path)
    ledger = SqliteLedger(database, Owner(tmp_path / "running"))
    cheap = Planned("o", "p", "m", "ask", pieces=8, input_tokens=10, max_output=90, prices=Prices(1.0, 1.0))

    # It lives: its reservation counts, and stays one.
    await ledger.reserve(cheap, Caps())
    assert [row.state for row in await ledger.audit(9)] == ["reserved", "reserved"]

    asker.send_signal(signal.SIGKILL)
    asker.wait(30)
    for stream in (asker.stdin, asker.stdout, asker.stderr):
        assert stream is not None
        stream.close()
    # Even a refusal finds it dead.
    with pytest.raises(CapReached):
        await ledger.reserve(cheap, Caps(Amounts(per_day=0.5), Amounts()))

    dead, own = await ledger.audit(9)
    assert (dead.state, dead.input_tokens, dead.output_tokens, dead.usd) == ("estimated", 100, 900, 1.0)
    assert dead.is_estimated
    assert own.state == "reserved"
    assert await ledger.spent_today() == pytest.approx(1.0001)
    await ledger.aclose()
    await database.aclose()


async def test_what_a_process_leaves_under_way_when_it_ends_is_spent(tmp_path: Path) -> None:
    first, second = Database(tmp_path), Database(tmp_path)
    planned = Planned("o", "p", "m", "ask", pieces=8, input_tokens=10, max_output=90, prices=Prices(1.0, 1.0))
    leaving = SqliteLedger(first, Owner(tmp_path / "running"))
    await leaving.reserve(planned, Caps())
    await leaving.aclose()
    await first.aclose()
    staying = SqliteLedger(second, Owner(tmp_path / "running"))

    await staying.settle(await staying.reserve(planned, Caps()), Outcome("failed", None))

    assert [row.state for row in await staying.audit(9)] == ["estimated", "failed"]
    await staying.aclose()
    await second.aclose()
