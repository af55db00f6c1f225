"""From an answer to the text that is to stand in the place of its target, in the way that its output asks for."""

from __future__ import annotations

from dataclasses import replace

from ask_lsp.assistant.making import Making
from ask_lsp.assistant.question import Ask
from ask_lsp.core.answer import Target, completion, insertion, replacement, search_replace, whole_file
from ask_lsp.core.fit import indent_unit
from ask_lsp.core.text import line_length


def read(making: Making, text: str) -> str:
    """What is to stand in the target's place, out of an answer. Raises Unusable.

    Raises ValueError for an output that is no matter of one target: a new file is made elsewhere (new_file.py).
    """
    ask, into = making.ask, making.into
    target = target_of(ask)
    if making.output == "replace":
        return search_replace(text, target) if ask.form == "blocks" else replacement(text, target)
    if making.output == "insert":
        before, after = into[: making.cursor], into[making.cursor :]
        return before + completion(text, before, after, target) + after
    if making.output in ("insert_before", "insert_after"):
        return insertion(text, replace(target, seen=into), "before" if making.output == "insert_before" else "after")
    if making.output == "new_file" and ask.form == "append":
        gap = 3 if target.language == "python" else 2
        return into + target.eol * gap + whole_file(text, target).strip("\r\n")
    raise ValueError(f"an answer cannot be read as {making.output}")


def target_of(ask: Ask) -> Target:
    """What reading an answer has to know of the place that it goes to."""
    lines, start = ask.snapshot.lines, ask.span.start
    line = lines[start.line]
    eol = line[line_length(line) :] or lines[0][line_length(lines[0]) :] or "\n"
    before = line[: start.column]
    return Target(
        seen=ask.shown,
        indent=before if not before.strip() else "",
        language=ask.snapshot.language,
        eol=eol,
        unit=indent_unit(lines, range(start.line, ask.span.end.line + 1)) or "    ",
        name=ask.target.split("`")[1] if ask.target.count("`") == 2 else "",
    )
