"""Proposals outlive the server, and every editor of this user sees them."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ask_lsp.core.action import Problem
from ask_lsp.core.proposal import Anchor, Proposal, Source, make_id
from ask_lsp.core.text import Point, Span
from ask_lsp.store.db import FILE_NAME, MIGRATIONS, Database
from ask_lsp.store.proposals import DAYS, MOST, SqliteProposals

NOW = 1_800_000_000.0
ONE = Proposal(
    make_id(), "file:///w/a.py", "Fix", "fix", NOW, Span(Point(1, 2), Point(3, 4)), "old\r\n\ud800", "new\x00\u2028",
    "be\n", "af\n", "Because.", "/chats/x.md", "words", False, "standing\r\ud800",
    Source(
        "file:///w/c.py", Anchor(Span(Point(5, 6), Point(7, 8)), "code\ud800", "b", "a"), "function `f`",
        Span(Point(0, 1), Point(0, 1)), True, (Problem(Span(Point(1, 0), Point(1, 2)), "Bad.", "E1", "lint"),), "then",
    ),
)  # fmt: skip


OPEN: list[Database] = []


@pytest.fixture(autouse=True)
async def _closed() -> AsyncIterator[None]:
    """All databases of a test, at its end: Python 3.13 warns of those that are left open."""
    yield
    for database in OPEN:
        await database.aclose()
    OPEN.clear()


def database(folder: Path) -> Database:
    OPEN.append(Database(folder))
    return OPEN[-1]


def opened(folder: Path, now: float = NOW) -> SqliteProposals:
    return SqliteProposals(database(folder), now=lambda: now)


async def test_what_was_kept_comes_back_exactly_in_another_process(tmp_path: Path) -> None:
    """Lone surrogates, NUL and line ends included: the text has to be found again."""
    await opened(tmp_path).add(ONE)

    assert await opened(tmp_path).all() == [ONE]
    assert await opened(tmp_path).of_uri(ONE.uri) == [ONE]
    assert await opened(tmp_path).of_uri("file:///w/b.py") == []


async def test_the_same_id_replaces_and_removing_tells_whether_it_was_there(tmp_path: Path) -> None:
    store = opened(tmp_path)
    await store.add(ONE)
    await store.add(replace(ONE, new="newer"))

    assert [proposal.new for proposal in await store.all()] == ["newer"]
    assert await store.remove(ONE.id)
    assert not await store.remove(ONE.id)
    assert await store.all() == []


async def test_newest_first_and_not_for_ever(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for number in range(MOST + 5):
        await store.add(replace(ONE, id=f"id{number}", created=NOW - number))
    await store.add(replace(ONE, id="ancient", created=NOW - (DAYS + 1) * 86_400))

    kept = await store.all()

    assert len(kept) == MOST
    assert [proposal.id for proposal in kept[:2]] == ["id0", "id1"]
    assert "ancient" not in {proposal.id for proposal in kept}


async def test_without_a_database_they_last_as_long_as_the_server(tmp_path: Path) -> None:
    (tmp_path / "nowhere").write_text("a file, not a folder")
    store = opened(tmp_path / "nowhere")

    await store.add(ONE)

    assert await store.all() == [ONE]
    assert await store.remove(ONE.id)
    assert await store.all() == []


async def test_a_database_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    """With what stands in it."""
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    for statement in MIGRATIONS[0]:
        connection.execute(statement)
    connection.execute("PRAGMA user_version = 1")
    connection.execute("INSERT INTO choices VALUES ('hover', 'ask')")
    connection.commit()
    connection.close()

    store = opened(tmp_path)
    await store.add(ONE)

    assert await store.all() == [ONE]
    assert await database(tmp_path).read(
        lambda found: found.execute("SELECT value FROM choices WHERE name = 'hover'").fetchone()
    ) == ("ask",)


async def test_what_is_new_about_one_is_taken_only_while_it_is_still_kept(tmp_path: Path) -> None:
    """Another editor may have applied it: then it does not come back."""
    store = opened(tmp_path)
    await store.add(ONE)
    gone = replace(ONE, id="goneaway")

    await store.update([replace(ONE, standing=None), replace(gone, new="newer")])

    assert await store.all() == [replace(ONE, standing=None)]


async def test_one_that_an_earlier_version_kept_is_as_it_was(tmp_path: Path) -> None:
    """And so is one whose source cannot be read."""
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    for statement in (*MIGRATIONS[0], *MIGRATIONS[1]):
        connection.execute(statement)
    connection.execute("PRAGMA user_version = 2")
    texts = [name.encode() for name in ("file:///w/a.py", "Fix", "fix", "old", "new", "b", "a", "", "", "words")]
    connection.execute(
        f"INSERT INTO proposals VALUES ('id', {NOW}, 1, 2, 3, 4, 0, {', '.join('?' * len(texts))})", texts
    )
    connection.commit()
    connection.close()

    (found,) = await opened(tmp_path).all()

    assert (found.seen, found.standing, found.source) == ("old", None, None)
    assert found.at == Anchor(Span(Point(1, 2), Point(3, 4)), "old", "b", "a")
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE proposals SET source = '{}'")
    assert await opened(tmp_path).all() == [found]
