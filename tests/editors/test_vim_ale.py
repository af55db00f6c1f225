"""Vim with ALE, from Debian's packages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from scenarios import Scenarios
from vim_editor import Vim, missing

pytestmark = [pytest.mark.vim, pytest.mark.xdist_group("vim"), pytest.mark.skipif(bool(missing()), reason=missing())]


class TestAle(Scenarios):
    row = "vim-ale"
    proposes = True
    function = "selection"

    @pytest.fixture
    def editor(self, home: dict[str, str], config: object, tmp_path: Path) -> Iterator[Vim]:
        started = Vim(home, tmp_path)
        yield started
        started.close()
