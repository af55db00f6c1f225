"""Asking in a real VS Code: select, ask, watch the answer come, go on, look, cancel."""

from __future__ import annotations

import itertools
import threading

import pytest
from openai_server import FakeOpenAI
from vscode_editor import VSCode
from vscode_rig import (
    CODE,
    MARKS,
    RETURN,
    ask,
    ended,
    numbers,
)

pytestmark = MARKS
ROW = "vscode"
pytest_plugins = ("vscode_fixtures",)


@pytest.mark.cell("start")
def test_it_starts_and_says_so(code: VSCode) -> None:
    assert len(code.servers()) == 1
    code.until(lambda: "Profile: default" in code.status(), "profile in the status bar")
    assert code.notices() == []


@pytest.mark.cell("list")
def test_the_lightbulb_says_what_it_acts_on(code: VSCode) -> None:
    code.select(RETURN)
    assert "Ask ChatGPT about selection" in code.titles()

    code.put(6, 8)
    assert "Explain function `mean`" in code.titles()


@pytest.mark.cell("ask")
def test_a_typed_question_is_answered_beside_the_code(code: VSCode, fake: FakeOpenAI) -> None:
    held = ask(code, fake)
    before = code.cursor()

    held.send("and the rest 👍🏽 日本語. ")
    code.until(lambda: "The first words, and the rest 👍🏽 日本語." in code.answer(), "the rest")
    assert code.cursor() == before == {"tab": "numbers.py", "at": [6, 36]}
    held.finish()
    ended(code)

    assert code.answer().startswith("# Is this right? (numbers.py)\n\nThe first words")
    question = fake.requests[0].messages[-1]["content"]
    assert "Is this right?" in question
    assert RETURN in question
    assert numbers(code) == CODE
    code.picture("answer")


def test_the_view_is_not_to_be_typed_into(code: VSCode, fake: FakeOpenAI) -> None:
    held = ask(code, fake)
    held.finish()
    ended(code)
    before = code.answer()

    code.command("workbench.action.focusSecondEditorGroup")
    code.until(lambda: "Is this right" in str(code.cursor()), "focus in the answer")
    code.type("xyz")

    assert code.answer() == before


def test_the_lightbulb_has_the_question_typed(code: VSCode, fake: FakeOpenAI) -> None:
    held = fake.hold()
    code.select('"the line before"')
    code.pick("Ask ChatGPT about selection")
    code.say("What is 日本語?")
    held.send("Japanese.")
    held.finish()
    ended(code)

    assert code.answer().startswith("# What is 日本語? (numbers.py)\n\nJapanese.")
    question = fake.requests[0].messages[-1]["content"]
    assert '\n"the line before"\n' in question
    assert "What is 日本語?" in question


def test_whoever_closes_the_box_has_asked_nothing(code: VSCode, fake: FakeOpenAI) -> None:
    code.select(RETURN)
    code.pick("Ask ChatGPT about selection")
    code.until(code.asked_to_type, "input box")
    code.keys("Escape")

    code.until(lambda: "At work" not in code.status(), "end of the job")
    assert code.tabs() == ["numbers.py"]
    assert code.notices() == []
    assert fake.requests == []


@pytest.mark.cell("follow-up")
def test_a_follow_up_is_asked_in_the_view(code: VSCode, fake: FakeOpenAI) -> None:
    held = ask(code, fake)
    held.finish()
    ended(code)

    held = fake.hold()
    code.until(lambda: any("follow-up" in lens for lens in code.lenses()), "lens")
    code.click(".codelens-decoration a:has-text('follow-up')")
    code.say("And with an empty list?")
    held.send("It divides by zero.")
    held.finish()
    ended(code, 2)

    assert "**You:** And with an empty list?\n\nIt divides by zero." in code.answer()
    sent = fake.requests[1].messages
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "user"]
    assert sent[3]["content"] == "And with an empty list?"
    code.picture("follow-up")


