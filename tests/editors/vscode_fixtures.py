"""Fixtures, for the modules that name this one in pytest_plugins; one window serves all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openai_server import FakeOpenAI
from vscode_editor import VSCode
from vscode_rig import SERVER, Person


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory, fake: FakeOpenAI) -> Person:
    made = Person(tmp_path_factory.mktemp("vscode"))
    made.configure(fake)
    return made


@pytest.fixture(scope="module")
def window(person: Person) -> Iterator[VSCode]:
    with person.window({"askLsp.path": SERVER}) as opened:
        yield opened


@pytest.fixture
def code(window: VSCode, person: Person, fake: FakeOpenAI, record_property) -> Iterator[VSCode]:
    """The window with numbers.py open, and nothing else."""
    version = str(window.api("return vscode.version")).rpartition(".")[0]
    record_property("version", f"VS Code {version} with the extension")
    window.edit(person.code())
    fake.requests.clear()
    fake._queue.clear()  # what a test before this one has left when it failed
    yield window
    window.command("askLsp.stopAll")
    window.clean()
