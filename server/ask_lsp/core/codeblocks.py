"""From a model's answer to the pieces of code in it: thinking and fences taken off, and markers that it echoed.

Models wrap code in every way there is. Whatever is not plainly an end of a block is part of the code; what was cut off
is not guessed at. Everything is linear in the length of the answer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ask_lsp.core.fit import trimmed
from ask_lsp.core.text import replace_surrogates

MAX_LENGTH = 2_000_000
MAX_FENCES = 2_000
PROSE = frozenset({"plaintext", "text", "markdown", "md", "mdx", "latex", "restructuredtext", "asciidoc", "org"})

_LINE_END = re.compile(r"\r\n|\n|\r")
_FENCE = re.compile(r"([ \t]*)(?:(`{3,})([^`]*)|(~{3,})(.*))$")
_ONE_LINE = re.compile(r"[ \t]*(`{3,})(?!`)([^`]+)\1[ \t]*$")
_THINKING = re.compile(r"\s*[<\[](think|thinking|thought|reasoning|scratchpad)[>\]]", re.IGNORECASE)
_THINKING_ENDS = re.compile(r"^[ \t]*</think(?:ing)?>", re.IGNORECASE | re.MULTILINE)
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f\x7f\ufffd]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_TAG = re.compile(r"\s*<([A-Za-z_]+)(?:\s[^<>]{0,200})?>(.*)$")
_TAGS = frozenset(
    {
        *("code", "answer", "solution", "result", "output", "response", "replacement", "replace"),
        *("updated_code", "new_code", "updated", "new", "file"),
    }
)
_BEGIN = re.compile(r"[\W_]*(?:BEGIN|START)(?: [A-Z]+){0,3}[\W_]*$")
_END = re.compile(r"[\W_]*END(?: [A-Z]+){0,3}[\W_]*$")
_BEGIN_IS_CODE = frozenset({"sql", "plsql", "pascal", "verilog", "systemverilog", "vhdl", "ada", "awk", "perl", "ruby"})
_NUMBERED = re.compile(r"[ \t]{0,8}([0-9]{1,7})[ \t]?([|│:→\t])(.*)$")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|#39|#x27);")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&apos;": "'", "&#39;": "'", "&#x27;": "'"}
_HAS_ENTITIES = frozenset(
    {
        *("html", "xml", "xhtml", "svg", "vue", "svelte", "php", "handlebars", "jinja", "markdown"),
        *("jsx", "tsx", "javascriptreact", "typescriptreact"),
    }
)


class Unusable(Exception):
    """An answer that cannot become an edit; `str()` is one short sentence, for a person as for the model."""


class Block(NamedTuple):
    """Code that stood in a fence: the first word behind it, lower case, and the lines."""

    info: str
    lines: list[str]


class Fence(NamedTuple):
    """A line that can begin or end a block."""

    line: int
    indent: int
    mark: str
    info: str


class Pieces(NamedTuple):
    """An answer taken apart: all its lines, and the blocks in them."""

    lines: list[str]
    blocks: list[Block]


def readable(answer: str) -> str:
    """The answer without the model's thinking. Raises Unusable for what cannot be an answer at all."""
    if len(answer) > MAX_LENGTH:
        raise Unusable(f"The answer is longer than {MAX_LENGTH:,} characters.")
    if not answer.strip():
        raise Unusable("The answer is empty.")
    if _SURROGATE.search(answer):
        joined = replace_surrogates(answer)
        if joined.count("\ufffd") > answer.count("\ufffd"):
            raise Unusable("The answer holds half a character.")
        answer = joined
    if "\0" in answer or sum(1 for _ in _CONTROL.finditer(answer)) * 10 > len(answer):
        raise Unusable("The answer is not text.")
    thinking = _THINKING.match(answer)
    if thinking:
        end = re.compile(rf"[<\[]/{thinking[1]}[>\]]", re.IGNORECASE).search(answer, thinking.end())
        if end is None:
            raise Unusable("The answer is cut off: it ends before its code begins.")
        answer = answer[end.end() :]
    else:  # some chat templates have the opening tag in the question
        end = _THINKING_ENDS.search(answer)
        fence = answer.find("```")
        if end and (fence < 0 or end.start() < fence or answer.count("```", 0, end.start()) % 2 == 0):
            answer = answer[end.end() :]
    if not answer.strip():
        raise Unusable("The answer is empty.")
    return answer


def take_apart(answer: str) -> Pieces:
    """The blocks of a readable answer. Raises Unusable when one of them is never closed."""
    lines = _LINE_END.split(answer)
    fences = list(_fences(lines))
    if len(fences) > MAX_FENCES:
        raise Unusable("The answer has too many code blocks.")
    if len(fences) == 1 and not fences[0].info and not any(line.strip() for line in lines[fences[0].line + 1 :]):
        first = next((line for line in lines if line.strip()), "")
        if not _FENCE.match(first):
            return Pieces(lines[: fences[0].line], [])  # only the closing one was written
    blocks = [
        Block("", [found[2].strip()]) for line in lines if not fences and (found := _ONE_LINE.match(line)) is not None
    ]
    at = 0
    while at < len(fences):
        opening = fences[at]
        closing = _closing(fences, at)
        if closing is None:
            raise Unusable("The answer is cut off: its code block has no end.")
        inside = lines[opening.line + 1 : fences[closing].line]
        blocks.append(Block(_language(opening.info), [_without(line, opening.indent) for line in inside]))
        at = closing + 1
    return Pieces(lines, blocks)


