"""examples/demo.py, which `make demo` runs: it shows the whole way, and says so when it cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from openai_server import FakeOpenAI

DEMO = Path(__file__).parent.parent / "examples" / "demo.py"


def run(home: dict[str, str], model: FakeOpenAI) -> subprocess.CompletedProcess[str]:
    environment = home | {
        "OPENAI_API_KEY": "sk-test-0123456789abcdefghij",
        "OPENAI_BASE_URL": model.base_url,
        "ASK_LSP_MODEL": "fake-model",
    }
    command = [sys.executable, "-W", "ignore", str(DEMO)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=120)


def test_the_demo_shows_the_menu_the_answer_the_hover_and_the_lines_for_editors(
    home: dict[str, str], model: FakeOpenAI
) -> None:
    model.say("It returns the middle value, and leaves the list alone.", chunks=5)
    model.say("It is the arithmetic mean.", chunks=2)

    done = run(home, model)

    assert done.returncode == 0, done.stderr
    shown = done.stdout
    menu = shown.partition("Your editor's code actions then offer")[2]
    for title in ("Ask ChatGPT about selection", "Explain selection", "Find problems in selection"):
        assert f"    {title}\n" in menu
    assert "\nIt returns the middle value, and leaves the list alone.\n" in shown
    assert "(fake-model answered: 11 tokens in, 5 out, $0.00, in " in shown
    assert shown.count("It is the arithmetic mean.") == 2
    assert "    It is the arithmetic mean.\n" in shown.partition("A hover over `mean` now shows it again")[2]
    lines = shown.partition("The same in your editor")[2]
    for part in ('vim.lsp.config("ask-lsp", {', "[language-server.ask-lsp]", '"glspc.server.command":', '"--stdio"'):
        assert part in lines
    first, second = model.requests
    assert "what happens to the list that is passed in?" in first.messages[-1]["content"]
    assert "Explain function `mean`" in second.messages[-1]["content"]
    assert "sk-test" not in done.stdout + done.stderr


def test_a_demo_that_fails_says_why_and_is_no_success(home: dict[str, str], model: FakeOpenAI) -> None:
    model.wrong_key()

    done = run(home, model)

    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("The demo stopped: ")
    assert "key" in last
    assert last.endswith(".")
    assert "The same in your editor" not in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert len(model.requests) == 1
