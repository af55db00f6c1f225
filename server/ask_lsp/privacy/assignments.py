"""Values that are given to names which mean a secret: in code, YAML, JSON, .env, INI, Dockerfiles, shells, headers,
URLs.

The name is found by its stem, its ending decides (`passwordField` and `token_type` mean no secret), and what is given
to it is judged by values.py. Whether the text is code or configuration is not known, so that a value without quotes
has to look random, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ask_lsp.privacy.values import is_bare_secret, is_secret

STEMS = ("pass", "pwd", "secret", "token", "credential", "key", "authorization", "_auth")

_ENDING = re.compile(
    r"(?:(?P<PASSWORD>password|passwd|passphrase|passwort|passcode|pwd|(?:^|[_.-]|db|pg|root|user|admin|smtp|redis|sql)pass)"
    r"|(?P<PRIVATE_KEY>private[_.-]?key|(?:ssh|rsa|signing|tls)[_.-]?key)"
    r"|(?P<TOKEN>token|jwt|authorization|(?:^|[/:])_auth|auth[_.-]?key)"
    r"|(?P<API_KEY>(?:api|app|application|access|account|storage|subscription|service|license|integration|functions?"
    r"|ingest|deploy|webhook|admin|write|client|consumer)[_.-]?key)"
    r"|(?P<SECRET>secrets?|(?:secret|encryption|master|shared|session|cipher|crypto|hmac|aes|jwt|cookie)[_.-]?key(?:[_.-]?base)?)"
    r"|(?P<CREDENTIALS>credentials?))$"
)
_SUFFIX = re.compile(
    r"(?:[_.-](?:value|string|text|prod|production|dev|test|staging|default|live|old|new|\d{1,2})|\d{1,2})$"
)
_NO_SECRET = re.compile(
    r"(?:page|next|continuation|sync|cursor|pad|eos|bos|unk|mask|sep|cls|start|end|first|last|prev|previous|current|special"
    r"|csrf|xsrf|cancel\w*|sort|partition|primary|foreign|cache|public)[_.-]?(?:token|key)$"
)
_NAME = "abcdefghijklmnopqrstuvwxyz0123456789_.-"
_NAME_AFTER = re.compile(r"[A-Za-z0-9_-]{0,60}")
_REACH = 60

_QUOTED = re.compile(
    r"(?P<close>(?:\\?[\"'\]]){0,3})"
    r"(?:[ \t]{0,4}(?::[ \t]?[\w&*?.<>\[\]| ]{1,40}?|\{[ \w;]{1,30}\}|[ \t][\w.\[\]*]{1,20}(?=[ \t]{0,3}=)))??"
    r"\s{0,40}(?P<sep>:=|=>|={1,3}|!={1,2}|[:,(]|(?<=[ \t]))\s{0,40}"
    r"(?:(?:new[ \t])?\w{0,30}(?:[Ss]tring(?:::from)?|Secret|Some|Value|Password|str|bytes)\()?"
    r"(?:[brfuLR@]{0,2})(?P<quote>\"\"\"\s{0,40}|'''\s{0,40}|\\?[\"'`])"
)
_ONE_ARGUMENT = re.compile(r"\s{0,40}\\?[\"'`]{1,3}\s{0,20}[),]?\s{0,20}\)")
_LAST_ARGUMENT = re.compile(
    r"\((?:[^(),\"'`\n]{0,60}(?:\"[^\"\\\n]{0,80}\"|'[^'\\\n]{0,80}')?\s{0,20},\s{0,20}){1,3}"
    r"(?:\w{1,30}[ \t]?[=:][ \t]?)?(?P<quote>[\"'`])"
)
_INSIDE = {
    '"': re.compile(r'(?:[^"\\\n]|\\.){1,400}(?=")'),
    "'": re.compile(r"(?:[^'\\\n]|\\.){1,400}(?=')"),
    "`": re.compile(r"(?:[^`\\\n]|\\.){1,400}(?=`)"),
    "\\": re.compile(r"[^\"'`\\\n]{1,400}(?=\\[\"'`])"),
    '"""': re.compile(r'(?:[^"\\\n]|\\.){1,400}?(?=\s{0,40}""")'),
    "'''": re.compile(r"(?:[^'\\\n]|\\.){1,400}?(?=\s{0,40}''')"),
}
_BARE = re.compile(
    r"(?P<close>[\"'\]]{0,2})(?P<sep>[ \t]{0,8}[=:][ \t]{0,8}|[ \t]{1,8})"
    r"(?P<value>[^\s\"'`,;(){}<>\[\]\\]{4,400})(?P<next>[^\n]?)"
)
_PARAMETER = frozenset(";?&\"'`")
_ELEMENT = re.compile(r">(?P<value>[^\s<>\"']{4,400})<")
_LINE_START = re.compile(
    r"[ \t]*(?:[-*#] ?|//[ \t]?)?(?:export[ \t]+|ENV[ \t]+|ARG[ \t]+|set[ \t]+|declare -x[ \t]+|\$env:)?"
    r"[\"']?[\w./:@-]*$"
)
_SCHEME = re.compile(
    r"(?P<scheme>bearer|basic|token|bot)(?:[ \t]{1,4}|%20)(?P<value>[A-Za-z0-9._~+/=-]{12,2000})", re.IGNORECASE
)


