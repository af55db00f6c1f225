"""Where a request goes: what counts as this machine, and which proxy is taken."""

from __future__ import annotations

import pytest

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
        ("http://models.localhost/v1", "models.localhost", True),
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
