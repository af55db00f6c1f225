"""Neovim for the tests here; each one that was started is gone at the end, with its server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from neovim_editor import Neovim, runs


@pytest.fixture
def neovim(home: dict[str, str], config: object, tmp_path: Path) -> Iterator[Neovim]:
    """A Neovim whose ask-lsp talks to the fake model."""
    started = Neovim(home, tmp_path)
    try:
        yield started
    finally:
        if runs(started.process):
            started.quit()