def lowered(text: str) -> str:
    """The text in small letters, position by position: the one letter that becomes two is left out."""
    return text.replace("İ", "I").lower()


def assigned(text: str, small: str) -> Iterator[tuple[int, int, str]]:
    """Begin, end and kind of values given to names that mean a secret. `small` is `lowered(text)`."""
    for stem in STEMS:
        at = small.find(stem)
        while at >= 0:
            after = _NAME_AFTER.match(small, at)
            end = after.end() if after else at
            if end < len(text) and text[end] in " \t=:\"'],>(\\!{\n":
                yield from _given(text, small, at, end)
            at = small.find(stem, end)


def _given(text: str, small: str, at: int, end: int) -> Iterator[tuple[int, int, str]]:
    begin = max(0, at - _REACH)
    begin += len(small[begin:at].rstrip(_NAME))
    kind = meaning(small[begin:end])
    if kind is None:
        return
    found = _quoted(text, begin, end, kind) or _last_argument(text, end, kind) or _bare(text, begin, end, kind)
    if found is not None:
        value = text[found[0] : found[1]]
        yield (*found, _precise(kind, small[begin:end], value))


@lru_cache(maxsize=4096)
def meaning(name: str) -> str | None:
    """What kind of secret a name in small letters means; None if none."""
    base = _SUFFIX.sub("", name)
    found = _ENDING.search(base)
    return found.lastgroup if found and not _NO_SECRET.search(base) else None


def _quoted(text: str, begin: int, end: int, kind: str) -> tuple[int, int] | None:
    found = _QUOTED.match(text, end)
    if not found or not _separates(text, begin, end, found):
        return None
    quote = found["quote"].rstrip()
    inside = _INSIDE[quote if len(quote) == 3 else quote[0]].match(text, found.end())
    if not inside or (found["sep"] == "(" and not _ONE_ARGUMENT.match(text, inside.end())):
        return None
    scheme = _SCHEME.match(inside[0])
    if scheme:
        start = inside.start() + scheme.start("value")
        value = text[start : inside.end()]
        return (start, inside.end()) if is_secret("TOKEN", value) else None
    return inside.span() if is_secret(kind, inside[0]) else None


def _last_argument(text: str, end: int, kind: str) -> tuple[int, int] | None:
    """The last of several arguments, of what sets a password: before it stands whose it is."""
    found = _LAST_ARGUMENT.match(text, end) if kind == "PASSWORD" else None
    inside = _INSIDE[found["quote"]].match(text, found.end()) if found else None
    if not inside or not _ONE_ARGUMENT.match(text, inside.end()):
        return None
    return inside.span() if is_secret(kind, inside[0]) else None


def _separates(text: str, begin: int, end: int, found: re.Match[str]) -> bool:
    sep, close = found["sep"], found["close"]
    if sep == ",":
        return '"' in close or "'" in close
    if sep == "":
        before = text[max(0, begin - 8) : begin].rstrip()
        return text[begin] == "-" or text[begin:end] == "PASSWORD" or before.endswith(("define", "set", "setenv"))
    return True


def _bare(text: str, begin: int, end: int, kind: str) -> tuple[int, int] | None:
    element = _ELEMENT.match(text, end) if text[begin - 1 : begin] in {"<", ":"} else None
    if element:
        return element.span("value") if is_secret(kind, element["value"]) else None
    found = _BARE.match(text, end)
    if not found:
        return None
    value, sep, following = found["value"], found["sep"], found["next"]
    scheme = _SCHEME.match(text, found.start("value"))
    if scheme and is_secret("TOKEN", scheme["value"]):
        return scheme.span("value")
    if text[begin - 1 : begin] in _PARAMETER and sep == "=":
        value = value.split("&", 1)[0]
        return (found.start("value"), found.start("value") + len(value)) if is_secret(kind, value) else None
    if text[begin : begin + 2] == "--":
        return found.span("value") if is_secret(kind, value) else None
    if not sep.strip() and not text[text.rfind("\n", 0, begin) + 1 : begin].lstrip().startswith(
        ("ENV ", "ARG ", "set ", "machine ")
    ):
        return None
    is_environment = sep == "=" and text[begin:end].isupper()
    if not is_environment and (following not in {"", "\r", " ", "\t"} and not following.isspace()):
        return None
    line = text[text.rfind("\n", 0, begin) + 1 : begin]
    if not is_environment and not _LINE_START.fullmatch(line):
        return None
    judge = is_secret if is_environment else is_bare_secret
    return found.span("value") if judge(kind, value) else None


_AWS = re.compile(r"[A-Za-z0-9/+]{40}")


def _precise(kind: str, name: str, value: str) -> str:
    if ("aws" in name or "secretaccesskey" in name) and _AWS.fullmatch(value) and "secret" in name:
        return "AWS_SECRET_KEY"
    return kind
