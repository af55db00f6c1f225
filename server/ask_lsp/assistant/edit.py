"""The second use case: an answer that changes the code. It is read, examined, and only then put in its place.

The conversation stands in a chat file as for any other answer, so nothing that was paid for is lost; the file is shown
only when the answer cannot be used. What is not applied is kept as a proposal.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from ask_lsp.assistant.answering import Running, Told, answer, first_line, summary
from ask_lsp.assistant.gate import examine
from ask_lsp.assistant.jobs import Cancelled
from ask_lsp.assistant.landing import Desk, Landed, LivePlace, land
from ask_lsp.assistant.question import Ask, build, file_name
from ask_lsp.core import chat_format
from ask_lsp.core.action import Output
from ask_lsp.core.anchor import around
from ask_lsp.core.answer import Target, Unusable, completion, insertion, replacement, search_replace
from ask_lsp.core.chat_format import Chat, Turn
from ask_lsp.core.conversation import Message
from ask_lsp.core.errors import AskError, RequestRefused
from ask_lsp.core.profile import Profile
from ask_lsp.core.proposal import Proposal, make_id
from ask_lsp.core.settings import Review, Settings
from ask_lsp.core.text import Snapshot, Span, line_length, split_lines

LONG = 400  # lines: above that an answer gives only what changes
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

    def conversing(self, chat: Path, making: Making) -> None:
        """Remembers which edit a chat is about: what is sent there next is about the same place."""
        ...


@dataclass(frozen=True)
class Making:
    """An edit that somebody wants to have made, at a place that follows what they type meanwhile.

    `ask.span` is the target; `ask.code` is how the model sees it, if that is not as it stands. `cursor` is the offset
    in the target at which a completion goes. Without a place the document is not open.
    """

    ask: Ask
    place: LivePlace | None
    output: Output
    title: str
    cursor: int = 0
    seen: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seen", self.ask.snapshot.slice(self.ask.span))


@dataclass(frozen=True)
class Conversation:
    """A chat file that goes on: its path and what it says, the new question at its end included."""

    path: Path
    text: str


@dataclass
class _Outcome:
    new: str | None = None
    flags: Sequence[str] = ()
    reason: str = ""


class Brought(NamedTuple):
    """How it ended, as a sentence; one about an edit that was not `made` has to be heard."""

    sentence: str
    made: bool


Bring = Callable[[Making, Proposal, Sequence[str], Settings], Awaitable[Brought]]
"""Puts a text in its place, or keeps it."""


@dataclass(frozen=True)
class Way:
    """What is done with an answer: `read` makes it the text for `target` or raises Unusable, `bring` takes it there.

    `conversing` hears which chat the answer stands in.
    """

    target: Making
    read: Callable[[str], str]
    bring: Bring
    conversing: Callable[[Path], None] = lambda chat: None


async def edit(
    running: Running, desk: Desk, shelf: Shelf, making: Making, going_on: Conversation | None = None
) -> None:
    """Runs one edit from the menu to its end. Failures are shown by the view, never raised."""
    bring = partial(bring_to_document, running, desk, shelf)
    way = Way(making, partial(read, making), bring, partial(shelf.conversing, making=making))
    await run_edit(running, making, way, going_on)


async def run_edit(running: Running, making: Making, way: Way, going_on: Conversation | None = None) -> None:
    """Asks what `making` says, and goes on with the answer in the way given. Failures are shown, never raised."""
    services, job, view = running.services, running.job, running.view
    path: Path | None = going_on.path if going_on else None
    try:
        settings = await services.settings.current()
        profile = settings.profile(making.ask.action.profile)
        chat, nonce, sent = await job.guard(_conversation(running, making, going_on))
        path = chat
        way.conversing(chat)
        talking = any(message.role == "assistant" for message in sent)
        outcome, told = await _outcome(running, profile, making, way, chat, nonce, sent, once=talking)
        if outcome.new is None and talking:
            await view.done(summary(profile, told.usage), chat, first_line("".join(told.text)))
            return
        if outcome.new is None:
            await view.first_text(chat)
            raise RequestRefused(f"Nothing was changed: {lower_first(outcome.reason)} The answer is in the chat.")
        proposal = proposal_of(way.target, outcome.new, chat, making)
        sentence, made = await way.bring(way.target, proposal, outcome.flags, settings)
        await view.edited(f"{sentence} ({summary(profile, told.usage)})", sentence, made=made)
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
    before, after = around(ask.snapshot, ask.span)
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
        question=making.ask.question,
    )


async def _conversation(
    running: Running, making: Making, going_on: Conversation | None
) -> tuple[Path, str, list[Message]]:
    """The chat file of this edit, its nonce, and what is sent."""
    question = await build(running.services, making.ask)
    system = Message("system", question.system)
    if going_on is not None:
        chat = chat_format.parse(going_on.text)
        return going_on.path, chat.nonce, [system, *chat_format.messages(chat)]
    nonce = secrets.token_hex(12)
    title = f"{making.title} ({file_name(making.ask.snapshot.uri)})"
    chat = Chat(nonce, title, (Turn("user", question.text),), {"action": making.ask.action.id})
    path = await running.services.chats.create(title, chat_format.render(chat))
    return path, nonce, [system, *chat_format.messages(chat)]


async def _outcome(
    running: Running,
    profile: Profile,
    making: Making,
    way: Way,
    path: Path,
    nonce: str,
    sent: list[Message],
    *,
    once: bool,
) -> tuple[_Outcome, Told]:
    """Asks, and once more if the first answer cannot be used and the model may do better when it is told why.

    With `once`, for what is said in a conversation, an answer that is no edit is just an answer.
    """
    outcome = _Outcome()

    async def judge(told: Told) -> str:
        text = "".join(told.text)
        outcome.reason = ""
        if not told.complete:
            outcome.reason = "the answer reached the output limit (max_output). Raise it, or select less."
            return ""
        try:
            outcome.new = await asyncio.to_thread(way.read, text)
            target = way.target
            outcome.flags = await examine(running.services.symbols, target.ask, target.seen, outcome.new)
        except Unusable as unusable:
            outcome.new = None
            outcome.reason = str(unusable)
            if once:
                return ""
            told.ending = f"Not used: {unusable}"
            if second:
                return ""
            return await running.services.prompts.form("again", {"reason": outcome.reason})
        return ""

    prediction = making.seen if making.output == "replace" and making.ask.form == "replace" else None
    action = making.ask.action.id
    second = False
    told = await answer(running, profile, sent, path, nonce, action, show=once, prediction=prediction, judge=judge)
    if told.again:
        second = True
        running.view.note(f"asking once more: {outcome.reason}")
        sent = [*sent, Message("assistant", "".join(told.text)), Message("user", told.again)]
        told = await answer(running, profile, sent, path, nonce, action, show=False, judge=judge)
    return outcome, told


def read(making: Making, text: str) -> str:
    """What is to stand in the target's place, out of an answer. Raises Unusable."""
    ask = making.ask
    target = target_of(ask)
    if making.output == "insert":
        before, after = making.seen[: making.cursor], making.seen[making.cursor :]
        return before + completion(text, before, after, target) + after
    if making.output in ("insert_before", "insert_after"):
        return insertion(text, target, "before" if making.output == "insert_before" else "after")
    if ask.form == "blocks":
        return search_replace(text, target)
    return replacement(text, target)


