"""The Markdown of a conversation: writing it, reading it back, and what of it a model is sent.

A turn begins at a heading that carries the file's nonce, which no model ever sees; so an answer cannot forge a turn,
and no text needs escaping. What people do to the file by hand (blank lines, CRLF, other labels) does no harm.

    # Why is this slow? <!-- ask:8c1f… chat action=ask -->

    ## You <!-- ask:8c1f… role=user -->

    Why is this slow?

    ## ChatGPT <!-- ask:8c1f… role=assistant model=gpt-5.4-mini -->

    Because …
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from ask_lsp.core.conversation import Message
from ask_lsp.core.errors import RequestRefused
from ask_lsp.core.fences import lines_and_blocks
from ask_lsp.core.text import Point, Span, line_length, replace_surrogates, split_lines

Role = Literal["user", "assistant"]
_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant"}

USER_LABEL = "You"
ASSISTANT_LABEL = "ChatGPT"
INTERRUPTED = "(interrupted)"
# The attribute of an answer's heading by which its journal entry finds it after a crash.
JOB_ATTRIBUTE = "job"

_CHAT_MARKER = re.compile(r"<!-- ask:([0-9a-f]{24,128}) chat([^<>]*)-->\s*")
_LABEL_BREAKERS = re.compile(r"<!--|-->")
# What `place_link` writes: the label says the same file and line as the target, which others' links do not.
_PLACE_LINK = re.compile(
    r"\[(?P<name>(?:\\.|[^\[\]\\\n]){0,1000}?)(?P<lines>:(?P<line>\d+)(?:-\d+)?)\]"
    r"\((?P<target>file:[^\s()<>]*)#L(?P=line)\)"
)
_ESCAPED_BRACKET = re.compile(r"\\([\[\]\\])")
_BLANK_EDGES = re.compile(r"\A(?:[ \t]*\r?\n)+")


@dataclass(frozen=True)
class Turn:
    """One side's words. `label` is what the heading shows; it means nothing, and is not compared."""

    role: Role
    text: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    label: str = field(default="", compare=False)


class TurnPlace(NamedTuple):
    """Where a turn stands, in lines as `core.text` counts them. More text of the turn goes to `body.end`."""

    heading_line: int
    body: Span

    @property
    def body_line(self) -> int:
        """The line on which its text begins."""
        return self.body.start.line


