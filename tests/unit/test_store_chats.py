"""What must hold of chat files: private, never overwritten, byte for byte what was written."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from ask_lsp.core.chat_format import Chat, Turn, next_turn, parse, render
from ask_lsp.core.errors import RequestRefused
from ask_lsp.store import chats as chats_module
from ask_lsp.store.chats import FileChats, file_name
from ask_lsp.store.db import Database

NONCE = "ab" * 16


@pytest.fixture
async def chats(tmp_path: Path) -> AsyncIterator[FileChats]:
    database = Database(tmp_path / "state")
    opened = FileChats(tmp_path / "state", database)
    yield opened
    await opened.aclose()
    await database.aclose()


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Why is this slow?", "why-is-this-slow"),
        ("Größe von `x`", "groe-von-x"),
        ("漢字 👩‍💻", "chat"),
        ("", "chat"),
        ("../../etc/passwd\x00", "etc-passwd"),
        ("a" * 100, "a" * 40),
        ("a" * 39 + " b", "a" * 39),
        ("\ud800", "chat"),
    ],
)
def test_a_name_can_be_typed_anywhere(title: str, slug: str) -> None:
    name = file_name(title, datetime(2025, 1, 31, 9, 5))

    assert re.fullmatch(rf"2025-01-31-0905-{slug}-[0-9a-f]{{4}}\.md", name)


async def test_a_chat_is_written_as_it_is(chats: FileChats) -> None:
    text = render(Chat(NONCE, "t", (Turn("user", "CRLF \r\n CR \r FF \f \x85 \u2028 👩‍💻 \ufeff lone \ud800"),)))

    path = await chats.create("Why?", text)
    await chats.append(path, next_turn(text, NONCE, "assistant"))
    await chats.append(path, "a\r\nb\udfff")

    assert path.parent == chats.directory
    assert path.read_bytes() == (await chats.read(path)).encode()
    expected = [text.replace("\ud800", "\ufffd") for text in (parse(text).turns[0].text, "a\r\nb\ufffd")]
    assert [turn.text for turn in parse(await chats.read(path)).turns] == expected


async def test_no_chat_overwrites_another(chats: FileChats, monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["same.md", "same.md", "other.md"])
    monkeypatch.setattr(chats_module, "file_name", lambda title, now: next(names))

    first, second = await chats.create("t", "one"), await chats.create("t", "two")

    assert (first.read_text(), second.read_text()) == ("one", "two")


@pytest.mark.skipif(sys.platform == "win32", reason="file modes mean nothing on Windows")
@pytest.mark.parametrize("umask", [0o000, 0o277])
async def test_only_the_owner_can_read_a_chat_whatever_the_umask(chats: FileChats, umask: int) -> None:
    former = os.umask(umask)
    try:
        path = await chats.create("t", "text")
        await chats.journal_begin(path, "job")
    finally:
        os.umask(former)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for directory in (chats.directory, chats.directory.parent, chats.directory.parent / "running"):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert [stat.S_IMODE(lock.stat().st_mode) for lock in (chats.directory.parent / "running").iterdir()] == [0o600]


async def test_a_file_that_is_gone_is_a_sentence_and_not_made_again(chats: FileChats) -> None:
    path = await chats.create("t", "text")
    path.unlink()

    with pytest.raises(RequestRefused, match="could not be written"):
        await chats.append(path, "more")
    with pytest.raises(RequestRefused, match="could not be read"):
        await chats.read(path)

    assert not path.exists()


async def test_a_directory_in_the_way_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    chats = FileChats(tmp_path / "file", Database(tmp_path / "file"))

    with pytest.raises(RequestRefused, match="No chat file"):
        await chats.create("t", "text")

    await chats.aclose()


async def test_bytes_that_are_not_utf_8_can_be_read(chats: FileChats) -> None:
    path = await chats.create("t", "")
    path.write_bytes(b"a\xffb")

    assert await chats.read(path) == "a\ufffdb"


async def test_only_markdown_files_really_in_the_directory_are_ours(chats: FileChats, tmp_path: Path) -> None:
    path = await chats.create("t", "text")
    foreign = tmp_path / "foreign.md"
    foreign.write_text("secret")
    (chats.directory / "inside.md").symlink_to(foreign)
    (chats.directory / "notes.txt").write_text("")
    (chats.directory / "folder.md").mkdir()
    (tmp_path / "outside.md").symlink_to(path)
    (tmp_path / "state-link").symlink_to(tmp_path / "state")

    assert chats.owns(path)
    assert chats.owns(tmp_path / "outside.md")
    assert chats.owns(tmp_path / "state-link" / "chats" / path.name)
    assert not chats.owns(chats.directory / "inside.md")
    assert not chats.owns(chats.directory / "notes.txt")
    assert not chats.owns(chats.directory / "folder.md")
    assert not chats.owns(chats.directory / ".." / ".." / "foreign.md")
    assert not chats.owns(chats.directory / "missing.md")
    assert not chats.owns(Path("nul\x00.md"))


async def test_chats_go_on_without_a_database(tmp_path: Path) -> None:
    (tmp_path / "ask-lsp.db").write_bytes(b"not a database" * 100)
    database = Database(tmp_path)
    chats = FileChats(tmp_path, database)

    path = await chats.create("t", "text")
    entry = await chats.journal_begin(path, "job")
    await chats.journal(entry, "so far")
    await chats.append(path, " and more")
    await chats.journal_end(entry)

    assert await chats.read(path) == "text and more"
    assert await chats.recover() == []
    assert len(database.take_problems()) == 1
    await chats.aclose()
    await database.aclose()
