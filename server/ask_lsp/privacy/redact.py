"""Finds secrets in a text and puts placeholders in their place.

Four ways to find one, each in a module of its own: formats of known keys, what stands around them, names that they are
given to, and their looks; then the user's own patterns, the values of the workspace's .env files, and what this
conversation knows already. Where two find the same place, the more exact one names the kind.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from ask_lsp.core.redaction import PLACEHOLDER, Redacted, RedactRules, Vault, words
from ask_lsp.privacy.assignments import assigned, lowered
from ask_lsp.privacy.dotenv import EnvironmentFiles
from ask_lsp.privacy.entropy import random_strings
from ask_lsp.privacy.known_keys import RULES, Rule, compiled
from ask_lsp.privacy.runs import SHORTEST, SIGNS, long_runs
from ask_lsp.privacy.shapes import headers, key_blocks, passwords_in_urls

SHORT = 4_000
"""Up to this many code points a text is looked through at once, in less than a millisecond; longer ones in a thread."""

MOST_PASSES = 4
BESIDE = 2
"""How many lines beside a replaced one are looked through again: a name and its value may stand in different lines."""


class Found(NamedTuple):
    """A secret in a text. A lower rank knows better what it is."""

    begin: int
    end: int
    rank: int
    kind: str


class SecretRedactor:
    """Satisfies the port Redactor."""

    def __init__(self) -> None:
        self._files = EnvironmentFiles()
        self._one_at_a_time = Lock()  # two threads that number the same vault could give two values one name

    async def redact(self, text: str, vault: Vault, rules: RedactRules, roots: Sequence[Path] = ()) -> Redacted:
        """The text with placeholders for secrets, which the vault remembers. Never raises for a wrong pattern."""
        if len(text) <= SHORT and not roots and not rules.patterns:
            return self._redact(text, vault, rules, ())
        return await asyncio.to_thread(self._redact, text, vault, rules, tuple(roots))

    def _redact(self, text: str, vault: Vault, rules: RedactRules, roots: Sequence[Path]) -> Redacted:
        values = self._files.secrets(roots)
        with self._one_at_a_time:
            return redact(text, vault, rules, values)


def redact(text: str, vault: Vault, rules: RedactRules, values: Mapping[str, str] | None = None) -> Redacted:
    """The same for one text. `values` are further secrets, by value, with their kinds.

    Where something was replaced, it is looked once more, and everywhere for what was found: a password that was told
    by its name in one line is one in the next as well, and redacting what is redacted changes nothing.
    """
    vault.avoid(text)
    counts: Counter[str] = Counter()
    parts: Sequence[tuple[int, int]] = [(0, len(text))]
    for _ in range(MOST_PASSES):
        known = (Found(begin, end, 7, kind) for begin, end, kind in vault.known_in(text))
        fresh = (found for begin, end in parts for found in _shifted(_all(text[begin:end], rules, values or {}), begin))
        found = _joined(text, _allowed(text, chain(known, fresh), rules))
        if not found:
            break
        counts.update(secret.kind for secret in found)
        text, parts = _replaced(text, found, vault)
    return Redacted(text, counts)


def _replaced(text: str, found: Sequence[Found], vault: Vault) -> tuple[str, list[tuple[int, int]]]:
    """The text with placeholders, and the parts of it, whole lines, in which a rule might see something else now."""
    pieces: list[str] = []
    places: list[tuple[int, int]] = []
    at = length = 0
    for secret in found:
        name = vault.placeholder(secret.kind, text[secret.begin : secret.end])
        pieces += (text[at : secret.begin], name)
        length += secret.begin - at + len(name)
        places.append((length - len(name), length))
        at = secret.end
    new = "".join((*pieces, text[at:]))
    parts: list[tuple[int, int]] = []
    for begin, end in places:
        first, last = _lines_around(new, begin, end)
        if parts and first <= parts[-1][1]:
            first, last = parts[-1][0], max(parts.pop()[1], last)
        parts.append((first, last))
    return new, parts


def _lines_around(text: str, begin: int, end: int) -> tuple[int, int]:
    for _ in range(BESIDE + 1):
        begin = max(0, text.rfind("\n", 0, max(0, begin)))
        stop = text.find("\n", end)
        end = stop + 1 if stop >= 0 else len(text)
    return begin, end


def _shifted(found: Iterator[Found], by: int) -> Iterator[Found]:
    return found if not by else (each._replace(begin=each.begin + by, end=each.end + by) for each in found)


def _all(text: str, rules: RedactRules, values: Mapping[str, str]) -> Iterator[Found]:
    for name, pattern in rules.patterns.items():
        yield from _own(text, name, pattern)
    runs = long_runs(text)
    bare = _ESCAPE_AND_RUN.sub(lambda escape: " " * len(escape[0]), text)
    joined = " ".join(runs if bare == text else (*runs, *long_runs(bare)))
    for rule in RULES:
        yield from _known(text, bare, joined, rule)
    yield from (Found(begin, end, 2, "PRIVATE_KEY") for begin, end in key_blocks(text))
    yield from (Found(begin, end, 3, "PASSWORD") for begin, end in passwords_in_urls(text))
    small = lowered(text)
    yield from (Found(begin, end, 4, kind) for begin, end, kind in assigned(text, small))
    yield from (Found(begin, end, 5, "TOKEN") for begin, end in headers(text, small))
    for value, kind in values.items():
        yield from (Found(at, at + len(value), 6, kind) for at in words(text, value))
    yield from (Found(begin, end, 8, "RANDOM_STRING") for begin, end in random_strings(text, runs))


def _known(text: str, bare: str, runs: str, rule: Rule) -> Iterator[Found]:
    """Where a key of a known format stands. Nothing is compiled or tried if the long runs have none of the literals.

    `bare` is the text with blanks for escapes, whose letters belong to no word: a key may stand right behind one.
    """
    present = [literal for literal in rule.literals if literal in runs]
    if not present:
        return
    pattern = compiled(rule.pattern)
    if not any(True for _ in _matches(runs, present, pattern, rule.before)):
        return
    for searched in (text,) if bare == text else (text, bare):
        for match in _matches(searched, present, pattern, rule.before):
            if not _inside_word(searched, match.start()):
                begin, end = match.span("secret" if "secret" in pattern.groupindex else 0)
                yield Found(begin, end, 1, rule.kind)


def _matches(text: str, literals: Sequence[str], pattern: re.Pattern[str], before: int) -> Iterator[re.Match[str]]:
    return _around(text, literals, pattern, before) if before else pattern.finditer(text)


def _around(text: str, literals: Sequence[str], pattern: re.Pattern[str], before: int) -> Iterator[re.Match[str]]:
    """Matches that hold a literal with up to `before` characters ahead of it."""
    for literal in literals:
        at = text.find(literal)
        done = 0
        while at >= 0:
            match = pattern.search(text, max(done, at - before), at + len(literal) + 400)
            if match and match.start() <= at:
                yield match
                done = match.end()
            at = text.find(literal, max(at + len(literal), done))


def _inside_word(text: str, at: int) -> bool:
    """Whether the letter before belongs to the same word."""
    return at > 0 and text[at].isalnum() and text[at - 1].isalnum()


def _own(text: str, name: str, pattern: str) -> Iterator[Found]:
    """What one of the user's patterns matches: its group `secret`, or all of it."""
    own = _compiled(pattern)
    if own is None:
        return
    group = "secret" if "secret" in own.groupindex else 0
    for match in own.finditer(text):
        begin, end = match.span(group)
        if begin < end:
            yield Found(begin, end, 0, kind_of(name))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The settings say so when a pattern is wrong; here it finds nothing."""
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return None


def kind_of(name: str) -> str:
    """A user's name as the kind in a placeholder: capitals, digits and `_`."""
    kind = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")[:40].rstrip("_")
    return kind if kind[:1].isalpha() else f"OWN_{kind}".rstrip("_")


