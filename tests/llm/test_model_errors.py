"""Every failure is one of our errors: a sentence with the next step, and never a key."""

from __future__ import annotations

import inspect
import json
import socket
import ssl
import subprocess
import sys
from typing import Any

import httpx2
import openai
import pytest
from asking_rig import KEY, Asker
from openai_server import FakeOpenAI, Plain

from ask_lsp.core import errors
from ask_lsp.core.conversation import Retrying
from ask_lsp.core.profile import Profile
from ask_lsp.core.secret import Secret
from ask_lsp.llm.answers import stream_failure
from ask_lsp.llm.errors import HANDLED, UNREACHABLE, failure_of
from ask_lsp.llm.failure import Target, scrub

TARGET = Target.of(Profile("work", model="gpt-x"), KEY)


def exception_classes(module: Any) -> set[str]:
    named = {name for name in dir(module) if not name.startswith("_")} | set(getattr(module, "__all__", ()))
    found = {name for name in named if inspect.isclass(value := getattr(module, name)) and issubclass(value, Exception)}
    return {name for name in found if not issubclass(getattr(module, name), Warning)}


def test_every_exception_class_of_the_sdk_and_its_http_client_is_listed() -> None:
    known = exception_classes(openai) | exception_classes(openai._exceptions) | exception_classes(httpx2)

    listed = HANDLED.keys() | UNREACHABLE.keys()

    assert known - listed == set(), "map these in llm/errors.py, or say there why they cannot come"
    assert HANDLED.keys() & UNREACHABLE.keys() == set()
    assert listed - known == {"JSONDecodeError", "UnicodeDecodeError", "SSLError"}, "these are the standard library's"


def test_every_unreachable_class_has_a_reason() -> None:
    assert all(len(reason) > 10 for reason in UNREACHABLE.values())


REQUEST = httpx2.Request("POST", "https://api.openai.com/v1/chat/completions")


def made(name: str) -> BaseException:
    """An exception of that class, as the library would make it."""
    if name in ("JSONDecodeError", "UnicodeDecodeError"):
        return (
            json.JSONDecodeError("x", "x", 0)
            if name == "JSONDecodeError"
            else UnicodeDecodeError("utf-8", b"", 0, 1, "")
        )
    if name == "SSLError":
        return ssl.SSLError("x")
    kind = getattr(openai, name, None) or getattr(httpx2, name)
    response = httpx2.Response(418, request=REQUEST)
    if issubclass(kind, openai.APIResponseValidationError):
        return kind(response, None)
    if issubclass(kind, openai.APIStatusError):
        return kind("It failed.", response=response, body=None)
    if issubclass(kind, openai.APIConnectionError):
        return kind(request=REQUEST)
    if issubclass(kind, openai.APIError):
        return kind("It failed.", request=REQUEST, body=None)
    if kind is httpx2.HTTPStatusError:
        error = kind("It failed.", request=REQUEST, response=response)
        error.status_code, error.body = 418, None
        return error
    return kind("It failed.")


@pytest.mark.parametrize("name", sorted(HANDLED))
def test_every_listed_class_becomes_a_sentence(name: str) -> None:
    error = failure_of(made(name), TARGET).error

    assert isinstance(error, errors.AskError)
    assert str(error).endswith(".")


def test_an_unknown_exception_is_told_by_its_name_only() -> None:
    error = failure_of(LookupError("sk-secret in here"), TARGET).error

    assert "unexpected way (LookupError)" in str(error)
    assert "sk-secret" not in str(error)


# ---- what endpoints answer ----

ANSWERS = [
    ("wrong_key", errors.Rejected, "does not accept the key of profile “work”"),
    ("no_credit", errors.RateLimited, "profile “work” has no credit left"),
    ("unknown_model", errors.Rejected, "has no model “fake-model”. Set another model in profile “work”"),
    ("too_long", errors.ContextTooLong, "808 tokens too long for “fake-model”: 9,000, and it takes 8,192"),
    ("too_long_llama", errors.ContextTooLong, "808 tokens too long for “fake-model”: 9,000, and it takes 8,192"),
    ("responses_only", errors.Rejected, "“fake-model” has only the Responses API"),
    ("html", errors.NotReachable, "web page instead of a model"),
]


@pytest.mark.parametrize(("script", "kind", "says"), ANSWERS)
async def test_a_refusal_becomes_a_sentence(
    asker: Asker, server: FakeOpenAI, script: str, kind: type[Exception], says: str
) -> None:
    getattr(server, script)()

    error = await asker.fail()

    assert type(error) is kind
    assert says in str(error)


