"""What is said next in the chat of an edit: the same edit once more, of the text that stands at its place by now."""

from __future__ import annotations

from dataclasses import replace

from ask_lsp.assistant.answering import Running
from ask_lsp.assistant.ask import question_in
from ask_lsp.assistant.edit import Conversation, Shelf, edit, proposal_of
from ask_lsp.assistant.landing import Desk
from ask_lsp.assistant.making import Making, going_on
from ask_lsp.assistant.new_file import Disk, make_file
from ask_lsp.core.anchor import find
from ask_lsp.core.fences import fenced


async def follow_up(running: Running, desk: Desk, shelf: Shelf, making: Making, disk: Disk, chat: Conversation) -> None:
    """Runs it to its end. Raises AskError before anything was sent; later failures are shown by the view."""
    question = question_in(chat.text)
    if making.output == "new_file" and making.ask.form != "append":
        asked = replace(making, ask=replace(making.ask, question=question))
        await make_file(running, desk, shelf, asked, disk, chat)
        return
    if making.place is None or making.place.now() is None:
        making = _reopened(making, disk, chat)
    following = going_on(making, question)
    if following.output == "replace" and following.seen != making.seen:
        shown = fenced(following.seen, following.ask.snapshot.language).rstrip("\n")
        chat = replace(chat, now=await running.services.prompts.form("now", {"code": shown}))
    await edit(running, desk, shelf, following, chat)


def _reopened(making: Making, disk: Disk, chat: Conversation) -> Making:
    """The edit at its place in a document that was closed, or was not there yet, and is open now."""
    ask = making.ask
    document = disk.open_now(ask.snapshot.uri)
    if document is None:
        return making
    snapshot, follow = document
    if ask.span == ask.snapshot.whole:
        return replace(making, place=follow(snapshot.whole))
    kept = proposal_of(making, making.seen, chat.path, making)
    for text in (making.offered, making.seen):
        if text and (span := find(snapshot.lines, replace(kept, seen=text))) is not None:
            return replace(making, place=follow(span))
    return making
