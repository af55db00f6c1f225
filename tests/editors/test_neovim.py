"""The main job in a real Neovim: select, ask, watch the answer come, ask on, cancel, quit."""

from __future__ import annotations

from pathlib import Path

import pytest
from neovim_editor import CLIENT, Neovim
from openai_server import FakeOpenAI, Held
from processes import LIMIT, runs

ROW = "neovim"

CODE = '''"""Numbers."""

GREETING = "日本語 👍🏽 e\u0301", "the line before"


def mean(values):
    return sum(values) / len(values)


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
'''


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.py"
    path.write_text(CODE, encoding="utf-8")
    return path


def explain(neovim: Neovim, model: FakeOpenAI, part: str = "return sum") -> tuple[Held, int]:
    """Asks for an explanation of a line; returns the answer to lead, and the chat buffer, which has its first words."""
    held = model.hold()
    neovim.select_line(part)
    neovim.pick("Explain selection")
    neovim.until(lambda: model.requests, "request")
    neovim.keys("<Esc>")
    neovim.until(lambda: neovim.mode() == "n", "normal mode")
    held.send("The first words ")
    chat = neovim.until(neovim.chat, "chat buffer")
    neovim.until(lambda: "The first words" in neovim.text(chat), "first words")
    return held, chat


def next_question(neovim: Neovim, chat: int) -> None:
    """Waits until the chat ends with the place for the next question."""
    neovim.until(lambda: "role=user" in neovim.text(chat).rpartition("<!-- ask:")[2], "next question")


def test_the_page_shows_what_is_tested_here() -> None:
    shown = (CLIENT.parent / "README.md").read_text(encoding="utf-8")
    lines = CLIENT.read_text(encoding="utf-8").splitlines(keepends=True)
    code = "".join(line for line in lines if not line.startswith("--"))

    assert f"```lua\n{code}```\n" in shown


@pytest.mark.cell("start")
def test_the_server_attaches_to_code_and_to_markdown(neovim: Neovim, code: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("# Notes\n", encoding="utf-8")

    neovim.edit(code)
    neovim.edit(notes)

    assert len(neovim.servers()) == 1
    assert neovim.shown() == []


@pytest.mark.cell("list")
def test_the_menu_says_what_it_acts_on(neovim: Neovim, code: Path) -> None:
    neovim.edit(code)
    neovim.nvim.api.win_set_cursor(0, [7, 4])

    assert "Explain function `mean`" in neovim.titles()
    assert "Ask ChatGPT about selection" in neovim.titles([7, 4], [7, 10])


@pytest.mark.cell("read", "follow-up")
def test_an_answer_grows_beside_the_code_and_the_next_question_is_asked_there(
    neovim: Neovim, model: FakeOpenAI, code: Path
) -> None:
    neovim.edit(code)
    before = neovim.here()[:2]
    held, chat = explain(neovim, model)
    cursor = neovim.here()

    held.send("and the rest 👍🏽 日本語) ")
    neovim.until(lambda: "The first words and the rest 👍🏽 日本語)" in neovim.text(chat), "the rest")
    assert neovim.here() == cursor
    assert neovim.here()[:2] == before
    held.finish()
    next_question(neovim, chat)

    held = model.hold()
    neovim.go_to(chat)
    neovim.keys("GoAnd with an empty list?<Esc>")
    neovim.until(lambda: neovim.text(chat).endswith("And with an empty list?"), "typed question")
    neovim.until(lambda: neovim.mode() == "n", "normal mode")
    neovim.until(lambda: "Send this question" in neovim.titles(), "menu that can send")
    neovim.pick("Send this question")
    held.send("A second ")
    neovim.until(lambda: "A second" in neovim.text(chat), "second answer")
    held.send("answer) ")
    neovim.until(lambda: "A second answer)" in neovim.text(chat), "rest of the second answer")
    held.finish()
    next_question(neovim, chat)

    sent = model.wait_for_request(2).messages
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "user"]
    assert sent[2]["content"] == "The first words and the rest 👍🏽 日本語)"
    assert sent[3]["content"] == "And with an empty list?"
    assert neovim.shown() == []


