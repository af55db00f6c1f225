"""Makes new text fit the place that it goes to: its indentation, tabs or spaces, line ends and blank edges.

Works on lines without terminators. A line that the place already has word for word stays as it is, so that text in
column 0 of a string survives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from ask_lsp.core.diff import line_hunks
from ask_lsp.core.text import line_length, line_text, split_lines

BOM = "\ufeff"
_BLANK = " \t"


def fit(code: list[str], seen: str, indent: str, eol: str, unit: str, *, keep_trailing: bool = False) -> str:
    """The lines of `code` as they have to stand instead of `seen`, which begins behind `indent` on its first line.

    Blank lines at both ends, the line end behind the last line and a byte order mark are those of `seen`. `unit` is one
    level of indentation. White space at line ends is dropped where `seen` has none, unless it is to be kept.
    """
    bom = BOM if seen.startswith(BOM) else ""
    old = split_lines(seen[len(bom) :])
    texts = [line_text(line) for line in old]
    first = next((number for number, text in enumerate(texts) if text.strip()), len(texts) - 1)
    last = next((number for number in range(len(texts) - 1, first, -1) if texts[number].strip()), first)
    lines = trimmed([line.removeprefix(BOM) for line in code[:1]] + code[1:])
    base = (indent if first == 0 else "") + white(texts[first])
    whole = [indent + texts[0], *texts[1:]]
    lines = moved(lines, _white_of_first(lines), base, whole, unit, keep_trailing=keep_trailing)
    if first == 0 and lines:
        lines[0] = lines[0][len(indent) :] if lines[0].startswith(indent) else lines[0].lstrip(_BLANK)
    texts = [*texts[:first], *lines, *texts[last + 1 :]]
    return bom + "".join(_ended(texts, old, eol))


def moved(
    lines: list[str], from_white: str, to_white: str, seen: Collection[str], unit: str, *, keep_trailing: bool = False
) -> list[str]:
    """The lines moved from one indentation to another, in the kind of white space that `unit` is made of."""
    known = frozenset(seen)
    level = _level(lines, unit)
    start, goal = _in_kind(from_white, level, unit), to_white
    rest_start = start
    if not from_white and to_white and _only_first_is_moved(lines, seen):
        rest_start = goal
    result = []
    for number, line in enumerate(lines):
        if line in known and (start == goal or not line.strip() or len(white(line)) < len(goal)):
            result.append(line)
            continue
        inner = white(line)
        text = line[len(inner) :] if keep_trailing else line[len(inner) :].rstrip(_BLANK)
        if not text.strip(_BLANK):
            result.append("")
            continue
        place = _moved(_in_kind(inner, level, unit), start if number == 0 else rest_start, goal)
        kept = place + line[len(inner) :]
        result.append(kept if kept in known else place + text)
    return result


def with_line_ends(texts: list[str], old: list[str], eol: str) -> str:
    """The texts joined by `eol`, but for lines of `old` that stay and have another line end."""
    return "".join(_ended(texts, old, eol))


def trimmed(lines: list[str]) -> list[str]:
    """Without blank lines at both ends."""
    first, last = 0, len(lines)
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last - 1].strip():
        last -= 1
    return lines[first:last]


def white(line: str) -> str:
    """The white space that a line begins with."""
    return line[: len(line) - len(line.lstrip(_BLANK))]


def _white_of_first(lines: list[str]) -> str:
    return white(lines[0]) if lines else ""


def _moved(place: str, start: str, goal: str) -> str:
    """White space that was relative to `start`, relative to `goal`; what was left of it stays so as far as it goes."""
    if place.startswith(start):
        return goal + place[len(start) :]
    if len(goal) >= len(start):
        return goal[: len(goal) - len(start)] + place
    return place[min(len(place), len(start) - len(goal)) :]


def _in_kind(place: str, level: int, unit: str) -> str:
    """White space made of tabs or spaces as `unit` is; what is less than a level stays spaces."""
    if not place:
        return place
    if unit != "\t":
        return place.replace("\t", unit) if "\t" in place else place
    if " " not in place:
        return place
    tabs = len(place) - len(place.lstrip("\t"))
    levels, more = divmod(len(place) - tabs, level) if "\t" not in place[tabs:] else (0, -1)
    if more < 0:
        return place
    return "\t" * (tabs + levels) + " " * more


def _level(lines: list[str], unit: str) -> int:
    """How many spaces the lines have for a level, where they are to become tabs."""
    if unit != "\t":
        return max(1, len(unit))
    widths = set()
    before = 0
    for line in lines:
        text = line.lstrip(" ")
        if text.strip() and text[0] not in "*\t":
            width = len(line) - len(text)
            widths |= {abs(width - before)}
            before = width
    return min((width for width in widths if width > 1), default=4)


def _only_first_is_moved(lines: list[str], seen: Collection[str]) -> bool:
    """Whether most lines that `seen` has too stand where they stood, so that only the first lost its indentation."""
    places: dict[str, set[str]] = {}
    for line in seen:
        if text := line.strip():
            places.setdefault(text, set()).add(white(line))
    votes = Counter(
        white(line) in places[text]
        for line in lines[1:]
        if (text := line.strip()) in places and len(places[text]) == 1 and any(map(str.isalnum, text))
    )
    return votes[True] > votes[False]


def _ended(texts: list[str], old: list[str], eol: str) -> list[str]:
    """The texts with line ends, the last one without; those of `old` where it mixes them and a line stays."""
    ended = [text + eol for text in texts[:-1]] + texts[-1:]
    if {line[line_length(line) :] for line in old[:-1]} <= {eol}:
        return ended
    at_old = at_new = 0
    old_texts = [line_text(line) for line in old]
    for hunk in [*line_hunks(old_texts, texts), (len(old), len(old), len(texts), len(texts))]:
        for step in range(hunk[0] - at_old):
            if at_new + step < len(texts) - 1 and at_old + step < len(old) - 1:
                ended[at_new + step] = old[at_old + step]
        at_old, at_new = hunk[1], hunk[3]
    return ended
