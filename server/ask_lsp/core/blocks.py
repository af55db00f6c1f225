"""Answers that say only what changes: SEARCH/REPLACE blocks and unified diffs, made in the code that the model saw.

A place is taken only when it is the only one: word for word first, then by ignoring white space at line ends, then
indentation too. Line numbers in a diff are not believed, because models cannot count.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple

from ask_lsp.core.codeblocks import Unusable
from ask_lsp.core.fit import moved, trimmed, white, with_line_ends
from ask_lsp.core.leftovers import left_out
from ask_lsp.core.text import line_text, split_lines

MAX_BLOCKS = 1_000

_OPENER = re.compile(
    r"\s*(?:<{5,9}[ \t]*(?:SEARCH|ORIGINAL|OLD|HEAD|BEFORE|FIND)\b.*|-{5,9}[ \t]*SEARCH\b.*|<{7})[ \t]*$", re.I
)
_DIVIDER = re.compile(r"[ \t]*={5,9}[ \t]*$")
_CLOSER = re.compile(
    r"\s*(?:>{5,9}[ \t]*(?:REPLACE|UPDATED?|NEW|HEAD|AFTER)\b.*|\+{5,9}[ \t]*REPLACE\b.*|>{7})[ \t]*$", re.I
)
_FENCE = re.compile(r"[ \t]*(?:`{3,}[^`]*|~{3,}.*)$")
_HUNK = re.compile(r"@@.*?(?:@@|$)")
_DIFF_HEAD = re.compile(
    r"(?:diff --git |index [0-9a-f]+\.\.|--- |\+\+\+ |new file mode |old mode |new mode |similarity )"
)


class Change(NamedTuple):
    """Lines to find, and the lines that take their place."""

    old: list[str]
    new: list[str]


class _Placed(NamedTuple):
    first: int
    last: int
    new: list[str]


def has_blocks(lines: list[str]) -> bool:
    """Whether there is a line that begins a SEARCH/REPLACE block."""
    return any(map(_OPENER.match, lines))


def blocks_of(lines: list[str]) -> list[Change]:
    """The SEARCH/REPLACE blocks in an answer. Raises Unusable for one that has no end."""
    changes: list[Change] = []
    old: list[str] = []
    new: list[str] = []
    state = "outside"
    for line in lines:
        if state != "outside" and _OPENER.match(line):
            raise Unusable("A SEARCH/REPLACE block has no end.")
        if state == "outside":
            if _OPENER.match(line):
                state, old, new = "old", [], []
        elif state == "old":
            if _CLOSER.match(line):
                raise Unusable("A SEARCH/REPLACE block has no line of “=======”.")
            if _DIVIDER.match(line):
                state = "new"
            else:
                old.append(line)
        elif _CLOSER.match(line):
            state = "outside"
            change = Change(_unfenced(old), _unfenced(new))
            if change not in changes[-1:]:
                changes.append(change)
        else:
            new.append(line)
    if state != "outside":
        raise Unusable("The answer is cut off: a SEARCH/REPLACE block has no end.")
    return changes


def is_diff(info: str, lines: list[str]) -> bool:
    """Whether lines are a unified diff, by the language of their block or by what they look like."""
    marked = sum(1 for line in lines if line.startswith(("+", "-")))
    if not marked:
        return False
    strays = sum(1 for line in lines if line.strip() and line[0] not in "+- \\@" and not _DIFF_HEAD.match(line))
    if strays:
        return False
    return info in ("diff", "patch", "udiff") or any(line.startswith("@@") for line in lines)


def hunks_of(lines: list[str]) -> list[Change]:
    """The hunks of a unified diff, as what is to be found and what takes its place."""
    changes: list[Change] = []
    old: list[str] = []
    new: list[str] = []

    def end() -> None:
        while old and new and not old[-1].strip() and not new[-1].strip():
            old.pop()
            new.pop()
        if old != new:
            changes.append(Change([*old], [*new]))
        old.clear()
        new.clear()

    at_head = True
    for line in lines:
        if line.startswith("@@"):
            end()
            at_head = False
        elif at_head and _DIFF_HEAD.match(line):
            continue
        elif line.startswith("diff --git "):
            end()
            at_head = True
        elif line.startswith("+"):
            new.append(line[1:])
        elif line.startswith("-"):
            old.append(line[1:])
        elif not line.startswith("\\"):
            text = line[1:] if line.startswith(" ") else line
            old.append(text)
            new.append(text)
    end()
    return changes


def applied(changes: list[Change], seen: str, indent: str, eol: str, unit: str, language: str) -> str:
    """`seen`, which begins behind `indent`, with all changes made. Raises Unusable when one has not one place."""
    if len(changes) > MAX_BLOCKS:
        raise Unusable("The answer has too many blocks.")
    bom = "\ufeff" if seen.startswith("\ufeff") else ""
    old = split_lines(seen[len(bom) :])
    texts = [line_text(line) for line in old]
    texts[0] = indent + texts[0]
    found = _Finder(texts)
    placed = sorted((_placed(change, found, texts, unit, language) for change in changes), key=lambda place: place[:2])
    result: list[str] = []
    at = 0
    for place in placed:
        if place.first < at:
            raise Unusable("Two of the answer's blocks change the same lines.")
        result += [*texts[at : place.first], *place.new]
        at = place.last
    result += texts[at:]
    if not result:
        result = [""]
    if indent:
        first = result[0]
        result[0] = first[len(indent) :] if first.startswith(indent) else first.lstrip(" \t")
    return bom + with_line_ends(result, old, eol)


class _Finder:
    """Where runs of lines stand, by three ways to compare them; each text is made once, and searched in linear time."""

    ways: tuple[Callable[[str], str], ...] = (str, str.rstrip, str.strip)

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts
        self._made: dict[int, tuple[str, list[int]]] = {}

    def places(self, lines: list[str], way: int) -> list[int]:
        """The numbers of the lines at which `lines` stand: none, one, or the first two."""
        if way not in self._made:
            made = [self.ways[way](text) for text in self._texts]
            self._made[way] = "\n" + "\n".join(made) + "\n", [*accumulate((len(text) + 1 for text in made), initial=1)]
        whole, starts = self._made[way]
        wanted = "\n" + "\n".join(map(self.ways[way], lines)) + "\n"
        found: list[int] = []
        at = whole.find(wanted)
        while at >= 0 and len(found) < 2:
            found.append(bisect_right(starts, at + 1) - 1)
            at = whole.find(wanted, at + 1)
        return found


def _placed(change: Change, finder: _Finder, texts: list[str], unit: str, language: str) -> _Placed:
    wanted = trimmed(change.old)
    if not wanted:
        if any(text.strip() for text in texts):
            raise Unusable("A SEARCH block is empty.")
        return _Placed(0, len(texts), change.new)
    missing = left_out(change.new, texts, language)
    if missing:
        raise Unusable(f"The answer leaves out code: “{missing}”.")
    for way in range(len(finder.ways)):
        for old, new in ((change.old, change.new), (wanted, trimmed(change.new))):
            places = finder.places(old, way)
            if len(places) > 1:
                raise Unusable(f"These lines are found more than once: “{_shown(wanted)}”.")
            if places:
                first, last = places[0], places[0] + len(old)
                return _Placed(first, last, _fitted(new, old, texts[first:last], unit))
    raise Unusable(f"These lines are not in the code: “{_shown(wanted)}”.")


def _fitted(new: list[str], old: list[str], there: list[str], unit: str) -> list[str]:
    """New lines, moved as far as the lines that were searched for stand from where they are."""
    number = next((number for number, line in enumerate(old) if line.strip()), 0)
    return moved(new, white(old[number]), white(there[number]), there, unit)


def _shown(lines: list[str]) -> str:
    text = next((line.strip() for line in lines if any(map(str.isalnum, line))), lines[0].strip())
    return text if len(text) <= 60 else text[:59] + "…"


def _unfenced(lines: list[str]) -> list[str]:
    """Without a fence of its own, which some models put around each half."""
    inner = trimmed(lines)
    if len(inner) > 1 and _FENCE.match(inner[0]) and inner[-1].strip() in ("```", "~~~", "````"):
        return inner[1:-1]
    return lines
