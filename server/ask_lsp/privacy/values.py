"""Whether what is given to a name that means a secret is one: not a template, a word, a path, a type or an
expression."""

from __future__ import annotations

import re
from itertools import pairwise

from ask_lsp.privacy.entropy import looks_random, share_of_words

SHORTEST = {"PASSWORD": 6}
SHORTEST_OF_OTHERS = 8
MOST_WORDS = 5

_TEMPLATE = re.compile(
    r"\$\{|\{\{|\$\(|%\(|%[sdr]\b|<|>|\{\w*\}|^\$\w+$|^%\w+%$|^@\w+@?$|^\{.*\}$|#\{|^\*+$|^(.)\1*$|\.\.\.|\*\*\*|…|\[.*\]|\\[dwsDWSb]"
)
_STAND_IN = re.compile(
    r"example|change[_-]?(?:me|it|this)|placeholder|your[_-]?|dummy|redacted|replace|insert|xxxx|to-?do\b|fix-?me|sample"
    r"|not[_-]?(?:a[_-]?)?(?:real|secret)|goes[_-]?here|none|null|undefined|process\.env|os\.environ|getenv|secrets\."
    r"|(?<=[A-Za-z])(?:key|token|secret|password|field|name|type|input)$",
    re.IGNORECASE,
)
_PATH = re.compile(
    r"://|^[.~]{0,2}/|^[A-Za-z]:\\|\.(?:pem|key|crt|cer|json|ya?ml|txt|py|js|ts|html?|css|png|svg|conf|ini|toml)$|^urn:"
)
_DIGEST = re.compile(r"^(?:sha\d{1,3}|md5)[-:=]")
_WORDS = re.compile(r"[A-Za-z]*\d{0,3}(?:[_\-.:/ ][A-Za-z]*\d{0,3})*")
_SYMBOLS = frozenset("!@#$%^&*?~+=|")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_TEACHING = frozenset(
    {"password1", "password12", "password123", "passw0rd", "secret123", "test1234", "abc12345", "test123"}
)


def is_secret(kind: str, value: str) -> bool:
    """Whether a quoted value is a secret, when its name says so (`kind`: what the name means)."""
    if len(value) < SHORTEST.get(kind, SHORTEST_OF_OTHERS):
        return False
    if is_template(value) or _PATH.search(value) or _DIGEST.search(value):
        return False
    if any(character.isspace() for character in value):
        return kind == "PASSWORD" and _is_phrase(value)
    letters, digits = any(map(str.isalpha, value)), any(map(str.isdigit, value))
    if kind == "PASSWORD":
        if _SYMBOLS.isdisjoint(value) and not (letters and digits) and not looks_random(value):
            return False
        return value.lower() not in _TEACHING and (not _WORDS.fullmatch(value) or value.isalnum())
    return (letters and digits and not _WORDS.fullmatch(value) and share_of_words(value) < 0.6) or _mixed(value)


def _is_phrase(value: str) -> bool:
    """Whether a few words are a password and no sentence: one of them is of letters, digits and signs in one."""
    words = value.split(" ")
    return len(words) <= MOST_WORDS and any(
        sum((any(map(str.isalpha, word)), any(map(str.isdigit, word)), not _SYMBOLS.isdisjoint(word))) > 1
        for word in (each.rstrip("!?") if each.rstrip("!?").isalpha() else each for each in words)
    )


def is_template(value: str) -> bool:
    """Whether a value only says that something is to be put there."""
    return bool(_TEMPLATE.search(value) or _STAND_IN.search(value))


def is_bare_secret(kind: str, value: str) -> bool:
    """The same for a value without quotes, which in code may be any expression."""
    if not is_secret(kind, value) or _DOTTED.fullmatch(value):
        return False
    if not _SYMBOLS.isdisjoint(value) or (value.isdigit() and kind == "PASSWORD"):
        return True
    return _turns(value) >= 3 and not (value.islower() and "_" in value and _turns(value) < 5)


def _mixed(value: str) -> bool:
    """Letters alone, but in an order of cases that no word has."""
    turns = sum(1 for one, other in pairwise(value) if one.isupper() != other.isupper())
    return len(value) >= 20 and value.isalpha() and turns >= 0.38 * len(value)


def _turns(value: str) -> int:
    """How often letters and digits, or small letters and capitals, follow each other."""
    kinds = [(character.isdigit(), character.isupper()) for character in value]
    return sum(1 for one, other in pairwise(kinds) if one != other)