STATUSES = [
    (401, {}, "does not accept the key"),
    (402, {"message": "Payment required"}, "no credit left"),
    (403, {"message": "Country not supported"}, "forbids this to the key of profile “work”: Country not supported."),
    (404, {"message": "page not found"}, "has no chat completions under /v1"),
    (404, {"message": "model 'x' not found"}, "has no model “fake-model”"),
    (413, {"message": "Too large"}, "too large"),
    (400, {"message": "prompt is too long: 9000 tokens > 8192 maximum"}, "808 tokens too long"),
    (
        400,
        {"message": "Could not finish the message because max_tokens or model output limit was reached. Try again."},
        "reached the output limit (max_output) before it answered anything. Raise max_output of profile “work”",
    ),
    (400, {"code": "content_filter", "message": "The response was filtered"}, "content filter"),
    (400, {"message": "temperature must be below 2", "param": "temperature"}, "temperature must be below 2"),
    (422, {"detail": [{"loc": ["body"], "msg": "Input should be valid"}]}, "refused the request (422)"),
    (429, {"message": "You have insufficient_quota"}, "no credit left"),
    (500, {"message": "Oops"}, "failed (500): Oops. Ask again in a moment."),
    (418, "I am a teapot", "refused the request (418): I am a teapot. Check the model"),
]


@pytest.mark.parametrize(("status", "error", "says"), STATUSES)
async def test_a_status_becomes_a_sentence(
    asker: Asker, server: FakeOpenAI, status: int, error: dict[str, Any] | str, says: str
) -> None:
    body = json.dumps({"error": error}).encode() if isinstance(error, dict) else error.encode()
    server.reply(Plain(status, body, {"content-type": "application/json"}))

    assert says in str(await asker.fail(asker.profile(retries=0)))


async def test_a_gateways_html_page_is_not_quoted(asker: Asker, server: FakeOpenAI) -> None:
    server.html(502)

    error = await asker.fail(asker.profile(retries=0))

    assert str(error).endswith("failed (502). Ask again in a moment.")


async def test_an_endpoint_that_wants_a_key_says_that_there_is_none(asker: Asker, server: FakeOpenAI) -> None:
    server.wrong_key()

    error = await asker.fail(key=None)

    assert isinstance(error, errors.KeyUnavailable)
    assert "wants a key, and profile “work” has none" in str(error)


async def test_an_error_that_comes_with_status_200_is_told(asker: Asker, server: FakeOpenAI) -> None:
    server.reply(Plain(200, b'{"error": {"message": "No capacity"}}', {"content-type": "application/json"}))

    assert "No capacity" in str(await asker.fail())


@pytest.mark.parametrize(
    "body", [{"id": "x", "status": "ok"}, {"choices": None}, {"choices": ["text"]}, {"choices": [{"text": "old"}]}]
)
async def test_json_that_is_no_answer_is_told_as_such(body: Any, asker: Asker, server: FakeOpenAI) -> None:
    server.reply(Plain(200, json.dumps(body).encode(), {"content-type": "application/json"}))

    error = await asker.fail()

    assert type(error) is errors.CutOff
    assert "sent a malformed answer" in str(error)
    assert "profile “work”" in str(error)


def test_an_error_in_the_stream_may_be_about_the_context() -> None:
    body = {"message": "too much", "type": "exceed_context_size_error", "n_prompt_tokens": 10, "n_ctx": 8}

    assert isinstance(stream_failure(body, "", TARGET).error, errors.ContextTooLong)


# ---- no connection ----


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_refused_connection_asks_for_the_server(asker: Asker) -> None:
    port = free_port()

    error = await asker.fail(asker.profile(base_url=f"http://127.0.0.1:{port}/v1"))

    assert isinstance(error, errors.NotReachable)
    assert f"Nothing answers at 127.0.0.1:{port}. Start the model server there" in str(error)
    assert not asker.pauses


