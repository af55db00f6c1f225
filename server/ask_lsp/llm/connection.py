"""How an endpoint is reached: what is checked before, over which certificates and proxy, with exactly which headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ask_lsp import __version__
from ask_lsp.core.errors import KeyUnavailable, SettingsError
from ask_lsp.core.profile import OPENAI_BASE_URL, Profile
from ask_lsp.llm.endpoint import endpoint_of
from ask_lsp.llm.failure import Target

if TYPE_CHECKING:
    import ssl

    import httpx2

_KEPT_HEADERS = ("host", "content-length", "content-type", "transfer-encoding", "connection", "accept")
_KEY_HEADERS = frozenset({"authorization", "api-key", "x-api-key"})


def check_way(target: Target, profile: Profile) -> None:
    """Raises SettingsError for code that would go to another machine unencrypted. The settings say the same of a
    profile; this is the last door before a connection is made."""
    if target.endpoint.scheme == "http" and not target.endpoint.is_loopback and not profile.allow_insecure:
        what = "its key" if target.key else "code"
        raise SettingsError(
            f"Profile “{target.profile}” would send {what} unencrypted to {target.place}. "
            "Change its base_url to https://, or write allow_insecure: true beside it if you trust the whole way there."
        )


def check_key(target: Target) -> None:
    """Raises KeyUnavailable where the endpoint needs a key and there is none, or one cannot be sent."""
    secrets = [target.key, *(target.headers[name] for name in target.headers if name.lower() in _KEY_HEADERS)]
    keys = [secret for secret in secrets if secret]
    if not keys and target.endpoint.host == endpoint_of(OPENAI_BASE_URL, "").host:
        raise KeyUnavailable(
            f"Profile “{target.profile}” has no key for {target.place}. "
            "Set OPENAI_API_KEY, or api_key in the settings file; `ask-lsp config --path` says where that is."
        )
    for secret in (target.key, *target.headers.values()):
        if secret and not (secret.reveal().isascii() and secret.reveal().isprintable()):
            raise KeyUnavailable(
                f"A key or header of profile “{target.profile}” has characters that cannot be sent. Copy it again."
            )


def http_client(profile: Profile, target: Target, proxy: str | None) -> httpx2.AsyncClient:
    """What requests go over: to this endpoint, with its certificates and proxy and nothing from the environment.

    Reads certificates from the disk. Raises SettingsError.
    """
    import ssl

    import httpx2

    if target.endpoint.scheme == "https" and profile.ca_bundle:
        trusted = _trusting(profile.ca_bundle, profile.name)
    elif target.endpoint.scheme == "https":
        # The operating system's certificates; SSL_CERT_FILE and SSL_CERT_DIR replace them, as everywhere.
        trusted = httpx2.create_ssl_context()
    else:
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # Trusts nobody, and costs no reading of certificates.
    try:
        return httpx2.AsyncClient(
            verify=trusted,
            proxy=proxy,
            trust_env=False,
            follow_redirects=False,
            event_hooks={"request": [only_our_headers(target)]},
        )
    except (ValueError, ImportError, httpx2.InvalidURL):
        raise SettingsError(
            f"The proxy {target.proxy or ''} cannot be used. Write {'proxy' if profile.proxy else 'HTTPS_PROXY'} like "
            "http://HOST:PORT."
        ) from None


def _trusting(ca_bundle: str, profile: str) -> ssl.SSLContext:
    """Trusts the certificates of that file and no others. Raises SettingsError."""
    import ssl

    start = f"The ca_bundle of profile “{profile}”, {ca_bundle},"
    try:
        return ssl.create_default_context(cafile=ca_bundle)
    except FileNotFoundError:
        raise SettingsError(f"{start} does not exist. Correct its path in the settings file.") from None
    except ssl.SSLError:
        raise SettingsError(f"{start} holds no certificates. Name a file in PEM format.") from None
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise SettingsError(f"{start} cannot be read ({reason}). Make it readable for you.") from None


def only_our_headers(target: Target) -> Callable[[httpx2.Request], Awaitable[None]]:
    """A request hook that puts the headers in order, after everybody else has added theirs."""

    async def hook(request: httpx2.Request) -> None:
        ours = {name: request.headers[name] for name in _KEPT_HEADERS if name in request.headers}
        ours["user-agent"] = f"ask-lsp/{__version__}"
        # A proxy that compresses a stream also holds it back.
        ours["accept-encoding"] = "identity"
        if target.key is not None:
            ours["authorization"] = f"Bearer {target.key.reveal()}"
        for name, value in target.headers.items():
            ours[name.lower()] = value.reveal()
        request.headers.clear()
        request.headers.update(ours)

    return hook
