"""Placeholders for secrets: what is sent in their place, and how their values come back into an edit.

A placeholder is an upper-case identifier, `REDACTED_GITHUB_TOKEN_1`: models copy it whole, and code parses with it in a
string, in a URL and as a name. It says the kind and a number, and is never derived from the value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from ask_lsp.core.surroundings import Place, places

PLACEHOLDER = re.compile(
    r"(?<![A-Z0-9_])REDACTED_(?P<kind>[A-Z](?:[A-Z0-9_]{0,60}[A-Z0-9])?)_(?P<number>[1-9][0-9]{0,8})(?![A-Z0-9_])"
)
"""A placeholder in a text. It may touch lower-case letters (`botREDACTED_TELEGRAM_TOKEN_1`), as some secrets do."""

SHORTEST_KNOWN = 8
"""How long a value has to be to be looked for wherever it stands, in code points."""


@dataclass(frozen=True)
class RedactRules:
    """The user's own rules: `patterns` by name are secrets too, what `allow` matches as a whole is none."""

    patterns: Mapping[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()


class Redacted(NamedTuple):
    """A text with placeholders. `counts` says how many secrets of each kind were replaced to make it."""

    text: str
    counts: Mapping[str, int]


class Restored(NamedTuple):
    """A text with values in the place of placeholders. `left` are the placeholders that had to stay."""

    text: str
    left: tuple[str, ...]


class Vault:
    """The placeholders of one conversation and what they stand for; values are in memory and nowhere else."""

    __slots__ = ("_numbers", "_placeholders", "_taken", "_values")

    def __init__(self) -> None:
        self._placeholders: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()
        self._taken: set[str] = set()

    def placeholder(self, kind: str, value: str) -> str:
        """What is sent for that value: the same for the same kind and value, else a number that is new here."""
        known = self._placeholders.get((kind, value))
        if known is not None:
            return known
        made = self._next(kind)
        while made in self._taken:
            made = self._next(kind)
        if not PLACEHOLDER.fullmatch(made):
            raise ValueError(f"{kind!r} is no kind of secret")
        self._placeholders[kind, value] = made
        self._values[made] = value
        return made

    def avoid(self, text: str) -> None:
        """Placeholders that stand in this text already are never handed out for another value."""
        if "REDACTED_" in text:
            self._taken.update(found[0] for found in PLACEHOLDER.finditer(text))

    def value(self, placeholder: str) -> str | None:
        """What the placeholder stands for; None if it is none of this vault's."""
        return self._values.get(placeholder)

    def standing(self, text: str) -> Mapping[str, int]:
        """How many distinct placeholders of this vault stand in a text, by kind."""
        found = {match[0]: match["kind"] for match in PLACEHOLDER.finditer(text) if match[0] in self._values}
        return Counter(found.values())

    def known_in(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where values of this vault stand in a text as words of their own: begin, end, kind.

        What was found to be a secret once is one wherever it stands. Short values are words too often, and not looked
        for.
        """
        for (kind, value), _ in tuple(self._placeholders.items()):
            if len(value) >= SHORTEST_KNOWN:
                yield from ((at, at + len(value), kind) for at in words(text, value))

    def _next(self, kind: str) -> str:
        self._numbers[kind] += 1
        return f"REDACTED_{kind}_{self._numbers[kind]}"

    def __repr__(self) -> str:
        return f"Vault({len(self._values)} values)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Vault is not pickled or copied")


def words(text: str, value: str) -> Iterator[int]:
    """Where a value stands in a text without a letter or digit next to it."""
    at = text.find(value)
    while at >= 0:
        end = at + len(value)
        if not (_joins(text[at - 1 : at], value[0]) or _joins(text[end : end + 1], value[-1])):
            yield at
        at = text.find(value, end)


def _joins(neighbour: str, edge: str) -> bool:
    return neighbour.isalnum() and edge.isalnum()


def restore(new: str, seen: str, vault: Vault, raw: str = "") -> Restored:
    """Values in the place of placeholders, each only where it stood, and no more often.

    `seen` is the text that the model was to change, in placeholder form, and `new` what it made of it. A placeholder of
    `new` is where one of `seen` was if Place.stays says so; each of `seen` counts once, for a line that is as it was
    before any other. `raw` is the same text as the document has it: a placeholder that somebody wrote there is only a
    word, and so that name is not restored at all. A name that nobody gave the model is left too, and named.
    """
    written = {found[0] for found in PLACEHOLDER.finditer(raw)}
    stood = places(seen, PLACEHOLDER)
    free = [place for place in stood if vault.value(place.name) is not None and place.name not in written]
    claims: set[int] = set()
    waiting: list[Place] = []
    for place in places(new, PLACEHOLDER):
        if not _claim(place, [each for each in free if each.line == place.line], free, claims):
            waiting.append(place)
    for place in waiting:
        _claim(place, free, free, claims)
    names = {place.name for place in stood}
    left: dict[str, None] = {}

    def put(found: re.Match[str]) -> str:
        known = vault.value(found[0])
        if known is not None and found.start() in claims:
            return known
        if known is not None or found[0] not in names:
            left[found[0]] = None
        return found[0]

    return Restored(PLACEHOLDER.sub(put, new), tuple(left))


def _claim(place: Place, among: list[Place], free: list[Place], claims: set[int]) -> bool:
    """Takes a place of the seen text for one of the new text, if one of `among` fits."""
    home = next((each for each in among if each.name == place.name and place.stays(each)), None)
    if home is None:
        return False
    free.remove(home)
    claims.add(place.start)
    return True
