"""Stands between an editor and the server, and writes down what goes either way: `wire.py LOG SERVER ARGUMENTS`.

A line of the log is {"from": "editor" or "server", "message": ...}.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO


def install(folder: Path, log: Path) -> Path:
    """Makes an `ask-lsp` that writes down what it hears and says."""
    folder.mkdir(exist_ok=True)
    program = folder / "ask-lsp"
    server = Path(sys.executable).parent / "ask-lsp"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{__file__}' '{log}' '{server}' \"$@\"\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def messages(log: Path, side: str) -> list[dict]:
    """What one side has said so far."""
    if not log.exists():
        return []
    lines = log.read_text(encoding="utf-8").split("\n")[:-1]
    return [entry["message"] for entry in map(json.loads, lines) if entry["from"] == side]


class Wire:
    """The server, and a log of both directions."""

    def __init__(self, log: Path, command: list[str]) -> None:
        self._log = log.open("a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self) -> int:
        """Until the server ends; the editor's end ends it, as without anything between them."""
        threading.Thread(target=self._pass, args=("editor", sys.stdin.buffer, self._server.stdin), daemon=True).start()
        self._pass("server", self._server.stdout, sys.stdout.buffer)
        return self._server.wait()

    def _pass(self, side: str, source: IO[bytes], target: IO[bytes]) -> None:
        try:
            while head := self._head(source):
                length = next(
                    int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
                )
                body = source.read(length)
                with self._lock:
                    self._log.write(json.dumps({"from": side, "message": json.loads(body)}) + "\n")
                target.write(head + body)
                target.flush()
        except OSError:
            pass
        finally:
            try:
                target.close()
            except OSError:
                pass

    @staticmethod
    def _head(source: IO[bytes]) -> bytes:
        head = b""
        while line := source.readline():
            head += line
            if line == b"\r\n":
                return head
        return b""


if __name__ == "__main__":
    sys.exit(Wire(Path(sys.argv[1]), sys.argv[2:]).run())