@dataclass(frozen=True)
class Chat:
    """A conversation. `places` has one entry a turn if it was parsed, and none if it was made to be rendered."""

    nonce: str
    title: str
    turns: tuple[Turn, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    places: tuple[TurnPlace, ...] = field(default=(), compare=False)


def render(chat: Chat) -> str:
    """The file: `parse` gives back equal turns for any texts that do not hold the file's own nonce."""
    title = _one_line(chat.title)
    opening = f"# {title}{' ' if title else ''}<!-- ask:{chat.nonce} chat{_encode(chat.attributes)} -->\n\n"
    turns = "\n\n".join(
        heading(chat.nonce, turn.role, turn.label, turn.attributes) + "\n\n" + turn.text for turn in chat.turns
    )
    return opening + turns + ("\n" if chat.turns and chat.turns[-1].text else "")


def heading(nonce: str, role: Role, label: str = "", attributes: Mapping[str, str] | None = None) -> str:
    """The line that begins a turn, without its newline."""
    shown = _one_line(label) or (USER_LABEL if role == "user" else ASSISTANT_LABEL)
    return f"## {shown} <!-- ask:{nonce} role={role}{_encode(attributes or {})} -->"


def next_turn(before: str, nonce: str, role: Role, label: str = "", attributes: Mapping[str, str] | None = None) -> str:
    """What to append to a chat file whose text ends like `before` (its last few characters do) to begin a turn.

    The text of the turn follows directly behind it. The turns before keep their texts.
    """
    return ("\n" if before.endswith("\n") else "\n\n") + heading(nonce, role, label, attributes) + "\n\n"


def note(nonce: str, sentence: str) -> str:
    """A line of ours inside a turn, for people only: it is never sent to a model."""
    return f"*{_one_line(sentence)}* <!-- ask:{nonce} note -->"


def file_link(label: str, uri: str) -> str:
    """A Markdown link to a file, or to a place in it."""
    escaped = re.sub(r"([\[\]\\])", r"\\\1", _one_line(label))
    return f"[{escaped}]({quote(uri, safe=':/?#@!$&*+,;=%~-._')})"


def place_link(name: str, lines: str, uri: str) -> str:
    """A link to lines of a file: `name` is the last part of its path, `lines` are "3" or "3-9".

    `messages` reduces it to its label: no path is ever sent.
    """
    return file_link(f"{name}:{lines}", f"{uri}#L{lines.partition('-')[0]}")


def parse(text: str) -> Chat:
    """The conversation in a chat file.

    Raises RequestRefused when the first line that is not blank has no chat marker.
    """
    first = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    newline = text.find("\n", first)
    opening = text[first : len(text) if newline < 0 else newline + 1]
    title, _, _ = opening.rpartition("<!-- ask:")
    marker = _CHAT_MARKER.fullmatch(opening, len(title))
    if marker is None or not title.startswith("#"):
        raise RequestRefused("This file is not a chat: its first line has no chat marker. Ask about code to begin one.")
    nonce = marker[1]
    found = list(_headings(text, nonce, first + len(opening)))
    lines = split_lines(text)
    starts = list(accumulate((len(line) for line in lines), initial=0))[:-1]
    turns: list[Turn] = []
    places: list[TurnPlace] = []
    for index, this in enumerate(found):
        is_last = index + 1 == len(found)
        start, end = _body(text, this.end, len(text) if is_last else found[index + 1].start, 1 if is_last else 2)
        turns.append(Turn(this.role, text[start:end], this.attributes, this.label))
        body = Span(_point(lines, starts, start), _point(lines, starts, end))
        places.append(TurnPlace(_point(lines, starts, this.start).line, body))
    return Chat(nonce, title.lstrip("#").strip(), tuple(turns), _decode(marker[2]), tuple(places))


def messages(chat: Chat) -> list[Message]:
    """What a model is sent of the conversation: neither markers nor notes nor place links of ours, and no empty turn.

    Nothing else is taken away, and in fenced code nothing but the nonce: the model has to see the code that there is.
    Turns of the same side that follow each other become one message: some chat templates take alternating sides only.
    """
    result: list[Message] = []
    for turn in chat.turns:
        text = sendable(turn.text, chat.nonce)
        if not text:
            continue
        if result and result[-1].role == turn.role:
            text = f"{result.pop().text}\n\n{text}"
        result.append(Message(turn.role, text))
    return result


def linked(text: str, *, in_code: bool = True) -> list[str]:
    """The `file:` URIs that the place links of a turn name, without their fragments; those in fenced code if wanted."""
    if not in_code and "](file:" in text:
        text = "".join(line for line, in_block in lines_and_blocks(text) if not in_block)
    return [link["target"] for link in _PLACE_LINK.finditer(text)]


def last_question(chat: Chat) -> str | None:
    """What the user has typed into the last turn, possibly nothing yet; None if the last turn is not the user's."""
    if not chat.turns or chat.turns[-1].role != "user":
        return None
    return sendable(chat.turns[-1].text, chat.nonce)


def with_question(text: str, words: str) -> str:
    """A chat file with a question typed at its end, where it waits for one. Raises RequestRefused where it does not."""
    if last_question(parse(text)) != "":
        raise RequestRefused(
            "This chat does not wait for a question: its answer is on its way, or one is typed already."
        )
    return text + ("" if text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n") + f"{words.strip()}\n"


def sendable(text: str, nonce: str) -> str:
    """A turn's text as a model may see it, without blank lines around it."""
    if nonce in text or "](file:" in text:
        text = "".join(line if in_block else _words(line, nonce) for line, in_block in lines_and_blocks(text))
        text = text.replace(nonce, "…")
    return replace_surrogates(_BLANK_EDGES.sub("", text).rstrip())


def _words(line: str, nonce: str) -> str:
    """A line outside of code, without what we wrote into it."""
    if nonce in line:
        if line.rstrip().endswith(f"<!-- ask:{nonce} note -->"):
            return ""
        line = re.sub(rf"<!--[ \t]*ask:{re.escape(nonce)}[^<>\n]*-->", "", line)
    return _PLACE_LINK.sub(_label, line) if "](file:" in line else line


def _label(link: re.Match[str]) -> str:
    name = _ESCAPED_BRACKET.sub(r"\1", link["name"])
    file = unquote(urlsplit(link["target"]).path).rpartition("/")[2]
    ours = _one_line(file).replace(" ", "") == name.replace(" ", "")
    return name + link["lines"] if ours else link[0]


class _Heading(NamedTuple):
    start: int
    end: int
    role: Role
    label: str
    attributes: dict[str, str]


def _headings(text: str, nonce: str, position: int) -> Iterator[_Heading]:
    marker = f"<!-- ask:{nonce} "
    while (found := text.find(marker, position)) >= 0:
        start = text.rfind("\n", 0, found) + 1
        newline = text.find("\n", found)
        end = len(text) if newline < 0 else newline + 1
        position = end
        attributes_text, closed, behind = text[found + len(marker) : end].partition("-->")
        label = text[start:found].lstrip("#")
        if not closed or behind.strip() or start + len(label) == found or label[:1] not in " \t":
            continue
        attributes = _decode(attributes_text)
        role = _ROLES.get(attributes.pop("role", ""))
        if role is not None:
            yield _Heading(start, end, role, label.strip(), attributes)


def _body(text: str, start: int, end: int, newlines: int) -> tuple[int, int]:
    """The stretch of a turn's text: without one blank line in front and up to `newlines` line ends behind.

    Whether a carriage return belongs to a line end is seen from the heading: texts may end in one, ours does not.
    """
    carriage_returns = text.endswith("\r\n", 0, start)
    if text.startswith("\n", start, end):
        start += 1
    elif carriage_returns and text.startswith("\r\n", start, end):
        start += 2
    for _ in range(newlines):
        if not text.endswith("\n", start, end):
            break
        end -= 1
        if carriage_returns and text.endswith("\r", start, end):
            end -= 1
    return start, end


def _point(lines: list[str], starts: list[int], offset: int) -> Point:
    line = bisect_right(starts, offset) - 1
    return Point(line, min(offset - starts[line], line_length(lines[line])))


def _encode(attributes: Mapping[str, str]) -> str:
    # Two hyphens may not stand in an HTML comment.
    return "".join(
        f" {key}={quote(replace_surrogates(value), safe='/:').replace('--', '-%2D')}"
        for key, value in attributes.items()
    )


def _decode(attributes: str) -> dict[str, str]:
    pairs = (item.partition("=") for item in attributes.split())
    return {key: unquote(value) for key, equals, value in pairs if equals}


def _one_line(text: str) -> str:
    return " ".join(_LABEL_BREAKERS.sub(" ", replace_surrogates(text)).split())