def without_echoes(lines: list[str], seen: str, language: str, *, numbers: bool = True) -> list[str]:
    """Lines without what the model repeated of the form in which it was asked: tags, BEGIN and END, line numbers."""
    first_seen = next((line.strip() for line in _LINE_END.split(seen[:2_000]) if line.strip()), "")
    lines = trimmed(lines)
    for _ in range(3):
        stripped = trimmed(_without_tag(lines, first_seen))
        if stripped == lines:
            break
        lines = stripped
    if (
        len(lines) > 2
        and language not in _BEGIN_IS_CODE
        and _BEGIN.match(lines[0])
        and _END.match(lines[-1])
        and not _BEGIN.match(first_seen)
    ):
        lines = trimmed(lines[1:-1])
    if numbers and not _NUMBERED.match(first_seen):
        lines = _without_numbers(lines)
    return _without_entities(lines, seen, language)


def _fences(lines: list[str]) -> list[Fence]:
    found = []
    for number, line in enumerate(lines):
        start = line.lstrip(" \t")
        if start.startswith(("```", "~~~")) and (match := _FENCE.match(line)):
            mark = match[2] or match[4]
            found.append(Fence(number, len(line) - len(start), mark, (match[3] or match[5] or "").strip()))
    return found


def _closing(fences: list[Fence], at: int) -> int | None:
    """Which fence closes the one at `at`.

    One indented deeper stands in the code, in a docstring say, unless nothing else is left to close with. A fence with
    a language opens a block inside, and the next one closes that.
    """
    opening = fences[at]
    mark = opening.mark
    same = [
        (number, fence)
        for number, fence in enumerate(fences[at + 1 :], at + 1)
        if fence.mark[0] == mark[0] and (len(fence.mark) >= len(mark) or fence.info)
    ]
    if _language(opening.info) in PROSE:
        bare = [number for number, fence in same if not fence.info and fence.indent <= opening.indent]
        labelled = sum(1 for _, fence in same if fence.info and fence.indent <= opening.indent)
        if bare and (len(bare) - labelled) % 2:
            return bare[-1]
    for deepest in (opening.indent, opening.indent + 3, 1_000_000):
        depth = 1
        for number, fence in same:
            if fence.indent > deepest:
                continue
            if fence.info:
                depth += 1
            elif len(fence.mark) >= len(mark):
                depth -= 1
                if not depth:
                    return number
    return None


def _language(info: str) -> str:
    """The language in the words behind a fence: of `python title="a.py"`, `{.python}`, `python:src/a.py`."""
    found = re.match(r"[{.\s]*([\w+#-]*)", info)
    return found[1].lower() if found else ""


def _without(line: str, indent: int) -> str:
    """A line without as much white space as its fence was indented by (CommonMark 0.31, "Fenced code blocks")."""
    start = len(line) - len(line.lstrip(" \t"))
    return line[min(indent, start) :]


def _without_tag(lines: list[str], first_seen: str) -> list[str]:
    """Without `<code>` and `</code>` or their like around the lines, on lines of their own or not."""
    if not lines:
        return lines
    opening = _TAG.match(lines[0])
    if opening and opening[1].lower() in _TAGS and not first_seen.startswith(f"<{opening[1]}"):
        closing = f"</{opening[1]}>"
        end = lines[-1].rstrip()
        if end.endswith(closing):
            if len(lines) == 1:
                return [opening[2].rstrip()[: -len(closing)]]
            return [opening[2], *lines[1:-1], end[: -len(closing)]]
        if not opening[2] and opening[1] == "code":
            return lines[1:]
    if lines[-1].strip() == "</code>" and "<code>" not in first_seen:
        return lines[:-1]
    return lines


def _without_numbers(lines: list[str]) -> list[str]:
    """Without line numbers, if every line that is not blank has the next one."""
    if len(lines) < 2:
        return lines
    texts: list[str] = []
    expected, blank, mark = -1, 0, ""
    for line in lines:
        found = _NUMBERED.match(line)
        if found is None:
            if line.strip():
                return lines
            texts.append("")
            blank += 1
            continue
        if expected < 0:
            expected, mark = int(found[1]), found[2]
        if int(found[1]) not in (expected, expected + blank) or found[2] != mark:  # blank lines may count or not
            return lines
        texts.append(found[3])
        expected, blank = int(found[1]) + 1, 0
    spaced = all(not text.strip() or text.startswith(" ") for text in texts) and mark != "\t"
    return [text[1:] if spaced else text for text in texts]


def _without_entities(lines: list[str], seen: str, language: str) -> list[str]:
    """With `<` for `&lt;` and so on, where the whole code was written for a page of HTML."""
    if language in _HAS_ENTITIES or _ENTITY.search(seen):
        return lines
    text = "\n".join(lines)
    found = len(_ENTITY.findall(text))
    if not found or "<" in text or ">" in text or text.count("&") != found:
        return lines
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[0]], text).split("\n")
