"""What goes wrong around a real VS Code, and what is odd: nothing of it loses anything."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from openai_server import FakeOpenAI
from processes import runs
from vscode_editor import VSCode
from vscode_rig import (
    CODE,
    MARKS,
    RETURN,
    SERVER,
    Person,
    ask,
    ended,
)

pytestmark = MARKS
ROW = "vscode"
pytest_plugins = ("vscode_fixtures",)


@pytest.mark.cell("restart")
def test_a_killed_server_is_started_again_and_the_text_so_far_stays(code: VSCode, fake: FakeOpenAI) -> None:
    ask(code, fake)
    (old,) = code.servers()

    old.kill()

    code.until(lambda: "The server has ended" in code.answer(), "word about it")
    assert "The first words" in code.answer()
    code.until(lambda: [each for each in code.servers() if each.pid != old.pid], "another server")
    code.until(lambda: "Profile" in code.status(), "status")
    code.picture("crash")
    code.api("await vscode.commands.executeCommand('workbench.action.focusFirstEditorGroup')")
    held = ask(code, fake, "And now?")
    held.finish()
    code.until(lambda: "fake-model answered" in (code.text("And now") or ""), "second answer")


def test_a_failure_is_told_with_what_to_do(code: VSCode, fake: FakeOpenAI) -> None:
    fake.wrong_key()
    code.select(RETURN)
    code.keys("Control+k", "Control+a")
    code.say("Is this right?")

    code.until(code.notices, "notification")
    code.picture("failure")
    code.until(lambda: {"Doctor", "Try again"} <= set(code.buttons()), "buttons")
    code.until(lambda: "key" in code.status(), "trouble in the status bar")
    held = fake.hold()
    code.press("Try again")
    held.send("Yes.")
    held.finish()
    ended(code)


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


def test_an_unsaved_buffer_is_asked_about(window: VSCode, fake: FakeOpenAI) -> None:
    fake.requests.clear()
    window.api(
        """
        const document = await vscode.workspace.openTextDocument({ language: "python", content: given });
        await vscode.window.showTextDocument(document);
        """,
        CODE,
    )
    window.until(window.titles, "code actions")

    held = ask(window, fake)
    held.finish()
    ended(window)

    assert RETURN in fake.requests[0].messages[-1]["content"]
    window.clean()


def test_a_read_only_editor_can_ask(code: VSCode, fake: FakeOpenAI) -> None:
    update = "await vscode.workspace.getConfiguration('files').update('readonlyInclude', given, 1)"
    code.api(update, {"**/*.py": True})
    try:
        held = ask(code, fake)
        held.finish()
        ended(code)
    finally:
        code.api(update)


def test_a_file_of_100_000_lines(window: VSCode, fake: FakeOpenAI, person: Person) -> None:
    fake.requests.clear()
    window.edit(person.code("large.py", CODE + "\n\nx = 1\n" * 33_333))
    held = ask(window, fake)
    began = time.monotonic()
    held.send("and more ")
    window.until(lambda: "and more" in window.answer(), "more words", 10)
    held.finish()
    ended(window)

    assert time.monotonic() - began < 10
    window.clean()


@pytest.mark.cell("quit")
def test_it_quits_without_leaving_anything_behind(person: Person, tmp_path: Path) -> None:
    with person.window({"askLsp.path": SERVER}) as opened:
        opened.edit(person.code())
        servers = opened.servers()

        assert opened.quit() == []

    assert len(servers) == 1
    assert not runs(servers[0])
