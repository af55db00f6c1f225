"""Whether a line begins a definition, and of what, told by its first words alone.

Made for `indent`: guesses that hold for the common languages, where a grammar is missing or not ready. Only the
beginning of a line is read, because some lines are megabytes long.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_WIDTH = 400
_TAB = 8

HEADER_LINES = 60
"""How many lines the parameters of a definition, or its decorators, may take."""

_SHELLS = frozenset({"shellscript", "sh", "bash", "zsh"})
_ALWAYS_BY_KEYWORD = frozenset({"python", "ruby", "lua", "rust", "go"})
"""Languages whose definitions all begin with a keyword, so that `name(...) {` or `type name(` tells nothing."""

_ANNOTATIONS = re.compile(r"(?:@[\w.]+(?:\([^()]*\))?\s+)+(?=[^\s])")
_MODIFIER = (
    r"(?:export|default|declare|pub(?:\([\w: ]*\))?|public|private|protected|internal|static|final|abstract|sealed|open"
    r"|override|virtual|async|unsafe|const|extern(?: \"\w*\")?|inline|partial|readonly|local|typedef|data|suspend"
    r"|operator|template ?<[^<>]*>)"
)
_KEYWORDS = {
    "def": "function", "defp": "function", "fn": "function", "func": "function", "fun": "function", "sub": "function",
    "function": "function", "proc": "function", "procedure": "function", "class": "class", "struct": "struct",
    "interface": "interface", "trait": "trait", "impl": "impl", "enum": "enum", "union": "union", "record": "record",
    "module": "module", "mod": "module", "defmodule": "module", "namespace": "namespace", "protocol": "protocol",
    "extension": "extension", "object": "object", "type": "type", "macro_rules!": "macro",
}  # fmt: skip
_HEADER = re.compile(
    rf"(?:{_MODIFIER}\s+)*(?P<keyword>{'|'.join(map(re.escape, _KEYWORDS))})(?=[\s<({{*]|$)(?P<rest>.*)", re.DOTALL
)
_PYTHON_HEADER = re.compile(r"(?:async\s+)?(?:def|class)\s+\w+\s*[(:\[]")
_NAME = re.compile(r"[\w$][\w$.:!?]*")
_ASSIGNED = re.compile(
    r"(?:(?:export|const|let|var|local|default)\s+)*(?P<name>[\w$][\w$.:]*)\s*[:=]\s*(?:async\s*)?"
    r"(?:function\b|\([^()]*\)\s*(?::[^=]*)?=>|[\w$]+\s*=>)"
)
_CALLABLE = re.compile(r"(?P<before>[^()=;\"'`]*?)(?P<name>~?[\w$]+(?:::~?[\w$]+)*)\s*\(")
_CONTROL = frozenset(
    {
        *("if", "else", "elif", "elsif", "elseif", "unless", "switch", "match", "when", "guard", "for", "foreach"),
        *(
            "while",
            "until",
            "do",
            "try",
            "catch",
            "with",
            "using",
            "lock",
            "synchronized",
            "return",
            "and",
            "or",
            "not",
        ),
    }
)
_NO_TYPE = _CONTROL | {
    "case",
    "throw",
    "raise",
    "new",
    "delete",
    "await",
    "yield",
    "go",
    "defer",
    "print",
    "assert",
    "in",
}
_VARIABLE_OF_TYPE = re.compile(r"\s*\w+[\s*&]+(?!implements\b|extends\b|final\b|where\b)\w")


def definition_header(lines: Sequence[str], number: int, language: str) -> tuple[str, str] | None:
    """Kind and name if the line begins a definition."""
    start = indentation(lines[number])[1]
    if start.startswith("@"):
        start = _ANNOTATIONS.sub("", start, count=1)
    if start.endswith(";") or (language == "python" and not _PYTHON_HEADER.match(start)):
        return None
    found = _HEADER.match(start)
    if found:
        kind, rest = _KEYWORDS[found["keyword"]], found["rest"]
        if not (kind in {"struct", "union", "enum"} and _VARIABLE_OF_TYPE.match(rest)):
            name = _name_after(kind, rest)
            return (kind, name) if name or found["keyword"] == "def" or rest.lstrip()[:1] in {"", "{", "("} else None
    found = _ASSIGNED.match(start)
    if found:
        return "function", found["name"]
    if language in _ALWAYS_BY_KEYWORD or (language in _SHELLS and not start.endswith("{")) or "(" not in start:
        return None
    return _callable(lines, number, start)


def indentation(line: str) -> tuple[int, str]:
    """The width of the white space that a line begins with, and the beginning of its text; "" for a blank line."""
    beginning = line[:_WIDTH]
    start = beginning.lstrip(" \t\f\ufeff")
    white = beginning[: len(beginning) - len(start)]
    return (len(white.expandtabs(_TAB)) if "\t" in white else len(white)), start.rstrip()


def _callable(lines: Sequence[str], number: int, start: str) -> tuple[str, str] | None:
    """The same for definitions without a keyword: `name(...) {`, or `type name(...)` with `{` further on."""
    found = _CALLABLE.match(start)
    if not found or found["name"] in _CONTROL or _NO_TYPE.intersection(found["before"].split()):
        return None
    before = found["before"].rstrip()
    if before and not (before[-1].isalnum() or before[-1] in "_>]*&?"):
        return None
    if start.endswith("{"):
        return ("function", found["name"]) if start.count("(") == start.count(")") else None
    typed = bool(before) or "::" in found["name"]
    if start.endswith("}"):
        return ("function", found["name"]) if typed and "{" in start else None
    return ("function", found["name"]) if _has_body(lines, number, typed) else None


def _has_body(lines: Sequence[str], number: int, typed: bool) -> bool:
    """Whether `{` opens a body below, before anything ends the statement.

    What is not `typed` may be a call with a function among its arguments: there only a `{` that stands as far left as
    the name counts.
    """
    width = indentation(lines[number])[0]
    for below in range(number + 1, min(len(lines), number + HEADER_LINES)):
        deep, start = indentation(lines[below])
        if not start or start.endswith(";") or deep < width:
            return False
        if deep == width and start[0] not in "){":
            return False
        if start.endswith("{") and (typed or deep == width):
            return True
    return False


def _name_after(kind: str, rest: str) -> str:
    """The name in what follows a keyword: past Go receivers and generic parameters, and the type of a Rust impl."""
    rest = rest.lstrip("* \t")
    if rest.startswith("("):
        rest = rest.partition(")")[2].lstrip()
    if kind == "impl":
        if rest.startswith("<"):
            rest = rest.partition(">")[2].lstrip()
        rest = rest.partition(" for ")[2] or rest
    found = _NAME.match(rest)
    return found[0].rstrip(":.") if found else ""
