"""Which proxy a request takes: the profile's, else the environment's, but never one for this machine.

The http client is told not to read the environment at all, because it would send even 127.0.0.1 through HTTP_PROXY.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from ask_lsp.llm.endpoint import Endpoint

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


def proxy_for(endpoint: Endpoint, environment: Mapping[str, str], chosen: str | None = None) -> str | None:
    """The URL of the proxy to take, or None.

    `chosen` is the profile's own, which NO_PROXY does not concern. A variable in lower case wins over the same in upper
    case, as in curl.
    """
    if endpoint.is_loopback:
        return None
    if chosen:
        return chosen

    def value(name: str) -> str:
        return (environment.get(name.lower()) or environment.get(name.upper()) or "").strip()

    if _excluded(endpoint, value("no_proxy")):
        return None
    proxy = value(f"{endpoint.scheme}_proxy") or value("all_proxy")
    if not proxy:
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _excluded(endpoint: Endpoint, no_proxy: str) -> bool:
    for entry in no_proxy.replace(" ", ",").lower().split(","):
        if entry == "*":
            return True
        if not entry:
            continue
        if entry in (endpoint.host, f"{endpoint.host}:{endpoint.port}", endpoint.place):
            return True
        if endpoint.host.endswith("." + entry.removeprefix("*").removeprefix(".").removesuffix(f":{endpoint.port}")):
            return True
        if "/" in entry and _in_network(endpoint.host, entry):
            return True
    return False


def _in_network(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
