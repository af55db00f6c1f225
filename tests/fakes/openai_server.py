"""A fake model server: real HTTP/1.1 and real SSE on loopback, doing exactly what a test tells it to.

It runs in a thread with an event loop of its own, so that synchronous tests, async tests and a server under test in
another process all use it alike. What it sends is checked against the types of the openai package in
tests/llm/test_fake_server.py.

    with FakeOpenAI() as server:
        server.say("Hello", chunks=3)            # the next request gets this; then the default answer again
        held = server.hold()                     # ... or is led step by step
        held.send("a"); held.finish()
        server.wait_for_request().body["messages"]
        server.wait_for_disconnect()
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from answer_steps import (
    DONE,
    Break,
    ChunkMaker,
    Delta,
    End,
    Finish,
    Pause,
    Raw,
    Reset,
    Step,
    UsageChunk,
    Wait,
    cut,
    error_body,
    parts,
    spoken,
)

__all__ = [
    "DONE",
    "Break",
    "Delta",
    "End",
    "FakeOpenAI",
    "Finish",
    "Held",
    "Pause",
    "Plain",
    "Raw",
    "Request",
    "Reset",
    "Silent",
    "Streamed",
    "UsageChunk",
    "Wait",
    "cut",
    "spoken",
]

DEFAULT_TEXT = "Hello from the fake model."
POLL = 0.002


@dataclass(eq=False)
class Request:
    """One request as it came in. Header names are lower case; times are time.monotonic()."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    at: float = field(default_factory=time.monotonic)
    finished: threading.Event = field(default_factory=threading.Event)
    disconnected: threading.Event = field(default_factory=threading.Event)
    disconnected_at: float | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body."""
        parsed: dict[str, Any] = json.loads(self.raw)
        return parsed

    @property
    def model(self) -> str:
        """The model asked for, or an empty string."""
        try:
            return str(self.body.get("model", ""))
        except ValueError:
            return ""

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages sent."""
        return list(self.body["messages"])


@dataclass
class Streamed:
    """A 200 with an SSE body of these steps."""

    steps: Iterable[Step] | queue.SimpleQueue[Step]
    split_utf8: bool = False


