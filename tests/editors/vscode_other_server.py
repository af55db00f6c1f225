"""A language server of another version: as much of LSP as a client needs to believe that it has started.

vscode_other_server.py VERSION [PROTOCOL]
"""

from __future__ import annotations

import json
import sys
from typing import Any


def read() -> dict[str, Any] | None:
    length = 0
    while line := sys.stdin.buffer.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return json.loads(sys.stdin.buffer.read(length)) if length else None


def write(message: dict[str, Any]) -> None:
    data = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
    sys.stdout.buffer.flush()


def main(version: str, protocol: str = "") -> None:
    announced = {"experimental": {"askLsp": {"protocol": int(protocol)}}} if protocol else {}
    while (message := read()) is not None:
        if message.get("method") == "initialize":
            write({"id": message["id"], "result": {"capabilities": announced, "serverInfo": {
                "name": "ask-lsp", "version": version}}})  # fmt: skip
        elif message.get("method") == "exit":
            return
        elif "id" in message and "method" in message:
            write({"id": message["id"], "result": None})


if __name__ == "__main__":
    main(*(argument for argument in sys.argv[1:] if argument != "--stdio"))
