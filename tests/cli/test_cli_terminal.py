"""`ask-lsp ask` on a terminal: whatever the size of its window, each line of the answer is in the scrollback once."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai_server import FakeOpenAI

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is one of POSIX", allow_module_level=True)

import fcntl
import pty
import termios

ROWS, COLUMNS = 30, 80
_CONTROL = re.compile(r"\x1b\[(\??[\d;]*)([A-Za-z])|\x1b[^\[]|[\r\n]|[^\x1b\r\n]+")


def scrollback(written: str) -> list[str]:
    """What somebody sees who scrolls up afterwards. What has left the window at its top stays as it is."""
    rows, row, column = [""], 0, 0
    for match in _CONTROL.finditer(written):
        text, number, command = match[0], match[1], match[2]
        if text == "\n":
            row += 1
            rows += [""] * (row + 1 - len(rows))
        elif text == "\r":
            column = 0
        elif command == "A":
            row = max(row - int(number or 1), len(rows) - ROWS, 0)
        elif command == "K":
            assert number == "2"
            rows[row] = ""
        elif text.startswith("\x1b"):
            assert command == "m" or text in ("\x1b[?25l", "\x1b[?25h"), text
        else:
            rows[row] = rows[row][:column].ljust(column) + text + rows[row][column + len(text) :]
            column += len(text)
            assert column <= COLUMNS
    return [line.rstrip() for line in rows]


def on_a_terminal(place: Path, home: dict[str, str]) -> str:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "ask_lsp", "ask", "mean.py"],
        stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, env=home | {"TERM": "xterm"}, cwd=place,
    )  # fmt: skip
    os.close(theirs)

    def read() -> Iterator[bytes]:
        try:
            while data := os.read(ours, 65_536):
                yield data
        except OSError:  # Linux says so when the other side has been closed
            return

    written = b"".join(read()).decode()
    os.close(ours)
    assert process.wait(20) == 0
    return written


def paragraphs(count: int) -> str:
    return "\n\n".join(f"Paragraph {number}, first.\\\nParagraph {number}, second." for number in range(count))


def code(count: int) -> str:
    return "Before it.\n\n```python\n" + "".join(f"line_{number} = {number}\n" for number in range(count)) + "```\n"


def listed(count: int) -> str:
    return "".join(f"1. Number {number}.\n" for number in range(count)) + "\nThe last words."


@pytest.mark.parametrize("answer", [paragraphs(40), code(70), listed(50), "Short."])
def test_each_line_is_in_the_scrollback_once(answer: str, tmp_path: Path, home, config, model: FakeOpenAI) -> None:
    (tmp_path / "mean.py").write_text("def mean(values):\n    return sum(values) / len(values)\n")
    model.say(answer, chunks=60, pause=0.02)  # the pace of a model, in which a terminal is drawn many times

    shown = scrollback(on_a_terminal(tmp_path, home))

    said = re.findall(r"Paragraph \d+, \w+\.|line_\d+ = \d+|Number \d+\.|Before it\.|The last words\.|Short\.", answer)
    assert said
    assert [len([line for line in shown if re.search(rf"(?<!\w){re.escape(each)}(?!\w)", line)]) for each in said] == [
        1 for _ in said
    ]
