"""Every environment variable that concerns us, declared in one place.

They are read once, at the start; secrets are then removed from the process, so that neither a library nor a subprocess
can pick them up by itself. Light on purpose: this runs before the first reply to the editor.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from ask_lsp.core.secret import Secret


class Variable(NamedTuple):
    """One environment variable.

    `used` ones are read; `removed` ones are taken out of the process unread, since a library would send them or act on
    them. A `secret` one never stays in the process's environment, used or not.
    """

    name: str
    treatment: Literal["used", "removed"]
    secret: bool
    says: str


VARIABLES: tuple[Variable, ...] = (
    Variable(
        "OPENAI_API_KEY", "used", True, "The key of the profile `default`, unless the file names an endpoint for it."
    ),
    Variable(
        "OPENAI_BASE_URL", "used", False, "The endpoint that OPENAI_API_KEY belongs to; api.openai.com if not set."
    ),
    Variable(
        "ASK_LSP_API_KEY",
        "used",
        True,
        "For editors that keep the key themselves: the key of every profile that names none and goes to what "
        "ASK_LSP_API_KEY_ORIGIN says.",
    ),
    Variable(
        "ASK_LSP_API_KEY_ORIGIN",
        "used",
        False,
        "The endpoint that ASK_LSP_API_KEY belongs to, like https://api.openai.com. Without it that key is not used.",
    ),
    Variable("ASK_LSP_MODEL", "used", False, "The model of the profile that is active at the start."),
    Variable("ASK_LSP_PROFILE", "used", False, "The active profile."),
    Variable("ASK_LSP_CONFIG", "used", False, "The settings file to read instead of the usual one."),
    Variable("ASK_LSP_POSITION_ENCODING", "used", False, "Forces a position encoding: utf-8, utf-16 or utf-32."),
    Variable("ASK_LSP_DATA", "used", False, "The folder for downloaded models instead of the usual one."),
    Variable("OPENAI_ADMIN_KEY", "removed", True, "Never used: questions need no administrator's key."),
    Variable("OPENAI_ORG_ID", "removed", False, "Never used: the openai package would send it to any endpoint."),
    Variable("OPENAI_PROJECT_ID", "removed", False, "Never used: the openai package would send it to any endpoint."),
    Variable("OPENAI_CUSTOM_HEADERS", "removed", True, "Never used: put `headers:` into the settings file."),
    Variable("OPENAI_WEBHOOK_SECRET", "removed", True, "Never used: there are no webhooks here."),
    Variable("OPENAI_LOG", "removed", False, "Never used: it would write prompts to the log. See `log_level`."),
    Variable("OPENAI_API_TYPE", "removed", False, "Never used: it would switch the openai package to another service."),
    Variable("OPENAI_API_VERSION", "removed", False, "Never used: it belongs to another service."),
    Variable("AZURE_OPENAI_API_KEY", "removed", True, "Never used: put it into a profile with `{env: ...}` if wanted."),
    Variable(
        "AZURE_OPENAI_AD_TOKEN", "removed", True, "Never used: put it into a profile with `{env: ...}` if wanted."
    ),
    Variable("AZURE_OPENAI_ENDPOINT", "removed", False, "Never used: put a `base_url` into a profile."),
)

_MINIMAL = {
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "TMPDIR", "TEMP", "TMP"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
    # Without these, programs on Windows do not even start.
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
    *("PROGRAMFILES", "USERPROFILE", "USERNAME", "HOMEDRIVE", "HOMEPATH"),
}
_MINIMAL_PREFIXES = ("LC_", "XDG_")

# What password managers need to ask for a passphrase: an agent, a terminal, a desktop. None of them is a secret.
KEY_COMMAND_VARIABLES = (
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
    "GNUPGHOME",
    "GPG_TTY",
    "PASSWORD_STORE_DIR",
)

# The proxies of the person's network; never used for loopback.
PROXY_VARIABLES = tuple(
    name for upper in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY") for name in (upper, upper.lower())
)

# Beside SSL_CERT_FILE and SSL_CERT_DIR: where else a company's certificate may be named for pip.
_CERTIFICATE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

_LOCALE = re.compile(r"([a-z]{2,3})(?:[_-]([A-Za-z]{2}))?(?:[.@].*)?")


@dataclass(frozen=True)
class Environment:
    """The environment as it was at the start.

    `locale` is a language tag ("de-AT"), None for C and POSIX. `editor_key` is ASK_LSP_API_KEY, for editors that keep a
    key themselves. The original values of all variables are kept here,
    masked, because `{env: NAME}` in the settings may name any of them.
    """

    api_key: Secret | None = None
    base_url: str | None = None
    model: str | None = None
    profile: str | None = None
    config: str | None = None
    position_encoding: str | None = None
    locale: str | None = None
    editor_key: Secret | None = None
    editor_key_origin: str | None = None
    kept: Mapping[str, Secret] = field(default_factory=dict, repr=False)

    def variable(self, name: str) -> Secret | None:
        """What a variable held at the start; None when it was not set, or empty."""
        return self.kept.get(name.upper() if os.name == "nt" else name) or None

    def text(self, name: str) -> str | None:
        """The same for a variable that is no secret."""
        kept = self.variable(name)
        return kept.reveal() if kept else None


def take_environment(environ: MutableMapping[str, str] | None = None) -> Environment:
    """Reads what we use, and removes secrets and what we refuse to use from `environ`, by default the process's own."""
    environ = os.environ if environ is None else environ
    kept = {name: Secret(value) for name, value in environ.items()}
    for variable in VARIABLES:
        if variable.secret or variable.treatment == "removed":
            environ.pop(variable.name, None)

    def given(name: str) -> str | None:
        value = kept[name].reveal().strip() if name in kept else ""
        return value or None

    key, editor_key = given("OPENAI_API_KEY"), given("ASK_LSP_API_KEY")
    return Environment(
        api_key=Secret(key) if key else None,
        base_url=given("OPENAI_BASE_URL"),
        model=given("ASK_LSP_MODEL"),
        profile=given("ASK_LSP_PROFILE"),
        config=given("ASK_LSP_CONFIG"),
        position_encoding=given("ASK_LSP_POSITION_ENCODING"),
        locale=_locale(given("LC_ALL") or given("LC_MESSAGES") or given("LANG")),
        editor_key=Secret(editor_key) if editor_key else None,
        editor_key_origin=given("ASK_LSP_API_KEY_ORIGIN"),
        kept=MappingProxyType(kept),
    )


