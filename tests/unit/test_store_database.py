"""What must hold of the database: private, shared by many processes, and never in the way of an answer."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from ask_lsp.store import db
from ask_lsp.store.db import Database, DatabaseUnavailable
from ask_lsp.store.worker import Worker

WRITER = """
import asyncio, os, sys
from pathlib import Path
from ask_lsp.store.chats import FileChats
from ask_lsp.store.db import Database
from ask_lsp.store.memory import SqliteMemory

async def main():
    directory = Path(sys.argv[1])
    database = Database(directory)
    memory, chats = SqliteMemory(database), FileChats(directory, database)
    sys.stdin.readline()
    for number in range(20):
        await memory.remember_choice(f"{os.getpid()}-{number}", "yes")
        entry = await chats.journal_begin(directory / "chats" / "x.md", f"job-{number}")
        await chats.journal(entry, "text")
        await chats.journal_end(entry)
    assert database.take_problems() == []
    await chats.aclose()
    await database.aclose()

asyncio.run(main())
"""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "state")
    yield opened
    await opened.aclose()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


async def test_nothing_is_opened_before_the_first_use(tmp_path: Path) -> None:
    database = Database(tmp_path / "state")

    await database.aclose()

    assert not (tmp_path / "state").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="file modes mean nothing on Windows")
@pytest.mark.parametrize("umask", [0o000, 0o277])
async def test_only_the_owner_can_read_it_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    database = Database(tmp_path / "state")
    former = os.umask(umask)
    try:
        await database.write(lambda connection: connection.execute("INSERT INTO choices VALUES ('a', 'b')"))
        files = {path.name: mode(path) for path in (tmp_path / "state").iterdir()}
    finally:
        os.umask(former)

    assert files == {"ask-lsp.db": 0o600, "ask-lsp.db-wal": 0o600, "ask-lsp.db-shm": 0o600}
    assert mode(tmp_path / "state") == 0o700
    await database.aclose()


@pytest.mark.skipif(sys.platform == "win32", reason="file modes mean nothing on Windows")
async def test_what_others_could_read_before_they_cannot_any_more(tmp_path: Path, database: Database) -> None:
    database.path.parent.mkdir(mode=0o755)
    database.path.touch(mode=0o644)

    await database.read(version)

    assert mode(database.path) == 0o600
    assert mode(database.path.parent) == 0o700


async def test_a_file_of_version_0_is_brought_up_to_date(database: Database) -> None:
    database.path.parent.mkdir()
    with closing(sqlite3.connect(database.path)) as connection:
        connection.execute("PRAGMA user_version = 0")

    assert await database.read(version) == len(db.MIGRATIONS)
    tables = await database.read(lambda found: found.execute("SELECT name FROM sqlite_master").fetchall())
    assert {("explanations",), ("choices",), ("requests",), ("answers",)} <= set(tables)


async def test_a_later_migration_keeps_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Database(tmp_path)
    await first.write(lambda connection: connection.execute("INSERT INTO choices VALUES ('a', 'b')"))
    await first.aclose()
    monkeypatch.setattr(db, "MIGRATIONS", (*db.MIGRATIONS, ("ALTER TABLE choices ADD COLUMN at REAL",)))

    second = Database(tmp_path)

    assert await second.read(lambda found: found.execute("SELECT * FROM choices").fetchall()) == [("a", "b", None)]
    assert await second.read(version) == len(db.MIGRATIONS)
    await second.aclose()


async def test_a_failed_migration_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "MIGRATIONS", (("CREATE TABLE one (a)", "nonsense"),))
    database = Database(tmp_path)

    with pytest.raises(DatabaseUnavailable):
        await database.read(version)

    with closing(sqlite3.connect(database.path)) as connection:
        assert version(connection) == 0
        assert connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() == (0,)
    await database.aclose()


async def test_a_file_of_a_newer_version_is_left_alone(database: Database) -> None:
    database.path.parent.mkdir()
    with closing(sqlite3.connect(database.path)) as connection:
        connection.execute("PRAGMA user_version = 1000")
    before = database.path.read_bytes()

    with pytest.raises(DatabaseUnavailable, match="newer version"):
        await database.read(version)

    assert database.path.read_bytes() == before


async def test_a_corrupt_file_is_told_once_and_left_alone(database: Database) -> None:
    database.path.parent.mkdir()
    database.path.write_bytes(b"not a database" * 100)

    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            await database.read(version)

    assert [str(database.path) in sentence for sentence in database.take_problems()] == [True]
    assert database.take_problems() == []
    assert database.path.read_bytes() == b"not a database" * 100


async def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    database = Database(tmp_path / "file" / "state")

    with pytest.raises(DatabaseUnavailable, match="make it writable"):
        await database.read(version)

    await database.aclose()


async def test_a_failed_transaction_leaves_nothing_and_the_next_one_works(database: Database) -> None:
    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO choices VALUES ('a', 'b')")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        await database.write(half)

    assert await database.read(lambda found: found.execute("SELECT * FROM choices").fetchall()) == []
    await database.write(lambda connection: connection.execute("INSERT INTO choices VALUES ('a', 'c')"))
    assert await database.read(lambda found: found.execute("SELECT value FROM choices").fetchall()) == [("c",)]


async def test_a_locked_file_fails_this_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.0)
    database = Database(tmp_path)
    await database.read(version)

    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailable, match="locked"):
            await database.write(version)
        assert await database.read(version) == len(db.MIGRATIONS)

    await database.write(version)
    await database.aclose()


async def test_what_was_begun_is_written_though_nobody_waits_any_more(database: Database) -> None:
    await database.read(version)
    task = asyncio.ensure_future(
        database.write(lambda connection: connection.execute("INSERT INTO choices VALUES ('a', 'b')"))
    )
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await database.read(lambda found: found.execute("SELECT * FROM choices").fetchall()) == [("a", "b")]


async def test_a_worker_keeps_the_order_and_can_be_used_after_its_end() -> None:
    worker = Worker("test")
    done: list[int] = []

    for number in range(10):
        worker.submit(lambda number=number: done.append(number))  # type: ignore[misc]
    await worker.aclose()

    assert done == list(range(10))
    assert await worker.run(lambda: 7) == 7
    await worker.aclose()


def test_eight_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(8)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()

    assert [writer.communicate(timeout=60)[1] for writer in writers] == [b""] * 8
    assert [writer.returncode for writer in writers] == [0] * 8
    with closing(sqlite3.connect(tmp_path / db.FILE_NAME)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM choices").fetchone() == (160,)
        assert connection.execute("SELECT COUNT(*), COUNT(DISTINCT owner), MIN(state) FROM answers").fetchone() == (
            160,
            8,
            "ended",
        )
