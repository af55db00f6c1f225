"""What holds for every test: no key and nothing of the user's environment, only loopback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from openai_server import FakeOpenAI

sys.path.insert(0, str(Path(__file__).parent / "fakes"))
sys.path.insert(0, str(Path(__file__).parent / "protocol"))

# The real model of the suite lies where `make` puts it; its tests find it through this.
MODELS = Path(__file__).parent.parent / ".cache" / "ask-lsp" / "models"
os.environ.setdefault("ASK_LSP_TEST_MODEL", str(MODELS / "SmolLM2-135M-Instruct.Q4_1.gguf"))

_OURS = ("OPENAI_", "ASK_LSP_", "AZURE_OPENAI_")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if (name.startswith(_OURS) and name != "ASK_LSP_TEST_MODEL") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of a person who has nothing yet: a new home, and the bare minimum of variables."""
    folder = tmp_path / "home"
    folder.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_DATA_HOME": str(folder / "data"),
        "LANG": "C.UTF-8",
        "PYTHONWARNINGS": "default",
    }


@pytest.fixture
def write_config(home: dict[str, str]) -> Callable[[str], Path]:
    """Writes the user's settings file, and returns its path."""

    def write(text: str) -> Path:
        path = Path(home["XDG_CONFIG_HOME"]) / "ask-lsp" / "config.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return write


@pytest.fixture
def model() -> Iterator[FakeOpenAI]:
    """A model server on loopback."""
    from openai_server import FakeOpenAI

    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def state(home: dict[str, str]) -> Path:
    """The state directory of this test's user."""
    return Path(home["XDG_STATE_HOME"])


@pytest.fixture
def config(write_config: Callable[[str], Path], model: FakeOpenAI) -> Callable[..., Path]:
    """Configures the fake model, with more settings if wanted."""

    def write(more: str = "") -> Path:
        text = f"api_key: test-key-0123456789\nmodel: fake-model\nbase_url: {model.base_url}\n"
        return write_config(text + more)

    write()
    return write
