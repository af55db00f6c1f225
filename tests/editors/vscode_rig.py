"""What the tests of VS Code share: the folders of a person with odd names in them, and windows over these."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from openai_server import FakeOpenAI, Held
from vscode_editor import LIMIT, VSCode
from vscode_parts import build, install, missing

MARKS = [
    pytest.mark.vscode,
    pytest.mark.xdist_group("vscode"),
    pytest.mark.skipif(bool(missing()), reason=missing()),
]
SERVER = str(Path(sys.executable).parent / "ask-lsp")

CODE = '''"""Numbers."""

GREETING = "日本語 👍🏽 e\u0301", "the line before"


def mean(values):
    return sum(values) / len(values)


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
'''
DOCUMENTED = '''def mean(values):
    """The arithmetic mean."""
    return sum(values) / len(values)'''
MEAN = "def mean(values):\n    return sum(values) / len(values)"
RETURN = "return sum(values) / len(values)"
TITLE = "Write documentation for function `mean`"
ANSWER = f"```python\n{DOCUMENTED}\n```\n"
AFTER = CODE.replace("def mean(values):\n", 'def mean(values):\n    """The arithmetic mean."""\n')


class Person:
    """A home, a workspace with a space, Chinese and a percent sign in its path, and the extension installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "my 工作 100%41"
        self.work.mkdir(parents=True)
        # Windows of the tests must not find the server that is under test by themselves.
        own = str(Path(sys.executable).parent)
        path = os.pathsep.join(entry for entry in os.environ["PATH"].split(os.pathsep) if entry != own)
        kept = {name: os.environ[name] for name in ("TMPDIR", "PYTHONPATH") if name in os.environ}
        home = folder / "home"
        self.environment = {
            **kept,
            "PATH": path,
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_DATA_HOME": str(home / "data"),
            "LANG": "C.UTF-8",
        }
        self.extensions = folder / "extensions"
        self.extensions.mkdir()
        (home / "config" / "ask-lsp").mkdir(parents=True)
        install(self.extensions, build(), self.environment)

    def configure(self, model: FakeOpenAI, name: str = "fake-model") -> None:
        path = self.folder / "home" / "config" / "ask-lsp" / "config.yaml"
        path.write_text(f"api_key: test-key-0123456789\nmodel: {name}\nbase_url: {model.base_url}\n")
        path.chmod(0o600)

    def code(self, name: str = "numbers.py", text: str = CODE) -> Path:
        path = self.work / name
        path.write_text(text, encoding="utf-8")
        return path

    @contextmanager
    def window(self, settings: dict[str, Any], *, trusted: bool = True) -> Iterator[VSCode]:
        """A window with these settings; it is gone at the end, with all that it has started."""
        folder = Path(tempfile.mkdtemp(dir=self.folder, prefix="window"))
        opened = VSCode(self.environment, folder, self.work, self.extensions, settings, trusted=trusted)
        try:
            yield opened
        finally:
            if opened.process.is_running():
                opened.quit()
            shutil.rmtree(folder, ignore_errors=True)


def ask(code: VSCode, fake: FakeOpenAI, question: str = "Is this right?", part: str = RETURN) -> Held:
    """Selects, presses the keys, types a question, and waits for the first words of the answer."""
    held = fake.hold()
    code.select(part)
    code.keys("Control+k", "Control+a")
    code.say(question)
    fake.wait_for_request(timeout=LIMIT)
    held.send("The first words, ")  # a word is shown when it is known to be at its end
    code.until(lambda: "The first words" in code.answer(), "first words")
    return held


def ended(code: VSCode, count: int = 1) -> None:
    code.until(lambda: code.answer().count("fake-model answered") == count, "end of the answer")


def numbers(code: VSCode) -> str:
    return code.text("/numbers.py") or ""


def propose(code: VSCode, fake: FakeOpenAI) -> None:
    """Has documentation written, and waits for the diff."""
    fake.say(ANSWER)
    code.put(6, 4)
    code.pick(TITLE)
    code.until(lambda: f"numbers.py: {TITLE}" in code.tabs(), "diff")
    code.until(lambda: code.text("ask-lsp-proposal:") == AFTER, "proposed text")


def press(code: VSCode, button: str) -> None:
    code.click(f".editor-actions .action-label[aria-label^='{button}']")
