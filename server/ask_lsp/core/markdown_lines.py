"""How the lines of a Markdown text belong to blocks: quotations, list items, paragraphs and code.

Follows CommonMark 0.31, "Container blocks" and "Appendix: A parsing strategy", as far as it decides whether a line is
code. There are no HTML blocks, for core/markdown.py lets none begin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

TAB = 4
DEEPEST_INDENT = 3
QUOTE = 0  # the width of a container that is a quotation; that of a list item is at least 2
_MARKER = re.compile(r"(?:[-+*]|([0-9]{1,9})[.)])(?=[ \t]|$)")
_RULE = re.compile(r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*$")
_HEADING = re.compile(r"#{1,6}(?:[ \t]|$)")
FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$", re.DOTALL)

Kind = Literal["blank", "fence", "code", "heading", "text"]


class Start(NamedTuple):
    """What kind of line begins here: where its content does, and how many columns it is indented by."""

    kind: Kind
    at: int
    indent: int
    refused: int = 0  # the length of a list marker that may not interrupt a paragraph


class Place(NamedTuple):
    """A place in a line. Tabs stop at every fourth column, and a part of one may have been used up."""

    at: int
    column: int


@dataclass
class Item:
    """A quotation, or a list item with the columns that its content is indented by."""

    width: int
    empty: bool = False


@dataclass
class Blocks:
    """The blocks that are open at the end of the last line."""

    open: list[Item] = field(default_factory=list)
    paragraph: bool = False

    def continued(self, line: str) -> tuple[int, Place]:
        """How many of the open containers go on in this line, and where it goes on behind their marks."""
        place = Place(0, 0)
        for count, item in enumerate(self.open):
            content = skip_blanks(line, place)
            indent = content.column - place.column
            if item.width == QUOTE:
                if indent > DEEPEST_INDENT or line[content.at : content.at + 1] != ">":
                    return count, place
                place = _behind_quote_mark(line, content)
            elif content.at == len(line):
                place = content
            elif indent >= item.width:
                place = _use(line, place, item.width)
            else:
                return count, place
        return len(self.open), place

    def start(self, line: str) -> Start:
        """Takes in the next line, of which nothing that decides may be missing."""
        count, place = self.continued(line)
        kept = self.open[:count]
        inside_paragraph = self.paragraph and count == len(self.open)
        opened: list[Item] = []
        while True:
            content = skip_blanks(line, place)
            indent = content.column - place.column
            rest = line[content.at :]
            if indent > DEEPEST_INDENT or not rest:
                break
            if rest[0] == ">":
                opened.append(Item(QUOTE))
                place = _behind_quote_mark(line, content)
            elif (marker := _MARKER.match(rest)) and not _RULE.match(rest):
                bare = not rest[marker.end() :].strip(" \t")
                if inside_paragraph and (bare or (marker[1] and int(marker[1]) != 1)):
                    return Start("text", content.at, indent, refused=marker.end())
                item, place = _item(line, place, content, marker.end(), bare)
                opened.append(item)
            else:
                break
            inside_paragraph = False
        kind = _kind(rest, indent, inside_paragraph)
        lazy = self.paragraph and count < len(self.open) and not opened and (kind == "text" or kind == "code")
        if lazy:
            return Start("text", content.at, indent)
        self.open = kept + opened
        if kind == "blank":
            self._leave_empty_items(is_new=bool(opened))
        else:
            for item in self.open:
                item.empty = False
        self.paragraph = kind == "text"
        return Start(kind, content.at, indent)

    def prefix(self) -> str:
        """What a new line must begin with to be in all the open containers."""
        return "".join("> " if item.width == QUOTE else " " * item.width for item in self.open)

    def _leave_empty_items(self, *, is_new: bool) -> None:
        """A list item begins with at most one blank line."""
        if not is_new:
            for count, item in enumerate(self.open):
                if item.empty:
                    del self.open[count:]
                    return


def skip_blanks(line: str, place: Place) -> Place:
    """The place of the next character that is no blank."""
    at, column = place
    while line[at : at + 1] in (" ", "\t"):
        column += 1 if line[at] == " " else TAB - column % TAB
        at += 1
    return Place(at, column)


def _use(line: str, place: Place, count: int) -> Place:
    """The place some columns of blanks further; it may be within a tab."""
    at, column = place
    end = column + count
    while column < end and line[at : at + 1] in (" ", "\t"):
        behind = column + (1 if line[at] == " " else TAB - column % TAB)
        if behind > end:
            return Place(at, end)
        at, column = at + 1, behind
    return Place(at, column)


def _behind_quote_mark(line: str, mark: Place) -> Place:
    return _use(line, Place(mark.at + 1, mark.column + 1), 1)


def _item(line: str, before: Place, mark: Place, length: int, bare: bool) -> tuple[Item, Place]:
    behind = Place(mark.at + length, mark.column + length)
    blanks = skip_blanks(line, behind).column - behind.column
    # Content five or more columns behind its marker is indented code, and the item begins one column behind it.
    padding = 1 if bare or blanks > TAB else blanks
    place = _use(line, behind, padding)
    return Item(mark.column - before.column + length + padding, empty=bare), place


def _kind(rest: str, indent: int, inside_paragraph: bool) -> Kind:
    if not rest:
        return "blank"
    if indent > DEEPEST_INDENT:
        return "text" if inside_paragraph else "code"
    if FENCE.match(rest):
        return "fence"
    if _HEADING.match(rest) or _RULE.match(rest) or (inside_paragraph and _UNDERLINE.match(rest)):
        return "heading"
    return "text"
