"""What every editor is asked to do, once for all of them: an editor's file says how it is done there.

A cell of the table in clients/README.md is one of these in one editor. What an editor cannot do stands in `cannot` of
its class, with the reason.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import psutil
import pytest
from openai_server import FakeOpenAI, Held
from processes import LIMIT, ended, family, runs, servers, until

CODE = '''"""Numbers."""

GREETING = "日本語 👍🏽 e\u0301", "the line before"


def mean(values):
    return sum(values) / len(values)


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
'''
RETURN = "    return sum(values) / len(values)"
DOCUMENTED = f'def mean(values):\n    """The arithmetic mean."""\n{RETURN}'
AFTER = CODE.replace("def mean(values):\n", 'def mean(values):\n    """The arithmetic mean."""\n')
EXPLAIN = "Explain selection"
CANCEL = "Cancel running request"
SEND = "Send this question"
CHAT = re.compile(r"/\S*/ask-lsp/chats/\S*\.md")


class Editor(ABC):
    """An editor, as a person uses it."""

    process: psutil.Process
    version: str

    # ---- what a person does

    @abstractmethod
    def edit(self, path: Path) -> None:
        """Opens a file, until the server has it."""

    @abstractmethod
    def select(self, part: str) -> None:
        """Selects the line that holds `part`."""

    @abstractmethod
    def put(self, part: str) -> None:
        """Puts the cursor before `part`, with nothing selected."""

    def stand_in_the_function(self) -> None:
        """Does what makes the menu be about the whole function `mean`."""
        self.put(RETURN)

    @abstractmethod
    def titles(self) -> list[str]:
        """The entries of the menu of actions, which is closed again."""

    @abstractmethod
    def pick(self, title: str) -> None:
        """Chooses from that menu."""

    @abstractmethod
    def type(self, text: str) -> None:
        """Types at the cursor."""

    @abstractmethod
    def undo(self) -> None:
        """One step."""

    @abstractmethod
    def open_answer(self) -> None:
        """Goes to the chat file, by what the editor says about it."""

    @abstractmethod
    def go_to_the_end(self) -> None:
        """Puts the cursor behind all that stands in the buffer that is shown."""

    @abstractmethod
    def restart(self) -> None:
        """What it takes to have a server again, after one has died."""

    @abstractmethod
    def leave(self) -> None:
        """Quits without saving."""

    # ---- what is there

    @abstractmethod
    def named(self) -> Path:
        """The chat file that the editor names, once an answer is complete."""

    @abstractmethod
    def text(self) -> str:
        """The text of the code's buffer."""

    @abstractmethod
    def answer(self) -> str:
        """The text of the chat's buffer, which is open."""

    @abstractmethod
    def hover(self, part: str) -> str:
        """What hovering over `part` shows, once it shows something."""

    @abstractmethod
    def told(self) -> str:
        """What the editor shows now, for a test that fails."""

    def servers(self) -> list[psutil.Process]:
        """The language servers that this editor runs."""
        return servers(self.process)

    def until(self, state, what):  # type: ignore[no-untyped-def]
        """Waits for a state and returns it; an empty one is none."""
        return until(state, what, told=self.told)

    def quit(self) -> list[psutil.Process]:
        """Quits; returns what is left, which is ended then."""
        mine = family(self.process)
        self.leave()
        return ended(mine)

    @abstractmethod
    def close(self) -> None:
        """Ends whatever is still there, and removes what lay beside the test."""


