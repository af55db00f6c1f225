"""Where a measured server lives: a new home, settings that name a model server on loopback, and code to ask about."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

_FUNCTION = '''def compute_{number}(values, limit={number}):
    """Adds up what is above the limit."""
    total = 0
    for value in values:
        if value > limit:
            total += value
        else:
            total -= 1
    return total

'''
FUNCTION_LINES = 10
TYPED_LINE, TYPED_COLUMN = 2, 13
"""Where in each function a keystroke fits: behind `    total = 0`."""


def code(lines: int) -> str:
    """Python of so many lines: functions of ten lines each."""
    return "".join(_FUNCTION.format(number=number) for number in range(lines // FUNCTION_LINES))


@contextlib.contextmanager
def new_home(base_url: str = "") -> Iterator[dict[str, str]]:
    """The environment of a person who has nothing but, with `base_url`, a settings file for it. Ends with the block."""
    with tempfile.TemporaryDirectory(prefix="ask-lsp-bench-") as folder:
        root = Path(folder)
        config = root / "config" / "ask-lsp" / "config.yaml"
        config.parent.mkdir(parents=True)
        if base_url:
            config.write_text(f"api_key: bench-key-0123456789\nmodel: fake-model\nbase_url: {base_url}\n")
            config.chmod(0o600)
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
        yield {
            **kept,
            "HOME": folder,
            "XDG_CONFIG_HOME": str(root / "config"),
            "XDG_STATE_HOME": str(root / "state"),
            "XDG_DATA_HOME": str(root / "data"),
            "LANG": "C.UTF-8",
        }
