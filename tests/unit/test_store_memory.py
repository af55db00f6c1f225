"""What must hold of the memory: it lasts, it is bounded, and without a database it is short but still there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ask_lsp.store.db import Database
from ask_lsp.store.memory import MAX_WITHOUT_DATABASE, TOUCH_AFTER_SECONDS, SqliteMemory


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path)
    yield opened
    await opened.aclose()


@pytest.fixture
async def broken(tmp_path: Path) -> AsyncIterator[Database]:
    (tmp_path / "ask-lsp.db").write_bytes(b"not a database" * 100)
    opened = Database(tmp_path)
    yield opened
    await opened.aclose()


async def test_what_is_remembered_outlives_the_process(tmp_path: Path, database: Database) -> None:
    memory = SqliteMemory(database)
    assert await memory.explanation("k") is None
    assert await memory.choice("hover") is None

    await memory.remember_explanation("k", "old")
    await memory.remember_explanation("k", "new 👩‍💻")
    await memory.remember_choice("hover", "no")
    await memory.remember_choice("hover", "yes")
    await memory.aclose()

    later = SqliteMemory(database)
    assert await later.explanation("k") == "new 👩‍💻"
    assert await later.choice("hover") == "yes"


async def test_an_explanation_that_says_nothing_is_none(database: Database) -> None:
    """Also one that is stored: an earlier version kept what a model had answered, and that may have been nothing."""
    memory = SqliteMemory(database)
    await memory.remember_explanation("k", " \n")
    await database.write(lambda connection: connection.execute("INSERT INTO explanations VALUES ('old', '', 0)"))

    assert await memory.explanation("k") is None
    assert await memory.explanation("old") is None
    await memory.remember_explanation("old", "The mean.")
    assert await memory.explanation("old") == "The mean."


async def test_two_editors_share_it(tmp_path: Path, database: Database) -> None:
    other = Database(tmp_path)

    await SqliteMemory(database).remember_choice("hover", "yes")

    assert await SqliteMemory(other).choice("hover") == "yes"
    await other.aclose()


async def test_lone_surrogates_do_no_harm(database: Database) -> None:
    memory = SqliteMemory(database)

    await memory.remember_explanation("k\ud800", "a\udfff")
    await memory.remember_choice("c\ud800", "v\ud800")

    assert await memory.explanation("k\ud800") == "a\ufffd"
    assert await memory.choice("c\ud800") == "v\ufffd"


async def test_what_was_not_read_for_longest_is_forgotten(database: Database) -> None:
    clock = Clock(1_000_000.0)
    memory = SqliteMemory(database, now=clock, max_explanations=3)
    for key in "abc":
        clock.now += 1
        await memory.remember_explanation(key, key)
    clock.now += TOUCH_AFTER_SECONDS + 10

    assert await memory.explanation("a") == "a"
    await memory.remember_explanation("d", "d")

    assert [await memory.explanation(key) for key in "abcd"] == ["a", None, "c", "d"]


async def test_without_a_database_it_lasts_until_the_end(broken: Database) -> None:
    memory = SqliteMemory(broken)

    assert await memory.choice("hover") is None
    await memory.remember_choice("hover", "yes")
    for number in range(MAX_WITHOUT_DATABASE + 1):
        await memory.remember_explanation(str(number), "text")

    assert await memory.choice("hover") == "yes"
    assert await memory.explanation("0") is None
    assert await memory.explanation("1") == "text"
    assert len(broken.take_problems()) == 1