def target_of(ask: Ask) -> Target:
    """What reading an answer has to know of the place that it goes to."""
    lines, start = ask.snapshot.lines, ask.span.start
    line = lines[start.line]
    eol = line[line_length(line) :] or lines[0][line_length(lines[0]) :] or "\n"
    before = line[: start.column]
    return Target(
        seen=ask.shown,
        indent=before if not before.strip() else "",
        language=ask.snapshot.language,
        eol=eol,
        unit=indent_unit(lines[start.line : ask.span.end.line + 1]) or indent_unit(lines[:2_000]) or "    ",
        name=ask.target.split("`")[1] if ask.target.count("`") == 2 else "",
    )


def indent_unit(lines: Sequence[str]) -> str:
    """One level of indentation as these lines have it; "" if none of them is indented."""
    widths = []
    for line in lines:
        if line.startswith("\t"):
            return "\t"
        width = len(line) - len(line.lstrip(" "))
        if width and line.strip():
            widths.append(width)
    smallest = min((width for width in widths if width > 1), default=0)
    return " " * min(smallest, 8)


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
        moved = Ask(making.ask.action, snapshot, span, making.ask.target)
        try:
            return " ".join(await examine(running.services.symbols, moved, snapshot.slice(span), text))
        except Unusable as unusable:
            return str(unusable)

    running.view.note("putting it in its place")
    landed = await land(desk, making.place, making.seen, proposal.new, proposal.title, check)
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
