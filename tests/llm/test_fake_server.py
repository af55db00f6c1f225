"""The fake model server says what the real ones say: checked against the types of the openai package."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from typing import Any

import pytest
from openai.types.chat import ChatCompletionChunk
from openai.types.shared import ErrorObject
from openai_server import FakeOpenAI, cut


def post(server: FakeOpenAI, **body: Any) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    request = {"model": "fake-model", "messages": [{"role": "user", "content": "hi"}], "stream": True, **body}
    connection.request("POST", "/v1/chat/completions", json.dumps(request))
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response.status, response.headers, data


def events(data: bytes) -> list[str]:
    return [line.removeprefix("data: ") for line in data.decode().split("\n\n") if line.startswith("data: ")]


def test_every_chunk_is_one_of_the_openai_package(server: FakeOpenAI) -> None:
    server.say("Grüße, 世界 🌍", chunks=4, reasoning=["hm", "so"])

    status, headers, data = post(server, stream_options={"include_usage": True})

    *chunks, done = events(data)
    parsed = [ChatCompletionChunk.model_validate_json(chunk, strict=True) for chunk in chunks]
    assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert done == "[DONE]"
    assert "".join(c.choices[0].delta.content or "" for c in parsed if c.choices) == "Grüße, 世界 🌍"
    assert [c.choices[0].finish_reason for c in parsed if c.choices][-1] == "stop"
    assert parsed[-1].usage is not None
    assert parsed[-1].usage.completion_tokens == 4


def test_usage_comes_only_to_those_who_ask(server: FakeOpenAI) -> None:
    _, _, data = post(server)

    assert all(json.loads(chunk).get("usage") is None for chunk in events(data)[:-1])


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("wrong_key", 401),
        ("no_credit", 429),
        ("rate_limited", 429),
        ("unknown_model", 404),
        ("too_long", 400),
        ("responses_only", 404),
    ],
)
def test_every_error_is_one_of_the_openai_package(server: FakeOpenAI, script: str, status: int) -> None:
    getattr(server, script)()

    got, _, data = post(server)

    assert got == status
    assert ErrorObject.model_validate(json.loads(data)["error"], strict=True).message


def test_a_held_answer_is_led_step_by_step_and_its_disconnect_is_seen(server: FakeOpenAI) -> None:
    held = server.hold()
    body = json.dumps({"model": "m", "messages": [], "stream": True}).encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
        connection.sendall(head + body)
        server.wait_for_request()
        held.send("first")
        seen = b""
        while b"first" not in seen:
            seen += connection.recv(4096)

    assert server.wait_for_disconnect() is server.requests[0]


def test_nothing_passes_a_closed_gate(server: FakeOpenAI) -> None:
    gate = threading.Event()
    server.say(["one ", "two"], gate=gate)
    results: list[bytes] = []
    reading = threading.Thread(target=lambda: results.append(post(server)[2]))
    reading.start()
    request = server.wait_for_request()

    assert not request.finished.is_set()
    gate.set()
    reading.join(5)
    assert b"two" in results[0]


def test_one_connection_serves_several_requests(server: FakeOpenAI) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    for _ in range(2):
        connection.request("GET", "/v1/models")
        assert json.loads(connection.getresponse().read())["data"][0]["id"] == "fake-model"
    connection.close()


def test_cutting_keeps_every_character() -> None:
    assert cut("abcdefgh", 3) == ["abc", "def", "gh"]
