"""The kinds of values that settings have, each with its check.

What a check raises are words that fit behind a name; none of them repeats the value, since any may be a key.
"""

from __future__ import annotations

import re
import warnings
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    WithJsonSchema,
)

ACTION_KINDS = ("ask", "quickfix", "refactor")
MAX_PATTERN = 500
MAX_REGEX = 1_000

NEVER_SHOWN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e0fff]"
)
"""What a model reads and a person who looks at the text does not see. The joiners are left: scripts need them."""

_LANGUAGE = re.compile(r"[^\W\d_][\w ()-]{0,39}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}")
_KIND = re.compile(r"[a-z]+(\.[A-Za-z]+)*")
_TITLE_FIELD = re.compile(r"\{[^{}]*\}")
_REASON = re.compile(r"[a-z][a-z ,()-]+")
_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


def wrong_base_url(value: str) -> str | None:
    """Why this is no endpoint, as words that fit behind a name; None when it is one. Never repeats the value."""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        return "is not a URL - write it like http://127.0.0.1:11434/v1"
    if parts.scheme not in ("http", "https") or not parts.hostname or not value.isprintable() or " " in value:
        return "is not a URL - write it like http://127.0.0.1:11434/v1"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password - put it into api_key or headers"
    if parts.query or parts.fragment:
        return "has a part behind “?” or “#” - leave that out"
    return None


def _check_base_url(value: str) -> str:
    wrong = wrong_base_url(value)
    if wrong:
        raise ValueError(wrong)
    return value


def _check_language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError("is not the name of a language - write auto, German, pt-BR or the like")
    return value


def _check_one_line(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("is not a line of text - write some words")
    return value


def _check_headers(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError("has a name that is no HTTP header - write it like X-Team")
        text = value.get_secret_value()
        try:
            text.encode("latin-1")
        except UnicodeEncodeError:
            text = "\n"
        if not text.isprintable():
            raise ValueError("has a value that HTTP cannot carry - use plain characters on one line")
    return headers


def check_kind(value: str) -> str:
    """One of our kinds of code action."""
    if not _KIND.fullmatch(value) or value.partition(".")[0] not in ACTION_KINDS:
        raise ValueError("is not a kind of ours - write ask, quickfix, refactor or refactor.rewrite (never source)")
    return value


def check_title(value: str) -> str:
    """A title of an action, with none but our fields in braces."""
    if set(_TITLE_FIELD.findall(value)) - {"{target}", "{assistant}", "{problem}", "{count}"}:
        raise ValueError(
            "has an unknown field in braces - only {target}, {assistant}, {problem} and {count} are filled in"
        )
    return _check_one_line(value)


def check_file(value: str) -> str:
    """The name of a new file, never a path."""
    if set(_TITLE_FIELD.findall(value)) - {"{stem}", "{suffix}"}:
        raise ValueError("has an unknown field in braces - only {stem} and {suffix} are filled in")
    if "/" in value or "\\" in value or value.startswith("."):
        raise ValueError("must be the name of a file, without a folder")
    return value


def check_pattern(value: str) -> str:
    """A pattern as in .gitignore. Raises ValueError for one that would take something off the list, or does nothing."""
    if not value.strip() or not value.isprintable():
        raise ValueError("is no pattern - write it like a line of .gitignore, as in “secrets/” or “*.pem”")
    if value.startswith("!"):
        raise ValueError("begins with “!”, which would take something off the list - this list can only add")
    if value.startswith("#"):
        raise ValueError("begins with “#”, which makes it a comment - write “\\#”")
    return value


def _check_regex(value: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's own doubts about brackets; they would go to stderr.
            compiled = re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        said = _REASON.match(str(getattr(error, "msg", "")))
        at = getattr(error, "pos", None)
        where = "" if at is None else f" at character {at + 1}"
        reason = f": {said[0].strip()}" if said else ""
        raise ValueError(f"is not a regular expression{reason}{where} - correct it") from None
    if compiled.match(""):
        raise ValueError("matches nothing at all, and so everywhere - let it need at least one character")
    return value


def _check_proxy(value: str) -> str:
    try:
        parts = urlsplit(value)
        right = parts.scheme in _PROXY_SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        right = False
    if not right or not value.isprintable() or " " in value or parts.path not in ("", "/") or parts.query:
        raise ValueError("is not a proxy - write it like http://proxy.example.com:3128")
    return value


def _no_limit(value: Any) -> Any:
    """`false` says the same as null."""
    if value is False:
        return None
    if value is True or isinstance(value, str):
        raise ValueError("must be a number, or false for no limit")
    return value


def _amount_schema(kind: str) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": kind, "minimum": 0}, {"const": False}, {"type": "null"}]})


BaseUrl = Annotated[str, AfterValidator(_check_base_url)]
Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(_check_one_line)]
Language = Annotated[str, AfterValidator(_check_language)]
AssistantName = Annotated[str, StringConstraints(max_length=30), AfterValidator(_check_one_line)]
Headers = Annotated[dict[str, SecretStr], AfterValidator(_check_headers)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Milliseconds = Annotated[int, Field(ge=0, le=10_000)]
Pattern = Annotated[str, StringConstraints(max_length=MAX_PATTERN), AfterValidator(check_pattern)]
Regex = Annotated[str, StringConstraints(max_length=MAX_REGEX), AfterValidator(_check_regex)]
Proxy = Annotated[str, StringConstraints(max_length=300), AfterValidator(_check_proxy)]
Usd = Annotated[Annotated[float, Field(ge=0)] | None, BeforeValidator(_no_limit), _amount_schema("number")]
Tokens = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_no_limit), _amount_schema("integer")]
Hover = Literal["off", "cached", "ask"]
Review = Literal["apply", "preview", "proposal"]
LogLevel = Literal["debug", "info", "warning", "error"]
PositionEncoding = Literal["auto", "utf-8", "utf-16", "utf-32"]


class Strict(BaseModel):
    """What every part of a settings file is: nothing unknown, nothing converted."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )
