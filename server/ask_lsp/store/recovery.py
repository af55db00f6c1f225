"""Completing a chat file from the journal: what is there stays, what is missing is added, nothing is said twice.

The file may hold all of the answer, a part, or not even its heading (the editor died with an unsaved buffer), and
people may have edited it since; so texts are compared without their white space.
"""

from __future__ import annotations

from ask_lsp.core.chat_format import INTERRUPTED, JOB_ATTRIBUTE, Chat, next_turn, note, parse
from ask_lsp.core.errors import RequestRefused
from ask_lsp.core.fences import close_open_fence
from ask_lsp.core.text import Point, Span, end_of, slice_lines, split_lines

_ANCHOR_LENGTH = 40


def completed(text: str, job: str, answer: str) -> str | None:
    """The file's text with the whole `answer` of `job` in it, marked as interrupted; None if nothing is to be done."""
    try:
        chat = parse(text)
    except RequestRefused:
        rest = missing(text, answer)
        return f"{text.rstrip()}\n\n{_closed(rest.strip())}\n\n*{INTERRUPTED}*\n" if rest.strip() else None
    index = _find_turn(chat, job, answer)
    if index is None:
        return _with_new_turn(text, chat, job, answer) if answer.strip() else None
    turn, body = chat.turns[index], chat.places[index].body
    is_last = index + 1 == len(chat.turns)
    rest = missing(turn.text, answer)
    marker = note(chat.nonce, INTERRUPTED)
    # The mark means that we died between completing the file and ending the entry.
    if turn.text.rstrip().endswith(marker) or (not is_last and not rest.strip()):
        return None
    said = _marked(turn.text.rstrip() + rest, chat.nonce)
    lines = split_lines(text)
    before = slice_lines(lines, Span(Point(0, 0), body.start)).rstrip() + "\n\n"
    if is_last:
        return before + said + next_turn(said, chat.nonce, "user", _label(chat, "user"))
    after = slice_lines(lines, Span(body.end, end_of(lines)))
    return f"{before}{said}\n\n{after.lstrip()}"


def missing(present: str, answer: str) -> str:
    """The end of `answer` that `present` lacks, beginning with the white space in front of it."""
    there = "".join(present.split())
    solid = [index for index, character in enumerate(answer) if not character.isspace()]
    wanted = "".join(answer[index] for index in solid)
    if wanted in there:
        return ""
    known = len(there) if wanted.startswith(there) else _known_of_an_edited_text(there, wanted)
    return answer[solid[known - 1] + 1 :] if known else answer


def _known_of_an_edited_text(there: str, wanted: str) -> int:
    """How much of `wanted` is before the place where `there` ends; its last words tell, or else its first."""
    anchor = there[-_ANCHOR_LENGTH:]
    ends = []
    if len(anchor) == _ANCHOR_LENGTH:
        end = wanted.find(anchor)
        while end >= 0:
            ends.append(end + _ANCHOR_LENGTH)
            end = wanted.find(anchor, end + 1)
    if ends:
        return min(ends, key=lambda end: abs(end - len(there)))
    pairs = enumerate(zip(there, wanted, strict=False))
    return next((index for index, (ours, theirs) in pairs if ours != theirs), min(len(there), len(wanted)))


def _find_turn(chat: Chat, job: str, answer: str) -> int | None:
    """The turn that carries the job's id, else a last assistant turn without any id that this answer can belong to."""
    assistant = [index for index, turn in enumerate(chat.turns) if turn.role == "assistant"]
    for index in reversed(assistant):
        if chat.turns[index].attributes.get(JOB_ATTRIBUTE) == job:
            return index
    if assistant and JOB_ATTRIBUTE not in chat.turns[assistant[-1]].attributes:
        there = "".join(chat.turns[assistant[-1]].text.split())
        wanted = "".join(answer.split())
        if wanted.startswith(there) or wanted in there:
            return assistant[-1]
    return None


def _with_new_turn(text: str, chat: Chat, job: str, answer: str) -> str:
    attributes = {JOB_ATTRIBUTE: job}
    opening = next_turn(text, chat.nonce, "assistant", _label(chat, "assistant"), attributes)
    said = _marked(answer, chat.nonce)
    return text + opening + said + next_turn(said, chat.nonce, "user", _label(chat, "user"))


def _marked(answer: str, nonce: str) -> str:
    """The answer with its fence closed and a note behind it that says why it ends; its own, if it came to have one."""
    said = _closed(answer.rstrip()).rstrip()
    if said.endswith(f"<!-- ask:{nonce} note -->"):
        return said
    return f"{said}\n\n{note(nonce, INTERRUPTED)}".lstrip("\n")


def _closed(markdown: str) -> str:
    return markdown + (close_open_fence(markdown) or "")


def _label(chat: Chat, role: str) -> str:
    return next((turn.label for turn in reversed(chat.turns) if turn.role == role), "")
