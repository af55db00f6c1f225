"""What a text says about an edit: that it was made, that it was made beside keys that came with it, or nothing."""

from __future__ import annotations

import re

from ask_lsp.core.diff import line_hunks
from ask_lsp.core.edits import merge
from ask_lsp.core.text import plain_line_ends

MOST_COUNTED = 200
_TELLING = re.compile(r"\w\W*\w\W*\w")
_WORD = re.compile(r"\w+|[^\w\s]")


def holds(seen: str, new: str, now: str) -> bool:
    """Whether `now` has `new` word for word, or is `seen` with the step to `new` and other lines changed: no guess."""
    seen, new, now = plain_line_ends(seen), plain_line_ends(new), plain_line_ends(now)
    if now == new:
        return True
    if now == seen:
        return False
    if any(has_come(part, seen, now) for part in (new, _added_beside(seen, new)) if part):
        return True
    return merge(seen, new, now) == now and lines_agree(seen, new, now) is not None


def has_come(part: str, seen: str, now: str) -> bool:
    """Whether `now` has a text as whole lines, and `seen` had not."""
    return found_in(part, now) >= 0 > found_in(part, seen)


def has_come_near(seen: str, new: str, before: str, now: str) -> bool:
    """Whether a stretch with the lines above and below has the new text, or the lines that are added, and had not.

    Where one of those lines was typed in at the same moment, editors that send whole documents, or all changes as one,
    leave it open on which side of an edge something came.
    """
    seen, new, before, now = map(plain_line_ends, (seen, new, before, now))
    parts = (new, _added_beside(seen, new))
    return any(_TELLING.search(part) and has_come(part, before, now) for part in parts)


def found_in(part: str, text: str) -> int:
    """Where a text is in another as whole lines; -1 if it is not."""
    at = text.find(part)
    while at >= 0:
        begins = at == 0 or text[at - 1] in "\r\n" or part[:1] in ("\r", "\n")
        if begins and (at + len(part) == len(text) or text[at + len(part)] in "\r\n" or part[-1:] in ("\r", "\n")):
            return at
        at = text.find(part, at + 1)
    return -1


def _added_beside(seen: str, new: str) -> str:
    """The lines that a step adds above or below all that was seen, and does nothing else."""
    if seen and new.startswith(seen + "\n"):
        return new[len(seen) + 1 :]
    return new[: -len(seen) - 1] if seen and new.endswith("\n" + seen) else ""


def stands(seen: str, new: str, now: str, *, gone: bool = False) -> bool:
    """Whether `now` is `seen` with the step to `new` made in it, whatever else was typed at the same time.

    `gone` says that the lines that the step takes away were seen to go.
    """
    return holds(seen, new, now) or _traces(*map(plain_line_ends, (seen, new, now)), gone=gone)


def _traces(seen: str, new: str, now: str, *, gone: bool) -> bool:
    """Whether the step was made, beside keys that came with it.

    The lines have to agree. One that is not there may only have been typed in; so if no line that came tells, those
    that went must have been seen to go, and the words must be plainly nearer to the new text than to the old one.
    """
    told = lines_agree(seen, new, now)
    if told or told is None or not gone:
        return bool(told)
    old_words, new_words, now_words = map(_WORD.findall, (seen, new, now))
    nearer = _distance(old_words, now_words) - _distance(new_words, now_words)
    return 2 * nearer >= _distance(old_words, new_words) > 0


def lines_agree(seen: str, new: str, now: str) -> bool | None:
    """Whether a line that the step adds tells that it was made; None where one speaks against it.

    Every line that it adds has to be there, every line that it takes away gone, as often as they should be.
    """
    seen, new, now = plain_line_ends(seen), plain_line_ends(new), plain_line_ends(now)
    old_lines, new_lines = seen.split("\n"), new.split("\n")
    changed = {
        line.strip()
        for hunk in line_hunks(old_lines, new_lines)
        for line in (*old_lines[hunk.old_first : hunk.old_last], *new_lines[hunk.new_first : hunk.new_last])
    }
    told = False
    for line in sorted(changed - {""}, key=len)[-MOST_COUNTED:]:
        before, after, found = seen.count(line), new.count(line), now.count(line)
        if (after > before and found < after) or (after < before and found > after):
            return None
        told |= after > before and _TELLING.search(line) is not None
    return told


def _distance(one: list[str], other: list[str]) -> int:
    """How many words go and come between the two."""
    return sum(hunk.old_last - hunk.old_first + hunk.new_last - hunk.new_first for hunk in line_hunks(one, other))
