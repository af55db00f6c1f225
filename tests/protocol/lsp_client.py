"""An editor for tests: a strict LSP client over real stdio.

It behaves as an editor with the given captured capabilities, keeps its own buffers as plain strings, and fails on what
a real editor would suffer from silently: a byte on stdout that belongs to no message, a message that lsprotocol cannot
structure, a request that these capabilities never allowed, and a message that the test did not read.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psutil
from lsprotocol import converters, types

CAPS = Path(__file__).with_name("caps")
LIMIT = 15.0
LOOK_EVERY = 0.25
CONVERTER = converters.get_converter()

# The key that the fixture `config` plants. Nothing that the server says, writes or starts may hold it, nor one that
# comes in these variables.
CANARY = "test-key-0123456789"
KEY_VARIABLES = ("OPENAI_API_KEY", "ASK_LSP_API_KEY")

# server-to-client method -> the path of the capability that allows it
NEEDS = {
    "window/showDocument": "window.showDocument.support",
    "window/workDoneProgress/create": "window.workDoneProgress",
    "workspace/configuration": "workspace.configuration",
    "window/showMessageRequest": "window.showMessage",
    "$/progress": "window.workDoneProgress",
    "ask/answer": "experimental.askLsp.protocol",
    "ask/status": "experimental.askLsp.protocol",
    "ask/input": "experimental.askLsp.protocol",
    "ask/proposal": "experimental.askLsp.protocol",
}


# methods that are registered while running, and the capability that must allow it
REGISTRABLE = {
    "workspace/didChangeConfiguration": "workspace.didChangeConfiguration",
    "workspace/didChangeWatchedFiles": "workspace.didChangeWatchedFiles",
}


class ServerError(Exception):
    """An error answer."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code: int = error["code"]
        self.error = error


def captured(name: str) -> dict[str, Any]:
    """The initialize parameters that a real editor sent."""
    return json.loads((CAPS / f"{name}.json").read_text())


ALL_CAPTURED = sorted(path.stem for path in CAPS.glob("*.json"))


def look_up(tree: Any, path: str) -> Any:
    for part in path.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


class Buffer:
    """A document as the editor holds it: one plain string."""

    def __init__(self, uri: str, text: str, language: str, version: int = 1) -> None:
        self.uri, self.text, self.language, self.version = uri, text, language, version


