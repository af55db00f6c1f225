"""The scenarios of every editor in a real VS Code: select, ask, watch, go on, change, cancel, crash, quit."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai_server import FakeOpenAI, Held
from vscode_editor import LIMIT, VSCode, missing, runs
from vscode_rig import AFTER, ANSWER, CODE, DOCUMENTED, SERVER, Person

pytestmark = [
    pytest.mark.vscode,
    pytest.mark.xdist_group("vscode"),
    pytest.mark.skipif(bool(missing()), reason=missing()),
]
RETURN = "return sum(values) / len(values)"
TITLE = "Write documentation for function `mean`"


@pytest.fixture(scope="module")
def model() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory, model: FakeOpenAI) -> Person:
    made = Person(tmp_path_factory.mktemp("vscode"))
    made.configure(model)
    return made


@pytest.fixture(scope="module")
def window(person: Person) -> Iterator[VSCode]:
    with person.window({"askLsp.path": SERVER}) as opened:
        yield opened


@pytest.fixture
def code(window: VSCode, person: Person, model: FakeOpenAI) -> Iterator[VSCode]:
    """The window with numbers.py open, and nothing else."""
    window.edit(person.code())
    model.requests.clear()
    yield window
    window.command("askLsp.stopAll")
    window.clean()


def ask(code: VSCode, model: FakeOpenAI, question: str = "Is this right?", part: str = RETURN) -> Held:
    """Selects, presses the keys, types a question, and waits for the first words of the answer."""
    held = model.hold()
    code.select(part)
    code.keys("Control+k", "Control+a")
    code.say(question)
    model.wait_for_request(timeout=LIMIT)
    held.send("The first words")
    code.until(lambda: "The first words" in code.answer(), "first words")
    return held


def ended(code: VSCode, count: int = 1) -> None:
    code.until(lambda: code.answer().count("fake-model answered") == count, "end of the answer")


def numbers(code: VSCode) -> str:
    return code.text("/numbers.py") or ""


def test_it_starts_and_says_so(code: VSCode) -> None:
    assert len(code.servers()) == 1
    code.until(lambda: "Profile: default" in code.status(), "profile in the status bar")
    assert code.notices() == []


def test_the_lightbulb_says_what_it_acts_on(code: VSCode) -> None:
    code.select(RETURN)
    assert "Ask ChatGPT about selection" in code.titles()

    code.select("")
    code.api("const e = vscode.window.activeTextEditor; e.selection = new vscode.Selection(6, 8, 6, 8)")
    assert "Explain function `mean`" in code.titles()


def test_a_typed_question_is_answered_beside_the_code(code: VSCode, model: FakeOpenAI) -> None:
    held = ask(code, model)
    before = code.cursor()

    held.send(", and the rest 👍🏽 日本語.")
    code.until(lambda: "The first words, and the rest 👍🏽 日本語." in code.answer(), "the rest")
    assert code.cursor() == before == {"tab": "numbers.py", "at": [6, 36]}
    held.finish()
    ended(code)

    assert code.answer().startswith("# Is this right? (numbers.py)\n\nThe first words")
    question = model.requests[0].messages[-1]["content"]
    assert "Is this right?" in question
    assert RETURN in question
    assert numbers(code) == CODE
    code.picture("answer")


def test_the_view_is_not_to_be_typed_into(code: VSCode, model: FakeOpenAI) -> None:
    held = ask(code, model)
    held.finish()
    ended(code)
    before = code.answer()

    code.command("workbench.action.focusSecondEditorGroup")
    code.until(lambda: "Is this right" in code.cursor()["tab"], "focus in the answer")
    code.type("xyz")

    assert code.answer() == before


def test_the_lightbulb_has_the_question_typed(code: VSCode, model: FakeOpenAI) -> None:
    held = model.hold()
    code.select('"the line before"')
    code.pick("Ask ChatGPT about selection")
    code.say("What is 日本語?")
    held.send("Japanese.")
    held.finish()
    ended(code)

    assert code.answer().startswith("# What is 日本語? (numbers.py)\n\nJapanese.")
    question = model.requests[0].messages[-1]["content"]
    assert '\n"the line before"\n' in question
    assert "What is 日本語?" in question


def test_whoever_closes_the_box_has_asked_nothing(code: VSCode, model: FakeOpenAI) -> None:
    code.select(RETURN)
    code.pick("Ask ChatGPT about selection")
    code.until(code.asked_to_type, "input box")
    code.keys("Escape")

    code.until(lambda: "At work" not in code.status(), "end of the job")
    assert code.tabs() == ["numbers.py"]
    assert code.notices() == []
    assert model.requests == []


def test_a_follow_up_is_asked_in_the_view(code: VSCode, model: FakeOpenAI) -> None:
    held = ask(code, model)
    held.finish()
    ended(code)

    held = model.hold()
    code.until(lambda: any("follow-up" in lens for lens in code.lenses()), "lens")
    code.click(".codelens-decoration a:has-text('follow-up')")
    code.say("And with an empty list?")
    held.send("It divides by zero.")
    held.finish()
    ended(code, 2)

    assert "**You:** And with an empty list?\n\nIt divides by zero." in code.answer()
    sent = model.requests[1].messages
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "user"]
    assert sent[3]["content"] == "And with an empty list?"
    code.picture("follow-up")


def test_the_view_can_be_rendered(code: VSCode, model: FakeOpenAI) -> None:
    held = ask(code, model)
    code.command("workbench.action.focusSecondEditorGroup")
    code.until(lambda: "Is this right" in code.cursor()["tab"], "focus in the answer")
    code.command("askLsp.preview")
    # A rendered view is a frame in a frame, and VS Code makes new ones as it likes.
    rendered = """
      for (const frame of page.frames()) {
        const text = await frame.locator("body.vscode-body").textContent({ timeout: 200 }).catch(() => "");
        if (text.includes(given)) return true;
      }
    """
    code.until(lambda: code.page(rendered, "The first words"), "rendered answer")
    held.send(" and **more**.")
    held.finish()
    code.until(lambda: code.page(rendered, "and more."), "rendered end")
    code.picture("preview")

    code.until(lambda: len(code.tabs()) == 2, "one tab for the answer")
    code.click(".editor-actions .action-label[aria-label^='Ask a Follow-up']")
    code.until(code.asked_to_type, "input box")
    code.keys("Escape")


def test_hover_shows_what_was_explained(code: VSCode, model: FakeOpenAI) -> None:
    model.say("It is **the sum over the count**.")
    code.api("const e = vscode.window.activeTextEditor; e.selection = new vscode.Selection(6, 8, 6, 8)")
    code.api("await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup')")
    code.pick("Explain function `mean`")
    ended(code)

    code.api("const e = vscode.window.activeTextEditor; e.selection = new vscode.Selection(5, 5, 5, 5)")
    code.keys("Control+k", "Control+i")
    hover = ".monaco-hover:not(.hidden) .hover-contents"
    code.until(lambda: "the sum over the count" in code.page(f"""
      return (await page.locator("{hover}").allTextContents()).join()
    """), "hover")  # fmt: skip
    code.picture("hover")
    code.keys("Escape")


def propose(code: VSCode, model: FakeOpenAI) -> None:
    """Has documentation written, and waits for the diff."""
    model.say(ANSWER)
    code.api("const e = vscode.window.activeTextEditor; e.selection = new vscode.Selection(6, 4, 6, 4)")
    code.api("await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup')")
    code.pick(TITLE)
    code.until(lambda: f"numbers.py: {TITLE}" in code.tabs(), "diff")
    code.until(lambda: code.text("ask-lsp-proposal:") == AFTER, "proposed text")


def press(code: VSCode, button: str) -> None:
    code.click(f".editor-actions .action-label[aria-label^='{button}']")


def test_an_edit_is_accepted_in_the_diff_and_undone_by_one_step(code: VSCode, model: FakeOpenAI) -> None:
    propose(code, model)
    assert numbers(code) == CODE
    code.picture("diff")

    press(code, "Accept Changes")
    code.until(lambda: numbers(code) == AFTER, "edited text")
    code.until(lambda: code.tabs() == ["numbers.py"], "end of the diff")

    code.keys("Control+z")
    code.until(lambda: numbers(code) == CODE, "text before")


def test_an_edit_is_rejected_in_the_diff(code: VSCode, model: FakeOpenAI) -> None:
    propose(code, model)

    press(code, "Reject Changes")

    code.until(lambda: code.tabs() == ["numbers.py"], "end of the diff")
    assert numbers(code) == CODE


def test_an_edit_is_tried_again_with_more_words(code: VSCode, model: FakeOpenAI) -> None:
    propose(code, model)
    better = DOCUMENTED.replace("The arithmetic mean.", "The mean.")
    model.say(f"```python\n{better}\n```\n")

    press(code, "Try Again")
    code.say("Shorter.")
    code.until(lambda: "The mean." in (code.text("ask-lsp-proposal:") or ""), "second proposal")

    assert "Shorter." in model.requests[-1].messages[-1]["content"]
    press(code, "Accept Changes")
    code.until(lambda: "The mean." in numbers(code), "edited text")


def test_a_proposal_is_accepted_by_a_lens_after_more_was_typed(code: VSCode, model: FakeOpenAI) -> None:
    """What is typed above moves the proposal, and is never shown as part of it."""
    propose(code, model)
    code.api("await vscode.window.showTextDocument(vscode.window.visibleTextEditors[0].document, 1)")
    code.keys("Control+Home")
    code.type("# typed\n")
    moved = "# typed\n" + AFTER
    code.until(lambda: code.text("ask-lsp-proposal:") == moved, "proposal behind it")
    code.until(lambda: "Accept" in code.lenses(), "lens")
    code.picture("lens")

    code.click(".codelens-decoration a:text-is('Accept')")

    code.until(lambda: numbers(code) == moved, "edited text")


def test_typing_goes_on_while_an_answer_comes(code: VSCode, model: FakeOpenAI) -> None:
    """A key every few milliseconds: every one lands, and nobody's cursor moves."""
    held = ask(code, model)
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


