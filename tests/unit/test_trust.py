"""Trust in workspaces: by content, in one private file, whole whatever happens, and shared by all editors."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ask_lsp.store import trust
from ask_lsp.store.trust import TrustFile


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


async def test_a_decision_is_about_one_content_of_one_workspace(state: Path, root: Path) -> None:
    kept = TrustFile(state)
    assert kept.decision(root, "a") is None

    await kept.remember(root, "a", True)
    await kept.remember(root, "b", False)

    assert [kept.decision(root, digest) for digest in "abc"] == [True, False, None]
    assert [kept.decision(root, digest) for digest in "abc"] == [True, False, None]
    assert kept.decision(root.parent, "a") is None


async def test_it_is_there_for_the_next_process_and_the_others(state: Path, root: Path) -> None:
    """One that has looked before sees it too."""
    other = TrustFile(state)
    assert other.decision(root, "a") is None

    await TrustFile(state).remember(root, "a", True)

    assert other.decision(root, "a") is True
    await TrustFile(state).remember(root, "a", False)
    assert other.decision(root, "a") is not True


async def test_a_link_to_a_workspace_is_the_workspace(state: Path, root: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)
    kept = TrustFile(state)

    await kept.remember(link, "a", True)

    assert kept.decision(root, "a") is True


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
async def test_nobody_else_can_read_or_write_it(state: Path, root: Path) -> None:
    """Whatever the umask."""
    before = os.umask(0)
    try:
        await TrustFile(state).remember(root, "a", True)
    finally:
        os.umask(before)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()}
    assert modes == {"trust.json": 0o600, "trust.lock": 0o600}
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
@pytest.mark.parametrize("mode", [0o666, 0o620, 0o602])
async def test_what_others_can_write_does_not_count(state: Path, root: Path, mode: int) -> None:
    kept = TrustFile(state)
    await kept.remember(root, "a", True)
    assert kept.decision(root, "a") is True

    (state / "trust.json").chmod(mode)

    assert kept.decision(root, "a") is not True


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"workspaces": []}', b'{"workspaces": {"ROOT": 1}}', b"\xff", b"[" * 100_000,
     b'{"workspaces": {"ROOT": {"a": "yes"}}}', b'{"workspaces": {"ROOT": {"a": 1}}}'],
)  # fmt: skip
async def test_a_damaged_file_trusts_nobody_and_is_replaced(state: Path, root: Path, content: bytes) -> None:
    state.mkdir()
    file = state / "trust.json"
    file.write_bytes(content.replace(b"ROOT", os.fsencode(root)))
    file.chmod(0o600)
    kept = TrustFile(state)

    assert kept.decision(root, "a") is not True

    await kept.remember(root, "a", True)
    assert TrustFile(state).decision(root, "a") is True


async def test_a_link_in_its_place_is_not_followed(state: Path, root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    await TrustFile(tmp_path / "one").remember(root, "a", True)
    (tmp_path / "one" / "trust.json").rename(elsewhere)
    state.mkdir()
    (state / "trust.json").symlink_to(elsewhere)

    assert TrustFile(state).decision(root, "a") is not True


async def test_what_cannot_be_written_holds_in_this_process(
    tmp_path: Path, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The user has just been asked; and nothing is trusted by the next process."""
    state = tmp_path / "file"
    state.write_text("no folder")
    kept = TrustFile(state)

    await kept.remember(root, "a", True)

    assert kept.decision(root, "a") is True
    assert TrustFile(state).decision(root, "a") is not True
    assert "is kept until the end only" in caplog.text


async def test_a_write_that_fails_leaves_the_old_file(state: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = TrustFile(state)
    await kept.remember(root, "a", True)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    await kept.remember(root, "b", True)

    assert TrustFile(state).decision(root, "a") is True
    assert TrustFile(state).decision(root, "b") is not True
    assert {path.name for path in state.iterdir()} == {"trust.json", "trust.lock"}


async def test_the_oldest_are_forgotten(state: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "MOST_CONTENTS", 2)
    monkeypatch.setattr(trust, "MOST_WORKSPACES", 2)
    kept = TrustFile(state)
    for digest in "abca":
        await kept.remember(root, digest, True)
    assert [kept.decision(root, digest) for digest in "abc"] == [True, None, True]

    for name in ("x", "y"):
        await kept.remember(root / name, "a", True)
    assert [kept.decision(folder, "a") for folder in (root, root / "x", root / "y")] == [None, True, True]


def test_eight_processes_at_once_lose_nothing(state: Path, root: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from ask_lsp.store.trust import TrustFile\n"
        "kept = TrustFile(Path(sys.argv[1])); sys.stdin.readline()\n"
        "for number in range(10): asyncio.run(kept.remember(Path(sys.argv[2]) / sys.argv[3], str(number), True))"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(state), str(root), str(number)], stdin=subprocess.PIPE, text=True
        )
        for number in range(8)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.close()
    assert [writer.wait(60) for writer in writers] == [0] * 8

    kept = TrustFile(state)
    assert all(kept.decision(root / str(writer), str(number)) for writer in range(8) for number in range(10))
    assert len(json.loads((state / "trust.json").read_text())["workspaces"]) == 8


async def test_a_process_that_dies_with_the_lock_blocks_nobody(state: Path, root: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from ask_lsp.store.trust import _locked\n"
        "with _locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    state.mkdir()
    holder = subprocess.Popen([sys.executable, "-c", program, str(state / "trust.lock")], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    waiting = asyncio.create_task(TrustFile(state).remember(root, "a", True))
    holder.kill()
    holder.wait(30)
    holder.stdout.close()

    await asyncio.wait_for(waiting, 10)
    assert TrustFile(state).decision(root, "a") is True


async def test_looking_costs_one_look_at_the_file(state: Path, root: Path) -> None:
    """It is done at every ask: read once, then only looked at."""
    kept = TrustFile(state)
    await kept.remember(root, "a", True)
    assert kept.decision(root, "a") is True

    began = time.perf_counter()
    for _ in range(1_000):
        kept.decision(root, "a")
    assert time.perf_counter() - began < 0.5