def forget_variable(name: str) -> None:
    """Takes a variable that the settings name as a key out of the process; `Environment.variable` still has it."""
    if name not in _MINIMAL and not name.startswith(_MINIMAL_PREFIXES):
        os.environ.pop(name, None)


def minimal_environment(environment: Environment, also: Iterable[str] = ()) -> dict[str, str]:
    """What a subprocess gets: enough to run, no secrets. `also` names further variables that this one needs."""
    wanted = _MINIMAL.union(also)
    forbidden = {variable.name for variable in VARIABLES if variable.secret}
    return {
        name: value.reveal()
        for name, value in environment.kept.items()
        if (name in wanted or name.startswith(_MINIMAL_PREFIXES)) and name not in forbidden
    }


def package_index_environment(environment: Environment) -> dict[str, str]:
    """What pip and uv get: the person's index, proxy and certificates beside the usual, and none of our secrets."""
    theirs = (name for name in environment.kept if name.startswith(("PIP_", "UV_")))
    return minimal_environment(environment, (*theirs, *PROXY_VARIABLES, *_CERTIFICATE_VARIABLES))


def xdg_config_home(environment: Environment) -> Path | None:
    """What XDG_CONFIG_HOME names; None where it names nothing that counts (it has to be absolute, by the XDG rules)."""
    named = environment.text("XDG_CONFIG_HOME") or ""
    return Path(named) if named.startswith("/") else None


def config_folder_of(environment: Environment) -> Path:
    """The folder in which our settings file is looked for when ASK_LSP_CONFIG names none."""
    if os.name == "posix" and os.uname().sysname != "Darwin":
        # The XDG rule by hand: platformdirs follows the same one, but costs 10 ms before the first reply.
        return (xdg_config_home(environment) or home_folder() / ".config") / "ask-lsp"
    import platformdirs

    return platformdirs.user_config_path("ask-lsp", appauthor=False)


def user_file(environment: Environment) -> Path:
    """The settings file: what ASK_LSP_CONFIG names, else config.yaml (or .yml) in our folder. It need not exist."""
    if environment.config:
        return Path(os.path.expanduser(environment.config)).absolute()  # noqa: PTH111 - this one never raises
    usual = config_folder_of(environment) / "config.yaml"
    short = usual.with_suffix(".yml")
    return short if short.exists() and not usual.exists() else usual


def home_folder() -> Path:
    """The person's home; / where there is none."""
    try:
        return Path.home()
    except RuntimeError:  # A container whose user has no home. The working directory would not do: it may be anybody's.
        return Path("/")


def _locale(value: str | None) -> str | None:
    match = _LOCALE.fullmatch(value or "")
    if not match:
        return None
    language, region = match.groups()
    return f"{language}-{region.upper()}" if region else language
