"""Chooses the block that is meant, of those that an answer has, or the whole answer where it is plainly code.

Models show the code before and after, how to use it and how to run it. What cannot be told apart is refused, because
the wrong block in the right place is still the wrong edit.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ask_lsp.core.codeblocks import PROSE, Pieces, Unusable
from ask_lsp.core.fit import trimmed
from ask_lsp.core.headers import definition_header

MARGIN = 0.2
"""How much more like the target a block has to be to be chosen before another."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_FAMILIES = (
    "python python3 py py3 pyi pycon ipython starlark",
    "shellscript sh bash shell zsh console shell-session fish terminal cmd bat powershell ps1 dotenv",
    "javascript javascriptreact typescript typescriptreact js jsx ts tsx mjs cjs node vue svelte",
    "c cpp c++ cc h hpp cuda-cpp objective-c objc arduino",
    *(
        "java",
        "kotlin kt",
        "csharp cs c#",
        "go golang",
        "rust rs",
        "ruby rb",
        "php",
        "lua",
        "swift",
        "scala",
        "perl pl",
    ),
    *("r", "sql mysql postgresql plsql sqlite", "html xml xhtml svg", "css scss less sass", "json jsonc json5"),
    *("yaml yml", "toml ini", "markdown md mdx", "diff patch", "haskell hs", "elixir ex exs", "erlang", "clojure"),
    *("dockerfile docker", "makefile make", "latex tex", "output stdout log traceback", "mermaid", "graphql", "zig"),
    *("dart", "julia jl"),
)
_FAMILY = {word: number for number, words in enumerate(_FAMILIES) for word in words.split()}
_NO_LANGUAGE = frozenset({"", "text", "txt", "plaintext", "plain", "code", "none", "source"})
_CODE_SIGN = re.compile(r"[=(){}\[\];<>|\\@$]|:\s*$|^\s*(?:#|//|/\*|\*|--|import\b|from\b|return\b|end\b|pass\b)")
_COMMENT = re.compile(r"\s*(?:#|//|/\*|\*|--|<!--|;|%|\"\"\"|''')")
_SENTENCE = re.compile(r"[\s>*-]*(?:\*\*)?[A-ZÀ-Þ][\w'’`]*(?:[ ,:]+[\w'’`()./-]+){3,}.*[.!?:](?:\*\*)?\s*$")
_CHATTY = re.compile(
    r"\s*(?:sure|certainly|of course|okay|ok|here(?:'s| is| are)|below is|the (?:updated|following|code)"
    r"|this (?:code|function)|note|explanation|i(?:'m|'ve| have| am| will)|let me|hier|voici|aquí)\b.*[:.!,]"
    r"|\s*(?:当然|好的|以下|这|這|はい).*[:：.!。,，]",
    re.IGNORECASE,
)
_CJK = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def code_of(
    pieces: Pieces,
    seen: str,
    language: str,
    name: str,
    cleaned: Callable[[list[str]], list[str]],
    *,
    beside: bool,
    whole: bool,
) -> list[str]:
    """The lines of the code that is meant, cleaned. Raises Unusable if there is none, or more than one.

    `beside` says that it is to stand beside the target, `whole` that it is a file: else it takes the target's place.
    """
    if language in PROSE and not whole and not beside and _is_prose_itself(pieces, seen):
        return cleaned(pieces.lines)
    if not pieces.blocks:
        lines = cleaned(pieces.lines)
        if not _is_plainly_code(lines, seen, language):
            raise Unusable("The answer has no code block.")
        return lines
    blocks = [(block.info, cleaned(block.lines)) for block in pieces.blocks]
    filled = [(info, lines) for info, lines in blocks if lines]
    if not filled:
        raise Unusable("The answer's code block is empty.")
    fitting = [lines for info, lines in filled if _fits_language(info, language, lines, seen, name)]
    if not fitting:
        raise Unusable(f"The answer's code is in another language: {filled[0][0]}.")
    last_name = re.split(r"[.:]+", name)[-1]
    if whole:
        return _only(_largest(fitting))
    bare_seen = _bare(_LINE_END.split(seen))
    new = [lines for lines in fitting if _bare(lines) != bare_seen]
    if not new:
        if beside:
            raise Unusable("The answer only repeats the code.")
        return fitting[0]
    if beside:
        return _only(new)
    if len(new) == 1:
        _refuse_fragment(new[0], seen, language, last_name)
        return new[0]
    defining = [lines for lines in new if last_name and _defines(lines, last_name, language)]
    candidates = defining or new
    ranked = sorted(candidates, key=lambda lines: -same_code(lines, seen))
    best = same_code(ranked[0], seen)
    if not defining and best < 0.5 and len(_different(ranked)) > 1:
        raise _several()
    near = [lines for lines in ranked if best - same_code(lines, seen) < MARGIN]
    chosen = _only(near)
    _refuse_fragment(chosen, seen, language, last_name)
    return chosen


