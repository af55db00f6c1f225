"""clients/emacs/ask-lsp.el in a real Emacs, with the lines that `ask-lsp setup` gives; skipped where there is none."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openai_server import FakeOpenAI

CLIENT = Path(__file__).parent.parent / "clients" / "emacs"
OWN = Path(sys.executable).parent / "ask-lsp"
CODE = "def mean(values):\n    return sum(values) / len(values)\n"

pytestmark = pytest.mark.skipif(shutil.which("emacs") is None, reason="emacs is not installed")


def emacs(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["emacs", "-q", "--batch", *arguments], env=env, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def scenario(home: dict[str, str], config: object, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Runs clients/emacs/tests/scenario.el, and returns what it has seen."""

    def run(way: str, what: str) -> dict[str, Any]:
        if way != "program" and emacs("-f", "package-initialize", "--eval", f"(require '{way})").returncode:
            pytest.skip(f"Emacs has no {way}")
        project = tmp_path / "project"
        project.mkdir()
        (project / "mean.py").write_text(CODE)
        init: Path = OWN
        if way != "program":
            init = tmp_path / "lines.el"
            setup = [sys.executable, "-m", "ask_lsp", "setup", f"emacs-{way.removeprefix('emacs-')}"]
            init.write_bytes(subprocess.run(setup, env=home, capture_output=True, check=True).stdout)
        ran = emacs(
            "-l", str(CLIENT / "tests" / "scenario.el"), way, what, str(project / "mean.py"), str(init), env=home
        )
        assert ran.returncode == 0, ran.stderr
        told: dict[str, Any] = json.loads(ran.stdout)
        return told

    return run


@pytest.mark.parametrize("way", ["eglot", "lsp-mode"])
def test_an_answer_streams_and_the_chat_goes_on(way: str, scenario, model: FakeOpenAI) -> None:
    told = scenario(way, "ask")

    assert told["text"] == told["second"] == "Hello from the fake model."
    assert told["moved"] is False
    first, second = model.requests
    assert "What if it is empty?" in json.dumps(first.body["messages"])
    assert "def mean" in json.dumps(first.body["messages"])
    assert "And then?" in json.dumps(second.body["messages"][-1])
    chat = Path(told["chat"]).read_text(encoding="utf-8")
    assert chat.count("Hello from the fake model.") == 2


def test_without_a_server_the_command_line_answers(scenario, model: FakeOpenAI) -> None:
    told = scenario("program", "ask")

    assert told["text"].strip() == "Hello from the fake model."
    (request,) = model.requests
    assert "def mean" in json.dumps(request.body["messages"])


@pytest.mark.parametrize("way", ["eglot", "lsp-mode", "program"])
def test_what_has_come_of_a_cancelled_answer_stays(way: str, scenario, model: FakeOpenAI) -> None:
    held = model.hold()
    held.send("The first words ")

    told = scenario(way, "cancel")

    assert told["text"].startswith("The first words")


def test_the_client_compiles_without_a_warning(tmp_path: Path) -> None:
    copy = Path(shutil.copy(CLIENT / "ask-lsp.el", tmp_path))

    compiled = emacs("--eval", "(setq byte-compile-error-on-warn t)", "-f", "batch-byte-compile", str(copy))
    checked = emacs("--eval", f'(progn (require \'checkdoc) (checkdoc-file "{copy}"))')

    assert compiled.returncode == 0, compiled.stderr
    assert "Warning" not in compiled.stderr
    assert "ask-lsp.el:" not in checked.stderr, checked.stderr
