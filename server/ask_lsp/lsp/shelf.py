"""The proposals of this editor: each follows its place in the open document, is offered there, and leaves when its text
stands there, however it got there.

They are kept in the database too, so that none is lost with the server; what other editors keep is seen when a document
is opened.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from ask_lsp.assistant.edit import Making, Previews
from ask_lsp.assistant.landing import Landed, LivePlace
from ask_lsp.core.anchor import around, find, fitted
from ask_lsp.core.edits import Edit, merge, smallest
from ask_lsp.core.errors import RequestRefused
from ask_lsp.core.proposal import Proposal
from ask_lsp.core.settings import Review
from ask_lsp.core.text import Span
from ask_lsp.core.tracking import TrackedSpan
from ask_lsp.lsp.convert import to_range
from ask_lsp.lsp.desk import DocumentPlace, EditorDesk, stands
from ask_lsp.lsp.documents import Document, Documents
from ask_lsp.lsp.editor import Editor

if TYPE_CHECKING:
    from ask_lsp.assistant.services import Services

log = logging.getLogger(__name__)

SETTLED = 0.2
"""Seconds without a change before a document is looked at for texts that have got into it."""

MOST_CHATS = 100

LARGE = 20_000
"""Code points of a text above which it is merged in a thread only, never for a listing."""


@dataclass
class Kept:
    """A proposal, and where it is while its document is open."""

    proposal: Proposal
    document: Document | None = None
    tracked: TrackedSpan | None = None
    grown: TrackedSpan | None = None
    waiting: bool = False
    cached: tuple[int, list[Edit] | None] | None = None

    def hold(self, document: Document, span: Span) -> None:
        """Follows that place from now on."""
        self.document = document
        self.tracked, self.grown = document.track(span), document.track(span, grows=True)
        self.cached = None

    def release(self) -> None:
        """Its document is no longer open."""
        self.document = self.tracked = self.grown = self.cached = None


@dataclass
class LastEdit:
    """The last edit that was made, for undoing it."""

    proposal: Proposal
    place: TrackedSpan
    document: Document
    landed: Landed


class Shelf:
    """All of them (assistant.edit.Shelf)."""

    def __init__(
        self,
        documents: Documents,
        desk: EditorDesk,
        editor: Editor,
        services: Callable[[], Awaitable[Services]],
        spawn: Callable[[Coroutine[Any, Any, Any]], None],
        encoding: str,
    ) -> None:
        self._documents = documents
        self._desk = desk
        self._editor = editor
        self._services = services
        self._spawn = spawn
        self._encoding = encoding
        self._kept: dict[str, Kept] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self.chats: dict[Path, Making] = {}
        self.last: LastEdit | None = None

    # ---- what the use case asks for

    @property
    def default_review(self) -> Review:
        """Preview where somebody can show one, apply where edits carry versions, else a proposal."""
        if self.previews != "none":
            return "preview"
        return "apply" if self._desk.versioned else "proposal"

    @property
    def previews(self) -> Previews:
        """Who can show an edit before it is made."""
        client = self._editor.client
        return "own" if client.protocol else "editor" if client.asks_before_edits else "none"

    async def keep(self, proposal: Proposal, place: LivePlace | None, *, show: bool) -> None:
        """Keeps a proposal, and has it previewed if that is wanted: by the editor if it can, else as a page."""
        kept = await self._add(proposal, place)
        if not show or kept.document is None:
            return
        if self.previews == "editor":
            self._spawn(self._preview(kept))
        elif self.previews == "none":
            self._spawn(self.show_difference(kept, focus=False))

    async def await_text(self, proposal: Proposal, place: LivePlace) -> None:
        """Keeps a proposal, unlisted until the next change shows whether its text is there."""
        (await self._add(proposal, place)).waiting = True

    def made(self, place: LivePlace, proposal: Proposal, landed: Landed) -> None:
        """Remembers the last edit."""
        if isinstance(place, DocumentPlace) and place.made is not None:
            self.last = LastEdit(proposal, place.made, place.document, landed)

    def conversing(self, chat: Path, making: Making) -> None:
        """Remembers which edit a chat is about, for the last ones."""
        self.chats.pop(chat, None)
        self.chats[chat] = making
        if len(self.chats) > MOST_CHATS:
            del self.chats[next(iter(self.chats))]

    async def _add(self, proposal: Proposal, place: LivePlace | None) -> Kept:
        kept = Kept(proposal)
        if isinstance(place, DocumentPlace) and (at := place.now()) is not None:
            kept.hold(place.document, at[1])
        self._kept[proposal.id] = kept
        await (await self._services()).proposals.add(proposal)
        self._tell(kept, "kept")
        return kept

    async def _preview(self, kept: Kept) -> None:
        document, edits = kept.document, self.edits(kept)
        if document is None or not edits:
            return
        label = kept.proposal.title
        said = await self._desk.edit(document.snapshot(), edits, label, ask_first=True)
        log.info("the preview of %s was %s", kept.proposal.id, said)

    async def show_difference(self, kept: Kept, *, focus: bool) -> str:
        """Opens a page with the difference; returns "" or, where the editor opens nothing, the page's path."""
        from ask_lsp.core.pages import diff_page

        now = None
        if kept.document is not None and kept.tracked is not None:
            now = kept.document.live().slice(kept.tracked.span)
        text = await asyncio.to_thread(diff_page, kept.proposal, now)
        path = await (await self._services()).files.page(f"diff-{kept.proposal.id}.md", text)
        return "" if await self._editor.show(path, focus=focus) else str(path)

    # ---- what happens to documents

    async def load(self) -> None:
        """Takes in what earlier sessions and other editors have kept."""
        for proposal in await (await self._services()).proposals.all():
            self._kept.setdefault(proposal.id, Kept(proposal))
        for document in self._documents:
            await self._anchor(document)

    async def opened(self, document: Document) -> None:
        """A didOpen: finds the places of its proposals again."""
        for proposal in await (await self._services()).proposals.of_uri(document.uri):
            self._kept.setdefault(proposal.id, Kept(proposal))
        await self._anchor(document)

    async def _anchor(self, document: Document) -> None:
        for kept in list(self._kept.values()):
            if kept.document is not None or kept.proposal.uri != document.uri:
                continue
            while kept.document is None and self._documents.get(document.uri) is document:
                snapshot = document.snapshot()
                span = await asyncio.to_thread(find, snapshot.lines, kept.proposal)
                if span is None:
                    break
                if document.version == snapshot.version:
                    kept.proposal = fitted(snapshot.lines, kept.proposal, span)
                    kept.hold(document, span)
                    self._tell(kept, "kept")

    def changed(self, document: Document) -> None:
        """A didChange: what it has brought is looked at when the changes pause, a text that is waited for at once."""
        mine = [kept for kept in self._kept.values() if kept.document is document]
        for kept in mine:
            if kept.waiting:
                kept.waiting = False
                self._look(kept)
        if any(kept.grown is not None and kept.grown.touched for kept in mine):
            timer = self._timers.pop(document.uri, None)
            if timer is not None:
                timer.cancel()
            loop = asyncio.get_running_loop()
            self._timers[document.uri] = loop.call_later(SETTLED, self._settled, document)

    def _settled(self, document: Document) -> None:
        self._timers.pop(document.uri, None)
        for kept in list(self._kept.values()):
            if kept.document is document and kept.grown is not None and kept.grown.touched:
                kept.grown.touched = False
                self._look(kept)

    def _look(self, kept: Kept) -> None:
        if self.is_there(kept):
            self._spawn(self.drop(kept.proposal.id))
        else:
            self._tell(kept, "kept")

    def is_there(self, kept: Kept) -> bool:
        """Whether the proposed text stands at its place."""
        if kept.document is None or kept.grown is None:
            return False
        return stands(kept.proposal.seen, kept.proposal.new, kept.document.live().slice(kept.grown.span))

    async def closed(self, document: Document) -> None:
        """A didClose: remembers where the places were."""
        timer = self._timers.pop(document.uri, None)
        if timer is not None:
            timer.cancel()
        services = await self._services()
        for kept in self._kept.values():
            if kept.document is not document or kept.tracked is None:
                continue
            snapshot, span = document.snapshot(), kept.tracked.span
            now = snapshot.slice(span)
            text = merge(kept.proposal.seen, kept.proposal.new, now) if len(now) < LARGE else None
            if text is not None:
                before, after = around(snapshot, span)
                kept.proposal = replace(kept.proposal, seen=now, new=text, span=span, before=before, after=after)
                await services.proposals.add(kept.proposal)
            kept.release()

    # ---- what the user does

    def get(self, proposal_id: str | None) -> Kept:
        """The proposal of that id. Raises RequestRefused."""
        if proposal_id is None:
            raise RequestRefused("Which proposal? Give its id; ask.proposals lists all of them.")
        kept = self._kept.get(proposal_id)
        if kept is None:
            raise RequestRefused(
                f"There is no proposal “{proposal_id}”, or no longer. ask.proposals lists all of them."
            )
        return kept

    def all(self) -> Iterable[Kept]:
        """All of them, newest first."""
        return sorted(self._kept.values(), key=lambda kept: -kept.proposal.created)

    def at(self, document: Document, span: Span) -> list[Kept]:
        """Those whose places share a line with `span`, newest first; from memory alone."""
        found = []
        for kept in self._kept.values():
            if kept.document is document and kept.tracked is not None:
                start, end = kept.tracked.span
                if start.line <= span.end.line and span.start.line <= end.line:
                    found.append(kept)
        return sorted(found, key=lambda kept: -kept.proposal.created)

    def edits(self, kept: Kept) -> list[Edit] | None:
        """The edits that make it now; None when its place has changed too much, or is not open."""
        document, tracked = kept.document, kept.tracked
        if document is None or tracked is None:
            return None
        if kept.cached is None or kept.cached[0] != document.version:
            now = document.live().slice(tracked.span)
            text = kept.proposal.new if now == kept.proposal.seen else None
            if text is None and len(now) < LARGE:
                text = merge(kept.proposal.seen, kept.proposal.new, now)
            kept.cached = document.version, None if text is None else smallest(document.lines, tracked.span, text)
        return kept.cached[1]

    def literal(self, kept: Kept) -> types.WorkspaceEdit | None:
        """The edit itself, for a code action that needs no round trip."""
        edits = self.edits(kept)
        if not edits or kept.document is None:
            return None
        return self._editor.workspace_edit(kept.document.live(), edits, self._encoding)

    def place(self, kept: Kept) -> DocumentPlace | None:
        """Its place, as something to land on."""
        if kept.document is None or kept.tracked is None:
            return None
        return DocumentPlace(self._documents, kept.document, kept.tracked.span)

    async def drop(self, proposal_id: str) -> None:
        """Forgets one."""
        kept = self._kept.pop(proposal_id, None)
        await (await self._services()).proposals.remove(proposal_id)
        if kept is not None:
            self._tell(kept, "gone")

    def _tell(self, kept: Kept, state: str) -> None:
        """ask/proposal, for clients that show them."""
        if not self._editor.client.protocol:
            return
        document, edits = kept.document, None if state == "gone" else self.edits(kept)
        hunks = []
        if document is not None:
            hunks = [
                {"range": to_range(document.lines, edit.span, self._encoding), "newText": edit.text}
                for edit in edits or ()
            ]
        proposal = kept.proposal
        self._editor.notify(
            "ask/proposal",
            {
                "id": proposal.id,
                "uri": proposal.uri,
                "version": document.version if document else None,
                "hunks": hunks,
                "title": proposal.title,
                "reason": proposal.reason,
                "state": state,
            },
        )
