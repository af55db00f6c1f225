"""Kate, from Debian's package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kate_editor import Kate, missing
from scenarios import Scenarios

pytestmark = [pytest.mark.kate, pytest.mark.xdist_group("kate"), pytest.mark.skipif(bool(missing()), reason=missing())]


class TestKate(Scenarios):
    row = "kate"
    proposes = True
    function = "selection"

    @pytest.fixture
    def editor(self, home: dict[str, str], config: object, tmp_path: Path) -> Iterator[Kate]:
        started = Kate(home, tmp_path)
        yield started
        started.close()