def test_cancelling_in_the_view_ends_the_request_and_keeps_the_text(code: VSCode, model: FakeOpenAI) -> None:
    ask(code, model)
    code.command("workbench.action.focusSecondEditorGroup")
    code.until(lambda: "Is this right" in code.cursor()["tab"], "focus in the answer")
    code.until(lambda: "Stop the Answer" in str(code.page(_BUTTONS)), "button")

    code.keys("Escape")

    code.until(lambda: model.requests[0].disconnected.is_set(), "end of the request")
    code.until(lambda: "*Cancelled.*" in code.answer(), "end of the answer")
    assert "The first words" in code.answer()
    assert code.notices() == []


def test_a_killed_server_is_started_again_and_the_text_so_far_stays(code: VSCode, model: FakeOpenAI) -> None:
    ask(code, model)
    (old,) = code.servers()

    old.kill()

    code.until(lambda: "The server has ended" in code.answer(), "word about it")
    assert "The first words" in code.answer()
    code.until(lambda: [each for each in code.servers() if each.pid != old.pid], "another server")
    code.until(lambda: "Profile" in code.status(), "status")
    code.picture("crash")
    code.api("await vscode.commands.executeCommand('workbench.action.focusFirstEditorGroup')")
    held = ask(code, model, "And now?")
    held.finish()
    code.until(lambda: "fake-model answered" in (code.text("And now") or ""), "second answer")


