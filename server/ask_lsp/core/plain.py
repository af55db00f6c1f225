"""Markdown as plain text, for editors whose hover shows no Markdown: what is said stays, the marks go."""

from __future__ import annotations

import re

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$")
_KEPT = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)|\\([!-/:-@\[-`{-~])")
_LINK = re.compile(r"!?\[([^\]]*)\]\(<?([^)\s>]+)>?[^)]*\)")
_STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])(.+?)(?<=[^\s*])\*(?![\w*])")
_UNDERSCORES = re.compile(r"(?<!\w)(__?)(?=[^\s_])(\S*\s.*?)(?<=[^\s_])\1(?!\w)")  # one word may be a name: __init__
_HOLE = "\0"


def plain(markdown: str) -> str:
    """The text of some Markdown. Code is kept to the letter, a link becomes its text and its address in brackets."""
    lines: list[str] = []
    fence = ""
    for line in markdown.replace(_HOLE, "\ufffd").splitlines():
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
            else:
                lines.append(line)
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            fence = mark[1]
        else:
            lines.append(_inline(_HEADING.sub(r"\1", line)))
    return "\n".join(lines).strip("\n")


def _inline(line: str) -> str:
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[3] or _code(match[2]))
        return _HOLE

    text = _KEPT.sub(keep, line)
    text = _LINK.sub(_link, text)
    text = _EMPHASIS.sub(r"\1", _STRONG.sub(r"\1", text))
    text = _UNDERSCORES.sub(r"\2", text)
    pieces = iter(kept)
    return re.sub(_HOLE, lambda _: next(pieces, ""), text)


def _code(text: str) -> str:
    """A code span without the one blank at each end that only keeps its marks apart (CommonMark, "Code spans")."""
    return text[1:-1] if text.strip() and text[0] == text[-1] == " " else text


def _link(match: re.Match[str]) -> str:
    text, address = match[1], match[2]
    return address if text in ("", address) else f"{text} ({address})"