class LspClient:
    """One editor with one server process."""

    def __init__(
        self,
        environment: dict[str, str],
        editor: str | None = "neovim-0.11.4",
        *,
        change: Callable[[dict[str, Any]], None] = lambda params: None,
        command: list[str] | None = None,
        cwd: Path | None = None,
        full_sync: bool = False,
        root: Path | None = None,
    ) -> None:
        self.name = editor or ""
        self.params = captured(editor) if editor else {"capabilities": {}, "processId": None, "rootUri": None}
        self.params["processId"] = os.getpid()
        self.params.pop("rootPath", None)
        self.params["rootUri"] = None
        self.params["workspaceFolders"] = None
        if root is not None:
            self.params["rootUri"] = root.as_uri()
            self.params["workspaceFolders"] = [{"uri": root.as_uri(), "name": root.name}]
        self.environment = environment
        change(self.params)
        self.capabilities: dict[str, Any] = self.params["capabilities"]
        self.full_sync = full_sync
        self.buffers: dict[str, Buffer] = {}
        self.opens_documents = True
        self.late = False  # as eglot: changes are sent when `send_late` is called
        self._kept_back: list[tuple[str, dict[str, Any]]] = []
        self.applies_edits: bool | Callable[[dict[str, Any]], bool] = True
        self.silent_on: set[str] = set()
        self.answers: dict[str, Callable[[Any], Any]] = {}
        self.keys = {CANARY, *filter(None, (environment.get(name) for name in KEY_VARIABLES))}
        self._looked_at = 0.0
        self.faults: list[str] = []
        self.seen: list[dict[str, Any]] = []
        self.progress: dict[str, list[dict[str, Any]]] = {}
        self.encoding = "utf-16"
        self._unread: list[dict[str, Any]] = []
        self._responses: dict[Any, dict[str, Any]] = {}
        self._asked: dict[Any, str] = {}
        self._number = 0
        self._changed = threading.Condition(threading.RLock())
        self._write_lock = threading.Lock()
        self.process = subprocess.Popen(
            command or [sys.executable, "-m", "ask_lsp", "--stdio"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=cwd,
        )  # fmt: skip
        self.stderr: list[str] = []
        self._threads = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._drain, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    # ---- life

    def initialize(self) -> dict[str, Any]:
        result: dict[str, Any] = self.request("initialize", self.params)
        self.encoding = result["capabilities"]["positionEncoding"]
        self.notify("initialized", {})
        return result

    def close(self, *, unread: bool = False) -> int:
        """Ends as an editor should; then fails if anything was wrong, or came and was not read."""
        if self.process.poll() is None:
            self.look_at_children()
            self.request("shutdown", None)
            self.notify("exit", None)
        code = self.process.wait(LIMIT)
        self._threads[0].join(LIMIT)
        self.check(unread=unread)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        return code

    def kill(self) -> None:
        """Ends the process whatever its state; for clean-up."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(LIMIT)
        for thread in self._threads:
            thread.join(LIMIT)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass

    def check(self, *, unread: bool = False) -> None:
        """Fails on every fault so far, and on messages that nobody read."""
        with self._changed:
            faults = [*self.faults, *self._leaks()]
            if not unread:
                faults += [f"unread: {message.get('method')} {message.get('params')}" for message in self._unread]
        assert not faults, "\n".join(faults)

    def _leaks(self) -> Iterator[str]:
        """Where a key got to: what was said, logged, or written below the user's home, its own file apart."""
        for said in (*map(json.dumps, self.seen), *self.stderr):
            if self._holds(said):
                yield f"the key in {said[:300]}"
        home = Path(self.environment.get("HOME", "/nonexistent"))
        for path in home.rglob("*") if home.name == "home" else ():
            if path.is_file() and path.name not in ("config.yaml", "config.yml"):
                try:
                    content = path.read_bytes()
                except OSError:
                    continue
                if any(key.encode() in content for key in self.keys):
                    yield f"the key in {path}"

    def look_at_children(self) -> None:
        """Fails if a process that the server started, or one of its own, has a key in its arguments or environment."""
        self._looked_at = time.monotonic()
        try:
            children = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.Error:
            return
        for child in children:
            try:
                told = [*child.cmdline(), *(f"{name}={value}" for name, value in child.environ().items())]
            except psutil.Error:
                continue  # it has ended
            self.faults += [
                f"the key in a process that was started: {each[:300]}" for each in told if self._holds(each)
            ]

    def _holds(self, text: str) -> bool:
        return any(key in text for key in self.keys)

    # ---- messages out

    def send_bytes(self, data: bytes) -> None:
        assert self.process.stdin is not None
        with self._write_lock:
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def send(self, message: Any) -> None:
        body = json.dumps(message).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def notify(self, method: str, params: Any) -> None:
        self.send({"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params})})

    def begin(self, method: str, params: Any) -> int:
        """Sends a request and returns its id."""
        with self._changed:
            self._number += 1
            number = self._number
            self._asked[number] = method
        self.send({"jsonrpc": "2.0", "id": number, "method": method, **({} if params is None else {"params": params})})
        return number

    def wait(self, number: Any) -> Any:
        """The answer to a request that was begun."""
        message = self._until(lambda: self._responses.pop(number, None), f"answer to request {number}")
        if "error" in message:
            raise ServerError(message["error"])
        return message["result"]

    def request(self, method: str, params: Any) -> Any:
        return self.wait(self.begin(method, params))

    # ---- messages in

    def expect(self, method: str, fits: Callable[[Any], bool] = lambda params: True) -> Any:
        """Waits for a message of the server and reads it; returns its params."""

        def find() -> dict[str, Any] | None:
            for index, message in enumerate(self._unread):
                if message["method"] == method and fits(message.get("params")):
                    return self._unread.pop(index)
            return None

        return self._until(find, method).get("params")

    def until(self, condition: Callable[[], Any], what: str = "a state", *, seconds: float = LIMIT) -> Any:
        """Waits until a condition on what has come holds; returns its value."""
        return self._until(condition, what, seconds)

    def ended_progress(self) -> str:
        """Waits until a progress has ended; returns its last sentence and forgets it."""

        def ended() -> str | None:
            for token, values in self.progress.items():
                if values and values[-1]["kind"] == "end":
                    del self.progress[token]
                    return str(values[-1].get("message", ""))
            return None

        return str(self._until(ended, "the end of a progress"))

    def _until(self, condition: Callable[[], Any], what: str, seconds: float = LIMIT) -> Any:
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                value = condition()
                if value is not None and value is not False:
                    return value
                left = deadline - time.monotonic()
                if left <= 0 or (self.process.poll() is not None and not self._threads[0].is_alive()):
                    errors = "".join(self.stderr[-30:])
                    raise AssertionError(f"no {what}; unread: {self._unread}; faults: {self.faults}; stderr:\n{errors}")
                self._changed.wait(min(left, 0.5))

    def _drain(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.stderr.append(line.decode("utf-8", "replace"))

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while True:
            header = stream.readline()
            if not header:
                break
            match = re.fullmatch(rb"Content-Length: (\d+)\r\n", header)
            if match is None:
                self._fault(f"a line on stdout that belongs to no message: {header!r}")
                continue
            while (line := stream.readline()) not in (b"\r\n", b""):
                if not line.startswith(b"Content-Type: "):
                    self._fault(f"an unknown header: {line!r}")
            message = json.loads(stream.read(int(match[1])))
            try:
                self._take(message)
            except Exception as error:
                self._fault(f"{error!r} on {message}")
        with self._changed:
            self._changed.notify_all()

    def _fault(self, sentence: str) -> None:
        with self._changed:
            self.faults.append(sentence)
            self._changed.notify_all()

    def _take(self, message: dict[str, Any]) -> None:
        with self._changed:
            if time.monotonic() - self._looked_at > LOOK_EVERY:
                self.look_at_children()
            self.seen.append(message)
            if "method" not in message:
                self._check_response(message)
                self._responses[message["id"]] = message
            elif "id" in message:
                self._check_allowed(message)
                self._serve(message)
            elif message["method"] == "$/progress":
                self._check_allowed(message)
                self._note_progress(message["params"])
            else:
                self._check_allowed(message)
                self._unread.append(message)
            self._changed.notify_all()

    def _check_response(self, message: dict[str, Any]) -> None:
        method = self._asked.get(message["id"])
        if method is None or "error" in message or method not in types.METHOD_TO_TYPES:
            return
        CONVERTER.structure(message, types.METHOD_TO_TYPES[method][1])
        if method == "textDocument/codeAction":
            literals = look_up(self.capabilities, "textDocument.codeAction.codeActionLiteralSupport")
            for entry in message["result"] or ():
                if not isinstance(entry.get("command"), str) and not literals:
                    self.faults.append("a code action literal for a client that takes commands only")
                if len(entry["title"]) >= 60 or "\n" in entry["title"]:
                    self.faults.append(f"a title that no editor can show: {entry['title']!r}")
        if method == "textDocument/hover" and message["result"]:
            formats = look_up(self.capabilities, "textDocument.hover.contentFormat") or ["plaintext"]
            if message["result"]["contents"]["kind"] not in formats:
                self.faults.append("a hover in a format that was not declared")

    def _check_allowed(self, message: dict[str, Any]) -> None:
        method = message["method"]
        needed = NEEDS.get(method)
        for registration in (message.get("params") or {}).get("registrations", ()):
            needed = f"{REGISTRABLE[registration['method']]}.dynamicRegistration"
        if needed is not None and not look_up(self.capabilities, needed):
            self.faults.append(f"{method} to a client that never declared {needed}")
        known = types.METHOD_TO_TYPES.get(method)
        if known is not None:
            CONVERTER.structure(message, known[0])
        elif needed is None:
            self.faults.append(f"an unknown method: {method}")

    def _note_progress(self, params: dict[str, Any]) -> None:
        values = self.progress.get(params["token"])
        kind = params["value"]["kind"]
        if values is None:
            self.faults.append(f"progress on a token that was never created: {params}")
            return
        if (kind == "begin") == bool(values) or (values and values[-1]["kind"] == "end"):
            self.faults.append(f"progress out of order: {kind} after {values}")
        values.append(params["value"])

    # ---- what an editor does by itself

    def _serve(self, message: dict[str, Any]) -> None:
        method, params = message["method"], message.get("params")
        if method in self.silent_on:
            self._unread.append(message)
            return
        if method in self.answers:
            result = self.answers[method](params)
        elif method == "window/workDoneProgress/create":
            self.progress[params["token"]] = []
            result = None
        elif method == "workspace/configuration":
            result = [None] * len(params["items"])
        elif method == "client/registerCapability":
            result = None
        elif method == "window/showDocument":
            self._unread.append(message)
            if self.opens_documents:
                path = Path(unquote(urlsplit(params["uri"]).path))
                self._open_file(params["uri"], path)
            result = {"success": True}
        elif method == "workspace/applyEdit":
            takes = self.applies_edits
            applied = takes(params) if callable(takes) else takes
            if applied:
                made = self._apply(params["edit"])
                applied = made or self.name.startswith("neovim")  # which says yes to a late edit that it did not make
            result = {"applied": applied}
        else:
            self._unread.append(message)
            self.send({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "no such method"}})
            return
        self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _open_file(self, uri: str, path: Path) -> None:
        if uri not in self.buffers:
            self.open(uri, path.read_bytes().decode(), "markdown")

    def open(self, uri: str, text: str, language: str = "python", version: int = 1) -> str:
        with self._changed:
            self.buffers[uri] = Buffer(uri, text, language, version)
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def open_file(self, path: Path, language: str = "markdown") -> str:
        return self.open(path.as_uri(), path.read_bytes().decode(), language)

    def close_document(self, uri: str) -> None:
        with self._changed:
            del self.buffers[uri]
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def save(self, uri: str) -> None:
        """Writes the buffer and says so."""
        Path(unquote(urlsplit(uri).path)).write_bytes(self.buffers[uri].text.encode())
        self.notify("textDocument/didSave", {"textDocument": {"uri": uri}})

    def edit(self, uri: str, start: int, end: int, text: str) -> None:
        """Replaces a stretch of a buffer, given in code points, and sends the didChange."""
        self.edit_all(uri, [(start, end, text)])

    def edit_all(self, uri: str, edits: list[tuple[int, int, str]]) -> None:
        """Replaces several stretches, all given for the text as it is, and sends one didChange."""
        with self._changed:
            buffer = self.buffers[uri]
            changes = []
            for start, end, text in sorted(edits, reverse=True):
                range_ = {"start": self.position(buffer.text, start), "end": self.position(buffer.text, end)}
                buffer.text = buffer.text[:start] + text + buffer.text[end:]
                changes.append({"range": range_, "text": text})
            buffer.version += 1
            if self.full_sync:
                changes = [{"text": buffer.text}]
            identifier = {"uri": uri, "version": buffer.version}
            self._kept_back.append(("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes}))
            if not self.late:
                self.send_late()

    def send_late(self) -> None:
        """Sends the changes that were kept back."""
        with self._changed:
            for method, params in self._kept_back:
                self.notify(method, params)
            self._kept_back.clear()

    def apply_literal(self, action: dict[str, Any]) -> None:
        """Makes the edit that a code action carries, as an editor does when it is picked."""
        assert self._apply(action["edit"]), "the literal edit was stale"

    def _apply(self, edit: dict[str, Any]) -> bool:
        changes = dict(edit.get("changes") or {})
        if edit.get("documentChanges"):
            declared = look_up(self.capabilities, "workspace.workspaceEdit.documentChanges")
            if not declared and not self.name.startswith("neovim"):  # Neovim honours them undeclared
                self.faults.append("documentChanges to a client that did not declare them")
            for change in edit["documentChanges"]:
                uri, version = change["textDocument"]["uri"], change["textDocument"]["version"]
                if version is not None and (uri not in self.buffers or version != self.buffers[uri].version):
                    return False
                changes[uri] = change["edits"]
        for uri, edits in changes.items():
            if uri not in self.buffers:
                return False
            text = self.buffers[uri].text
            places = [tuple(self.offset(text, each["range"][side]) for side in ("start", "end")) for each in edits]
            self.edit_all(uri, [(*place, each["newText"]) for place, each in zip(places, edits, strict=True)])
        return True

    # ---- positions, by a plain rule of its own

    def position(self, text: str, offset: int) -> dict[str, int]:
        before = re.split(r"\r\n|\n|\r", text[:offset])
        return {"line": len(before) - 1, "character": self.units(before[-1])}

    def units(self, text: str) -> int:
        if self.encoding == "utf-32":
            return len(text)
        if self.encoding == "utf-8":
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2

    def offset(self, text: str, position: dict[str, int]) -> int:
        starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]
        start = starts[position["line"]]
        for end in range(start, len(text) + 1):
            if self.units(text[start:end]) >= position["character"]:
                return end
        raise AssertionError(f"no such position: {position}")

    def range_of(self, uri: str, part: str, occurrence: int = 0) -> dict[str, Any]:
        """The range of a piece of the buffer's text."""
        text = self.buffers[uri].text
        start = -1
        for _ in range(occurrence + 1):
            start = text.index(part, start + 1)
        return {"start": self.position(text, start), "end": self.position(text, start + len(part))}

    # ---- the usual requests

    def code_actions(
        self, uri: str, range_: dict[str, Any], diagnostics: list[Any] | None = None, **context: Any
    ) -> list[dict[str, Any]]:
        params = {
            "textDocument": {"uri": uri},
            "range": range_,
            "context": {"diagnostics": diagnostics or [], **context},
        }
        return self.request("textDocument/codeAction", params) or []

    def run(self, action: dict[str, Any]) -> Any:
        """Runs a code action, as an editor does when it is picked."""
        command = action["command"] if isinstance(action["command"], dict) else action
        return self.execute(command["command"], *command.get("arguments", ()))

    def execute(self, command: str, *arguments: Any) -> Any:
        return self.request("workspace/executeCommand", {"command": command, "arguments": list(arguments)})

    def hover(self, uri: str, position: dict[str, int]) -> Any:
        return self.request("textDocument/hover", {"textDocument": {"uri": uri}, "position": position})


def titled(actions: list[dict[str, Any]], part: str) -> dict[str, Any]:
    """The action whose title holds `part`."""
    found = [action for action in actions if part in action["title"]]
    assert found, f"no {part!r} among {[action['title'] for action in actions]}"
    return found[0]


def chat_files(state: Path) -> Iterator[Path]:
    """The chat files in a state directory."""
    return iter(sorted((state / "ask-lsp" / "chats").glob("*.md")))
