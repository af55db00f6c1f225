"""The wheel as a user gets it: built, installed into an empty environment without a network, and asked once."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from lsp_client import LspClient, chat_files, titled

ROOT = Path(__file__).parent.parent
WHEELHOUSE = ROOT / ".cache" / "wheelhouse"
CODE = "def mean(values):\n    return sum(values) / len(values)\n"


def run(*command: str | Path, environment: dict[str, str] | None = None, cwd: Path = ROOT) -> str:
    """The output of a command that has to succeed."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree with what is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, environment=environment)
    (built,) = folder.glob("ask_lsp-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment that holds the wheel and what it needs, and nothing else."""
    if not (WHEELHOUSE / ".filled").exists():
        pytest.fail("The wheelhouse is missing; fill it with: make .cache/wheelhouse/.filled", pytrace=False)
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    install = ("install", "-q", "--disable-pip-version-check", "--no-index", "--find-links", WHEELHOUSE, wheel)
    run(sys.executable, "-m", "pip", "--python", programs / "python", *install, environment=quiet())
    return programs


def quiet() -> dict[str, str]:
    """An environment in which pip reads no configuration of this machine, and can reach nothing."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("PIP_")}
    return {**kept, "PIP_CONFIG_FILE": os.devnull}


@pytest.mark.xdist_group("package")
def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))

    assert "ask_lsp/prompts/actions.yaml" in names
    assert {f"ask_lsp/cli/editors/{name}" for name in ("languages.json", "helix.toml", "micro.lua")} <= set(names)
    assert "ask_lsp/py.typed" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"ask_lsp"}
    assert not [name for name in names if "test" in name or "__pycache__" in name]
    assert "Provides-Extra: local" in metadata


@pytest.mark.xdist_group("package")
def test_the_installed_wheel_answers_an_editor(installed: Path, home: dict[str, str], tmp_path: Path) -> None:
    """From an empty environment, in a folder that is not the source tree: initialize, and one question to the echo."""
    environment = {**home, "ASK_LSP_PROFILE": "echo"}
    client = LspClient(environment, "kate-22.12", command=[str(installed / "ask-lsp"), "--stdio"], cwd=tmp_path)
    try:
        client.initialize()
        uri = client.open("file:///work/numbers.py", CODE)
        menu = client.code_actions(uri, client.range_of(uri, "return sum(values)"))
        client.run(titled(menu, "Explain"))

        def answered() -> bool:
            chats = chat_files(Path(home["XDG_STATE_HOME"]))
            return any("This is the echo profile" in path.read_text(encoding="utf-8") for path in chats)

        client.until(answered, "answer of the echo")
        assert client.close(unread=True) == 0
    finally:
        client.kill()


@pytest.mark.xdist_group("package")
def test_the_installed_package_is_called_ask_lsp_alone(installed: Path, home: dict[str, str], tmp_path: Path) -> None:
    """The folder that holds the sources here is no package there, nor are the tests."""
    ask = "import importlib.util as u; print([n for n in ('server', 'tests', 'ask_lsp') if u.find_spec(n)])"

    assert run(installed / "python", "-c", ask, environment=home, cwd=tmp_path).strip() == "['ask_lsp']"
    done = subprocess.run(
        [str(installed / "python"), "-c", "import server"], cwd=tmp_path, env=home, capture_output=True, text=True
    )
    assert "No module named 'server'" in done.stderr
    assert run(installed / "ask-lsp", "--version", environment=home, cwd=tmp_path).startswith("ask-lsp ")
