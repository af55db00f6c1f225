"""Whether a string looks like a secret on its own: random letters and digits, and nothing that says it is data.

Random strings in code are mostly no secrets - hashes, identifiers, images, wasm - so this looks at quoted strings
alone, never at hexadecimal ones, and leaves out those whose line says what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

LONGEST_LINE = 1_000
"""Lines longer than this are generated; no string in them is judged by its looks."""

_QUOTES = frozenset("\"'`")
_RANDOM = re.compile(r"[A-Za-z0-9+/_=~-]{24,128}")
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F-]+")
_DATA = re.compile(
    r"hash|digest|checksum|integrity|\bsha|sha\d|md5|crc|fingerprint|signature|etag|nonce|challenge|cert|public|base64|b64"
    r"|data:|encoded|image|icon|font|svg|wasm|alphabet|charset|chars|uuid|guid|commit|revision|serialized|snapshot|magic"
    r"|assert|expect|golden|pem|\bid\b|_id\b|version|etag|boundary|url|href|src=",
    re.IGNORECASE,
)
_NUMBER, _WORD = re.compile(r"\d+"), re.compile(r"[A-Z]?[a-z]{3,}")
_ONLY_A_STRING = re.compile(r"\s*[bru(+.]?\s*[\"'`][^\"'`]*[\"'`][\s,;+)\\]*")


def random_strings(text: str, runs: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where quoted strings stand that look random: begin and end, without the quotes. `runs` are the text's long
    runs."""
    end = 0
    for value in runs:
        at = text.find(value, end)
        end = at + len(value)
        if text[at - 1 : at] not in _QUOTES or text[end : end + 1] not in _QUOTES or not _RANDOM.fullmatch(value):
            continue
        if looks_random(value) and not _HEX.fullmatch(value) and not _is_data(text, at, end):
            yield at, end


def _is_data(text: str, at: int, end: int) -> bool:
    """Whether the line says, or shows, that a string in it is data."""
    begin, stop = text.rfind("\n", 0, at) + 1, text.find("\n", end)
    line = text[begin : stop if stop >= 0 else len(text)]
    return bool(len(line) > LONGEST_LINE or _DATA.search(line) or (end - at >= 40 and _ONLY_A_STRING.fullmatch(line)))


def looks_random(value: str) -> bool:
    """Whether small letters, capitals and digits follow each other as they do in a random string and in no word.

    Of 24 random characters of base 62, about 15 are of another class than the one before; in camel case one in five is.
    """
    classes = [_class(character) for character in value]
    changes = sum(1 for one, other in pairwise(classes) if one != other)
    numbers = len(_NUMBER.findall(value))
    return (
        changes >= 0.38 * len(value)
        and numbers >= 2
        and share_of_words(value) < 0.45
        and _SMALL in classes
        and _CAPITAL in classes
        and len(set(value)) >= min(16, 0.45 * len(value))
    )


def share_of_words(value: str) -> float:
    """How much of a value is made of small letters in a row, as in words; a sixth of what is random."""
    return sum(map(len, _WORD.findall(value))) / max(1, len(value))


_SMALL, _CAPITAL, _DIGIT, _OTHER = range(4)


def _class(character: str) -> int:
    if character.islower():
        return _SMALL
    if character.isupper():
        return _CAPITAL
    return _DIGIT if character.isdigit() else _OTHER