class Scenarios:
    """The tests; a class for an editor has the fixture `editor`."""

    row: ClassVar[str]
    cannot: ClassVar[dict[str, str]] = {}
    proposes: ClassVar[bool] = False  # edits wait in the menu, since this editor's carry no version
    function: ClassVar[str] = "function `mean`"  # what the menu calls it, where `stand_in_the_function` has led

    @pytest.fixture
    def code(self, tmp_path: Path) -> Path:
        path = tmp_path / "numbers.py"
        path.write_text(CODE, encoding="utf-8")
        return path

    @pytest.fixture
    def opened(self, editor: Editor, code: Path, record_property) -> Editor:
        record_property("version", editor.version)
        editor.edit(code)
        return editor

    def ask(self, editor: Editor, model: FakeOpenAI) -> Held:
        """Has a line explained; returns the answer to lead, whose first words are under way."""
        held = model.hold()
        editor.select(RETURN)
        editor.pick(EXPLAIN)
        model.wait_for_request(timeout=LIMIT)
        held.send("The first words ")
        return held

    def answered(self, editor: Editor) -> None:
        """Waits until the chat, which is open, ends with the place for the next question."""
        editor.until(lambda: "role=user" in editor.answer().rpartition("<!-- ask:")[2], "next question")

    @pytest.mark.cell("start")
    def test_it_starts_one_server(self, opened: Editor) -> None:
        assert len(opened.servers()) == 1

    @pytest.mark.cell("list")
    def test_the_menu_is_about_the_selection(self, opened: Editor) -> None:
        opened.select(RETURN)

        assert {"Ask ChatGPT about selection", EXPLAIN} <= set(opened.titles())

    @pytest.mark.cell("ask")
    def test_what_is_selected_is_asked_about(self, opened: Editor, model: FakeOpenAI) -> None:
        self.ask(opened, model).finish()

        question = model.requests[0].messages[-1]["content"]
        assert f"\n{RETURN}\n" in question
        assert "\ndef mean(values):\n```" not in question
        assert opened.text() == CODE

    @pytest.mark.cell("read")
    def test_the_answer_is_read(self, opened: Editor, model: FakeOpenAI) -> None:
        """Where the chat does not open by itself, a message names it, when it is complete."""
        held = self.ask(opened, model)
        held.send("and the rest 👍🏽 日本語.")
        held.finish()

        opened.open_answer()

        opened.until(lambda: "The first words and the rest 👍🏽 日本語." in opened.answer(), "answer")
        self.answered(opened)

    @pytest.mark.cell("follow-up")
    def test_the_next_question_is_asked_in_the_chat(self, opened: Editor, model: FakeOpenAI) -> None:
        self.ask(opened, model).finish()
        opened.open_answer()
        self.answered(opened)
        model.say("It divides by zero.")

        opened.go_to_the_end()
        opened.type("And with an empty list?")
        opened.pick(SEND)

        sent = model.wait_for_request(2, timeout=LIMIT).messages
        assert [message["role"] for message in sent] == ["system", "user", "assistant", "user"]
        assert sent[3]["content"] == "And with an empty list?"
        opened.until(lambda: "It divides by zero." in opened.answer(), "second answer")

    @pytest.mark.cell("hover")
    def test_hover_shows_what_was_explained(self, opened: Editor, model: FakeOpenAI) -> None:
        model.say("It is the arithmetic mean.")
        opened.stand_in_the_function()
        opened.pick(f"Explain {self.function}")
        model.wait_for_request(timeout=LIMIT)

        opened.named()
        assert "It is the arithmetic mean." in opened.hover("mean(values):")

    @pytest.mark.cell("edit")
    def test_an_edit_is_made_and_undone_by_one_step(self, opened: Editor, model: FakeOpenAI) -> None:
        model.say(f"```python\n{DOCUMENTED}\n```\n")
        opened.stand_in_the_function()
        opened.pick(f"Write documentation for {self.function}")
        if self.proposes:
            opened.until(lambda: [title for title in opened.titles() if title.startswith("Apply: ")], "proposal")
            assert opened.text() == CODE
            opened.pick("Apply: ")
        opened.until(lambda: opened.text() == AFTER, "edited text")

        opened.undo()

        opened.until(lambda: opened.text() == CODE, "text before")

    @pytest.mark.cell("typing")
    def test_every_key_stays_while_an_answer_comes(self, opened: Editor, model: FakeOpenAI) -> None:
        held = self.ask(opened, model)
        opened.put('"""Numbers')
        for word in ("import ", "math ", "# ", "日本語 ", "😀 ", "and more"):
            opened.type(word)
            held.send(word)
        held.finish()

        opened.until(lambda: opened.text() == "import math # 日本語 😀 and more" + CODE, "all that was typed")
        opened.open_answer()
        opened.until(lambda: "The first words import math # 日本語 😀 and more" in opened.answer(), "answer")

    @pytest.mark.cell("cancel")
    def test_cancel_is_in_the_menu_and_closes_the_connection(self, opened: Editor, model: FakeOpenAI) -> None:
        self.ask(opened, model)

        opened.pick(CANCEL)

        model.wait_for_disconnect(timeout=LIMIT)

    @pytest.mark.cell("restart")
    def test_a_killed_server_is_had_again(self, opened: Editor, model: FakeOpenAI) -> None:
        (old,) = opened.servers()
        old.kill()
        opened.until(lambda: not runs(old), "end of the server")

        opened.restart()
        opened.until(lambda: len(opened.servers()) == 1, "another server")

        self.ask(opened, model).finish()

    @pytest.mark.cell("quit")
    def test_quitting_in_the_middle_of_an_answer_leaves_nothing_behind(self, opened: Editor, model: FakeOpenAI) -> None:
        self.ask(opened, model)

        assert opened.quit() == []

        model.wait_for_disconnect(timeout=LIMIT)
