"""Which server a real VS Code runs, and what it says where there is none, or another one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from vscode_editor import VSCode
from vscode_rig import MARKS, SERVER, Person

pytestmark = MARKS
OTHER = str(Path(__file__).parent / "vscode_other_server.py")


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Person:
    return Person(tmp_path_factory.mktemp("vscode"))


@pytest.fixture(scope="module")
def window(person: Person) -> Iterator[VSCode]:
    """A window without a server, over a folder that is not trusted, and that has a program to be run by mistake."""
    program = person.work / ".venv" / "bin" / "ask-lsp"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\ntouch '{person.folder}/was-run'\nexec sleep 100\n")
    program.chmod(0o755)
    # Relative, and inside the workspace: neither counts.
    person.environment["PATH"] += f":.venv/bin:{program.parent}"
    with person.window({}, trusted=False) as opened:
        yield opened


def test_a_folder_that_is_not_trusted_runs_nothing_and_the_server_is_offered(window: VSCode, person: Person) -> None:
    (notice,) = window.until(window.notices, "notification")

    assert "Install the one that this extension brings" in notice
    window.until(lambda: window.buttons() == ["Install it", "Set its path"], "buttons")
    assert window.api("return vscode.workspace.isTrusted") is False
    assert not (person.folder / "was-run").exists()
    window.picture("no-server")


def test_the_workspace_cannot_name_the_server(window: VSCode, person: Person) -> None:
    """`scope: machine`: VS Code does not even take it from there."""
    settings = person.work / ".vscode" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(f'{{"askLsp.path": "{person.work}/.venv/bin/ask-lsp"}}')
    window.until(lambda: settings.exists(), "settings")

    window.api("await vscode.commands.executeCommand('askLsp.restart')")

    assert window.api("return vscode.workspace.getConfiguration('askLsp').get('path')") == ""
    assert not (person.folder / "was-run").exists()
    settings.unlink()


def test_without_a_key_the_first_run_says_what_to_do(window: VSCode) -> None:
    window.clean()
    window.api("await vscode.workspace.getConfiguration('askLsp').update('path', given, 1)", SERVER)

    window.until(
        lambda: [notice for notice in window.all_notices() if "ready, but for a key" in notice], "notification"
    )
    window.picture("no-key")
    wanted = {"Set key", "Use local model", "Open config"}
    window.until(lambda: wanted <= set(window.buttons()), "buttons")


@pytest.mark.parametrize(
    ("version", "protocol", "says"),
    [
        (["0.0.9", "1"], "older server", "The ask-lsp server (0.0.9) is older than this extension"),
        (["9.0.0", "1"], "newer server", "is older than the ask-lsp server (9.0.0). Update the extension."),
        (["0.0.1"], "no protocol", "The ask-lsp server (0.0.1) is older than this extension"),
    ],
)
def test_a_server_of_another_version(window: VSCode, version: list[str], protocol: str, says: str) -> None:
    window.clean()
    window.api(
        """
        const settings = vscode.workspace.getConfiguration("askLsp");
        await settings.update("args", given.slice(1), 1);
        await settings.update("path", given[0], 1);
        """,
        [sys.executable, OTHER, *version],
    )

    window.until(lambda: [notice for notice in window.all_notices() if says in notice], protocol)
    window.picture(f"version {protocol}")


def test_a_program_that_is_not_there(window: VSCode) -> None:
    window.clean()
    window.api("await vscode.workspace.getConfiguration('askLsp').update('path', '/nowhere/ask-lsp', 1)")

    window.until(
        lambda: [notice for notice in window.all_notices() if "could not be started" in notice], "notification"
    )
    assert "/nowhere/ask-lsp" in " ".join(window.all_notices())
    window.until(lambda: "could not be started" in window.status(), "status")
