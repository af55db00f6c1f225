"""Edits land in the right place or not at all, whatever the editor is like and whatever is typed at the same moment.

Thousands of random histories: a real Document fed with real didChange events, and an editor that behaves as one of
those that exist. Every word is unique, so what was typed, what the model wrote and where it stands can be told exactly.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from lsprotocol import types

from ask_lsp.assistant.landing import Landed, Said, land
from ask_lsp.core.edges import around
from ask_lsp.core.edits import Edit
from ask_lsp.core.proposal import Proposal
from ask_lsp.core.text import Point, Snapshot, Span, line_text, split_lines
from ask_lsp.lsp import desk as desk_module
from ask_lsp.lsp.convert import to_position, to_range
from ask_lsp.lsp.desk import DocumentPlace
from ask_lsp.lsp.documents import Documents

RUNS = 1500
URI = "file:///w/a.py"
KINDS = ("versioned", "neovim", "eglot", "refusing", "lying", "silent", "closing", "unversioned")
WORD = re.compile(r"[LUM]\d+x")
ODD = ("", " 😀", " é\u0301", " 日本")


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not come in these histories never comes."""
    monkeypatch.setattr(desk_module, "SHOWN_LIMIT", 0.02)
    monkeypatch.setattr(desk_module, "MOVED_LIMIT", 0.02)


class Editor:
    """A buffer with somebody at its keys, and the Desk that leads to it."""

    def __init__(self, kind: str, rng: random.Random, lines: int, full: bool) -> None:
        self.kind, self.rng, self.full = kind, rng, full
        self.eol = rng.choice(["\n", "\r\n"])
        self.text = "".join(
            f"L{number}x{rng.choice(ODD)}{self.eol}{self.eol if rng.random() < 0.2 else ''}" for number in range(lines)
        )
        self.version = self.sent_version = 1
        self.documents = Documents()
        self.document = self.documents.open(types.TextDocumentItem(URI, "python", 1, self.text))
        self.unsent: list[types.TextDocumentContentChangeEvent] = []
        self.typed: set[str] = set()
        self.deleted: set[str] = set()
        self.beside: dict[str, str] = {}  # what was typed on a line with others: one of those
        self.number = 0
        self.made = self.asked = 0
        self.open = True
        self.locks: dict[str, asyncio.Lock] = {}

    # ---- the person

    def types_something(self, keep: str = "") -> None:
        """One key, paste, deletion or new line somewhere; or the document is closed."""
        if self.kind == "closing" and self.open and self.rng.random() < 0.15:
            self.closes()
        if not self.open:
            return
        words = list(WORD.finditer(self.text))
        if words and self.rng.random() < 0.25:
            word = self.rng.choice(words)
            if word[0] != keep:
                self._change(word.start(), word.end(), "")
                self.deleted.add(word[0])
                return
        self.number += 1
        word_text = f"U{self.number}x"
        self.typed.add(word_text)
        word = self.rng.choice(words) if words else None
        ends = [] if word is None else [word.start(), word.end(), word.end(), self._line_end(word.end())]
        at = self.rng.choice([0, len(self.text), *ends, *ends])
        before, after = self.rng.choice([(" ", ""), (self.eol, ""), ("", self.eol), (" ", self.eol + self.eol)])
        together = self._together()
        self._change(at, at, f"{before}{word_text}{after}")
        still = self._together()
        self.beside = {
            one: other for one, other in self.beside.items() if (one, other) in still or (one, other) not in together
        }
        neighbours = [other for one, other in still if one == word_text]
        if neighbours:
            self.beside[word_text] = self.rng.choice(sorted(neighbours))

    def _together(self) -> set[tuple[str, str]]:
        """The words that are on a line with each other."""
        lines = [WORD.findall(line) for line in split_lines(self.text)]
        return {(one, other) for words in lines for one in words for other in words if one != other}

    def _line_end(self, at: int) -> int:
        return next((end for end in range(at, len(self.text)) if self.text[end] in "\r\n"), len(self.text))

    def _change(self, start: int, end: int, new: str) -> None:
        lines = split_lines(self.text)
        place = types.Range(*(to_position(lines, _point(self.text, at), "utf-16") for at in (start, end)))
        self.text = self.text[:start] + new + self.text[end:]
        self.version += 1
        self.unsent.append(types.TextDocumentContentChangePartial(range=place, text=new))
        if self.kind not in ("neovim", "eglot") or self.rng.random() < 0.5:
            self.sends()

    def closes(self) -> None:
        """didClose, behind what was changed; and sometimes it is opened again, as another document."""
        self.sends()
        self.documents.close(URI)
        self.open = False
        if self.rng.random() < 0.5:
            self.documents.open(types.TextDocumentItem(URI, "python", self.version + 1, self.text))

    def sends(self) -> None:
        """didChange: all that was changed since the last one."""
        if not self.unsent:
            return
        changes = [types.TextDocumentContentChangeWholeDocument(text=self.text)] if self.full else self.unsent
        self.document.apply(changes, self.version, "utf-16")
        self.sent_version, self.unsent = self.version, []

    # ---- the Desk

    @property
    def versioned(self) -> bool:
        return self.kind != "unversioned"

    @property
    def says_yes_to_late_edits(self) -> bool:
        return self.kind == "neovim"

    def queue(self, uri: str) -> asyncio.Lock:
        return self.locks.setdefault(uri, asyncio.Lock())

    async def edit(self, snapshot: Snapshot, edits: Sequence[Edit], label: str) -> Said:
        assert snapshot.version <= self.sent_version, "a version that was never sent"
        self.asked += 1
        if self.kind == "unversioned":  # a key in this moment would put it anywhere: why nobody is asked so by default
            if self.rng.random() < 0.3:
                return Said("refused")
            self._make(snapshot, edits)
            self.sends()
            return Said("applied")
        for _ in range(self.rng.randrange(3)):
            await asyncio.sleep(0)
            if self.rng.random() < 0.3:
                self.types_something()
        if self.kind == "silent":
            return Said("silent")
        if self.kind == "lying":
            asyncio.get_running_loop().call_soon(self.types_something)
            return Said("applied")
        late = snapshot.version != self.version
        if not self.open:
            return Said("refused")
        if self.kind == "refusing" or (late and self.kind != "neovim"):
            if self.rng.random() < 0.5:
                asyncio.get_running_loop().call_soon(self.sends)
            return Said("refused")
        if late:
            asyncio.get_running_loop().call_later(0.001, self.sends)
            return Said("applied")
        self._make(snapshot, edits)
        if self.rng.random() < 0.4:
            self.types_something()
        if self.rng.random() < 0.5:
            self.sends()
        else:
            asyncio.get_running_loop().call_later(0.001, self.sends)
        return Said("applied")

    def _make(self, snapshot: Snapshot, edits: Sequence[Edit]) -> None:
        self.made += 1
        ranges = [(to_range(snapshot.lines, each.span, "utf-16"), each.text) for each in edits]
        for range_, new in reversed(ranges):
            lines = split_lines(self.text)
            start, end = (_offset(lines, Point(side.line, _column(lines, side))) for side in (range_.start, range_.end))
            self.text = self.text[:start] + new + self.text[end:]
            self.unsent.append(types.TextDocumentContentChangePartial(range=range_, text=new))
        self.version += 1


