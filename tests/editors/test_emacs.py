"""Emacs with each of its two LSP clients, from Debian's packages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from emacs_editor import Emacs, missing
from scenarios import Scenarios

pytestmark = [
    pytest.mark.emacs,
    pytest.mark.xdist_group("emacs"),
    pytest.mark.skipif(bool(missing()), reason=missing()),
]


class TestEglot(Scenarios):
    row = "emacs-eglot"

    @pytest.fixture
    def editor(self, home: dict[str, str], config: object, tmp_path: Path) -> Iterator[Emacs]:
        started = Emacs(home, tmp_path, "eglot")
        yield started
        started.close()


class TestLspMode(Scenarios):
    row = "emacs-lsp-mode"

    @pytest.fixture
    def editor(self, home: dict[str, str], config: object, tmp_path: Path) -> Iterator[Emacs]:
        started = Emacs(home, tmp_path, "lsp-mode")
        yield started
        started.close()
