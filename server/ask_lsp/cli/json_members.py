"""Members of an object in a JSON file of somebody else's: put in and taken out, every other character kept."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from ask_lsp.core.errors import RequestRefused

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class Member(NamedTuple):
    """One member of an object: its name, its value, and where they stand in the text."""

    name: str
    value: object
    start: int
    value_start: int
    end: int


def check(text: str) -> None:
    """Raises RequestRefused unless the file is an object in plain JSON."""
    try:
        value = json.loads(text.lstrip("\ufeff"))
    except ValueError as error:
        raise RequestRefused(f"It is not plain JSON ({error}); comments and trailing commas are none.") from None
    except RecursionError:
        raise RequestRefused("It is nested too deeply.") from None
    if not isinstance(value, dict):
        raise RequestRefused("It holds no JSON object.")


def members(text: str, path: Sequence[str]) -> list[Member] | None:
    """The members of the object at that path; None if it is not there. Raises RequestRefused if it is no object."""
    found = _object(text, path)
    return None if found is None else _read(text, found)[0]


def put(text: str, path: Sequence[str], name: str, value: str) -> str:
    """The text with that member; `value` is JSON, laid out for the margin. Missing objects of the path are made."""
    depth = len(path)
    while (at := _object(text, path[:depth])) is None:
        depth -= 1
    for missing in reversed(path[depth:]):
        value = "{\n" + _indented(f"  {json.dumps(name, ensure_ascii=False)}: {value}", "  ") + "\n}"
        name = missing
    entry = f"{json.dumps(name, ensure_ascii=False)}: {value}"
    newline = "\r\n" if "\r\n" in text else "\n"
    there, close = _read(text, at)
    for member in there:
        if member.name == name:
            margin = _margin(text, member.start)
            return text[: member.value_start] + _laid_out(value, margin, newline) + text[member.end :]
    if not there:
        outer = _margin(text, at)
        inner = outer + _unit(text)
        return text[: at + 1] + newline + inner + _laid_out(entry, inner, newline) + newline + outer + text[close:]
    last = there[-1]
    alone = not text[text.rfind("\n", 0, last.start) + 1 : last.start].strip()
    margin = _margin(text, last.start)
    between = newline + margin if alone else " "
    return text[: last.end] + "," + between + _laid_out(entry, margin, newline) + text[last.end :]


def laid_out_anew(text: str, member: Member) -> str:
    """The value of a member as it stands in its text, laid out for the margin."""
    margin = _margin(text, member.start)
    return text[member.value_start : member.end].replace("\n" + margin, "\n")


def take_out(text: str, path: Sequence[str], name: str) -> str:
    """The text without that member, and without the objects of the path that are left empty."""
    at = _object(text, path)
    if at is None:
        return text
    there, close = _read(text, at)
    index = next((index for index, member in enumerate(there) if member.name == name), None)
    if index is None:
        return text
    if len(there) > 1:
        if index:
            return text[: there[index - 1].end] + text[there[index].end :]
        return text[: there[0].start] + text[there[1].start :]
    if path:
        return take_out(text, path[:-1], path[-1])
    return text[: at + 1] + text[close:]


def _object(text: str, path: Sequence[str]) -> int | None:
    """Where the brace of the object at that path stands. Raises RequestRefused if something else stands there."""
    at = _skip(text, 1 if text.startswith("\ufeff") else 0)
    for depth, name in enumerate(path, 1):
        member = next((member for member in reversed(_read(text, at)[0]) if member.name == name), None)
        if member is None:
            return None
        if not isinstance(member.value, dict):
            raise RequestRefused(f"“{'.'.join(path[:depth])}” is no object there. Put that right by hand.")
        at = member.value_start
    return at


def _read(text: str, at: int) -> tuple[list[Member], int]:
    """The members of the object whose brace is at that place, and the place of its closing one."""
    found: list[Member] = []
    at = _skip(text, at + 1)
    while text[at] != "}":
        start = at
        name, at = _DECODER.raw_decode(text, at)
        value_start = _skip(text, _skip(text, at) + 1)
        value, end = _DECODER.raw_decode(text, value_start)
        found.append(Member(name, value, start, value_start, end))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found, at


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _margin(text: str, at: int) -> str:
    """The white space that the line of that place begins with."""
    line = text[text.rfind("\n", 0, at) + 1 : at].lstrip("\ufeff")
    return line[: len(line) - len(line.lstrip())]


def _unit(text: str) -> str:
    """One level of indentation, as the file has it."""
    found = re.search(r"^([ \t]+)\S", text, re.MULTILINE)
    return found[1] if found else "  "


def _indented(text: str, margin: str) -> str:
    first, *others = text.split("\n")
    return "\n".join([first, *(margin + line for line in others)])


def _laid_out(text: str, margin: str, newline: str) -> str:
    return _indented(text, margin).replace("\n", newline)
