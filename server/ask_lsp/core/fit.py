"""Makes new text fit the place that it goes to: its indentation, tabs or spaces, line ends and blank edges.

Works on lines without terminators. A line that the place already has word for word stays as it is, so that text in
column 0 of a string survives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from ask_lsp.core.diff import line_hunks
from ask_lsp.core.strings import inside_strings
from ask_lsp.core.text import line_length, line_text, split_lines

BOM = "\ufeff"
_BLANK = " \t"
_USUAL = "    "
MOST_READ = 5_000
"""Lines that are looked at for how deep a level is."""


def fit(
    code: list[str], seen: str, indent: str, eol: str, unit: str, *, keep_trailing: bool = False, language: str = ""
) -> str:
    """The lines of `code` as they have to stand instead of `seen`, which begins behind `indent` on its first line.

    Blank lines at both ends, the line end behind the last line and a byte order mark are those of `seen`. `unit` is one
    level of indentation. White space at line ends is dropped where `seen` has none, unless it is to be kept. Strings of
    several lines that are in `seen` stay, where the `language` is one whose strings are known.
    """
    bom = BOM if seen.startswith(BOM) else ""
    old = split_lines(seen[len(bom) :])
    texts = [line_text(line) for line in old]
    first = next((number for number, text in enumerate(texts) if text.strip()), len(texts) - 1)
    last = next((number for number in range(len(texts) - 1, first, -1) if texts[number].strip()), first)
    lines = trimmed([line.removeprefix(BOM) for line in code[:1]] + code[1:])
    base = (indent if first == 0 else "") + white(texts[first])
    whole = [indent + texts[0], *texts[1:]]
    answered, strings = lines, list(inside_strings(lines, language))
    told = {number for stretch in strings for number in stretch}
    lines = moved(answered, _white_of_first(answered), base, whole, unit, keep_trailing=keep_trailing, told=told)
    if strings and lines != answered:
        known = {whole[number] for stretch in inside_strings(whole, language) for number in stretch}
        _keep_strings(lines, answered, strings, known)
    if first == 0 and lines:
        lines[0] = lines[0][len(indent) :] if lines[0].startswith(indent) else lines[0].lstrip(_BLANK)
    texts = [*texts[:first], *lines, *texts[last + 1 :]]
    return bom + "".join(_ended(texts, old, eol))


def moved(
    lines: list[str],
    from_white: str,
    to_white: str,
    seen: Collection[str],
    unit: str,
    *,
    keep_trailing: bool = False,
    told: Collection[int] = (),
) -> list[str]:
    """The lines moved from one indentation to another, in the kind of white space that `unit` is made of.

    The numbers of lines that are the text of a string are `told`: how they are indented says nothing about the code.
    """
    known = frozenset(seen)
    level = _level(lines, unit)
    start, goal = _in_kind(from_white, level, unit), to_white
    rest_start = start
    if not from_white and to_white and _only_first_is_moved(lines, seen, told):
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


def indent_unit(lines: Sequence[str], target: range) -> str:
    """One level of indentation as these lines have it: a tab or some spaces; "" if none of them is indented.

    Told by what a line has more than the one above it, because the lines of nested code alone do not show how wide one
    level is. What most lines have counts; the lines of `target` decide where two are as frequent, and between tabs and
    spaces where a file mixes them.
    """
    here = [white(lines[number]) for number in target if lines[number].strip()]
    kinds = Counter(place.startswith("\t") for place in here if place)
    tabs = {kind for kind in kinds if kinds[kind] == max(kinds.values())}
    everywhere = _steps(lines, range(min(len(lines), MOST_READ)))
    near = _steps(lines, range(max(0, target.start - 1), target.stop))
    steps = [step for step in everywhere | near if len(tabs) != 1 or (step == "\t") in tabs]
    if steps:
        return max(steps, key=lambda step: (everywhere[step], near[step], -len(step)))
    least = min(filter(None, here), key=len, default="")
    return "\t" if least.startswith("\t") else least if len(least) in (0, 2, 3) else _USUAL


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


def _keep_strings(lines: list[str], answered: list[str], strings: list[range], known: Collection[str]) -> None:
    """Takes strings as they were answered where the place has them so, and has not what moving made of them."""
    for stretch in strings:
        raw, shifted = ([each[number] for number in stretch] for each in (answered, lines))
        if _known(raw, known) and not _known(shifted, known):
            lines[stretch.start : stretch.stop] = raw


def _known(lines: list[str], known: Collection[str]) -> bool:
    return all(line in known or not line.strip() for line in lines)


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


def _steps(lines: Sequence[str], numbers: range) -> Counter[str]:
    """By how much lines are indented deeper than the line above: a tab or 2 to 8 spaces, and how often."""
    steps: Counter[str] = Counter()
    above: str | None = None
    for number in numbers:
        line = lines[number]
        if not line.strip():
            continue
        here = white(line)
        if above is not None and here.startswith(above):
            step = here[len(above) :]
            if step == "\t" or (2 <= len(step) <= 8 and not step.strip(" ")):
                steps[step] += 1
        above = here
    return steps


def _only_first_is_moved(lines: list[str], seen: Collection[str], told: Collection[int]) -> bool:
    """Whether most lines that `seen` has too stand where they stood, so that only the first lost its indentation."""
    places: dict[str, set[str]] = {}
    for line in seen:
        if text := line.strip():
            places.setdefault(text, set()).add(white(line))
    votes = Counter(
        white(line) in places[text]
        for number, line in enumerate(lines)
        if number
        and number not in told
        and (text := line.strip()) in places
        and len(places[text]) == 1
        and any(map(str.isalnum, text))
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
