"""Puts a new text where it belongs in a document that is being typed in, or says why it stayed out.

An edit is sent only while the place holds what the model saw, or what can be merged with it without a doubt; it carries
the version it was made for; and it counts as done only when the editor has shown us the text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from ask_lsp.core.edges import aimed
from ask_lsp.core.edits import Edit, merge, smallest
from ask_lsp.core.evidence import lines_agree
from ask_lsp.core.proposal import Proposal
from ask_lsp.core.text import Snapshot, Span

log = logging.getLogger(__name__)

TRIES = 6


class Said(NamedTuple):
    """What an editor says about an edit, and with a refusal perhaps `why`."""

    word: Literal["applied", "refused", "silent"]
    why: str = ""


class Watch(Protocol):
    """Looks at a place after an edit was sent there."""

    async def shown(self, seen: str, new: str) -> bool | None:
        """Whether the editor's next change brought `new`; None if no change came in time."""
        ...

    async def moved(self) -> bool:
        """Whether the document has another version than the one the edit was made for, or gets one in a moment."""
        ...


class LivePlace(Protocol):
    """A stretch of an open document, which follows what is typed."""

    @property
    def uri(self) -> str:
        """The document."""
        ...

    def now(self) -> tuple[Snapshot, Span] | None:
        """Where it is, in the document as it is; None when that was closed."""
        ...

    def over(self, span: Span) -> LivePlace:
        """Another stretch of the document as it is."""
        ...

    def taking_in(self, seen: str, new: str) -> LivePlace:
        """The place for what comes next: with the text that was to become `new`, which may reach over its edges."""
        ...

    def watch(self, span: Span, edits: Sequence[Edit]) -> Watch:
        """Begins to look at what edits, sent next, do to a stretch that holds the place."""
        ...


class Desk(Protocol):
    """The editor, as far as edits go."""

    @property
    def versioned(self) -> bool:
        """Whether it takes edits that name the version they were made for, and refuses those that are too late."""
        ...

    @property
    def says_yes_to_late_edits(self) -> bool:
        """Whether it refuses a late edit and yet says that it was applied (Neovim)."""
        ...

    def queue(self, uri: str) -> asyncio.Lock:
        """One edit of a document at a time."""
        ...

    async def edit(self, snapshot: Snapshot, edits: Sequence[Edit], label: str) -> Said:
        """Sends one edit for the snapshot's version, and returns what the editor says about it."""
        ...


@dataclass(frozen=True)
class Landed:
    """How it ended. `reason` is a sentence: why a text was kept back, or cannot be called done.

    `span` is where the new text is when it is done, and `before` what stood there.
    """

    state: Literal["done", "kept", "unconfirmed"]
    reason: str = ""
    before: str = ""
    after: str = ""


Check = Callable[[Snapshot, Span, str], Awaitable[str]]
"""Says what is wrong with a merged text at its place; "" for nothing."""

CLOSED = "The file is no longer open, or was opened anew."
LOST = "The lines around its place are no longer there."
MEETS = "The same lines were changed meanwhile."
REFUSED = "The editor refused the edit."
SILENT = "The editor did not answer."
NOT_SHOWN = "The editor said that it made the edit, but the text is not there."
UNSEEN = "The editor said that it made the edit, but has not shown the text yet."
TYPING = "The file was being changed all the time."


async def land(desk: Desk, place: LivePlace, wanted: Proposal, check: Check) -> Landed:
    """Brings the text of `place` from what the model saw to what it wants, keeping what was typed meanwhile.

    What was typed at an edge of the place is part of its lines, and merged like what was typed in it.

    A try that came too late for the editor is made again at the new version, a few times; nothing is ever sent twice
    to an editor that could make both.
    """
    async with desk.queue(place.uri):
        for _ in range(TRIES):
            at = place.now()
            if at is None:
                return Landed("kept", CLOSED)
            snapshot, span = at
            aim = aimed(snapshot.lines, span, wanted.seen, wanted.new, wanted.before, wanted.after)
            if aim is None:
                return Landed("kept", LOST)
            seen, new, span = aim
            now = snapshot.slice(span)
            text = await asyncio.to_thread(merge, seen, new, now)
            if text is None:
                return Landed("kept", MEETS)
            if now not in (seen, text) and (problem := await check(snapshot, span, text)):
                return Landed("kept", f"{MEETS[:-1]}, and merged with that, {problem[:1].lower()}{problem[1:]}")
            if text == now:
                there = now == new or lines_agree(seen, new, now) is not None
                return Landed("done", before=now, after=now) if there else Landed("kept", MEETS)
            edits = await asyncio.to_thread(smallest, snapshot.lines, span, text)
            if place.now() != at:
                continue  # it was typed in while this was worked out
            watch = place.watch(span, edits)
            said = await desk.edit(snapshot, edits, wanted.title)
            if said.word == "applied":
                shown = await watch.shown(now, text)
                if shown:
                    return Landed("done", before=now, after=text)
                if shown is None:
                    return Landed("unconfirmed", UNSEEN)
                if not desk.says_yes_to_late_edits:
                    return Landed("kept", NOT_SHOWN)
            elif said.word == "silent":
                return Landed("kept", SILENT)
            elif not (desk.versioned and await watch.moved()):
                return Landed("kept", f"{REFUSED[:-1]}: {said.why}" if said.why else REFUSED)
        return Landed("kept", TYPING)
