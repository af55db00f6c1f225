"""What a base_url says about where a request goes.

Whether it stays on this machine, and what to call the place in a sentence, must be answered alike everywhere: proxies,
keys over plain http and error messages depend on it.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from ask_lsp.core.errors import SettingsError
from ask_lsp.core.profile import is_loopback

_PORTS = {"http": 80, "https": 443}
_NO_HOST = re.compile(r"[\s<>\"'`{}|\\^%]")


class Endpoint(NamedTuple):
    """A base_url taken apart. `host` has no brackets and is lower case."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def place(self) -> str:
        """What people call it: `api.openai.com`, or `127.0.0.1:11434`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether what is sent there stays on this machine."""
        return is_loopback(self.host)


def endpoint_of(base_url: str, profile: str) -> Endpoint:
    """Takes a base_url apart.

    Raises SettingsError, naming the profile, for anything but an http or https URL without user, query and fragment.
    """
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    odd = parts.username is not None or parts.query or parts.fragment
    if parts.scheme not in _PORTS or not host or _NO_HOST.search(host) or odd:
        raise SettingsError(
            f"The base_url of profile “{profile}” is not a web address. "
            "Write it like https://api.openai.com/v1 or http://127.0.0.1:11434/v1."
        )
    return Endpoint(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, parts.path.rstrip("/"))
