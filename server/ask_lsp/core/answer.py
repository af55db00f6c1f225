"""What an answer makes of the code that was asked about: the text to put in place, or why it cannot be used.

Nothing is guessed where a guess could lose code: the model is told what was wrong with its answer instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ask_lsp.core.blocks import Change, applied, blocks_of, has_blocks, hunks_of, is_diff
from ask_lsp.core.choosing import code_of, same_code
from ask_lsp.core.codeblocks import PROSE, Pieces, Unusable, readable, take_apart, without_echoes
from ask_lsp.core.fit import fit, moved, trimmed, white
from ask_lsp.core.headers import definition_header
from ask_lsp.core.leftovers import left_out
from ask_lsp.core.text import line_text, split_lines

__all__ = ["Target", "Unusable", "completion", "has_code", "insertion", "replacement", "search_replace", "whole_file"]

CURSOR = "<cursor/>"
_CODE_BELOW = re.compile(r"(?:[:{(\[]|=>|->)\s*$")


@dataclass(frozen=True)
class Target:
    """The place that an answer goes to, as the model saw it.

    `seen` has the document's own line ends, `indent` is the white space before it on its first line, `unit` one level
    of indentation: a tab or some spaces. `name` is that of the definition, or "".
    """

    seen: str
    indent: str
    language: str
    eol: str
    unit: str
    name: str = ""


def has_code(answer: str) -> bool:
    """Whether there is anything in it that could be meant for the code: a fence, or a SEARCH/REPLACE block."""
    lines = re.split(r"\r\n|\n|\r", answer)
    return any(line.lstrip(" \t>").startswith(("```", "~~~")) for line in lines) or has_blocks(lines)


def replacement(answer: str, target: Target) -> str:
    """What is to stand instead of the target. Raises Unusable."""
    pieces = take_apart(readable(answer))
    changed = _changes(pieces, target)
    if changed is not None:
        return _changing(changed, target)
    code = _code(pieces, target)
    _refuse_leftovers(code, target)
    prose = target.language in PROSE
    fitting = target.seen, target.indent, target.eol, target.unit
    new = fit(code, *fitting, keep_trailing=prose, language=target.language)
    return _changing(new, target)


def insertion(answer: str, target: Target, where: Literal["before", "after"]) -> str:
    """The target with the answer's code as whole lines before or after it. Raises Unusable."""
    code = _code(take_apart(readable(answer)), target, beside=True)
    _refuse_leftovers(code, target)
    texts = [line_text(line) for line in split_lines(target.seen)]
    code = trimmed(_without_target(code, texts, where))
    if not code:
        raise Unusable("The answer only repeats the code.")
    first = next((number for number, text in enumerate(texts) if text.strip()), 0)
    base = (target.indent if first == 0 else "") + white(texts[first])
    new = moved(code, white(code[0]), base, [], target.unit, keep_trailing=target.language in PROSE)
    gap = [""] * _blank_lines(new, base, target)
    eol = target.eol
    if where == "before":
        bom = "\ufeff" if target.seen.startswith("\ufeff") else ""
        above = eol.join([*new, *gap, target.indent])
        return bom + above.removeprefix(target.indent) + target.seen[len(bom) :]
    rest = target.seen.rstrip("\r\n")
    end = eol if rest != target.seen else ""
    return rest + eol + eol.join([*gap, *new]) + end