@pytest.mark.cell("ask")
def test_the_selection_behind_emoji_is_what_is_sent(neovim: Neovim, model: FakeOpenAI, code: Path) -> None:
    """Columns count differently in Neovim (bytes) and on the wire; what stands before them may be of any script."""
    neovim.edit(code)
    model.say("Yes.")
    line = CODE.split("\n")[2]
    start, end = (len(line[: line.index(part)].encode()) for part in ('"the line before"', " before"))
    neovim.nvim.api.win_set_cursor(0, [3, start])
    neovim.nvim.command("normal! v")
    neovim.nvim.api.win_set_cursor(0, [3, end - 1])

    neovim.pick("Explain selection")

    question = model.wait_for_request(timeout=LIMIT).messages[-1]["content"]
    assert '\n"the line\n' in question
    next_question(neovim, neovim.until(neovim.chat, "chat buffer"))


@pytest.mark.cell("restart")
def test_a_killed_server_is_had_again_by_loading_the_file_anew(neovim: Neovim, model: FakeOpenAI, code: Path) -> None:
    neovim.edit(code)
    (old,) = neovim.servers()
    old.kill()
    neovim.until(lambda: not neovim.attached(), "end of the server")

    neovim.edit(code)
    neovim.until(lambda: [each for each in neovim.servers() if each.pid != old.pid], "another server")

    explain(neovim, model)


@pytest.mark.cell("typing")
def test_typing_goes_on_while_an_answer_comes(neovim: Neovim, model: FakeOpenAI, code: Path) -> None:
    """Nobody's cursor, mode or window changes, above or below the place that was asked about."""
    buffer = neovim.edit(code)
    held, chat = explain(neovim, model)

    neovim.keys("ggOimport math 😀")
    neovim.until(lambda: "import math 😀" in neovim.text(buffer), "typed text")
    cursor = neovim.here()
    held.send("and more ")
    neovim.until(lambda: "The first words and more" in neovim.text(chat), "more words")
    assert neovim.mode() == "i"
    assert neovim.here() == cursor
    neovim.keys("!<Esc>")
    held.send("to the end.")
    held.finish()
    next_question(neovim, chat)

    assert neovim.text(buffer) == "import math 😀!\n" + CODE.rstrip("\n")
    assert "The first words and more to the end." in neovim.text(chat)


@pytest.mark.cell("cancel")
def test_cancel_closes_the_connection_and_keeps_the_words(neovim: Neovim, model: FakeOpenAI, code: Path) -> None:
    neovim.edit(code)
    _, chat = explain(neovim, model)

    neovim.command("ask.cancel")

    model.wait_for_disconnect(timeout=LIMIT)
    next_question(neovim, chat)
    assert "The first words" in neovim.text(chat)
    assert "Cancelled." in neovim.text(chat)


@pytest.mark.cell("cancel")
def test_cancel_is_in_the_menu_while_something_runs(neovim: Neovim, model: FakeOpenAI, code: Path) -> None:
    neovim.edit(code)
    explain(neovim, model)

    neovim.pick("Cancel running request")

    model.wait_for_disconnect(timeout=LIMIT)
    neovim.until(lambda: "Cancel running request" not in neovim.titles(), "menu without cancel")


@pytest.mark.cell("hover")
def test_hover_shows_what_was_explained(neovim: Neovim, model: FakeOpenAI, code: Path) -> None:
    """Explaining a function fills what hovering over its name shows; before that, one question is asked, once."""
    neovim.edit(code)
    neovim.nvim.api.win_set_cursor(0, [6, 5])
    assert neovim.hover() == ""
    model.say("It is the arithmetic mean.")
    neovim.pick("Explain function `mean`")
    next_question(neovim, neovim.until(neovim.chat, "chat buffer"))

    assert "It is the arithmetic mean." in neovim.until(neovim.hover, "explanation")
    asked = neovim.until(lambda: neovim.lua("return _G.asked"), "question about hover")
    assert len(asked) == 1
    assert "sends code" in asked[0]
    assert len(model.requests) == 1


@pytest.mark.cell("quit")
@pytest.mark.parametrize("busy", [False, True])
def test_quitting_leaves_no_server_behind(neovim: Neovim, model: FakeOpenAI, code: Path, busy: bool) -> None:
    neovim.edit(code)
    if busy:
        explain(neovim, model)
    (server,) = neovim.servers()

    neovim.quit()

    assert not runs(server)
    if busy:
        model.wait_for_disconnect(timeout=LIMIT)
