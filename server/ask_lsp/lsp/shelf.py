"""The proposals of this editor: each is offered at its place in the open document, and leaves when its text stands
there, however it got there.

They are kept in the database too, so that none is lost with the server; what other editors keep is seen when a document
is opened.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from ask_lsp.assistant.edit import Previews
from ask_lsp.assistant.landing import Landed, LivePlace
from ask_lsp.assistant.making import Making
from ask_lsp.core.edits import taken_back
from ask_lsp.core.errors import RequestRefused
from ask_lsp.core.evidence import has_come, holds, stands
from ask_lsp.core.proposal import Proposal
from ask_lsp.core.settings import Review
from ask_lsp.core.text import Span
from ask_lsp.core.tracking import TrackedSpan
from ask_lsp.lsp.desk import DocumentPlace, EditorDesk
from ask_lsp.lsp.documents import Document, Documents
from ask_lsp.lsp.editor import Editor
from ask_lsp.lsp.kept import Kept, LastEdit, source_of

if TYPE_CHECKING:
    from ask_lsp.assistant.services import Services

log = logging.getLogger(__name__)

SETTLED = 0.2
"""Seconds without a change before a document is looked at for texts that have got into it."""

MOST_CHATS = 100


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
        self._putting_away = asyncio.Lock()
        self.chats: dict[Path, Making] = {}
        self.last: LastEdit | None = None
        self.last_file: Path | None = None

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
        kept = await self._add(Kept(proposal), place, fresh=True)
        if not show or kept.document is None:
            return
        if self.previews == "editor":
            self._spawn(self._preview(kept))
        elif self.previews == "none":
            self._spawn(self.show_difference(kept, focus=False))

    async def await_text(self, proposal: Proposal, place: LivePlace) -> None:
        """Keeps a proposal, unlisted until the next change shows whether its text is there."""
        await self._add(Kept(proposal, waiting=True), place)

    def made(self, place: LivePlace, proposal: Proposal, landed: Landed) -> None:
        """Remembers the last edit."""
        if isinstance(place, DocumentPlace) and place.made is not None:
            self._remember(proposal, place.document, place.made, landed)

    def wrote(self, path: Path) -> None:
        """Remembers that the last answer became a file, which is not ours to delete."""
        self.last, self.last_file = None, path

    def conversing(self, chat: Path, making: Making) -> None:
        """Remembers which edit a chat is about, for the last ones."""
        self.chats.pop(chat, None)
        self.chats[chat] = making
        if len(self.chats) > MOST_CHATS:
            del self.chats[next(iter(self.chats))]

    async def drop(self, proposal_id: str) -> None:
        """Forgets one, if there is one."""
        kept = self._kept.pop(proposal_id, None)
        await (await self._services()).proposals.remove(proposal_id)
        if kept is not None:
            self._tell(kept, "gone")

    async def change(self, kept: Kept, proposal: Proposal, place: LivePlace | None) -> Kept:
        """Keeps another proposal in the place of one, under its id."""
        return await self._add(Kept(proposal, waiting=kept.waiting), place)

    async def _add(self, kept: Kept, place: LivePlace | None, *, fresh: bool = False) -> Kept:
        """Keeps it; at its place, or where that is found in a document that was opened anew meanwhile."""
        self._kept[kept.proposal.id] = kept
        if isinstance(place, DocumentPlace):
            if (at := place.now()) is not None:
                kept.hold(place.document, at[1])
            else:
                kept = Kept(kept.proposal.moved(place.last_seen()), waiting=kept.waiting)
                self._kept[kept.proposal.id] = kept
        if kept.document is None and self._may_stand_in(kept):
            await kept.moor(self._documents)
        kept.settle()
        kept.stored = kept.proposal
        proposals = (await self._services()).proposals
        await proposals.add(kept.proposal)
        if self._kept.get(kept.proposal.id) is not kept:  # its text has come meanwhile, or another is in its place
            if kept.proposal.id not in self._kept:
                await proposals.remove(kept.proposal.id)
            return kept
        await kept.work_out()
        self._tell(kept, "kept", fresh=fresh)
        if kept.source is not None:
            await kept.source.moor(self._documents)
        return kept

    def _may_stand_in(self, kept: Kept) -> bool:
        """A new file is no part of one that has got a text meanwhile."""
        document = self._documents.get(kept.proposal.uri)
        return document is not None and not (kept.proposal.new_file and document.live().text.strip())

    def _remember(self, proposal: Proposal, document: Document, place: TrackedSpan, landed: Landed) -> None:
        source = source_of(proposal)
        self.last, self.last_file = LastEdit(proposal, place, document, landed, source), None
        if source is not None:
            self._spawn(source.moor(self._documents))

    async def _preview(self, kept: Kept) -> None:
        document = kept.document
        if document is None:
            return
        # One after the other, and none while an edit is under way. It may stay open for an hour, in which edits that
        # somebody asks for are not to wait: they make it late, and the editor refuses it.
        async with self._desk.queue(f"preview of {document.uri}"):
            async with self._desk.queue(document.uri):
                await kept.work_out()
            edits = kept.edits()
            if self._kept.get(kept.proposal.id) is not kept or kept.document is not document or not edits:
                return
            said = await self._desk.edit(document.snapshot(), edits, kept.proposal.title, ask_first=True)
        log.info("the preview of %s was %s", kept.proposal.id, said.word)

    async def show_difference(self, kept: Kept, *, focus: bool) -> str:
        """Opens a page with the difference; returns "" or, where the editor opens nothing, the page's path."""
        from ask_lsp.core.pages import diff_page

        text = await asyncio.to_thread(diff_page, kept.located())
        path = await (await self._services()).files.page(f"diff-{kept.proposal.id}.md", text)
        return "" if await self._editor.show(path, focus=focus) else str(path)

    # ---- what happens to documents

    async def load(self) -> None:
        """Takes in what earlier sessions and other editors have kept."""
        await self._take_in(await (await self._services()).proposals.all())

    async def opened(self, document: Document) -> None:
        """A didOpen: finds the places of its proposals again."""
        await self._take_in(await (await self._services()).proposals.of_uri(document.uri))

    async def _take_in(self, proposals: Iterable[Proposal]) -> None:
        for proposal in proposals:
            self._kept.setdefault(proposal.id, Kept(proposal, stored=proposal))
        for kept in list(self._kept.values()):
            if kept.document is None and self._may_stand_in(kept):
                kept = await self._unsealed(kept)
                if await kept.moor(self._documents):
                    await kept.work_out()
                    self._tell(kept, "kept")

    async def _unsealed(self, kept: Kept) -> Kept:
        """With the values of secrets, which are nowhere but in the document."""
        document = self._documents.get(kept.proposal.uri)
        if document is None:
            return kept
        proposals = (await self._services()).proposals
        proposal = await proposals.unseal(kept.proposal, document.snapshot().text)
        if proposal is kept.proposal or self._kept.get(proposal.id) is not kept:
            return kept
        self._kept[proposal.id] = Kept(proposal, stored=kept.stored, waiting=kept.waiting)
        return self._kept[proposal.id]

    def changed(self, document: Document) -> None:
        """A didChange: what it has brought is looked at when the changes pause, a text that is waited for at once."""
        mine = [kept for kept in self._kept.values() if kept.document is document]
        for kept in mine:
            if kept.waiting:
                self._spawn(self._look(kept))
        if any(_was_touched(kept) for kept in mine):
            timer = self._timers.pop(document.uri, None)
            if timer is not None:
                timer.cancel()
            loop = asyncio.get_running_loop()
            self._timers[document.uri] = loop.call_later(SETTLED, self._settled, document)

    def _settled(self, document: Document) -> None:
        self._timers.pop(document.uri, None)
        for kept in list(self._kept.values()):
            if kept.document is document and kept.grown is not None and _was_touched(kept):
                kept.looked = kept.grown.touched
                self._spawn(self._look(kept))
        self._spawn(self._save())

    async def _look(self, kept: Kept) -> None:
        """Lets go of a proposal whose text has got there, which can be taken back then; else tells where it is."""
        document, grown, proposal = kept.document, kept.grown, kept.proposal
        if document is None or grown is None:
            return
        seen, new = proposal.seen, proposal.new
        around, now = grown.now()
        place = DocumentPlace(self._documents, document, around)
        word_for_word = now == new or has_come(new, seen, now)
        place.took(around, now, new if word_for_word else now)
        there = await self.is_there(kept)
        kept.waiting = False
        if there:
            before = seen if word_for_word else await asyncio.to_thread(taken_back, seen, new, now)
            if self._kept.get(proposal.id) is kept and before is not None and place.made is not None:
                landed = Landed("done", before=before, after=new if word_for_word else now)
                self._remember(proposal, document, place.made, landed)
            await self.drop(proposal.id)
            return
        if not self._may_stand_in(kept):
            kept.release(document)
        await kept.work_out()
        self._tell(kept, "kept")

    async def is_there(self, kept: Kept) -> bool:
        """Whether the proposed text stands at its place: beyond doubt, unless it was sent and is only waited for."""
        if kept.document is None or kept.grown is None:
            return False
        _, now = kept.grown.now()
        return await asyncio.to_thread(stands if kept.waiting else holds, kept.proposal.seen, kept.proposal.new, now)

    def closed(self, document: Document) -> None:
        """A didClose: remembers where the places were, before anything else happens."""
        timer = self._timers.pop(document.uri, None)
        if timer is not None:
            timer.cancel()
        for kept in self._kept.values():
            kept.release(document)
        if self.last is not None and self.last.source is not None and self.last.source.document is document:
            self.last.source.release()
        self._spawn(self._save())

    async def _save(self) -> None:
        await self.put_away(await self._services())

    async def put_away(self, services: Services) -> None:
        """Has everything in the database as it is now, so that it is found again in the next session."""
        async with self._putting_away:
            located = [(kept, kept.located()) for kept in self._kept.values()]
            moved = [(kept, proposal) for kept, proposal in located if proposal != kept.stored]
            if moved:
                await services.proposals.update([proposal for _, proposal in moved])
                log.info("kept where %d proposals are", len(moved))
            for kept, proposal in moved:  # only now: a save that is cancelled is made again at the end
                kept.stored = proposal

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
            if kept.document is document and kept.place.span is not None:
                start, end = kept.place.span
                if start.line <= span.end.line and span.start.line <= end.line:
                    found.append(kept)
        return sorted(found, key=lambda kept: -kept.proposal.created)

    def literal(self, kept: Kept) -> types.WorkspaceEdit | None:
        """The edit itself, for a code action that needs no round trip."""
        edits = kept.edits()
        if not edits or kept.document is None:
            return None
        return self._editor.workspace_edit(kept.document.live(), edits, self._encoding)

    def place(self, kept: Kept) -> DocumentPlace | None:
        """Its place, as something to land on."""
        if kept.document is None or kept.place.span is None:
            return None
        return DocumentPlace(self._documents, kept.document, kept.place.span)

    def _tell(self, kept: Kept, state: str, *, fresh: bool = False) -> None:
        """ask/proposal, for clients that show them."""
        if self._editor.client.protocol:
            self._editor.notify("ask/proposal", kept.params(state, self._encoding, fresh=fresh))


def _was_touched(kept: Kept) -> bool:
    """Whether its place has been changed since it was looked at."""
    return kept.grown is not None and kept.grown.touched != kept.looked