def completion(answer: str, before: str, after: str, target: Target) -> str:
    """The text to put at the cursor, without what the model repeated of `before` and `after`. Raises Unusable."""
    pieces = take_apart(readable(answer))
    code = _code(pieces, target, beside=True, trim=False)
    code = [line.replace(CURSOR, "") for line in code]
    _refuse_leftovers(code, target)
    while code and not code[-1].strip():
        code.pop()
    lines = split_lines(before)
    here = lines[-1] if len(lines) > 1 else target.indent + lines[-1]
    code, repeated = _without_before(code, [line_text(line) for line in lines[:-1]], here)
    code = _without_after(code, after)
    if not any(line.strip() for line in code):
        raise Unusable("The answer changes nothing.")
    base = white(here)
    starts_line = not here.strip()
    if repeated:
        rest = moved(code[1:], repeated[1:], base, [], target.unit)
        return target.eol.join([code[0], *rest])
    skipped = 0
    while not code[skipped].strip():
        skipped += 1
    code = code[skipped:]
    if starts_line:
        # On an empty line nothing says how deep the code belongs but the answer itself.
        new = moved(code, white(code[0]), base if here else white(code[0]), [], target.unit)
        return target.eol.join(new)[len(base) :]
    deeper = len(white(code[0])) > len(base) or len(code) > 1
    if skipped or (_CODE_BELOW.search(here) and not here.endswith(" ") and deeper):
        goal = base + (target.unit if _CODE_BELOW.search(here) else "")
        return target.eol.join(["", *moved(code, white(code[0]), goal, [], target.unit)])
    first = code[0].lstrip() if here.endswith((" ", "\t")) else code[0]
    start = white(code[0]) or _shallowest(code[1:], base)
    return target.eol.join([first, *moved(code[1:], start, base, [], target.unit)])


def whole_file(answer: str, target: Target) -> str:
    """The text of a new file: the code as it is, the document's line ends, one at the end. Raises Unusable."""
    code = _code(take_apart(readable(answer)), target, whole=True)
    missing = left_out(code, [], target.language)
    if missing:
        raise Unusable(f"The answer leaves out code: “{missing}”.")
    return target.eol.join([*(line.rstrip() if not line.strip() else line for line in code), ""])


def search_replace(answer: str, target: Target) -> str:
    """The target with the answer's SEARCH/REPLACE blocks applied, or its diff. Raises Unusable."""
    text = readable(answer)
    lines = re.split(r"\r\n|\n|\r", text)
    if has_blocks(lines):
        return _changing(_applied(blocks_of(lines), target), target)
    pieces = take_apart(text)
    changed = _changes(pieces, target)
    if changed is not None:
        return _changing(changed, target)
    most = [block for block in pieces.blocks if same_code(block.lines, target.seen) >= 0.6]
    if len(most) == 1 and len(most[0].lines) * 10 >= (target.seen.count("\n") + 1) * 7:
        return replacement(answer, target)
    raise Unusable("The answer has no SEARCH/REPLACE block.")


def _changes(pieces: Pieces, target: Target) -> str | None:
    """The target with the changes that an answer names instead of writing all of it; None if it names none."""
    if target.language in ("diff", "patch"):
        return None
    if has_blocks(pieces.lines) and not has_blocks(re.split(r"\r\n|\n|\r", target.seen)):
        return _applied(blocks_of(pieces.lines), target)
    diffs = [block.lines for block in pieces.blocks if is_diff(block.info, block.lines)]
    if not pieces.blocks and is_diff("", trimmed(pieces.lines)):
        diffs = [trimmed(pieces.lines)]
    others = [block for block in pieces.blocks if not is_diff(block.info, block.lines)]
    if not diffs or any(same_code(block.lines, target.seen) > 0.5 for block in others):
        return None
    return _applied([change for lines in diffs for change in hunks_of(lines)], target)


def _applied(changes: list[Change], target: Target) -> str:
    return applied(changes, target.seen, target.indent, target.eol, target.unit, target.language)


def _code(pieces: Pieces, target: Target, *, beside: bool = False, whole: bool = False, trim: bool = True) -> list[str]:
    """The lines of the one block that is meant, without echoes. Raises Unusable."""

    def cleaned(lines: list[str]) -> list[str]:
        return without_echoes(lines, target.seen, target.language, numbers=not whole)

    chosen = code_of(pieces, target.seen, target.language, target.name, cleaned, beside=beside, whole=whole)
    if not trimmed(chosen):
        raise Unusable("The answer's code block is empty.")
    return trimmed(chosen) if trim else chosen


def _refuse_leftovers(code: list[str], target: Target) -> None:
    missing = left_out(code, [line_text(line) for line in split_lines(target.seen)], target.language)
    if missing:
        raise Unusable(f"The answer leaves out code: “{missing}”.")


