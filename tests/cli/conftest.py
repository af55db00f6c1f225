"""A terminal for tests of the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest


class Ran(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def ask_lsp(home: dict[str, str], config: object, tmp_path: Path) -> Callable[..., Ran]:
    """Runs ask-lsp in a process of its own, in `tmp_path`, its output piped."""

    def run(*arguments: str, stdin: bytes = b"", **environment: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "ask_lsp", *arguments],
            input=stdin, capture_output=True, env=home | environment, cwd=tmp_path, timeout=60,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run