def same_code(lines: list[str], seen: str) -> float:
    """How much two texts share, from 0 to 1: lines without their white space, by the longer one."""
    ours, theirs = set(_bare(lines)), set(_bare(_LINE_END.split(seen)))
    return len(ours & theirs) / max(1, len(ours), len(theirs))


def _several() -> Unusable:
    return Unusable("The answer has several code blocks that could be meant. One block is needed.")


def _only(candidates: list[list[str]]) -> list[str]:
    different = _different(candidates)
    if len(different) > 1:
        raise _several()
    return different[0]


def _different(candidates: list[list[str]]) -> list[list[str]]:
    """The candidates, those with the same code once."""
    return list({tuple(_bare(lines)): lines for lines in reversed(candidates)}.values())[::-1]


def _largest(candidates: list[list[str]]) -> list[list[str]]:
    """The one candidate that holds nearly all lines of all, or else all of them."""
    most = max(candidates, key=len)
    return [most] if len(most) >= 0.8 * sum(map(len, candidates)) else candidates


def _bare(lines: list[str]) -> list[str]:
    return [text for line in lines if (text := line.strip(" \t\ufeff"))]


def _fits_language(info: str, language: str, lines: list[str], seen: str, name: str) -> bool:
    """Whether a block can be in the target's language; what is like the target may be labelled as it likes."""
    if info in _NO_LANGUAGE:
        return not _is_shell(lines) or _FAMILY.get(language) == _FAMILY["bash"]
    if info == language or info not in _FAMILY or language not in _FAMILY or _FAMILY[info] == _FAMILY[language]:
        return True
    if info in ("diff", "patch"):
        return False
    return same_code(lines, seen) > 0.3 and bool(name) and _has_word(lines, re.split(r"[.:]+", name)[-1])


def _is_shell(lines: list[str]) -> bool:
    return all(
        re.match(
            r"\s*(?:\$ |(?:pip3?|npm|npx|yarn|pnpm|cargo|go|python3?|pytest|apt(?:-get)?|brew|git|cd|make) \S)", line
        )
        for line in lines
        if line.strip()
    )


def _defines(lines: list[str], name: str, language: str) -> bool:
    for number, line in enumerate(lines):
        if name in line:
            found = definition_header(lines, number, language)
            if found and re.split(r"[.:]+", found[1])[-1] == name:
                return True
    return False


def _has_word(lines: list[str], word: str) -> bool:
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    return any(pattern.search(line) for line in lines if word in line)


def _refuse_fragment(lines: list[str], seen: str, language: str, name: str) -> None:
    """Raises Unusable for a few lines from the middle of a definition, which would take the place of all of it."""
    old = _LINE_END.split(seen)
    if not name or _has_word(lines, name) or not _defines(old, name, language):
        return
    if not any(definition_header(lines, number, language) for number in range(len(lines))):
        raise Unusable(f"The answer has only a part of `{name}`. All of it is needed.")


def _is_prose_itself(pieces: Pieces, seen: str) -> bool:
    """Whether the answer to a question about Markdown is Markdown, with blocks of its own, and not a block of it."""
    first = next((line.strip() for line in pieces.lines if line.strip()), "")
    there = next((text for line in _LINE_END.split(seen) if (text := line.strip())), "")
    return bool(there) and first == there and not first.startswith(("```", "~~~"))


def _is_plainly_code(lines: list[str], seen: str, language: str) -> bool:
    """Whether an answer without a fence is code from its first line to its last."""
    lines = trimmed(lines)
    if not lines or _CHATTY.match(lines[0]):
        return False
    if language in PROSE:
        return True
    sentences = [line for line in lines if _is_sentence(line)]
    known = {line.strip() for line in _LINE_END.split(seen)}
    if _is_sentence(lines[-1]) and lines[-1].strip() not in known:
        return False
    first_seen = next((text for line in _LINE_END.split(seen) if (text := line.strip())), "")
    if first_seen and lines[0].strip() == first_seen:
        return True
    signs = sum(1 for line in lines if _CODE_SIGN.search(line[:400]))
    filled = sum(1 for line in lines if line.strip())
    return signs * 3 >= filled and not [line for line in sentences if line.strip() not in known]


def _is_sentence(line: str) -> bool:
    if len(line) > 2_000 or _COMMENT.match(line):
        return False
    if _CJK.search(line) and not re.search(r"[=(){};\"']", line):
        return True
    return _SENTENCE.match(line) is not None and not re.search(r"[={};]|\)\s*:|\w\(", line)