def _changing(new: str, target: Target) -> str:
    """`new`, if it is more than the target with other white space at line ends."""
    as_seen, as_new = ([line.rstrip() for line in split_lines(text.rstrip())] for text in (target.seen, new))
    if as_seen == as_new:
        raise Unusable("The answer changes nothing.")
    return new


def _without_target(code: list[str], seen: list[str], where: str) -> list[str]:
    """Code without what it repeats of the target at the side that touches it."""
    bare = [line.strip() for line in code]
    there = [line.strip() for line in trimmed(seen)]
    if not there:
        return code
    if where == "before":
        for at in _positions(bare, there[0]):
            if bare[at:] == there[: len(bare) - at]:
                return code[:at]
        return code
    for at in _positions(bare, there[-1]):
        if bare[: at + 1] == there[-at - 1 :]:
            return code[at + 1 :]
    return code


def _positions(lines: list[str], wanted: str) -> list[int]:
    """The first few places of a line that tells something."""
    if not any(map(str.isalnum, wanted)) and lines[:1] != [wanted]:
        wanted_at = [number for number, line in enumerate(lines) if line == wanted]
        return wanted_at[:20]
    return [number for number, line in enumerate(lines) if line == wanted][:20]


def _blank_lines(code: list[str], base: str, target: Target) -> int:
    """How many blank lines stand between a new definition and the target, if both are definitions."""
    if not target.name or not any(definition_header(code, number, target.language) for number in range(len(code[:60]))):
        return 0
    return 2 if target.language == "python" and not base else 1


def _without_before(code: list[str], above: list[str], here: str) -> tuple[list[str], str]:
    """Code without the repeated lines above the cursor and the beginning of its line.

    The second value is "" if the line was not repeated, else "=" and the white space that it was repeated with.
    """
    first = next((number for number, line in enumerate(code) if line.strip()), 0)
    there = [line.strip() for line in above]
    wanted = here.strip()
    bare = [line.strip() for line in code]
    if wanted:
        for at in [number for number in range(first, len(code)) if bare[number].startswith(wanted)][:20]:
            known = there[len(there) - (at - first) :] if at > first else []
            if bare[first:at] != known or (len(wanted) < 3 and at == first):
                continue
            line = code[at]
            begins = len(line) - len(line.lstrip())
            rest = line[begins + len(wanted) :]
            if here.endswith((" ", "\t")):
                rest = rest.lstrip()
            return [rest, *code[at + 1 :]], "=" + line[:begins]
    elif there and first < len(code):
        last = next((number for number in range(len(there) - 1, -1, -1) if there[number]), 0)
        for at in [number for number in range(first, len(code)) if bare[number] == there[last]][:20]:
            if any(map(str.isalnum, there[last])) and bare[first : at + 1] == there[last - (at - first) : last + 1]:
                return code[at + 1 :], ""
    return code, ""


def _without_after(code: list[str], after: str) -> list[str]:
    """Code without what it repeats of the text behind the cursor."""
    behind = [line_text(line).strip() for line in split_lines(after)]
    if behind[0] and code:
        wanted, line = behind[0], code[-1].rstrip()
        told = any(map(str.isalnum, wanted)) and len(wanted) > 2
        text = "".join(code)
        surplus = any(wanted[0] == end and text.count(end) > text.count(begin) for begin, end in ("()", "[]", "{}"))
        if line.endswith(wanted) and (told or surplus):
            return [*code[:-1], line[: -len(wanted)]]
    bare = [line.strip() for line in code]
    following = [line for line in behind if line]
    if not behind[0] and following:
        for at in [number for number, line in enumerate(bare) if line == following[0]][:20]:
            rest = [line for line in bare[at:] if line]
            if rest == following[: len(rest)] and any(any(map(str.isalnum, line)) for line in rest):
                return code[:at]
    return code


def _shallowest(lines: list[str], base: str) -> str:
    """The least indentation of lines, if it is less than `base`: they have to be moved then; else `base`."""
    least = min((white(line) for line in lines if line.strip()), key=len, default=base)
    return least if len(least) < len(base) else base
