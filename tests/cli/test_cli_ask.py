"""`ask-lsp ask`: what goes out, what is printed where, and how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from openai_server import Delta, FakeOpenAI, Reset

from ask_lsp.core.visible import new_hidden

CODE = '''"""Numbers."""


def mean(values):
    return sum(values) / len(values)


class Stack:
    def pop(self):
        return self.items.pop()
'''
ANSWER = "It **adds** them up."


@dataclass(frozen=True)
class Case:
    """A command line and how it ends. `sent` are parts of what the model gets; None if it must get nothing."""

    arguments: tuple[str, ...]
    code: int = 0
    out: str = ANSWER + "\n"
    err: str = ""
    sent: tuple[str, ...] | None = ()
    stdin: bytes = b""


CASES = {
    "a file is explained": Case(("mean.py",), sent=("Explain selection", "knows python", "mean.py:1-10", CODE)),
    "a line": Case(("mean.py:5",), sent=("Explain selection", "mean.py:5\n", "    return sum(values) / len(values)\n")),
    "lines that are a definition": Case(("mean.py:4-5",), sent=("Explain function `mean`", "mean.py:4-5\n")),
    "with blank lines around it": Case(("mean.py:3-7",), sent=("Explain function `mean`", "mean.py:3-7\n")),
    "lines that are a method": Case(("mean.py:9-10",), sent=("Explain method `pop`",)),
    "lines that are more": Case(("mean.py:4-9",), sent=("Explain selection",)),
    "a question": Case(("mean.py:5", "Empty list?"), sent=("Empty list?", "return sum(values)")),
    "standard input": Case(("-", "What broke?"), stdin=b"- one\n+ two\n", sent=("What broke?", "- one\n+ two\n")),
    "standard input without an end": Case(("-",), stdin="größer".encode(), sent=("Explain selection", "größer")),
    "a file with a colon in its name": Case(("odd:3",), sent=("odd:3:1\n", "odd text")),
    "an action": Case(("mean.py:4-5", "--action", "find_problems"), sent=("Find mistakes in function `mean`",)),
    "an action with a question": Case(("mean.py:5", "in C", "--action", "rewrite"), sent=("in C",)),
    "an action for this language": Case(("mean.py", "--action", "types"), sent=("mean.py:1-10",)),
    "another profile": Case(("mean.py", "--profile", "echo"), out="You asked: Explain selection", sent=None),
    "an unknown profile": Case(("mean.py", "--profile", "work"), 3, "", "work", None),
    "a profile whose key is missing": Case(("mean.py", "--profile", "keyless"), 3, "", "NOT_SET", None),
    "an unknown action": Case(("mean.py", "--action", "exlpain"), 1, "", "no action “exlpain”. Known: ask, ex", None),
    "an action of the server's own": Case(("mean.py", "--action", "explain_hover"), 1, "", "There is no action", None),
    "an action about problems": Case(("mean.py", "--action", "fix"), 1, "", "about problems that an editor", None),
    "an action that wants words": Case(("mean.py", "--action", "rewrite"), 1, "", "“rewrite” needs a question", None),
    "an action for another language": Case(("main.go", "--action", "types"), 1, "", "and this is go. Choose", None),
    "an action at a cursor": Case(("mean.py", "--action", "complete"), 1, "", "needs a cursor", None),
    "an unreadable file": Case(("nowhere.py",), 1, "", "nowhere.py cannot be read", None),
    "a folder": Case((".",), 1, "", "cannot be read", None),
    "a binary file": Case(("picture.png",), 1, "", "picture.png is not a text file", None),
    "lines that are not there": Case(("mean.py:90-99",), 1, "", "mean.py has no lines 90-99: it has 10", None),
    "lines in the wrong order": Case(("mean.py:5-4",), 1, "", "START before END", None),
    "line nought": Case(("mean.py:0-4",), 1, "", "Count from 1", None),
    "an empty file": Case(("empty.py",), 1, "", "it is empty", None),
    "nothing named": Case((), 2, "", "the following arguments are required", None),
    "an unknown option": Case(("mean.py", "--nonsense"), 2, "", "unrecognized arguments: --nonsense", None),
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, config: Callable[..., Path], model: FakeOpenAI) -> Path:
    """A folder with files to ask about."""
    (tmp_path / "mean.py").write_text(CODE)
    (tmp_path / "main.go").write_text("package main\n")
    (tmp_path / "odd:3").write_text("odd text\n")
    (tmp_path / "empty.py").write_text("\n\n")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\r")
    config(f"profiles:\n  keyless: {{base_url: {model.base_url}, model: m, api_key: {{env: NOT_SET}}}}\n")
    return tmp_path


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_ask(case: Case, place: Path, model: FakeOpenAI, ask_lsp) -> None:
    model.say(ANSWER, chunks=3)

    ran = ask_lsp("ask", *case.arguments, stdin=case.stdin)

    assert case.code == ran.code, ran.err
    assert ran.out.startswith(case.out) if case.out else ran.out == ""
    assert case.err in ran.err
    assert "Traceback" not in ran.err
    if case.code in (1, 3):
        assert ran.err.startswith("ask-lsp: ")
        assert ran.err.endswith(".\n")
    if case.sent is None:
        assert not model.requests
    else:
        sent = model.wait_for_request().messages[-1]["content"]
        assert [part for part in case.sent if part not in sent] == []
        assert str(place) not in sent
        assert ran.out == case.out


@pytest.mark.parametrize("name", [".env", "chain.py", "./folder/../.env"])
def test_a_link_is_judged_by_the_name_that_was_given(name: str, place: Path, model: FakeOpenAI, ask_lsp) -> None:
    (place / "folder").mkdir()
    (place / ".env").symlink_to("mean.py")
    (place / "chain.py").symlink_to(".env")

    ran = ask_lsp("ask", name)

    assert (ran.code, ran.out) == (1, "")
    assert "was not sent" in ran.err
    assert not model.requests


def test_an_answer_that_was_cut_is_printed_and_is_no_success(place: Path, model: FakeOpenAI, ask_lsp) -> None:
    model.say("Half an", finish="length")

    ran = ask_lsp("ask", "mean.py")

    assert (ran.code, ran.out) == (1, "Half an\n")
    assert "output limit (max_output)" in ran.err


def test_an_answer_that_breaks_off_is_printed_as_far_as_it_came(place: Path, model: FakeOpenAI, ask_lsp) -> None:
    model.stream(Delta({"content": "Half an"}), Reset)

    ran = ask_lsp("ask", "mean.py")

    assert (ran.code, ran.out) == (1, "Half an\n")
    assert "The answer was cut off" in ran.err


def test_a_terminal_that_knows_no_unicode_gets_what_it_can_show(place: Path, model: FakeOpenAI, ask_lsp) -> None:
    model.say("two → three")

    ran = ask_lsp("ask", "mean.py", PYTHONIOENCODING="ascii")

    assert (ran.code, ran.out, ran.err) == (0, "two ? three\n", "")


def test_no_answer_is_no_success(place: Path, model: FakeOpenAI, ask_lsp) -> None:
    model.say("")

    ran = ask_lsp("ask", "mean.py")

    assert (ran.code, ran.out) == (1, "")
    assert "answered nothing" in ran.err


def test_a_refused_key_is_told_without_the_key(place: Path, model: FakeOpenAI, ask_lsp) -> None:
    model.wrong_key()

    ran = ask_lsp("ask", "mean.py")

    assert (ran.code, ran.out) == (1, "")
    assert "key" in ran.err
    assert "test-key" not in ran.err


def test_a_reader_that_has_had_enough_is_no_failure(place: Path, home: dict[str, str], model: FakeOpenAI) -> None:
    """As `ask-lsp ask FILE | head -1`."""
    held = model.hold()
    process = subprocess.Popen(
        [sys.executable, "-m", "ask_lsp", "ask", "mean.py"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home, cwd=place,
    )  # fmt: skip
    assert process.stdout is not None
    held.send("first\n")
    assert process.stdout.readline() == b"first\n"

    process.stdout.close()
    held.send("second\n")
    held.finish()
    _, err = process.communicate(timeout=20)

    assert (process.returncode, err) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
def test_an_interrupt_closes_the_connection_and_ends_with_130(
    place: Path, home: dict[str, str], model: FakeOpenAI
) -> None:
    held = model.hold()
    process = subprocess.Popen(
        [sys.executable, "-m", "ask_lsp", "ask", "mean.py"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home, cwd=place,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored by what runs in the background
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        held.send("first\n")
        assert process.stdout.readline() == b"first\n"

        process.send_signal(signal.SIGINT)
        try:
            _, err = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise

    assert process.returncode == 130
    assert b"Traceback" not in err
    model.wait_for_disconnect()


def test_the_preview_is_what_is_sent_and_sends_nothing(place: Path, model: FakeOpenAI, ask_lsp) -> None:
    asked = ("mean.py:5", "Empty list?")

    shown = ask_lsp("preview", *asked)
    body = ask_lsp("preview", *asked, "--body")

    assert (shown.code, body.code) == (0, 0)
    assert "return sum(values)" in shown.out
    assert f"`{model.base_url}/chat/completions`" in shown.out
    assert not model.requests
    assert ask_lsp("ask", *asked).code == 0
    assert model.wait_for_request().raw.decode() == body.out


def test_what_a_terminal_would_obey_is_named(place: Path, model: FakeOpenAI, ask_lsp) -> None:
    """In the page, in its body, in the name of a file, and in a refusal. Piped, the body is what is sent."""
    name = "a\x1b[31m.py"
    (place / name).write_text("x = 1  # \u202e\x9b\tend\n", encoding="utf-8")

    shown = ask_lsp("preview", name)
    body = ask_lsp("preview", name, "--body")
    refused = ask_lsp("ask", f"{name}:99")
    missing = ask_lsp("ask", "no\x1b]0;x\x07.py")

    assert shown.code == 0
    assert "a⟦ESC⟧[31m.py" in shown.out
    assert shown.out.count("# ⟦U+202E⟧⟦U+009B⟧") == 2
    assert "# ⟦U+202E⟧⟦U+009B⟧\tend" in shown.out
    assert "\u202e\x9b" in body.out
    assert (refused.code, missing.code) == (1, 1)
    assert "a⟦ESC⟧[31m.py has no lines 99-99" in refused.err
    assert "no⟦ESC⟧]0;x⟦BEL⟧.py cannot be read" in missing.err
    for said in (shown.out, refused.err, missing.err):
        assert not new_hidden("", said)