def _allowed(text: str, found: Iterator[Found], rules: RedactRules) -> list[Found]:
    """Without what the user said is no secret."""
    allow = [own for own in map(_compiled, rules.allow) if own is not None]
    if not allow:
        return list(found)
    return [each for each in found if not any(own.fullmatch(text, each.begin, each.end) for own in allow)]


def _joined(text: str, found: list[Found]) -> list[Found]:
    """Apart from each other, in order: those that touch become one, and none touches a placeholder's letters.

    A placeholder is read back by its capitals, digits and `_`; so those next to a secret go with it, escapes whole.
    """
    taken = [match.span() for match in PLACEHOLDER.finditer(text)] if found and "REDACTED_" in text else []
    joined: list[Found] = []
    for each in sorted(found):
        begin, end = _widened(text, each.begin, each.end)
        if any(begin < stop and start < end for start, stop in taken):
            continue
        if joined and begin <= joined[-1].end:
            last = joined.pop()
            rank, kind = min((last.rank, last.kind), (each.rank, each.kind))
            joined.append(Found(last.begin, max(last.end, end), rank, kind))
        else:
            joined.append(Found(begin, end, each.rank, each.kind))
    return joined


_JOINS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_ESCAPE = r"\\(?:[abefnrtv]|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})"
_ESCAPE_BEFORE = re.compile(rf"{_ESCAPE}\Z")
_ESCAPE_AND_RUN = re.compile(rf"{_ESCAPE}(?=[\w{re.escape(SIGNS)}]{{{SHORTEST}}})", re.ASCII)
_LONGEST_ESCAPE = 10


def _widened(text: str, begin: int, end: int) -> tuple[int, int]:
    while begin > 0 and text[begin - 1] in _JOINS:
        escape = _ESCAPE_BEFORE.search(text, max(0, begin - _LONGEST_ESCAPE), begin)
        begin = escape.start() if escape else begin - 1
    while end < len(text) and text[end] in _JOINS:
        end += 1
    return begin, end
