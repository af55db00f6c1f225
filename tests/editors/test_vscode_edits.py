"""Edits in a real VS Code: the diff, what can be done with it, and where it lands."""

from __future__ import annotations

import json

import pytest
from openai_server import FakeOpenAI
from vscode_editor import VSCode
from vscode_rig import (
    AFTER,
    ANSWER,
    CODE,
    DOCUMENTED,
    MARKS,
    MEAN,
    Person,
    ended,
    numbers,
    press,
    propose,
)

pytestmark = MARKS
ROW = "vscode"
pytest_plugins = ("vscode_fixtures",)


@pytest.mark.cell("edit")
def test_an_edit_is_accepted_in_the_diff_and_undone_by_one_step(code: VSCode, fake: FakeOpenAI) -> None:
    propose(code, fake)
    assert numbers(code) == CODE
    code.picture("diff")

    press(code, "Accept Changes")
    code.until(lambda: numbers(code) == AFTER, "edited text")
    code.until(lambda: code.tabs() == ["numbers.py"], "end of the diff")

    code.keys("Control+z")
    code.until(lambda: numbers(code) == CODE, "text before")


def test_an_edit_is_rejected_in_the_diff(code: VSCode, fake: FakeOpenAI) -> None:
    propose(code, fake)

    press(code, "Reject Changes")

    code.until(lambda: code.tabs() == ["numbers.py"], "end of the diff")
    assert numbers(code) == CODE


def test_an_edit_is_tried_again_with_more_words(code: VSCode, fake: FakeOpenAI) -> None:
    propose(code, fake)
    better = DOCUMENTED.replace("The arithmetic mean.", "The mean.")
    fake.say(f"```python\n{better}\n```\n")

    press(code, "Try Again")
    code.say("Shorter.")
    code.until(lambda: "The mean." in (code.text("ask-lsp-proposal:") or ""), "second proposal")

    assert "Shorter." in fake.requests[-1].messages[-1]["content"]
    press(code, "Accept Changes")
    code.until(lambda: "The mean." in numbers(code), "edited text")


@pytest.mark.cell("edit")
def test_a_proposal_is_accepted_by_a_lens_after_more_was_typed(code: VSCode, fake: FakeOpenAI, person: Person) -> None:
    """What is typed above moves the proposal, and is never shown as part of it."""
    propose(code, fake)
    code.show(person.work / "numbers.py")
    code.keys("Control+Home")
    code.type("# typed\n")
    moved = "# typed\n" + AFTER
    code.until(lambda: code.text("ask-lsp-proposal:") == moved, "proposal behind it")
    code.until(lambda: "Accept" in code.lenses(), "lens")
    code.picture("lens")

    code.click(".codelens-decoration a:text-is('Accept')")

    code.until(lambda: numbers(code) == moved, "edited text")


def test_a_cell_of_a_notebook_is_asked_about_and_changed(window: VSCode, fake: FakeOpenAI, person: Person) -> None:
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": [MEAN]}
    language = {"language_info": {"name": "python"}}
    notebook = {"cells": [cell], "metadata": language, "nbformat": 4, "nbformat_minor": 5}
    path = person.code("cells.ipynb", json.dumps(notebook))
    fake.requests.clear()
    window.api(_NOTEBOOK, str(path))
    window.click(".notebookOverlay .cell-editor-container .view-lines")
    window.until(lambda: window.titles(), "code actions")

    fake.say("It is right.")
    window.keys("Control+k", "Control+a")
    window.say("Is it right?")
    ended(window)
    assert "def mean(values):" in fake.requests[0].messages[-1]["content"]

    fake.say(ANSWER)
    window.click(".notebookOverlay .cell-editor-container .view-lines")
    window.pick("Write documentation for")
    window.until(lambda: window.text("ask-lsp-proposal:") == DOCUMENTED, "proposal")
    window.picture("notebook")
    press(window, "Accept Changes")
    cells = "return vscode.workspace.notebookDocuments[0].getCells().map(cell => cell.document.getText())"
    window.until(lambda: window.api(cells) == [DOCUMENTED], "edited cell")
    window.clean()


def test_a_locked_file_is_changed_in_its_buffer_alone(code: VSCode, fake: FakeOpenAI, person: Person) -> None:
    path = person.work / "numbers.py"
    path.chmod(0o444)
    propose(code, fake)
    press(code, "Accept Changes")

    code.until(lambda: numbers(code) == AFTER, "edited text")
    assert path.read_text(encoding="utf-8") == CODE
    path.chmod(0o644)


_NOTEBOOK = """
const notebook = await vscode.workspace.openNotebookDocument(vscode.Uri.file(given));
await vscode.window.showNotebookDocument(notebook, { viewColumn: 1 });
"""
