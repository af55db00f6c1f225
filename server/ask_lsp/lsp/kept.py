"""One proposal and where it is: followed while its document is open, known by its words while it is not.

And what it takes to make it there. That is worked out when somebody looks; for a large text in a thread after each
change of it, so that a menu never has to wait.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ask_lsp.assistant.landing import Landed
from ask_lsp.core.anchor import anchored, fitted, locate
from ask_lsp.core.edges import Aim, aimed, around
from ask_lsp.core.edits import Edit, changes
from ask_lsp.core.proposal import Anchor, Proposal
from ask_lsp.core.text import Point, Span, placed_at, slice_lines
from ask_lsp.core.tracking import TrackedSpan
from ask_lsp.core.uris import same_spelling
from ask_lsp.lsp.convert import to_range
from ask_lsp.lsp.documents import Document, Documents, Grown

LARGE = 20_000
"""Code points of a text above which it is merged in a thread only, never for a listing."""


class Mooring:
    """Where a stretch of text is. `at` is what is known of it while its document is closed."""

    def __init__(self, uri: str, at: Anchor) -> None:
        self.uri = uri
        self.at = at
        self.document: Document | None = None
        self.tracked: TrackedSpan | None = None

    @property
    def span(self) -> Span | None:
        """Where it is now; None while it is not followed."""
        return None if self.tracked is None else self.tracked.span

    def hold(self, document: Document, span: Span) -> None:
        """Follows that place from now on."""
        self.document, self.tracked = document, document.track(span)

    def release(self) -> None:
        """Its document is no longer open."""
        self.at = self.located()
        self.document = self.tracked = None

    def located(self) -> Anchor:
        """It as it is now, or was last."""
        if self.document is None or self.tracked is None:
            return self.at
        return anchored(self.document.live(), self.tracked.span)

    async def moor(self, documents: Documents) -> bool:
        """Finds it again in its document, if that is open; returns whether it was this call that did."""
        document = documents.get(self.uri)
        while document is not None and self.document is None:
            snapshot = document.snapshot()
            span = await asyncio.to_thread(locate, snapshot.lines, self.at)
            if documents.get(self.uri) is not document:  # opened anew meanwhile
                document = documents.get(self.uri)
            elif self.document is None and document.version == snapshot.version:
                if span is not None:
                    self.hold(document, span)
                return span is not None
        return False


class _WorkedOut(NamedTuple):
    """The edits, from the beginning of their aim on, and what they were worked out for."""

    state: tuple[object, ...]
    aim: Aim | None
    edits: list[Edit] | None


@dataclass(eq=False)
class Kept:
    """A proposal, its place, and the place of what it was asked for where that is another.

    `grown` takes in what is typed at the edges of the place; it was looked at when it had been touched `looked` times.
    A proposal that is `waiting` has been sent, and is not listed until the editor has shown whether it was made.
    `stored` is what the database has of it.
    """

    proposal: Proposal
    stored: Proposal | None = None
    waiting: bool = False
    place: Mooring = field(init=False)
    source: Mooring | None = field(init=False)
    grown: Grown | None = field(init=False, default=None)
    looked: int = field(init=False, default=0)
    _worked_out: _WorkedOut | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.place = Mooring(self.proposal.uri, self.proposal.at)
        self.source = source_of(self.proposal)

    @property
    def document(self) -> Document | None:
        """The open document in which its place is known."""
        return self.place.document

    def hold(self, document: Document, span: Span) -> None:
        """Follows that place from now on."""
        self.place.hold(document, span)
        self._follow(document, span)

    async def moor(self, documents: Documents) -> bool:
        """Finds its place in its document, if that is open; returns whether it was this call that did."""
        if not await self.place.moor(documents):
            return False
        document, span = self.place.document, self.place.span
        assert document is not None
        assert span is not None
        self.proposal = fitted(document.lines, self.proposal, span)
        self._follow(document, span)
        return True

    def _follow(self, document: Document, span: Span) -> None:
        self.grown = Grown(document, span)
        self.looked = 0
        self._worked_out = None

    def settle(self) -> None:
        """Takes down where it is now: what was typed at an edge belongs to the place from then on."""
        self.proposal = self.located()
        if self.document is not None and self.proposal.span != self.place.span:
            self.hold(self.document, self.proposal.span)

    def release(self, document: Document) -> None:
        """That document is no longer open, or has no place for it any more."""
        moorings = [each for each in (self.place, self.source) if each is not None and each.document is document]
        for each in moorings:
            each.release()
        if self.place in moorings:
            self.grown = self._worked_out = None
        if moorings:
            self.proposal = self.located()

    def located(self) -> Proposal:
        """The proposal, with all that is known of its places by now."""
        proposal = self.proposal.moved(self.place.located())
        if self.source is not None and proposal.source is not None:
            proposal = replace(proposal, source=proposal.source.moved(self.source.located()))
        return proposal

    def edits(self) -> list[Edit] | None:
        """The edits that make it now; None when its place has changed too much, is not open, or is being worked out."""
        state = self._state()
        if self._worked_out is None or self._worked_out.state != state:
            aim, now = self._aim()
            if aim is not None and max(len(now), len(aim.new)) >= LARGE:
                return None
            self._worked_out = _WorkedOut(state, aim, None if aim is None else changes(aim.seen, aim.new, now))
        tracked, aim, edits = self.place.tracked, self._worked_out.aim, self._worked_out.edits
        if tracked is None or aim is None or edits is None:
            return None
        start = Point(tracked.span.start.line, aim.span.start.column)
        return [Edit(placed_at(edit.span, start), edit.text) for edit in edits]

    async def work_out(self) -> None:
        """Works out the edits of a large text; when it is changed again meanwhile, that is for the next time."""
        state = self._state()
        if self._worked_out is not None and self._worked_out.state == state:
            return
        aim, now = self._aim()
        if aim is None or max(len(now), len(aim.new)) < LARGE:
            return
        edits = await asyncio.to_thread(changes, aim.seen, aim.new, now)
        if self._state() == state:
            self._worked_out = _WorkedOut(state, aim, edits)

    def _aim(self) -> tuple[Aim | None, str]:
        """The step for where the place is, and what stands there."""
        tracked, document, wanted = self.place.tracked, self.document, self.proposal
        if tracked is None or document is None:
            return None, ""
        aim = aimed(document.lines, tracked.span, wanted.seen, wanted.new, wanted.before, wanted.after)
        return aim, "" if aim is None else slice_lines(document.lines, aim.span)

    def _state(self) -> tuple[object, ...]:
        """What the edits depend on: another one means that they have to be worked out anew."""
        tracked, document = self.place.tracked, self.document
        if tracked is None or document is None:
            return (None,)
        return (self.proposal, tracked, tracked.touched, around(document.lines, tracked.span))

    def params(self, state: str, encoding: str, *, fresh: bool = False) -> dict[str, Any]:
        """What clients of ours are told about it (ask/proposal)."""
        document, proposal = self.document, self.proposal
        edits = self.edits() if state != "gone" and document is not None else None
        lines = document.lines if document is not None else []
        return {
            "id": proposal.id,
            "uri": proposal.uri,
            "version": document.version if document is not None else None,
            "hunks": [{"range": to_range(lines, edit.span, encoding), "newText": edit.text} for edit in edits or ()],
            "title": proposal.title,
            "reason": proposal.reason,
            "state": state,
            **({"fresh": True} if fresh else {}),
            **({"text": proposal.new} if proposal.new_file and state != "gone" else {}),
        }


@dataclass
class LastEdit:
    """The last edit that was made, for undoing it. `source` is the place of what it was asked for, if another."""

    proposal: Proposal
    place: TrackedSpan
    document: Document
    landed: Landed
    source: Mooring | None


def source_of(proposal: Proposal) -> Mooring | None:
    """The place of what a proposal was asked for; None where that is its own, or is not known."""
    source = proposal.source
    if source is None or same_spelling(source.uri) == same_spelling(proposal.uri):
        return None
    return Mooring(source.uri, source.at)
