"""What must hold of the log: nobody else reads it, it does not grow for ever, and no line is lost between servers."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ask_lsp.store.log_file import LogFile

WRITER = """
import logging, sys
from pathlib import Path
from ask_lsp.store.log_file import LogFile
handler = LogFile(Path(sys.argv[1]), most_bytes=500, kept=1000)
for number in range(300):
    handler.emit(logging.makeLogRecord({"msg": f"{sys.argv[2]} {number}"}))
"""


def write(log: LogFile, text: str) -> None:
    log.handle(logging.makeLogRecord({"msg": text}))


def files(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}*"))


@pytest.mark.skipif(os.name == "nt", reason="modes and renaming open files are those of POSIX")
def test_several_servers_lose_no_line_and_nobody_else_can_read_any(tmp_path: Path) -> None:
    path = tmp_path / "state" / "ask-lsp.log"
    servers = [
        subprocess.Popen(["sh", "-c", 'umask 0; exec "$@"', "-", sys.executable, "-c", WRITER, str(path), str(number)])
        for number in range(3)
    ]
    assert [server.wait(60) for server in servers] == [0, 0, 0]

    lines = [line for file in files(path) for line in file.read_text().splitlines()]
    assert sorted(lines) == sorted(f"{server} {number}" for server in range(3) for number in range(300))
    assert len(files(path)) > 10
    assert {file.stat().st_mode & 0o777 for file in files(path)} == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_only_the_last_full_ones_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "ask-lsp.log"
    (tmp_path / "ask-lsp.log.1").write_text("of an earlier version\n")
    os.utime(tmp_path / "ask-lsp.log.1", (0, 0))
    log = LogFile(path, most_bytes=20, kept=2)

    for number in range(10):
        write(log, f"a line of twenty {number:2}")
    write(log, "the last")
    log.close()

    assert path.read_text() == "the last\n"
    texts = {file.read_text() for file in files(path) if file != path}
    assert texts == {"a line of twenty  8\n", "a line of twenty  9\n"}


def test_a_file_that_was_deleted_or_readable_is_put_right(tmp_path: Path) -> None:
    path = tmp_path / "ask-lsp.log"
    path.write_text("before\n")
    path.chmod(0o644)
    log = LogFile(path)
    write(log, "one \ud800")
    assert path.read_text() == "before\none \\ud800\n"
    assert path.stat().st_mode & 0o777 == 0o600

    path.unlink()
    write(log, "two")
    log.close()

    assert path.read_text() == "two\n"
