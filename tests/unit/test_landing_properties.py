"""Edits land in the right place or not at all, whatever the editor is like and whatever is typed at the same moment.

Thousands of random histories: a real Document fed with real didChange events, and an editor that behaves as one of
those that exist. Every word is unique, so what was typed, what the model wrote and where it stands can be told exactly.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Sequence

import pytest
from lsprotocol import types

from ask_lsp.assistant.landing import Landed, land
from ask_lsp.core.edits import Edit
from ask_lsp.core.text import Point, Snapshot, Span, split_lines
from ask_lsp.lsp import desk as desk_module
from ask_lsp.lsp.convert import to_position, to_range
from ask_lsp.lsp.desk import DocumentPlace
from ask_lsp.lsp.documents import Documents

RUNS = 600
URI = "file:///w/a.py"
KINDS = ("versioned", "neovim", "eglot", "refusing", "lying", "silent")
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
        self.text = "".join(f"L{number}x{rng.choice(ODD)}{self.eol}" for number in range(lines))
        self.version = self.sent_version = 1
        self.documents = Documents()
        self.document = self.documents.open(types.TextDocumentItem(URI, "python", 1, self.text))
        self.unsent: list[types.TextDocumentContentChangeEvent] = []
        self.typed: set[str] = set()
        self.deleted: set[str] = set()
        self.number = 0
        self.made = 0
        self.locks: dict[str, asyncio.Lock] = {}

    # ---- the person

    def types_something(self, keep: str = "") -> None:
        """One key, paste, deletion or new line somewhere."""
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
        at = self.rng.choice([0, len(self.text), *(match.end() for match in words)])
        before, after = self.rng.choice([(" ", ""), (self.eol, ""), ("", self.eol), (" ", self.eol + self.eol)])
        self._change(at, at, f"{before}{word_text}{after}")

    def _change(self, start: int, end: int, new: str) -> None:
        lines = split_lines(self.text)
        place = types.Range(*(to_position(lines, _point(self.text, at), "utf-16") for at in (start, end)))
        self.text = self.text[:start] + new + self.text[end:]
        self.version += 1
        self.unsent.append(types.TextDocumentContentChangePartial(range=place, text=new))
        if self.kind not in ("neovim", "eglot") or self.rng.random() < 0.5:
            self.sends()

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
        return True

    @property
    def says_yes_to_late_edits(self) -> bool:
        return self.kind == "neovim"

    def queue(self, uri: str) -> asyncio.Lock:
        return self.locks.setdefault(uri, asyncio.Lock())

    async def edit(self, snapshot: Snapshot, edits: Sequence[Edit], label: str) -> str:
        assert snapshot.version <= self.sent_version, "a version that was never sent"
        for _ in range(self.rng.randrange(3)):
            await asyncio.sleep(0)
            if self.rng.random() < 0.3:
                self.types_something()
        if self.kind == "silent":
            return "silent"
        if self.kind == "lying":
            asyncio.get_running_loop().call_soon(self.types_something)
            return "applied"
        late = snapshot.version != self.version
        if self.kind == "refusing" or (late and self.kind != "neovim"):
            if self.rng.random() < 0.5:
                asyncio.get_running_loop().call_soon(self.sends)
            return "refused"
        if late:
            asyncio.get_running_loop().call_later(0.001, self.sends)
            return "applied"
        self._make(snapshot, edits)
        if self.rng.random() < 0.4:
            self.types_something()
        if self.rng.random() < 0.5:
            self.sends()
        else:
            asyncio.get_running_loop().call_later(0.001, self.sends)
        return "applied"

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


async def history(kind: str, seed: int) -> None:
    """One answer, or two for one document, while somebody types; then everything is checked."""
    rng = random.Random(f"{kind}{seed}")
    count = rng.randint(4, 12)
    editor = Editor(kind, rng, count, full=rng.random() < 0.3)
    jobs, expected = [], {}
    for answer in range(rng.choice([1, 1, 2])):
        first = rng.randrange(count - 2)
        last = rng.randrange(first + 1, count - 1)
        lines = editor.document.lines
        span = Span(Point(first, 0), Point(last, len(lines[last].rstrip("\r\n"))))
        seen = editor.document.live().slice(span)
        behind = rng.randrange(first, last)
        word = f"M{answer}x"
        pieces = split_lines(seen)
        pieces.insert(behind - first + 1, f"{word}{editor.eol}")
        above = WORD.findall("".join([*lines[:first], *pieces[: behind - first + 1]]))
        expected[word] = max((int(each[1:-1]) for each in above if each[0] == "L"), default=-1)
        place = DocumentPlace(editor.documents, editor.document, span)
        jobs.append((word, place, seen, "".join(pieces)))
        if rng.random() < 0.5:
            editor.types_something()

    async def answer_comes(word: str, place: DocumentPlace, seen: str, new: str) -> tuple[str, Landed]:
        for _ in range(rng.randrange(4)):
            await asyncio.sleep(0)
            editor.types_something()
        return word, await land(editor, place, seen, new, "T", _fine)  # type: ignore[arg-type]

    landed = await asyncio.gather(*(answer_comes(*job) for job in jobs))
    editor.sends()
    await asyncio.sleep(0.003)

    text = editor.text
    assert "".join(editor.document.lines) == text
    found = WORD.findall(text)
    assert len(found) == len(set(found)), f"something stands there twice: {found}"
    assert editor.typed - editor.deleted <= set(found), "something that was typed is gone"
    assert {f"L{number}x" for number in range(count)} - editor.deleted <= set(found), "a line is gone"
    for word, outcome in landed:
        if outcome.state == "done":
            assert word in found or word in editor.deleted, "done, and not there"
        elif outcome.state == "kept":
            assert word not in found, f"kept ({outcome.reason}), and there all the same"
        if word in found:
            at = found.index(word)
            before = [int(each[1:-1]) for each in found[:at] if each[0] == "L"]
            after = [int(each[1:-1]) for each in found[at:] if each[0] == "L"]
            assert max(before, default=-1) <= expected[word] < min(after, default=count), "in the wrong place"


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

        landed = await land(editor, place, seen, f"M0x{editor.eol}{seen}", "T", _fine)  # type: ignore[arg-type]

        assert landed.state == "done"
        assert editor.text.count("M0x") == editor.made == 1