def _column(lines: list[str], position: types.Position) -> int:
    from ask_lsp.lsp.convert import to_point

    return to_point(lines, position, "utf-16").column


def _offset(lines: list[str], point: Point) -> int:
    return sum(map(len, lines[: point.line])) + point.column


def _point(text: str, offset: int) -> Point:
    *whole, rest = split_lines(text[:offset])
    return Point(len(whole), len(rest))


async def _fine(snapshot: Snapshot, span: Span, text: str) -> str:
    return ""


class Answer(NamedTuple):
    """A step that a model wants: lines that go, one that comes, and what may stand above that one at most."""

    word: str
    place: DocumentPlace
    wanted: Proposal
    removed: set[str]
    above: int


def wanted(editor: Editor, span: Span, new: str) -> Proposal:
    """What is to stand at a place of the document as it is."""
    seen, (before, after) = editor.document.live().slice(span), around(editor.document.lines, span)
    return Proposal("p", URI, "T", "fix", 0.0, span, seen, new, before, after, "", None)


def answer_of(editor: Editor, number: int, count: int) -> Answer:
    """A line more, some less, or one for others, within a few lines."""
    rng, lines = editor.rng, editor.document.lines
    first = rng.randrange(count - 2)
    last = rng.randrange(first + 1, count - 1)
    blank = [number for number, line in enumerate(lines[:-1]) if not line_text(line)]
    if blank and rng.random() < 0.5:  # nothing but a place between lines
        first = last = rng.choice(blank)
    span = Span(Point(first, 0), Point(last, len(lines[last].rstrip("\r\n"))))
    pieces = [line_text(line) for line in lines[first : last + 1]]
    at = rng.randrange(len(pieces) + 1)
    how = rng.choice(["more", "more", "less", "other"])
    if first == last:
        how, at = "other", 0
    gone = [] if how == "more" else pieces[at : at + rng.randrange(1, 3)]
    word = "" if how == "less" else f"M{number}x"
    pieces[at : at + len(gone)] = [word] if word else []
    above = WORD.findall("".join([*lines[:first], *pieces[:at]]))
    return Answer(
        word,
        DocumentPlace(editor.documents, editor.document, span),
        wanted(editor, span, editor.eol.join(pieces)),
        set(WORD.findall(" ".join(gone))),
        max((int(each[1:-1]) for each in above if each[0] == "L"), default=-1),
    )