@dataclass
class Plain:
    """Any other answer, whole."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Silent:
    """No answer at all, not even headers."""


Reply = Streamed | Plain | type[Silent]


class Held:
    """A streamed answer that the test leads; the steps may be given before the request comes."""

    def __init__(self) -> None:
        self.steps: queue.SimpleQueue[Step] = queue.SimpleQueue()

    def send(self, text: str) -> None:
        """One text delta."""
        self.steps.put(Delta({"content": text}))

    def think(self, text: str) -> None:
        """One reasoning delta."""
        self.steps.put(Delta({"reasoning_content": text}))

    def keep_alive(self) -> None:
        """An SSE comment."""
        self.steps.put(Raw(b": keep-alive\n\n"))

    def raw(self, data: bytes) -> None:
        """Bytes of the body."""
        self.steps.put(Raw(data))

    def finish(self, reason: str = "stop", *, usage: bool = True) -> None:
        """The rest of a complete answer."""
        for step in (Finish(reason), *([UsageChunk()] if usage else []), DONE, End):
            self.steps.put(step)

    def end(self) -> None:
        """A clean end, with nothing said about why."""
        self.steps.put(End)

    def reset(self) -> None:
        """A reset of the connection."""
        self.steps.put(Reset)

    def break_off(self) -> None:
        """A close in the middle of the body."""
        self.steps.put(Break)


class FakeOpenAI:
    """The server; a context manager. Replies are taken in order: by model name first, then from the common queue.

    `key` makes every other key a 401. `models` is what GET /v1/models lists.
    """

    def __init__(
        self, *, models: Sequence[str] = ("fake-model",), key: str | None = None, port: int = 0, name: str = "openai"
    ) -> None:
        self.models = list(models)
        self.key = key
        self.requests: list[Request] = []
        self.other_requests: list[Request] = []
        self.default: Callable[[], Reply] = lambda: Streamed(spoken(cut(DEFAULT_TEXT, 3)))
        self._name = name
        self._port = port
        self._queue: list[Reply] = []
        self._by_model: dict[str, list[Reply]] = {}
        self._rules: list[Callable[[Request], Reply | None]] = []
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake-openai", daemon=True)
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    # ---- life ----

    def __enter__(self) -> FakeOpenAI:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def base_url(self) -> str:
        """What a profile's base_url is to be."""
        return f"{self.origin}/v1"

    # ---- what to answer ----

    def reply(self, reply: Reply, *, model: str | None = None) -> None:
        """Queues any reply, for the next request (to that model)."""
        with self._changed:
            (self._by_model.setdefault(model, []) if model else self._queue).append(reply)

    def say(
        self,
        text: str | Sequence[str],
        *,
        chunks: int = 1,
        gate: threading.Event | None = None,
        reasoning: Sequence[str] = (),
        finish: str = "stop",
        usage: bool = True,
        split_utf8: bool = False,
        pause: float = 0.0,
        model: str | None = None,
    ) -> None:
        """A normal answer: `text` in `chunks` pieces, or these pieces. Behind a `gate` waits all but the first one."""
        pieces = cut(text, chunks) if isinstance(text, str) else list(text)
        steps = spoken(pieces, gate=gate, reasoning=reasoning, finish=finish, usage=usage, pause=pause)
        self.reply(Streamed(steps, split_utf8), model=model)

    def hold(self, *, model: str | None = None) -> Held:
        """An answer that the test leads step by step."""
        held = Held()
        self.reply(Streamed(held.steps), model=model)
        return held

    def stream(self, *steps: Step, model: str | None = None) -> None:
        """Any steps."""
        self.reply(Streamed(steps), model=model)

    def fail(
        self,
        status: int,
        message: str = "It failed.",
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        model: str | None = None,
        **more: Any,
    ) -> None:
        """An HTTP error with an OpenAI error object."""
        body = error_body(message, kind=kind, code=code, param=param, **more)
        self.reply(Plain(status, body, {"content-type": "application/json", **(headers or {})}), model=model)

    def wrong_key(self) -> None:
        """401; like OpenAI, it repeats part of the key."""
        self.fail(
            401,
            "Incorrect API key provided: sk-abcde***************wxyz. You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
            code="invalid_api_key",
        )

    def no_credit(self, status: int = 429) -> None:
        """429 insufficient_quota, or the 402 that others send."""
        message = "You exceeded your current quota, please check your plan and billing details."
        self.fail(status, message, kind="insufficient_quota", code="insufficient_quota")

    def rate_limited(self, retry_after: str | None = "0", *, milliseconds: str | None = None) -> None:
        """429 with Retry-After (seconds or an HTTP date), or with the header in milliseconds."""
        headers = {"retry-after": retry_after} if retry_after is not None else {}
        if milliseconds is not None:
            headers["retry-after-ms"] = milliseconds
        message = "Rate limit reached for requests."
        self.fail(429, message, kind="requests", code="rate_limit_exceeded", headers=headers)

    def unknown_model(self, model: str = "fake-model") -> None:
        """404 model_not_found."""
        message = f"The model `{model}` does not exist or you do not have access to it."
        self.fail(404, message, code="model_not_found")

    def too_long(self, *, limit: int = 8192, sent: int = 9000) -> None:
        """400 context_length_exceeded, as OpenAI says it."""
        self.fail(
            400,
            f"This model's maximum context length is {limit} tokens. However, your messages resulted in {sent} tokens. "
            "Please reduce the length of the messages.",
            code="context_length_exceeded",
            param="messages",
        )

    def too_long_llama(self, *, limit: int = 8192, sent: int = 9000) -> None:
        """400 exceed_context_size_error, as llama.cpp says it."""
        error = {
            "code": 400,
            "message": "the request exceeds the available context size, try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": sent,
            "n_ctx": limit,
        }
        self.reply(Plain(400, json.dumps({"error": error}).encode(), {"content-type": "application/json"}))

    def responses_only(self) -> None:
        """The refusal of a model that has only the Responses API."""
        message = "This model is only supported in v1/responses and not in v1/chat/completions."
        self.fail(404, message, param="model")

    def html(self, status: int = 200) -> None:
        """A web page where an API was expected."""
        page = b"<!doctype html><html><body>Welcome to the portal</body></html>"
        self.reply(Plain(status, page, {"content-type": "text/html; charset=utf-8"}))

    def redirect(self, target: str) -> None:
        """307 to another place."""
        self.reply(Plain(307, b"", {"location": target}))

    def silent(self, *, after_headers: bool = False) -> None:
        """Never says anything; `after_headers` sends those first."""
        self.reply(Streamed([Wait(threading.Event())]) if after_headers else Silent)

    def malformed(self, text: str = "Hello") -> None:
        """Text, then an SSE event that is not JSON."""
        self.stream(Delta({"content": text}), Raw(b'data: {"id": "x", "choices": [{]\n\n'), DONE, End)

    def error_in_stream(self, text: str = "Hello", message: str = "The server had an error.") -> None:
        """Text, then an error object in the stream."""
        body = error_body(message, kind="server_error")
        self.stream(Delta({"content": text}), Raw(b"data: " + body + b"\n\n"), End)

    def refuse_parameter(self, name: str, *, instead: str | None = None, lasting: bool = True) -> None:
        """Every request with that parameter gets the 400 that OpenAI sends; others pass."""
        hint = f" Use '{instead}' instead." if instead else ""
        message = f"Unsupported parameter: '{name}' is not supported with this model.{hint}"
        body = error_body(message, kind="invalid_request_error", code="unsupported_parameter", param=name)
        self._refuse_if(lambda request: name in request.body, body, lasting)

    def refuse_value(self, name: str) -> None:
        """Every request with that parameter gets the 400 for a value that a model does not take."""
        message = f"Unsupported value: '{name}' does not support 0.2 with this model. Only the default (1) is."
        body = error_body(message, kind="invalid_request_error", code="unsupported_value", param=name)
        self._refuse_if(lambda request: name in request.body, body, True)

    def refuse_role(self, role: str) -> None:
        """Every request with a message of that role gets a 400 that names it."""
        message = f"Unsupported value: 'messages[0].role' does not support '{role}' with this model."
        body = error_body(message, kind="invalid_request_error", code="unsupported_value", param="messages[0].role")
        self._refuse_if(lambda request: any(m["role"] == role for m in request.messages), body, True)

    def _refuse_if(self, applies: Callable[[Request], bool], body: bytes, lasting: bool) -> None:
        reply = Plain(400, body, {"content-type": "application/json"})

        def rule(request: Request) -> Reply | None:
            if not applies(request):
                return None
            if not lasting:
                self._rules.remove(rule)
            return reply

        self._rules.append(rule)

    # ---- what to wait for ----

    def wait_for_request(self, count: int = 1, *, timeout: float = 5.0) -> Request:
        """The `count`-th chat request, as soon as it is there. Raises AssertionError after `timeout` seconds."""
        self._wait(lambda: len(self.requests) >= count, timeout, f"request {count} did not come")
        return self.requests[count - 1]

    def wait_for_disconnect(self, count: int = 1, *, timeout: float = 5.0) -> Request:
        """The `count`-th request whose client hung up before the answer was complete."""

        def gone() -> list[Request]:
            return [request for request in self.requests if request.disconnected.is_set()]

        self._wait(lambda: len(gone()) >= count, timeout, f"disconnect {count} did not come")
        return sorted(gone(), key=lambda request: request.disconnected_at or 0.0)[count - 1]

    async def until_request(self, count: int = 1, *, timeout: float = 5.0) -> Request:
        """`wait_for_request` for a test whose own loop must go on turning."""
        return await asyncio.to_thread(self.wait_for_request, count, timeout=timeout)

    async def until_disconnect(self, count: int = 1, *, timeout: float = 5.0) -> Request:
        """`wait_for_disconnect` for a test whose own loop must go on turning."""
        return await asyncio.to_thread(self.wait_for_disconnect, count, timeout=timeout)

    def _wait(self, ready: Callable[[], bool], timeout: float, complaint: str) -> None:
        with self._changed:
            if not self._changed.wait_for(ready, timeout):
                raise AssertionError(f"{complaint} within {timeout} s; requests so far: {len(self.requests)}")

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    # ---- HTTP ----

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ahead = b""
        while True:
            request = await self._read(reader, ahead)
            if request is None:
                return
            is_chat = request.method == "POST" and request.path.split("?")[0].endswith("/chat/completions")
            with self._changed:
                (self.requests if is_chat else self.other_requests).append(request)
                self._changed.notify_all()
            answering = asyncio.ensure_future(self._answer(request, writer, is_chat))
            listening = asyncio.ensure_future(reader.read(1))
            try:
                await asyncio.wait({answering, listening}, return_when=asyncio.FIRST_COMPLETED)
                if not answering.done() and listening.result() == b"":
                    request.disconnected_at = time.monotonic()
                    request.disconnected.set()
                    self._notify()
                    return
                await answering
            except ConnectionError:
                if not request.disconnected.is_set() and not request.finished.is_set():
                    request.disconnected_at = time.monotonic()
                    request.disconnected.set()
                    self._notify()
                return
            finally:
                answering.cancel()
                if not answering.done() or writer.is_closing():
                    listening.cancel()
            request.finished.set()
            self._notify()
            if writer.is_closing():
                return
            ahead = await listening

    async def _read(self, reader: asyncio.StreamReader, ahead: bytes) -> Request | None:
        try:
            ahead = ahead or await reader.read(1)
            if not ahead.isalpha():
                return None  # TLS, or the end.
            head = ahead + await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines if line)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Request(method, path, headers, body)

    async def _answer(self, request: Request, writer: asyncio.StreamWriter, is_chat: bool) -> None:
        reply = self._choose(request, is_chat)
        if reply is Silent:
            await asyncio.Event().wait()
        elif isinstance(reply, Plain):
            await self._send_plain(writer, reply)
        elif isinstance(reply, Streamed):
            await self._send_stream(request, writer, reply)

    def _choose(self, request: Request, is_chat: bool) -> Reply:
        json_type = {"content-type": "application/json"}
        if self.key is not None and request.headers.get("authorization") != f"Bearer {self.key}":
            body = error_body("Incorrect API key provided.", kind="invalid_request_error", code="invalid_api_key")
            return Plain(401, body, json_type)
        if request.method == "GET" and request.path.split("?")[0].endswith("/models"):
            listing = [{"id": name, "object": "model", "created": 0, "owned_by": "fake"} for name in self.models]
            return Plain(200, json.dumps({"object": "list", "data": listing}).encode(), json_type)
        if not is_chat:
            return Plain(404, error_body("Not found.", kind="invalid_request_error"), json_type)
        for rule in list(self._rules):
            refusal = rule(request)
            if refusal is not None:
                return refusal
        with self._changed:
            for waiting in (self._by_model.get(request.model), self._queue):
                if waiting:
                    return waiting.pop(0)
        return self.default()

    async def _send_plain(self, writer: asyncio.StreamWriter, reply: Plain) -> None:
        headers = {"content-length": str(len(reply.body)), **reply.headers}
        writer.write(_head(reply.status, headers) + reply.body)
        await writer.drain()

    async def _send_stream(self, request: Request, writer: asyncio.StreamWriter, reply: Streamed) -> None:
        headers = {"content-type": "text/event-stream; charset=utf-8", "transfer-encoding": "chunked"}
        writer.write(_head(200, headers))
        await writer.drain()
        chunk = ChunkMaker(request.body)
        steps = reply.steps
        given = iter(()) if isinstance(steps, queue.SimpleQueue) else iter(steps)
        while True:
            step = await _next(steps) if isinstance(steps, queue.SimpleQueue) else next(given, End)
            if isinstance(step, Wait):
                while not step.gate.is_set():
                    await asyncio.sleep(POLL)
            elif isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
            elif step is End:
                writer.write(b"0\r\n\r\n")
                await writer.drain()
                return
            elif step is Reset:
                # A linger time of zero makes close() send RST instead of FIN.
                connection = writer.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                return
            elif step is Break:
                writer.close()
                return
            else:
                for part in parts(chunk.bytes_of(step), reply.split_utf8):
                    writer.write(b"%x\r\n%s\r\n" % (len(part), part))
                    await writer.drain()
                    await asyncio.sleep(POLL if reply.split_utf8 else 0)


async def _next(steps: queue.SimpleQueue[Step]) -> Step:
    while True:
        with contextlib.suppress(queue.Empty):
            return steps.get_nowait()
        await asyncio.sleep(POLL)


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Fake\r\n{lines}\r\n".encode("latin-1")