@pytest.mark.cell("read")
def test_the_view_can_be_rendered(code: VSCode, fake: FakeOpenAI) -> None:
    held = ask(code, fake)
    code.command("workbench.action.focusSecondEditorGroup")
    code.until(lambda: "Is this right" in str(code.cursor()), "focus in the answer")
    code.command("askLsp.preview")
    # A rendered view is a frame in a frame, and VS Code makes new ones as it likes.
    rendered = """
      for (const frame of page.frames()) {
        const text = await frame.locator("body.vscode-body").textContent({ timeout: 200 }).catch(() => "");
        if (text.includes(given)) return true;
      }
    """
    code.until(lambda: code.page(rendered, "The first words"), "rendered answer")
    held.send("and **more**.")
    held.finish()
    code.until(lambda: code.page(rendered, "and more."), "rendered end")
    code.picture("preview")

    code.until(lambda: len(code.tabs()) == 2, "one tab for the answer")
    code.click(".editor-actions .action-label[aria-label^='Ask a Follow-up']")
    code.until(code.asked_to_type, "input box")
    code.keys("Escape")


@pytest.mark.cell("hover")
def test_hover_shows_what_was_explained(code: VSCode, fake: FakeOpenAI) -> None:
    fake.say("It is **the sum over the count**.")
    code.put(6, 8)
    code.pick("Explain function `mean`")
    ended(code)

    code.put(5, 5)
    code.until(lambda: "the sum over the count" in str(code.api(_HOVER)), "hover of the server")
    code.keys("Control+k", "Control+i")
    hovers = "return (await page.locator('.monaco-hover').allTextContents()).join()"
    code.until(lambda: "the sum over the count" in code.page(hovers), "hover")
    code.picture("hover")
    code.keys("Escape")


@pytest.mark.cell("typing")
def test_typing_goes_on_while_an_answer_comes(code: VSCode, fake: FakeOpenAI) -> None:
    """A key every few milliseconds: every one lands, and nobody's cursor moves."""
    held = ask(code, fake)
    code.keys("Control+Home")
    feeding = threading.Event()

    def feed() -> None:
        for word in itertools.count():
            if feeding.wait(0.01):
                return
            held.send(f" {word}")

    feeder = threading.Thread(target=feed)
    feeder.start()
    typed = "# a long line that somebody types while the answer is coming, 12345678901234567890"
    code.page("await page.keyboard.type(given, { delay: 15 })", typed)
    feeding.set()
    feeder.join()
    held.finish()
    ended(code)

    assert numbers(code) == typed + CODE
    assert code.cursor() == {"tab": "numbers.py", "at": [0, len(typed)]}


@pytest.mark.cell("cancel")
def test_cancelling_in_the_view_ends_the_request_and_keeps_the_text(code: VSCode, fake: FakeOpenAI) -> None:
    ask(code, fake)
    code.command("workbench.action.focusSecondEditorGroup")
    code.until(lambda: "Is this right" in str(code.cursor()), "focus in the answer")
    code.until(lambda: "Stop the Answer" in str(code.page(_BUTTONS)), "button")

    code.keys("Escape")

    code.until(lambda: fake.requests[0].disconnected.is_set(), "end of the request")
    code.until(lambda: "*Cancelled.*" in code.answer(), "end of the answer")
    assert "The first words" in code.answer()
    assert code.notices() == []


def test_the_status_bar_has_a_menu(code: VSCode) -> None:
    code.click("[id='ask-lsp.ask-lsp.ask-lsp'] a")
    entries = code.until(code.asked_to_type, "menu")
    code.picture("menu")
    code.keys("Escape")

    for entry in ("Profile", "Open the log", "Doctor", "Open the settings file", "Set the API key", "Restart"):
        assert entry in entries


_BUTTONS = """
const buttons = page.locator(".editor-actions .action-label");
return buttons.evaluateAll(all => all.map(button => button.getAttribute("aria-label")));
"""
_HOVER = """
const { document, selection } = vscode.window.activeTextEditor;
const hovers = await vscode.commands.executeCommand("vscode.executeHoverProvider", document.uri, selection.active);
return hovers.flatMap(hover => hover.contents.map(content => content.value));
"""