async def history(kind: str, seed: int) -> None:
    """One answer, or two for one document, while somebody types; then everything is checked."""
    rng = random.Random(f"{kind}{seed}")
    count = rng.randint(4, 12)
    editor = Editor(kind, rng, count, full=rng.random() < 0.3)
    answers = []
    for number in range(rng.choice([1, 1, 2])):
        answers.append(answer_of(editor, number, count))
        if rng.random() < 0.5:
            editor.types_something()

    async def comes(answer: Answer) -> Landed:
        for _ in range(rng.randrange(4)):
            await asyncio.sleep(0)
            editor.types_something()
        return await land(editor, answer.place, answer.wanted, _fine)  # type: ignore[arg-type]

    landed = await asyncio.gather(*map(comes, answers))
    editor.sends()
    await asyncio.sleep(0.003)

    text = editor.text
    assert "".join(editor.document.lines) == text
    found = WORD.findall(text)
    outcomes = list(zip(answers, landed, strict=True))
    # Who deletes the new line at once, or types beside lines that only go, leaves nothing to tell an edit by: it is
    # kept, and the old lines are gone.
    made = [
        answer
        for answer, outcome in outcomes
        if outcome.state != "kept" or answer.word in editor.deleted or (not answer.word and editor.made)
    ]
    may_go = editor.deleted.union(*(answer.removed for answer in made))
    assert len(found) == len(set(found)), f"something stands there twice: {found}"
    assert editor.typed - may_go <= set(found), "something that was typed is gone"
    assert {f"L{number}x" for number in range(count)} - may_go <= set(found), "a line is gone"
    if kind == "unversioned":
        assert editor.asked <= len(answers), "sent twice to an editor that could make both"
    assert_lines_are_whole(text, editor)
    for (word, *_, removed, highest), outcome in outcomes:
        if outcome.state == "done":
            assert not word or word in found or word in editor.deleted, "done, and not there"
            assert not removed & set(found), "done, and what had to go is still there"
        elif outcome.state == "kept":
            assert word not in found, f"kept ({outcome.reason}), and there all the same"
        if word in found:
            at = found.index(word)
            before = [int(each[1:-1]) for each in found[:at] if each[0] == "L"]
            after = [int(each[1:-1]) for each in found[at:] if each[0] == "L"]
            assert max(before, default=-1) <= highest < min(after, default=count), "in the wrong place"


def assert_lines_are_whole(text: str, editor: Editor) -> None:
    """Nothing that was typed on a line has got to another, and on a line of the model there is what was typed there."""
    lines = [WORD.findall(line) for line in text.splitlines()]
    line_of = {word: number for number, words in enumerate(lines) for word in words}
    for typed, beside in editor.beside.items():
        if typed in line_of and beside in line_of and beside not in editor.deleted:
            assert line_of[typed] == line_of[beside], f"{typed} was typed beside {beside}"
    for words in lines:
        models = {word for word in words if word[0] == "M"}
        if models:
            assert all(word in models or editor.beside.get(word) for word in words), f"mixed: {words}"
            assert not any(word[0] == "L" for word in words), f"mixed: {words}"


@pytest.mark.parametrize("kind", KINDS)
async def test_no_history_puts_anything_twice_or_in_the_wrong_place(kind: str) -> None:
    for seed in range(RUNS):
        try:
            await history(kind, seed)
        except AssertionError as error:
            raise AssertionError(f"history {seed} of {kind}: {error}") from error


async def test_an_untouched_document_gets_its_edit_from_every_honest_editor() -> None:
    """So that the property above is not held by doing nothing."""
    for kind in ("versioned", "neovim", "eglot"):
        editor = Editor(kind, random.Random(1), 5, full=False)
        editor.rng = random.Random(3)
        editor.types_something = lambda keep="": None  # type: ignore[method-assign]
        place = DocumentPlace(editor.documents, editor.document, Span(Point(1, 0), Point(2, 2)))
        seen = editor.document.live().slice(Span(Point(1, 0), Point(2, 2)))

        landed = await land(  # type: ignore[arg-type]
            editor, place, wanted(editor, Span(Point(1, 0), Point(2, 2)), f"M0x{editor.eol}{seen}"), _fine
        )

        assert landed.state == "done"
        assert editor.text.count("M0x") == editor.made == 1
