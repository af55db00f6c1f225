"""Where a request goes: what counts as this machine, which proxy is taken, which certificates are trusted."""

from __future__ import annotations

import asyncio
import dataclasses
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from asking_rig import KEY, QUESTION, Asker
from openai_server import FakeOpenAI

from ask_lsp.core.errors import KeyUnavailable, NotReachable, SettingsError
from ask_lsp.core.profile import KeySource
from ask_lsp.core.secret import Secret
from ask_lsp.llm.endpoint import endpoint_of
from ask_lsp.llm.proxies import proxy_for


@pytest.mark.parametrize(
    ("base_url", "place", "loopback"),
    [
        ("https://api.openai.com/v1", "api.openai.com", False),
        ("https://api.openai.com:443/v1/", "api.openai.com", False),
        ("http://127.0.0.1:11434/v1", "127.0.0.1:11434", True),
        ("http://127.8.8.8/v1", "127.8.8.8", True),
        ("http://LOCALHOST:1234/v1", "localhost:1234", True),
        # Some systems ask a name server for it.
        ("http://models.localhost/v1", "models.localhost", False),
        ("http://127.0.0.1.:80/v1", "127.0.0.1.", False),
        ("http://[::ffff:127.0.0.1]/v1", "[::ffff:127.0.0.1]", False),
        ("http://[::1]:8080/v1", "[::1]:8080", True),
        ("http://localhost.example.com/v1", "localhost.example.com", False),
        ("http://127.0.0.1.example.com/v1", "127.0.0.1.example.com", False),
        ("http://192.168.0.2:8080/v1", "192.168.0.2:8080", False),
    ],
)
def test_a_base_url_says_where_it_goes(base_url: str, place: str, loopback: bool) -> None:
    endpoint = endpoint_of(base_url, "work")

    assert (endpoint.place, endpoint.is_loopback) == (place, loopback)


PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("base_url", "environment", "expected"),
    [
        ("https://api.openai.com/v1", {}, None),
        ("https://api.openai.com/v1", {"HTTPS_PROXY": PROXY}, PROXY),
        ("https://api.openai.com/v1", {"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, PROXY),
        ("https://api.openai.com/v1", {"HTTPS_PROXY": "proxy.example:3128"}, PROXY),
        ("https://api.openai.com/v1", {"HTTP_PROXY": PROXY}, None),
        ("https://api.openai.com/v1", {"ALL_PROXY": PROXY}, PROXY),
        ("http://model.example/v1", {"HTTP_PROXY": PROXY}, PROXY),
        ("https://api.openai.com/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, None),
        ("https://api.openai.com/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "example.com, openai.com"}, None),
        ("https://api.openai.com/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": ".openai.com"}, None),
        ("https://api.openai.com/v1", {"HTTPS_PROXY": PROXY, "no_proxy": "*.openai.com"}, None),
        ("https://notopenai.com/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "openai.com"}, PROXY),
        ("https://m.corp:8443/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "corp:8443"}, None),
        ("https://m.corp:9443/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "corp:8443"}, PROXY),
        ("https://10.1.2.3/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"}, None),
        ("http://127.0.0.1:8080/v1", {"HTTP_PROXY": PROXY, "ALL_PROXY": PROXY}, None),
        ("http://localhost:8080/v1", {"http_proxy": PROXY}, None),
    ],
)
def test_the_proxy_is_the_environments_but_never_for_this_machine(
    base_url: str, environment: dict[str, str], expected: str | None
) -> None:
    assert proxy_for(endpoint_of(base_url, "work"), environment) == expected


@pytest.mark.parametrize("environment", [{}, {"HTTPS_PROXY": "http://other"}, {"NO_PROXY": "*"}])
def test_the_proxy_of_the_profile_comes_first(environment: dict[str, str]) -> None:
    """NO_PROXY is about the environment's."""
    assert proxy_for(endpoint_of("https://api.openai.com/v1", "work"), environment, PROXY) == PROXY


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_no_proxy_at_all_sees_what_stays_on_this_machine(host: str) -> None:
    """Not even one that a profile names, or inherits."""
    assert proxy_for(endpoint_of(f"http://{host}:1/v1", "work"), {}, PROXY) is None


async def test_requests_go_through_the_proxy_of_the_profile(asker: Asker, server: FakeOpenAI) -> None:
    profile = asker.profile(base_url="http://model.invalid/v1", allow_insecure=True, proxy=server.origin)

    await asker.ask(profile, key=None)

    assert server.requests[0].path == "http://model.invalid/v1/chat/completions"


async def test_a_proxy_that_cannot_be_used_shows_no_password(asker: Asker) -> None:
    error = await asker.fail(asker.profile(base_url="https://model.invalid/v1", proxy="socks9://user:hunter2@p:1"))

    assert isinstance(error, SettingsError)
    assert str(error) == "The proxy p:1 cannot be used. Write proxy like http://HOST:PORT."


# ---- unencrypted ----


@pytest.mark.parametrize("key", [KEY, None])
async def test_http_to_another_machine_is_refused_before_a_connection(
    asker: Asker, server: FakeOpenAI, key: Secret | None
) -> None:
    """The last door, whatever the settings said: not even the proxy hears of it."""
    profile = asker.profile(base_url="http://model.invalid/v1", proxy=server.origin)

    error = await asker.fail(profile, key=key)

    assert isinstance(error, SettingsError)
    assert "unencrypted to model.invalid" in str(error)
    assert "allow_insecure: true" in str(error)
    assert server.requests == []


async def test_a_preview_is_refused_like_the_request_and_needs_no_key(asker: Asker) -> None:
    """It fetches none; a profile that has one is previewed all the same."""
    with pytest.raises(SettingsError, match=r"unencrypted to model\.invalid"):
        await asker.client.wire(asker.profile(base_url="http://model.invalid/v1"), QUESTION)
    openai = asker.profile(base_url="https://api.openai.com/v1")
    with pytest.raises(KeyUnavailable):
        await asker.client.wire(openai, QUESTION)

    wire = await asker.client.wire(dataclasses.replace(openai, key=KeySource(env="ANY")), QUESTION)

    assert wire.url == "https://api.openai.com/v1/chat/completions"


async def test_it_is_sent_where_that_was_allowed(asker: Asker, server: FakeOpenAI) -> None:
    profile = asker.profile(base_url="http://model.invalid/v1", proxy=server.origin, allow_insecure=True)

    await asker.ask(profile)

    assert server.requests[0].headers["authorization"] == f"Bearer {KEY.reveal()}"


async def test_openai_itself_needs_a_key_all_the_same(asker: Asker) -> None:
    error = await asker.fail(asker.profile(base_url="https://api.openai.com/v1", allow_insecure=True), key=None)

    assert isinstance(error, KeyUnavailable)


# ---- certificates ----


@pytest.fixture
def authority() -> trustme.CA:
    """The authority of a company, which no system knows."""
    return trustme.CA()


@pytest.fixture
async def encrypted(server: FakeOpenAI, authority: trustme.CA) -> AsyncIterator[str]:
    """The base_url of the fake server behind TLS, with a certificate of that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", server.port)
        try:
            await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))
        finally:
            inner_writer.close()
            writer.close()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        sink.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    listening.close()
    await listening.wait_closed()


async def test_a_certificate_of_a_company_is_trusted_by_its_bundle(
    asker: Asker, server: FakeOpenAI, encrypted: str, authority: trustme.CA, tmp_path: Path
) -> None:
    """And by nothing else: without it, and with the bundle of another company, there is no connection."""
    ours, theirs = tmp_path / "ours.pem", tmp_path / "theirs.pem"
    authority.cert_pem.write_to_path(str(ours))
    trustme.CA().cert_pem.write_to_path(str(theirs))

    for ca_bundle in (None, str(theirs)):
        error = await asker.fail(asker.profile(base_url=encrypted, ca_bundle=ca_bundle, retries=0))
        assert isinstance(error, NotReachable)
        assert "certificate" in str(error)
    assert server.requests == []

    assert await asker.ask(asker.profile(base_url=encrypted, ca_bundle=str(ours)))
    assert len(server.requests) == 1
    await asker.client.aclose()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "does not exist. Correct its path in the settings file."),
        ("", "holds no certificates. Name a file in PEM format."),
        ("not a certificate", "holds no certificates. Name a file in PEM format."),
    ],
)
async def test_a_bundle_that_is_none_is_a_sentence(
    asker: Asker, tmp_path: Path, content: str | None, words: str
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)

    error = await asker.fail(asker.profile(base_url="https://127.0.0.1:9/v1", ca_bundle=str(bundle)))

    assert isinstance(error, SettingsError)
    assert str(error) == f"The ca_bundle of profile “work”, {bundle}, {words}"