def test_a_failure_is_told_with_what_to_do(code: VSCode, model: FakeOpenAI) -> None:
    model.wrong_key()
    code.select(RETURN)
    code.keys("Control+k", "Control+a")
    code.say("Is this right?")

    code.until(code.notices, "notification")
    code.picture("failure")
    buttons = code.page("return page.locator('.notifications-toasts .monaco-button').allTextContents()")
    assert {"Doctor", "Try again"} <= set(buttons)
    code.until(lambda: "key" in code.status(), "trouble in the status bar")
    held = model.hold()
    code.press("Try again")
    held.send("Yes.")
    held.finish()
    ended(code)


def test_the_status_bar_has_a_menu(code: VSCode) -> None:
    code.click("[id='ask-lsp.ask-lsp.ask-lsp'] a")
    entries = code.until(code.asked_to_type, "menu")
    code.picture("menu")
    code.keys("Escape")

    for entry in ("Profile", "Open the log", "Doctor", "Open the settings file", "Set the API key", "Restart"):
        assert entry in entries


def test_a_key_goes_to_the_server_by_its_environment_alone(code: VSCode) -> None:
    (old,) = code.servers()
    assert "ASK_LSP_API_KEY" not in old.environ()
    code.command("askLsp.setKey")
    code.say("sk-secret-0123456789")

    (new,) = code.until(lambda: [each for each in code.servers() if each.pid != old.pid], "another server")
    assert new.environ()["ASK_LSP_API_KEY"] == "sk-secret-0123456789"
    assert new.environ()["ASK_LSP_API_KEY_ORIGIN"] == "https://api.openai.com"
    assert "sk-secret" not in " ".join(new.cmdline())
    code.until(lambda: not runs(old), "end of the old one")
    code.command("askLsp.removeKey")
    code.until(lambda: [each for each in code.servers() if "ASK_LSP_API_KEY" not in each.environ()], "one without")