async def test_a_connection_that_does_not_come_about_in_time_is_tried_again(asker: Asker) -> None:
    """A server whose queue is full says nothing at all."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as first, socket.socket() as second:
        for other in (first, second):
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        port = full.getsockname()[1]

        error = await asker.fail(asker.profile(base_url=f"http://127.0.0.1:{port}/v1", connect=0.1, retries=2))

    assert isinstance(error, errors.TimedOut)
    assert len(asker.pauses) == 2
    assert asker.of(Retrying)[0].reason == f"no connection to 127.0.0.1:{port}"


def test_a_refused_connection_at_its_port_asks_for_ollama() -> None:
    target = Target.of(Profile("work", base_url="http://localhost:11434/v1", model="m"), None)

    error = failure_of(httpx2.ConnectError("refused"), target).error

    assert "Is Ollama running? Start it with `ollama serve`." in str(error)


async def test_an_unknown_host_is_named(asker: Asker) -> None:
    error = await asker.fail(asker.profile(base_url="https://no-such-host.invalid/v1", retries=0))

    assert isinstance(error, errors.NotReachable)
    assert "There is no host named no-such-host.invalid" in str(error)


async def test_a_proxy_that_is_not_there_is_named(server: FakeOpenAI) -> None:
    asker, port = Asker(server), free_port()
    asker.client._environment = {"HTTPS_PROXY": f"http://user:password@127.0.0.1:{port}"}

    error = await asker.fail(asker.profile(base_url="https://model.invalid/v1"))
    await asker.client.aclose()

    assert f"Nothing answers at the proxy 127.0.0.1:{port}. Check HTTPS_PROXY" in str(error)
    assert "password" not in str(error)


async def test_a_proxy_that_refuses_is_told(server: FakeOpenAI) -> None:
    asker = Asker(server)
    asker.client._environment = {"HTTPS_PROXY": server.origin}

    error = await asker.fail(asker.profile(base_url="https://model.invalid/v1"))
    await asker.client.aclose()

    assert isinstance(error, errors.NotReachable)
    assert "The proxy refused the way to model.invalid" in str(error)


async def test_a_proxy_of_a_kind_that_cannot_be_used_is_told(server: FakeOpenAI) -> None:
    asker = Asker(server)
    asker.client._environment = {"HTTPS_PROXY": "ftp://proxy.invalid:3128"}

    error = await asker.fail(asker.profile(base_url="https://model.invalid/v1"))

    assert "The proxy proxy.invalid:3128 cannot be used. Write HTTPS_PROXY like" in str(error)


async def test_speaking_tls_to_a_plain_server_is_told(asker: Asker, server: FakeOpenAI) -> None:
    error = await asker.fail(asker.profile(base_url=f"https://127.0.0.1:{server.port}/v1", retries=0))

    assert isinstance(error, errors.NotReachable)
    assert "should begin with http://" in str(error)


def test_a_certificate_that_is_not_trusted_says_what_to_do() -> None:
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_message = "self-signed certificate"
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = httpx2.ConnectError("failed")
    error.__cause__.__cause__ = cause

    said = str(failure_of(error, TARGET).error)

    assert "does not trust the certificate of api.openai.com (self-signed certificate)" in said
    assert "SSL_CERT_FILE" in said


def test_a_connect_timeout_names_its_limit() -> None:
    error = failure_of(openai.APITimeoutError(request=REQUEST), TARGET).error

    assert isinstance(error, errors.TimedOut)
    assert "No connection to api.openai.com within 10 s." in str(error)
    assert "limits.connect of profile “work”" in str(error)


# ---- before anything is sent ----


@pytest.mark.parametrize(
    ("base_url", "key", "kind", "says"),
    [
        ("https://api.openai.com/v1", None, errors.KeyUnavailable, "has no key for api.openai.com. Set OPENAI_API_KEY"),
        ("https://api.openai.com:443/v1", None, errors.KeyUnavailable, "has no key"),
        ("http://192.168.1.5/v1", KEY, errors.SettingsError, "send its key unencrypted to 192.168.1.5"),
        ("https://api.openai.com/v1", Secret("sk-…"), errors.KeyUnavailable, "characters that cannot be sent"),
        ("https://api.openai.com/v1", Secret("sk\nx: y"), errors.KeyUnavailable, "characters that cannot be sent"),
        ("api.openai.com/v1", KEY, errors.SettingsError, "is not a web address"),
        ("https://user@api.openai.com/v1", KEY, errors.SettingsError, "is not a web address"),
        ("https://exa mple/v1", KEY, errors.SettingsError, "is not a web address"),
        ("https://host:99999/v1", KEY, errors.SettingsError, "is not a web address"),
    ],
)
async def test_what_cannot_be_sent_is_refused_at_once(
    asker: Asker, base_url: str, key: Secret | None, kind: type[errors.AskError], says: str
) -> None:
    error = await asker.fail(asker.profile(base_url=base_url), key=key)

    assert type(error) is kind
    assert says in str(error)


# ---- quoting ----


@pytest.mark.parametrize(
    "message",
    [
        f"Incorrect API key provided: {KEY.reveal()}.",
        "Incorrect API key provided: sk-tes********ghij.",
        f"bad header Bearer {KEY.reveal()}",
        f"unknown user {KEY.reveal()[:15]}",
        "wrong token gsk_abcdefghijklmnop",
    ],
)
def test_nothing_that_looks_like_a_key_is_quoted(message: str) -> None:
    quoted = scrub(message, TARGET)

    assert "(hidden)" in quoted
    assert not any(part in quoted for part in ("0123", "ghij", "abcdef", "****"))


def test_a_quote_is_one_short_line() -> None:
    quoted = scrub("first\n\n\tsecond " + "x" * 500, TARGET)

    assert quoted.startswith("first second xxx")
    assert len(quoted) == 200


def test_the_tables_load_without_the_sdk() -> None:
    program = "import sys, ask_lsp.llm.errors; assert not {'openai', 'httpx2'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
