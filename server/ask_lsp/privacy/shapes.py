"""Secrets that are known by what stands around them: blocks of private keys, passwords in URLs, Authorization
headers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ask_lsp.privacy.values import is_secret

LONGEST_BLOCK = 20_000
"""How far the end of a key's block is looked for, in code points; RSA keys of 16,384 bits take 13,000."""

_BEGIN = re.compile(r"-----BEGIN (?P<label>(?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?)-----")
_EDGE = r"(?:\s|\\[nrt]|\\?[\"']|[#*,]|//?[ \t]|[+.&][ \t\n]|\\\n)"
_HEAD, _TAIL = re.compile(rf"{_EDGE}{{0,200}}"), re.compile(rf"{_EDGE}{{0,200}}\Z")
_BASE64 = re.compile(r"[A-Za-z0-9+/=]{16}")
_CUT = re.compile(r"[A-Za-z0-9+/=\s]{0,20000}")

_USERINFO = re.compile(r"://(?P<user>[^\s/?#@:\"'`<>\\]{0,128}):(?P<secret>[^\s/?#@\"'`<>\\]{1,256})@(?=[\w\[{$%<(])")
_USUAL = frozenset(
    {
        *("admin", "api_key", "apikey", "auth", "bar", "baz", "changeme", "example", "foo", "guest", "key"),
        *("mypassword", "mysql", "p", "pass", "pass1", "pass123", "passwd", "password", "password123"),
        *("postgres", "pw", "pwd", "root", "secret", "test", "token", "user", "username", "xxx", "yourpassword"),
    }
)
_HEADER = re.compile(
    r"authorization[\"']?\s{0,3}[:=,]\s{0,3}\\?[\"'`]?(?:bearer|basic|token|bot|apikey)[ \t]{1,4}"
    r"(?P<secret>[A-Za-z0-9._~+/=-]{12,4000})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"bearer[ \t](?P<secret>[A-Za-z0-9._~+/=-]{16,4000})", re.IGNORECASE)


def key_blocks(text: str) -> Iterator[tuple[int, int]]:
    """The bodies of private keys: what stands between BEGIN and END, without the line ends, escapes and quotes at its
    edges.

    The two marker lines stay: the model sees what it is, and a string, a comment or a block of YAML stays one.
    """
    at = text.find("-----BEGIN ")
    while at >= 0:
        begin = _BEGIN.match(text, at)
        at = text.find("-----BEGIN ", at + 1)
        if not begin:
            continue
        end = text.find(f"-----END {begin['label']}-----", begin.end(), begin.end() + LONGEST_BLOCK)
        if end < 0:  # the selection was cut inside the key
            run = _CUT.match(text, begin.end())
            end = run.end() if run else begin.end()
        head = _HEAD.match(text, begin.end(), end)
        start = head.end() if head else begin.end()
        stop = end - _length_of_tail(text[max(start, end - 200) : end])
        if _BASE64.search(text, start, stop):
            yield start, stop


def _length_of_tail(text: str) -> int:
    for at in range(len(text)):
        if _TAIL.match(text, at):
            return len(text) - at
    return 0


def passwords_in_urls(text: str) -> Iterator[tuple[int, int]]:
    """The passwords in URLs such as `postgres://user:password@host`, but for those that documentation uses."""
    at = text.find("://")
    while at >= 0:
        found = _USERINFO.match(text, at)
        if found and _is_password(found["user"], found["secret"]):
            yield found.span("secret")
        at = text.find("://", at + 3)


_TEMPLATE = re.compile(r"[${}<>*%]\w*[{(]|[{}]|^\d+,|^\$|^%[sd]$|^\*+$|^x+$|^\.+$|^%\(")


def _is_password(user: str, secret: str) -> bool:
    small = secret.lower()
    return len(secret) >= 4 and small not in _USUAL and small != user.lower() and not _TEMPLATE.search(secret)


def headers(text: str, small: str) -> Iterator[tuple[int, int]]:
    """The credentials of Authorization headers, and of `Bearer …` in a curl line or a string."""
    for word, pattern in (("authorization", _HEADER), ("bearer ", _BEARER)):
        at = small.find(word)
        while at >= 0:
            found = pattern.match(text, at)
            if found and is_secret("TOKEN", found["secret"]):
                yield found.span("secret")
            at = small.find(word, at + len(word))
