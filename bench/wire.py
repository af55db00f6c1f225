"""A lean LSP client that only measures.

The strict client of the tests structures and checks every message in a thread of its own; here that would be part of
each figure. This one writes and reads on the calling thread, and stamps a message when its last byte is there.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import psutil

LIMIT = 20.0
SERVER = (sys.executable, "-m", "ask_lsp", "--stdio")

CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {
                "codeActionKind": {"valueSet": ["", "quickfix", "refactor", "refactor.rewrite"]},
            }
        },
        "hover": {"contentFormat": ["markdown", "plaintext"]},
    },
    "experimental": {"askLsp": {"protocol": 1}},
}


class BenchFailed(Exception):
    """A measurement could not be made; the sentence says why."""


def encode(method: str, params: Any, number: int | None = None) -> bytes:
    """A message as it goes over the wire."""
    identifier = {} if number is None else {"id": number}
    body = json.dumps({"jsonrpc": "2.0", **identifier, "method": method, "params": params}).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


class Wire:
    """One server process, spoken to over its standard input and output. Times are seconds of time.monotonic()."""

    def __init__(self, environment: Mapping[str, str], command: Sequence[str] = SERVER) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._buffer = b""
        self._number = 0
        self.came: list[tuple[float, dict[str, Any]]] = []
        self.spawned_at = time.monotonic()
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=dict(environment),
            bufsize=0,
        )

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self._errors):
            if pipe is not None:
                pipe.close()

    def initialize(self) -> float:
        """Returns the seconds from the spawn to the result of `initialize`."""
        params = {"processId": None, "rootUri": None, "capabilities": CAPABILITIES, "locale": "en"}
        self.request("initialize", params)
        return self.answered_at - self.spawned_at

    def start(self, *, settle: bool = True) -> None:
        """Initializes, and waits until the settings are loaded (a listing does), and with `settle` for the rest too."""
        self.initialize()
        self.notify("initialized", {})
        self.open("file:///bench/warm.py", "x = 1\n")
        self.actions("file:///bench/warm.py", 0, 0)
        if settle:
            self.settle()

    def settle(self) -> None:
        """Waits until the server is at rest: after the first replies it loads, in a thread, what an ask will need."""
        process = psutil.Process(self.process.pid)
        end = time.monotonic() + LIMIT
        before = -1.0
        while time.monotonic() < end:
            times = process.cpu_times()
            if times.user + times.system == before:
                return
            before = times.user + times.system
            time.sleep(0.5)
        raise BenchFailed(f"the server did not come to rest within {LIMIT:.0f} s")

    # ---- out

    def send(self, data: bytes) -> float:
        """Writes bytes, and returns when that began."""
        assert self.process.stdin is not None
        began = time.monotonic()
        descriptor, view = self.process.stdin.fileno(), memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        return began

    def notify(self, method: str, params: Any) -> None:
        """Sends a notification."""
        self.send(encode(method, params))

    def open(self, uri: str, text: str) -> None:
        """Sends didOpen for a Python document."""
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def request(self, method: str, params: Any, before: bytes = b"", *, refused: bool = False) -> Any:
        """Sends `before` and a request, and waits for its result; `took` and `answered_at` tell when it came.

        Raises BenchFailed for an error answer, unless the request is meant to be `refused`.
        """
        self._number += 1
        number = self._number
        began = self.send(before + encode(method, params, number))
        at, message = self.until(lambda message: "method" not in message and message.get("id") == number)
        if "error" in message and not refused:
            raise BenchFailed(f"{method} was answered with: {message['error'].get('message')}")
        self.answered_at, self.took = at, at - began
        return message.get("result")

    def actions(self, uri: str, line: int, character: int) -> list[dict[str, Any]]:
        """The code actions for an empty selection, as somebody asks for them by hand."""
        place = {"line": line, "character": character}
        context = {"diagnostics": [], "triggerKind": 1}
        params = {"textDocument": {"uri": uri}, "range": {"start": place, "end": place}, "context": context}
        return self.request("textDocument/codeAction", params) or []

    def execute(self, command: str, arguments: Any) -> Any:
        """Runs a command."""
        return self.request("workspace/executeCommand", {"command": command, "arguments": [arguments]})

    # ---- in

    def until(self, fits: Callable[[dict[str, Any]], bool]) -> tuple[float, dict[str, Any]]:
        """Waits for a message that fits, and returns it with its time; takes also one that came earlier, once."""
        for index, (_, message) in enumerate(self.came):
            if fits(message):
                return self.came.pop(index)
        deadline = time.monotonic() + LIMIT
        while True:
            at, message = self._read(deadline)
            if fits(message):
                return at, message
            if "method" in message and "id" in message:
                reply = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": None}).encode()
                self.send(b"Content-Length: %d\r\n\r\n" % len(reply) + reply)
            else:
                self.came.append((at, message))

    def answer(self, job: str, state: str, *, with_delta: bool = False) -> float:
        """Waits for an ask/answer of this job in this state, and returns when it came; forgets those before it."""

        def fits(message: dict[str, Any]) -> bool:
            params = message.get("params") or {}
            if message.get("method") != "ask/answer" or params["job"] != job:
                return False
            if params["state"] == "failed" and state != "failed":
                raise BenchFailed(f"the ask failed: {params.get('error')}")
            return params["state"] == state and (not with_delta or bool(params.get("delta")))

        at, _ = self.until(fits)
        return at

    def forget(self) -> None:
        """Drops what came and nobody waited for."""
        self.came.clear()

    def _read(self, deadline: float) -> tuple[float, dict[str, Any]]:
        while True:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if found:
                length = next(
                    int(line.partition(b":")[2])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                )
                if len(rest) >= length:
                    at = time.monotonic()
                    self._buffer = rest[length:]
                    return at, json.loads(rest[:length])
            self._fill(deadline)

    def _fill(self, deadline: float) -> None:
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        data = os.read(descriptor, 1 << 16) if ready else b""
        if not data:
            self._errors.seek(0)
            told = self._errors.read()[-2000:].decode("utf-8", "replace")
            raise BenchFailed(f"the server {'ended' if ready else f'was silent for {LIMIT:.0f} s'}. It said:\n{told}")
        self._buffer += data


def typed(uri: str, version: int, line: int, character: int, text: str = "1") -> bytes:
    """The didChange of one keystroke."""
    place = {"line": line, "character": character}
    change = {"range": {"start": place, "end": place}, "text": text}
    identifier = {"uri": uri, "version": version}
    return encode("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})
