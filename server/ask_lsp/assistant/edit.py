"""The second use case: an answer that changes the code. It is read, examined, and only then put in its place.

The conversation stands in a chat file as for any other answer, so nothing that was paid for is lost; the file is shown
only when the answer cannot be used. What is not applied is kept as a proposal.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from ask_lsp.assistant.answering import Running, Told, answer, summary, tell_answered
from ask_lsp.assistant.ask import first_turn, sources_of
from ask_lsp.assistant.gate import examine
from ask_lsp.assistant.jobs import Cancelled
from ask_lsp.assistant.landing import Desk, Landed, LivePlace, land
from ask_lsp.assistant.making import Making
from ask_lsp.assistant.question import Ask, build, concealed, file_name
from ask_lsp.assistant.reading import read
from ask_lsp.assistant.sending import Prepared, Sending
from ask_lsp.core import chat_format
from ask_lsp.core.anchor import anchored
from ask_lsp.core.answer import Unusable, has_code
from ask_lsp.core.chat_format import Chat
from ask_lsp.core.conversation import Message
from ask_lsp.core.edges import around
from ask_lsp.core.errors import AskError, RequestRefused
from ask_lsp.core.proposal import Proposal, Source, make_id
from ask_lsp.core.redaction import restore
from ask_lsp.core.settings import Review, Settings
from ask_lsp.core.text import Snapshot, Span, split_lines
from ask_lsp.core.visible import new_hidden

Previews = Literal["own", "editor", "none"]


class Shelf(Protocol):
    """Where the user sees what was not applied, and from where it can be."""

    @property
    def default_review(self) -> Review:
        """What happens to edits where the settings do not say."""
        ...

    @property
    def previews(self) -> Previews:
        """Who can show an edit before it is made: our own client, the editor by itself, or nobody."""
        ...

    async def keep(self, proposal: Proposal, place: LivePlace | None, *, show: bool) -> None:
        """Keeps a proposal and offers it at its place; `show` has it shown to the user as well, as far as possible."""
        ...

    async def await_text(self, proposal: Proposal, place: LivePlace) -> None:
        """Keeps a proposal whose text the editor says to have taken, until the editor shows whether it did."""
        ...

    def made(self, place: LivePlace, proposal: Proposal, landed: Landed) -> None:
        """Remembers the last edit, so that it can be undone or tried again."""
        ...

    def wrote(self, path: Path) -> None:
        """Remembers that the last answer became a file."""
        ...

    async def drop(self, proposal_id: str) -> None:
        """Forgets a proposal, if there is one of that id."""
        ...

    def conversing(self, chat: Path, making: Making) -> None:
        """Remembers which edit a chat is about: what is sent there next is about the same place."""
        ...


@dataclass(frozen=True)
class Conversation:
    """A chat file that goes on: its path and what it says, the new question at its end included.

    `now` is for the model alone: what the place says by now, if the chat does not show it.
    """

    path: Path
    text: str
    now: str = ""


@dataclass
class _Outcome:
    new: str | None = None
    flags: Sequence[str] = ()
    reason: str = ""
    talk: bool = False


class Brought(NamedTuple):
    """How it ended, as a sentence; one about an edit that was not `made` has to be heard."""

    sentence: str
    made: bool


Bring = Callable[[Making, Proposal, Sequence[str], Settings], Awaitable[Brought]]
"""Puts a text in its place, or keeps it."""


@dataclass(frozen=True)
class Way:
    """What is done with an answer: `read` makes it the text for `target` or raises Unusable, `bring` takes it there.

    `drop` lets go of the proposal that it replaces. `conversing` hears which chat the answer stands in, and what has
    become of the target.
    """

    target: Making
    read: Callable[[str], str]
    bring: Bring
    drop: Callable[[str], Awaitable[None]]
    conversing: Callable[[Path, Making], None] = lambda chat, making: None


async def edit(
    running: Running, desk: Desk, shelf: Shelf, making: Making, going_on: Conversation | None = None
) -> None:
    """Runs one edit from the menu to its end. Failures are shown by the view, never raised."""
    settings = await running.services.settings.current(making.ask.root)
    making = replace(making, ask=await concealed(running.services, making.ask, settings))
    bring = partial(bring_to_document, running, desk, shelf)
    way = Way(making, partial(read, making), bring, shelf.drop, shelf.conversing)
    await run_edit(running, making, way, going_on)


async def run_edit(running: Running, making: Making, way: Way, going_on: Conversation | None = None) -> None:
    """Asks what `making` says, and goes on with the answer in the way given. Failures are shown, never raised."""
    services, job, view = running.services, running.job, running.view
    path: Path | None = going_on.path if going_on else None
    try:
        settings = await services.settings.current(making.ask.root)
        await services.outbox.require(making.ask.sending((), settings))
        sending, chat = await job.guard(_conversation(running, making, settings, going_on))
        prepared = await running.prepare(sending)
        path = chat if isinstance(chat, Path) else await services.chats.create(chat.title, chat_format.render(chat))
        way.conversing(path, way.target)
        talking = any(message.role == "assistant" for message in sending.messages)
        outcome, told = await _outcome(running, prepared, making, way, path, talking=talking)
        if outcome.talk:
            await tell_answered(running, prepared, told, path)
            return
        if outcome.new is None:
            await view.first_text(path)
            where = told.astray or "The answer is in the chat."
            raise RequestRefused(f"Nothing was changed: {lower_first(outcome.reason)} {where}")
        proposal = proposal_of(way.target, outcome.new, path, making)
        way.conversing(path, replace(way.target, offered=outcome.new))
        sentence, made = await way.bring(way.target, proposal, outcome.flags, settings)
        if making.replaces:
            await way.drop(making.replaces)
        await view.edited(f"{sentence} ({summary(prepared, told.spent)})", sentence, made=made)
    except Cancelled:
        await view.cancelled(path)
    except AskError as error:
        await view.failed(error, path)


def lower_first(sentence: str) -> str:
    """A sentence behind a colon."""
    return sentence[:1].lower() + sentence[1:]


def proposal_of(target: Making, new: str, chat: Path, making: Making) -> Proposal:
    """What is kept of an edit that has its text."""
    ask = target.ask
    before, after = around(ask.snapshot.lines, ask.span)
    return Proposal(
        id=make_id(),
        uri=ask.snapshot.uri,
        title=making.title,
        action=making.ask.action.id,
        created=time.time(),
        span=ask.span,
        seen=target.seen,
        new=new,
        before=before,
        after=after,
        reason="",
        chat=str(chat),
        question=ask.question,
        source=_source(target, making),
    )


def _source(target: Making, making: Making) -> Source | None:
    """What was asked for; with its place as it is by now, if the answer goes into another document."""
    source, here = making.source, making.ask.snapshot.uri
    at = making.place.now() if making.place is not None else None
    if source is None or at is None or here != source.uri or here == target.ask.snapshot.uri:
        return source
    return source.moved(anchored(*at))


async def _conversation(
    running: Running, making: Making, settings: Settings, going_on: Conversation | None
) -> tuple[Sending, Path | Chat]:
    """What is sent, and the chat file of this edit: its path, or what it will say once the gate has let it pass."""
    question = await build(running.services, making.ask)
    system = Message("system", question.system)
    if going_on is not None:
        chat = chat_format.parse(going_on.text)
        system = Message("system", "\n\n".join(filter(None, (question.system, going_on.now))))
        sending = making.ask.sending([system, *chat_format.messages(chat)], settings)
        known = sources_of(chat)
        recorded = {source.path for source in known}
        fresh = [replace(each, turn=len(chat.turns)) for each in sending.sources if each.path not in recorded]
        paths = tuple(each.path for each in fresh)
        return replace(sending, conversation=chat.nonce, sources=(*known, *fresh), fresh=paths), going_on.path
    title = f"{making.title} ({file_name(making.ask.snapshot.uri)})"
    turn = first_turn(making.ask, question.text)
    chat = Chat(making.ask.conversation, title, (turn,), {"action": making.ask.action.id})
    sending = making.ask.sending([system, *chat_format.messages(chat)], settings)
    prediction = making.seen if making.output == "replace" and making.ask.form == "replace" else None
    return replace(sending, prediction=prediction), chat


async def _outcome(
    running: Running,
    prepared: Prepared,
    making: Making,
    way: Way,
    path: Path,
    *,
    talking: bool,
) -> tuple[_Outcome, Told]:
    """Asks, and once more if the first answer cannot be used and the model may do better when it is told why.

    When `talking`, in a conversation that has an answer already, one without any code is just an answer.
    """
    outcome = _Outcome()

    async def judge(told: Told) -> str:
        text = "".join(told.text)
        outcome.reason = ""
        may_be_talk = talking and not second and not has_code(text)
        if not told.complete:
            outcome.reason = "the answer reached the output limit (max_output). Raise it, or select less."
            outcome.talk = may_be_talk
            return ""
        try:
            read = await asyncio.to_thread(way.read, text)
            target = way.target
            outcome.new, left = await _with_secrets(running, prepared.sending, target.seen, read)
            outcome.flags = await examine(running.services.symbols, target.ask, target.seen, outcome.new)
            outcome.flags = [*outcome.flags, *left, *_hidden(target.seen, outcome.new)]
        except Unusable as unusable:
            outcome.new = None
            outcome.reason = str(unusable)
            if may_be_talk:
                outcome.talk = True
                return ""
            told.ending = f"Not used: {unusable}"
            if second:
                return ""
            return await running.services.prompts.form("again", {"reason": outcome.reason})
        return ""

    nonce = prepared.sending.conversation
    second = False
    told = await answer(running, prepared, path, nonce, show=talking, judge=judge)
    if told.again:
        second = True
        running.view.note(f"asking once more: {outcome.reason}")
        said = [Message("assistant", "".join(told.text)), Message("user", told.again)]
        again = replace(prepared.sending, messages=[*prepared.messages, *said], prediction=None)
        prepared = await running.prepare(again)
        told = await answer(running, prepared, path, nonce, show=False, judge=judge)
    return outcome, told


async def _with_secrets(running: Running, sending: Sending, seen: str, new: str) -> tuple[str, list[str]]:
    """The text with the values of secrets that stood in the target, and a sentence about each placeholder that stays.

    A placeholder gets its value back only where it stood: else a text that somebody planted could have a secret moved
    into an address, or a log line.
    """
    outbox = running.services.outbox
    vault = outbox.vault(sending.conversation)
    known = (await outbox.redact(seen, vault, sending.settings.redact, sending.consent.roots)).text
    restored = restore(new, known, vault, seen)
    left = [f"`{name}` stands for a secret that did not stand there, and was left as it is." for name in restored.left]
    return restored.text, left


def _hidden(seen: str, new: str) -> list[str]:
    """A sentence about characters that nobody can see, which an edit would bring in."""
    found = new_hidden(seen, new)
    return [f"It adds hidden characters ({', '.join(found[:5])})."] if found else []


async def bring_to_document(
    running: Running,
    desk: Desk,
    shelf: Shelf,
    making: Making,
    proposal: Proposal,
    flags: Sequence[str],
    settings: Settings,
) -> Brought:
    """Applies the text or keeps it, as the settings, the editor and the text itself allow; says which."""
    review = settings.edits_review or shelf.default_review
    if review == "apply" and flags:
        review = "preview" if shelf.previews != "none" else "proposal"
    name = file_name(making.ask.snapshot.uri)
    if review != "apply" or making.place is None:
        reason = " ".join(flags)
        await shelf.keep(replace(proposal, reason=reason), making.place, show=review == "preview")
        return Brought(f"{proposal.title}: ready to review in {name}." + (f" {reason}" if reason else ""), False)

    async def check(snapshot: Snapshot, span: Span, text: str) -> str:
        moved = Ask(making.ask.action, snapshot, span, making.ask.target, beside=making.ask.beside)
        try:
            return " ".join(await examine(running.services.symbols, moved, snapshot.slice(span), text))
        except Unusable as unusable:
            return str(unusable)

    running.view.note("putting it in its place")
    landed = await land(desk, making.place, proposal, check)
    if landed.state == "done":
        shelf.made(making.place, proposal, landed)
        return Brought(f"{proposal.title}: done in {name}, {_changed(landed)}.", True)
    if landed.state == "unconfirmed":
        await shelf.await_text(replace(proposal, reason=landed.reason), making.place)
        return Brought(
            f"{proposal.title}: sent to {name}. {landed.reason} Choose “Check last edit” there to see.", False
        )
    await shelf.keep(replace(proposal, reason=landed.reason), making.place, show=False)
    return Brought(
        f"{proposal.title}: not applied. {landed.reason} It is kept: open the code actions there to apply it.", False
    )


def _changed(landed: Landed) -> str:
    before, after = len(split_lines(landed.before)), len(split_lines(landed.after))
    more = after - before
    return f"{after} lines" + (f" ({more:+d})" if more else "")
