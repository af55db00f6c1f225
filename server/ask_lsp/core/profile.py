"""Which model answers, where, and under which limits: settings as values, with no trace of where they came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from ask_lsp.core.secret import Secret

OPENAI_BASE_URL = "https://api.openai.com/v1"

_PORTS = {"http": 80, "https": 443}
_LOOPBACK = re.compile(r"127(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}|::1|localhost", re.ASCII)


@dataclass(frozen=True)
class KeySource:
    """Where a key is: exactly one of the fields is set."""

    literal: Secret | None = None
    env: str | None = None
    file: str | None = None
    command: tuple[str, ...] | None = None
    keyring: str | None = None


@dataclass(frozen=True)
class Limits:
    """How long to wait, in seconds. There is no limit on a whole answer."""

    connect: float = 10.0
    first_content: float = 600.0
    idle: float = 60.0
    retries: int = 3


@dataclass(frozen=True)
class Prices:
    """USD per million tokens. `cached` is for the input that the endpoint had in its cache; None: as other input."""

    input: float
    output: float
    cached: float | None = None

    @property
    def free(self) -> bool:
        """Whether nothing costs anything."""
        return self.input == 0 and self.output == 0

    def of(self, input_tokens: int, output_tokens: int, cached: int = 0) -> float:
        """What that many tokens cost, in USD. `cached` are those of the input that were cached, as `usage` says."""
        cached = min(cached, input_tokens)
        cached_price = self.input if self.cached is None else self.cached
        usd = (input_tokens - cached) * self.input + cached * cached_price + output_tokens * self.output
        return usd / 1_000_000


@dataclass(frozen=True)
class Profile:
    """One way to get an answer.

    `kind` is `openai` for every OpenAI-compatible endpoint, `local` for the embedded model, `echo` for the keyless
    deterministic one. `problem` is a sentence that says why this profile may not be used (its key belongs to another
    origin, say); whoever would send must raise it first. `unconfigured` marks the implicit profile when nobody
    configured anything: then, and only then, the usual local servers are looked for. `prediction` says whether edits
    send a predicted output; None where the model decides. `price_source` says where the prices are from, "" when they
    are unknown. `ca_bundle` is a file of certificates that replaces the system's; `proxy` one that replaces the
    environment's, which may hold a password.
    """

    name: str
    kind: Literal["openai", "local", "echo"] = "openai"
    base_url: str = OPENAI_BASE_URL
    model: str = ""
    key: KeySource | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Secret] = field(default_factory=dict)
    max_output: int | None = None
    prediction: bool | None = None
    prices: Prices | None = None
    limits: Limits = Limits()
    problem: str | None = None
    unconfigured: bool = False
    price_source: str = ""
    allow_insecure: bool = False
    ca_bundle: str | None = None
    proxy: str | None = field(default=None, repr=False)

    @property
    def stays_here(self) -> bool:
        """Whether what is sent to it stays on this machine."""
        return self.kind != "openai" or self.unconfigured or is_loopback(host_of(self.base_url))


def origin_of(profile: Profile) -> str:
    """Where a profile's requests go, as keys, prices and the audit log name it: `https://api.openai.com`.

    `local` and `echo` for the profiles that have no endpoint. The local servers that an unconfigured profile looks for
    are told apart by nobody: `http://localhost`.
    """
    if profile.kind != "openai":
        return profile.kind
    return "http://localhost" if profile.unconfigured else origin(profile.base_url)


def origin(base_url: str) -> str:
    """Scheme, host and port of an endpoint, the port only if it is not the scheme's own. "" for what is no endpoint."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if not host or parts.scheme not in _PORTS:
        return ""
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}" + ("" if port in (None, _PORTS[parts.scheme]) else f":{port}")


def host_of(base_url: str) -> str:
    """The host of an endpoint, in lower case and without brackets; "" for what is no endpoint."""
    try:
        return urlsplit(base_url).hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine whatever a name server says: 127.0.0.0/8, ::1 and localhost, and nothing else.

    Not `x.localhost`: some systems ask a name server for it.
    """
    return _LOOPBACK.fullmatch(host) is not None
