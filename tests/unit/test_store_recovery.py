"""What must hold after a crash: the whole answer is in its file, once, and nobody who lives is disturbed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ask_lsp.core.chat_format import Chat, Turn, last_question, messages, next_turn, note, parse, render
from ask_lsp.store import owner as owner_module
from ask_lsp.store.chats import FileChats
from ask_lsp.store.db import FILE_NAME, Database
from ask_lsp.store.owner import Owner
from ask_lsp.store.recovery import completed

NONCE = "cd" * 16
JOB = {"job": "j1"}
ANSWER = "First line.\n\n```python\nx = 1\n\ny = 2\n"
MARK = f"*(interrupted)* <!-- ask:{NONCE} note -->"
FULL = f"First line.\n\n```python\nx = 1\n\ny = 2\n```\n\n{MARK}"

VICTIM = """
import asyncio, sys
from pathlib import Path
from ask_lsp.core.chat_format import next_turn
from ask_lsp.store.chats import FileChats
from ask_lsp.store.db import Database

async def main():
    directory, question, answer = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    chats = FileChats(directory, Database(directory))
    path = await chats.create("killed", question)
    entry = await chats.journal_begin(path, "j1")
    await chats.append(path, next_turn(question, "cd" * 16, "assistant", "Bot", {"job": "j1"}) + answer[:20])
    await chats.journal(entry, answer)
    print(path, flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


def chat(*turns: Turn) -> str:
    return render(Chat(NONCE, "t", turns))


def asked(answer: str, *more: Turn) -> str:
    return chat(Turn("user", "q"), Turn("assistant", answer, JOB, "Bot"), *more)


def check(file: str, *expected: tuple[str, str], answer: str = ANSWER, job: str = "j1") -> str:
    """Completes `file`, twice, and compares its turns."""
    result = completed(file, job, answer)

    assert result is not None
    assert [(turn.role, turn.text) for turn in parse(result).turns] == list(expected)
    assert completed(result, job, answer) is None
    return result


@pytest.mark.parametrize("known", [0, 1, 11, 12, 13, 20, len(ANSWER) - 1, len(ANSWER)])
def test_what_is_there_stays_and_the_rest_is_added(known: int) -> None:
    # What was streamed has no final newline of ours, unlike what `render` gives.
    streamed = chat(Turn("user", "q")) + next_turn("q\n", NONCE, "assistant", "Bot", JOB) + ANSWER[:known]

    result = check(streamed, ("user", "q"), ("assistant", FULL), ("user", ""))

    assert result.startswith(streamed)
    assert last_question(parse(result)) == ""
    assert MARK not in messages(parse(result))[1].text


def test_a_later_turn_stays_behind_the_answer() -> None:
    check(asked("First", Turn("user", "next\n")), ("user", "q"), ("assistant", FULL), ("user", "next\n"))


def test_a_complete_answer_with_a_turn_behind_it_is_left_alone() -> None:
    assert completed(asked(ANSWER, Turn("user", "")), "j1", ANSWER) is None


def test_a_file_that_windows_or_a_person_has_changed_gets_the_rest_only() -> None:
    crlf = asked("First line.\n\n```python\nx = 1").replace("\n", "\r\n")
    result = completed(crlf, "j1", ANSWER)
    assert result is not None
    assert result.count("First line.") == result.count("x = 1") == result.count("y = 2") == 1

    words = " ".join(f"word{number}" for number in range(60))
    edited = asked("Corrected " + words[40:200], Turn("user", ""))
    full = f"Corrected {words[40:]}\n\n{MARK}"
    check(edited, ("user", "q"), ("assistant", full), ("user", ""), answer=words)


def test_an_answer_whose_heading_never_reached_the_disk_gets_one() -> None:
    file = chat(Turn("user", "q"), Turn("assistant", "before", {"job": "j0"}, "Bot"), Turn("user", "next"))

    result = check(
        file, ("user", "q"), ("assistant", "before"), ("user", "next"), ("assistant", FULL), ("user", "")
    )  # fmt: skip

    assert parse(result).turns[3].label == "Bot"
    assert parse(result).turns[3].attributes == JOB


def test_an_answer_without_an_id_is_recognised_by_its_words() -> None:
    check(chat(Turn("user", "q"), Turn("assistant", "First")), ("user", "q"), ("assistant", FULL), ("user", ""))
    assert completed(chat(Turn("user", "q"), Turn("assistant", ANSWER), Turn("user", "")), "j1", ANSWER) is None


def test_an_answer_that_had_not_begun_is_marked() -> None:
    check(asked(""), ("user", "q"), ("assistant", MARK), ("user", ""), answer="")
    assert completed(chat(Turn("user", "q")), "j1", "") is None


def test_an_answer_that_had_its_last_note_gets_no_other() -> None:
    ended = f"Words.\n\n{note(NONCE, 'cut off')}"

    check(asked("Wor"), ("user", "q"), ("assistant", ended), ("user", ""), answer=ended)


def test_a_file_that_is_no_chat_any_more_gets_the_answer_at_its_end() -> None:
    result = completed("my notes\n", "j1", ANSWER)

    assert result is not None
    assert result.startswith("my notes\n\nFirst line.")
    assert completed(result, "j1", ANSWER) is None


@settings(deadline=None)
@given(st.text("ab \n`-~", max_size=60), st.integers(0, 60), st.booleans())
def test_any_answer_is_there_once_whatever_the_file_had_of_it(answer: str, known: int, later: bool) -> None:
    assume(answer.strip())
    file = asked(answer[:known], *([Turn("user", "")] if later else []))

    result = completed(file, "j1", answer) or file

    text, wanted = "".join(parse(result).turns[1].text.replace(MARK, "").split()), "".join(answer.split())
    assert text.startswith(wanted)
    assert set(text[len(wanted) :]) <= {"`", "~"}
    assert completed(result, "j1", answer) is None
    assert parse(result).turns[0] == Turn("user", "q")


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[tuple[FileChats, Database]]:
    database = Database(tmp_path)
    chats = FileChats(tmp_path, database)
    yield chats, database
    await chats.aclose()
    await database.aclose()


def states(directory: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        return connection.execute("SELECT state, text FROM answers ORDER BY id").fetchall()


async def test_the_answer_of_a_killed_process_is_completed_and_that_of_a_living_one_is_not(
    tmp_path: Path, state: tuple[FileChats, Database]
) -> None:
    chats, _ = state
    victim = subprocess.Popen(
        [sys.executable, "-c", VICTIM, tmp_path, chat(Turn("user", "q")), ANSWER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with victim:
        assert victim.stdout is not None
        path = Path(victim.stdout.readline().strip())
        before = path.read_text()
        assert await chats.recover() == []
        assert path.read_text() == before

        victim.kill()
    assert await chats.recover() == [path]

    turns = parse(await chats.read(path)).turns
    assert [(turn.role, turn.text) for turn in turns] == [("user", "q"), ("assistant", FULL), ("user", "")]
    assert states(tmp_path) == [("ended", "")]
    assert await chats.recover() == []
    assert [file.name for file in chats.directory.iterdir()] == [path.name]
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600


async def unfinished(directory: Path) -> tuple[Path, Database]:
    """A file and a journal that another process, closed tidily in the middle of an answer, left behind."""
    database = Database(directory)
    other = FileChats(directory, database)
    path = await other.create("t", asked("First"))
    await other.journal(await other.journal_begin(path, "j1"), ANSWER)
    await other.aclose()
    return path, database


async def test_an_answer_given_up_at_a_tidy_end_is_completed_too(
    tmp_path: Path, state: tuple[FileChats, Database]
) -> None:
    path, database = await unfinished(tmp_path)
    await database.aclose()

    assert await state[0].recover() == [path]


async def test_a_file_that_the_user_deleted_stays_deleted(tmp_path: Path, state: tuple[FileChats, Database]) -> None:
    path, database = await unfinished(tmp_path)
    await database.aclose()
    path.unlink()

    assert await state[0].recover() == []
    assert not path.exists()
    assert states(tmp_path) == [("ended", "")]


async def test_a_file_that_is_open_in_the_editor_waits(tmp_path: Path, state: tuple[FileChats, Database]) -> None:
    path, database = await unfinished(tmp_path)
    await database.aclose()
    before = path.read_text()

    assert await state[0].recover(leave=lambda file: file == path) == []
    assert path.read_text() == before
    assert await state[0].recover() == [path]


async def test_an_entry_that_was_ended_is_not_touched(tmp_path: Path, state: tuple[FileChats, Database]) -> None:
    database = Database(tmp_path)
    other = FileChats(tmp_path, database)
    path = await other.create("t", asked("First"))
    entry = await other.journal_begin(path, "j1")
    await other.journal(entry, ANSWER)
    await other.journal_end(entry)
    await other.journal(entry, "too late")
    await other.aclose()
    await database.aclose()

    assert await state[0].recover() == []
    assert states(tmp_path) == [("ended", "")]


async def test_bytes_that_are_not_utf_8_survive_recovery(tmp_path: Path, state: tuple[FileChats, Database]) -> None:
    path, database = await unfinished(tmp_path)
    await database.aclose()
    path.write_bytes(path.read_bytes().replace(b"\n\nq\n", b"\n\nq \xff\n"))

    assert await state[0].recover() == [path]
    assert b"q \xff\n" in path.read_bytes()


def test_a_process_is_alive_as_long_as_it_holds_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Owner(tmp_path / "running"), Owner(tmp_path / "running")
    token = first.token()

    assert token == first.token()
    assert first.lives(token)
    assert second.lives(token)
    assert not second.lives("0" * 16)

    monkeypatch.setattr(owner_module, "STALE_SECONDS", -1.0)
    left_by_a_killed_process = tmp_path / "running" / "dead.lock"
    left_by_a_killed_process.touch()
    second.sweep()
    assert not left_by_a_killed_process.exists()
    assert second.lives(token)

    first.release()
    assert not second.lives(token)
    assert list((tmp_path / "running").iterdir()) == []


def test_a_note_is_a_line_of_its_own() -> None:
    assert note(NONCE, "(interrupted)") == MARK