def test_an_unsaved_buffer_is_asked_about(window: VSCode, model: FakeOpenAI) -> None:
    model.requests.clear()
    window.api(
        """
        const document = await vscode.workspace.openTextDocument({ language: "python", content: given });
        await vscode.window.showTextDocument(document);
        """,
        CODE,
    )
    window.until(window.titles, "code actions")

    held = ask(window, model)
    held.finish()
    ended(window)

    assert RETURN in model.requests[0].messages[-1]["content"]
    window.clean()


def test_a_read_only_file_is_changed_only_if_somebody_insists(code: VSCode, model: FakeOpenAI, person: Person) -> None:
    code.api("await vscode.workspace.getConfiguration('files').update('readonlyInclude', {'**/*.py': true}, 1)")
    propose(code, model)
    press(code, "Reject Changes")
    code.until(lambda: code.tabs() == ["numbers.py"], "end of the diff")
    code.api("await vscode.workspace.getConfiguration('files').update('readonlyInclude', undefined, 1)")
    assert numbers(code) == CODE


def test_a_file_of_100_000_lines(window: VSCode, model: FakeOpenAI, person: Person) -> None:
    model.requests.clear()
    window.edit(person.code("large.py", CODE + "\n\nx = 1\n" * 33_333))
    held = ask(window, model)
    began = time.monotonic()
    held.send(" and more")
    window.until(lambda: "and more" in window.answer(), "more words", 10)
    held.finish()
    ended(window)

    assert time.monotonic() - began < 10
    window.clean()


def test_it_quits_without_leaving_anything_behind(person: Person, tmp_path: Path) -> None:
    with person.window({"askLsp.path": SERVER}) as opened:
        opened.edit(person.code())
        servers = opened.servers()

        assert opened.quit() == []

    assert len(servers) == 1
    assert not runs(servers[0])


_BUTTONS = """
return page.locator(".editor-actions .action-label").evaluateAll(all => all.map(each => each.getAttribute("aria-label")));
"""
