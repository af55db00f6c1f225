"""The edit that goes into another file: a new one, or the end of the tests that are there already.

A file that exists is never written by us, only by the editor that has it open; without one the edit stays a proposal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from typing import Protocol

from ask_lsp.assistant.answering import Running
from ask_lsp.assistant.edit import Brought, Conversation, Shelf, Way, bring_to_document, run_edit
from ask_lsp.assistant.landing import Desk, LivePlace
from ask_lsp.assistant.making import Follow, Making, rewriting
from ask_lsp.assistant.ports import Files
from ask_lsp.assistant.question import Ask, file_name
from ask_lsp.assistant.reading import read, target_of
from ask_lsp.core.anchor import fitted
from ask_lsp.core.answer import whole_file
from ask_lsp.core.beside import candidates
from ask_lsp.core.edges import around
from ask_lsp.core.errors import AskError, RequestRefused
from ask_lsp.core.proposal import Proposal
from ask_lsp.core.settings import Settings
from ask_lsp.core.text import Point, Snapshot, Span, end_of, split_lines

SHOWN_OF_TESTS = 6_000


class Disk(Protocol):
    """How paths and the editor's documents belong together."""

    def path_of(self, uri: str) -> Path | None:
        """The real path of a `file:` URI."""
        ...

    def uri_of(self, path: Path) -> str:
        """The URI of a path."""
        ...

    def is_open(self, path: Path) -> bool:
        """Whether the editor has the document of a file open, which need not be on the disk yet."""
        ...

    def open_now(self, uri: str) -> tuple[Snapshot, Follow] | None:
        """The document of that URI, if it is open."""
        ...

    async def opened(self, path: Path) -> tuple[Snapshot, Follow] | None:
        """The document of a file, opened without focus if the editor can; None if it is not open then."""
        ...

    async def show(self, path: Path) -> bool:
        """Opens a file beside what the user does."""
        ...


async def make_file(
    running: Running, desk: Desk, shelf: Shelf, making: Making, disk: Disk, going_on: Conversation | None = None
) -> None:
    """Runs one such edit to its end. Failures are shown by the view, never raised."""
    try:
        path, there = await running.job.guard(_place(running, making.ask, disk))
        if there is not None:
            making = replace(making, ask=replace(making.ask, also=tuple(dict.fromkeys((path, there)))))
            await _append(running, desk, shelf, making, path, disk, going_on)
            return
    except AskError as error:
        await running.view.failed(error, going_on.path if going_on else None)
        return
    language = making.ask.snapshot.language if path.suffix == _suffix(making) else ""
    empty = Snapshot(disk.uri_of(path), 0, language, ("",))
    target = replace(making, ask=replace(making.ask, snapshot=empty, span=empty.whole), place=None)
    asked = replace(making, ask=replace(making.ask, file=path.name))
    bring = partial(_create, running, desk, shelf, path, disk, asked)
    await run_edit(running, asked, Way(target, partial(_read_file, asked, language), bring, shelf.drop), going_on)


def _suffix(making: Making) -> str:
    return PurePath(file_name(making.ask.snapshot.uri)).suffix


def _read_file(making: Making, language: str, text: str) -> str:
    return whole_file(text, replace(target_of(making.ask), language=language))


async def _create(
    running: Running,
    desk: Desk,
    shelf: Shelf,
    path: Path,
    disk: Disk,
    asked: Making,
    target: Making,
    proposal: Proposal,
    flags: Sequence[str],
    settings: Settings,
) -> Brought:
    proposal = replace(proposal, new_file=True, reason=" ".join(flags))
    review = settings.edits_review or ("preview" if shelf.previews == "own" else "apply")
    chat = Path(proposal.chat or "")
    if review != "apply" or flags:
        await shelf.keep(proposal, None, show=False)
        shelf.conversing(chat, replace(asked, offered=proposal.new))
        why = f" {proposal.reason}" if flags else ""
        return Brought(f"{proposal.title}: ready to review, for {path.name}. ask.proposals lists it.{why}", False)
    try:
        if disk.is_open(path):
            raise RequestRefused(f"{path.name} is open in the editor by now.")
        await running.services.files.create(path, proposal.new)
    except RequestRefused as refused:
        if not await _is_there(running.services.files, disk, path):
            await shelf.keep(replace(proposal, reason=str(refused)), None, show=False)
            raise RequestRefused(f"{refused} The text is kept: ask.proposals lists it.") from None
        # Somebody was faster, or another answer of ours: the text goes where it would go if it were asked for now.
        proposal, snapshot, place = await behind(running.services.files, disk, path, proposal)
        if target.ask.action.file:
            await shelf.keep(replace(proposal, reason=str(refused)), place, show=False)
            return Brought(f"{refused} The text is kept: open the code actions at the end of that file.", False)
        ask = replace(target.ask, snapshot=snapshot, span=proposal.span, code=None, form="append", file=path.name)
        target = replace(target, ask=ask, place=place)
        shelf.conversing(chat, replace(target, offered=proposal.new))
        return await bring_to_document(running, desk, shelf, target, proposal, flags, settings)
    written = target.ask.snapshot._replace(lines=tuple(split_lines(proposal.new)))
    shelf.conversing(chat, _of_the_whole(asked, written, None))
    shelf.wrote(path)
    shown = await disk.show(path)
    return Brought(f"{proposal.title}: written to {path}.", shown)


async def behind(
    files: Files, disk: Disk, path: Path, proposal: Proposal
) -> tuple[Proposal, Snapshot, LivePlace | None]:
    """The proposal of a new file as one for the file that is there by now, behind all that it says.

    And what that says, and the place in it unless it is not open. Raises RequestRefused when it cannot be read.
    """
    snapshot, follow = await _document(files, disk, path)
    span = _last_line(snapshot) or snapshot.whole
    seen, new = snapshot.slice(span), proposal.new
    if seen.strip():
        new = seen + "\n" * (3 if path.suffix == ".py" else 2) + new.strip("\r\n")
    before, after = around(snapshot.lines, span)
    proposal = replace(
        proposal, uri=snapshot.uri, new_file=False, seen=seen, new=new, before=before, after=after, standing=None
    )
    return fitted(snapshot.lines, proposal, span), snapshot, follow(span) if follow else None


async def _document(files: Files, disk: Disk, path: Path, language: str = "") -> tuple[Snapshot, Follow | None]:
    """What a file says, in the editor if that can open it. Raises RequestRefused when it cannot be read.

    One that a symlink has been put in the place of since is not.
    """
    if await files.real(path) != path:
        raise RequestRefused(f"{path} leads to another file by now: nothing was read. Look at it, and ask again.")
    document = await disk.opened(path)
    if document is None:
        return Snapshot(disk.uri_of(path), 0, language, tuple(split_lines(await files.read(path)))), None
    snapshot, follow = document
    return snapshot._replace(language=language or snapshot.language), follow


def _last_line(snapshot: Snapshot) -> Span | None:
    """The last line that says something."""
    last = max((number for number, line in enumerate(snapshot.lines) if line.strip()), default=None)
    return None if last is None else Span(Point(last, 0), end_of(snapshot.lines[: last + 1]))


def _of_the_whole(making: Making, snapshot: Snapshot, place: LivePlace | None) -> Making:
    """The edit of all that a file says."""
    ask = replace(making.ask, snapshot=snapshot, span=snapshot.whole, code=None, target="this file", form="replace")
    return rewriting(making, ask, place)


async def _append(
    running: Running,
    desk: Desk,
    shelf: Shelf,
    making: Making,
    path: Path,
    disk: Disk,
    going_on: Conversation | None,
) -> None:
    """The target is the last line that says something; the new lines go behind it. Raises RequestRefused.

    A file that says nothing yet gets the text as a new one does, and so does one that says what this chat has made.
    """
    snapshot, follow = await _document(running.services.files, disk, path, making.ask.snapshot.language)
    span = _last_line(snapshot)
    bring = partial(bring_to_document, running, desk, shelf)
    if span is None or snapshot.text == making.offered:
        target = _of_the_whole(making, snapshot, follow(snapshot.whole) if follow else None)
        asked = replace(making, ask=replace(making.ask, file=path.name))
        fresh = partial(_read_file, asked, snapshot.language)
        await run_edit(running, asked, Way(target, fresh, bring, shelf.drop, shelf.conversing), going_on)
        return
    ask = replace(making.ask, snapshot=snapshot, span=span, code=None, target="the file", form="append", file=path.name)
    target = replace(making, ask=ask, place=follow(span) if follow else None)
    now = f"The tests go to the end of {path.name}, which says now:\n\n{snapshot.text[-SHOWN_OF_TESTS:]}"
    words = "\n\n".join(filter(None, (making.ask.question, now)))
    asked = replace(making, ask=replace(making.ask, form="append", file=path.name, question=words))
    going_on = replace(going_on, now=now) if going_on else None
    await run_edit(running, asked, Way(target, partial(read, target), bring, shelf.drop, shelf.conversing), going_on)


async def _place(running: Running, ask: Ask, disk: Disk) -> tuple[Path, Path | None]:
    """The real path that the text goes to, and the name of the file that is there already, if one is.

    A repository may hold symlinks. Nothing is read or made where one leads out of the workspace, or, outside of any,
    anywhere else. Raises RequestRefused where there is no place.
    """
    files = running.services.files
    source = disk.path_of(ask.snapshot.uri)
    if source is None:
        raise RequestRefused("This document is no file on this machine: nothing can be made beside it. Save it first.")
    if named := ask.action.file:
        path = source.with_name(named.replace("{stem}", source.stem).replace("{suffix}", source.suffix))
        if await _is_there(files, disk, path):
            raise RequestRefused(f"{path} exists already, and is left as it is. Move it away, and ask again.")
        return await _inside(files, path, ask.root), None
    *others, last = [Path(path) for path in candidates(PurePath(source), ask.snapshot.language)]
    beside = await _inside(files, last, ask.root)
    found = [(path, await files.real(path)) for path in others]
    found = [(path, real) for path, real in found if await _stays(files, path, real, ask.root)]
    for path, real in (*found, (last, beside)):
        if await _is_there(files, disk, path):
            return real, path
    for path, real in found:
        if path.parent != source.parent and await files.exists(path.parent):
            return real, None
    return beside, None


async def _is_there(files: Files, disk: Disk, path: Path) -> bool:
    """Whether there is a file, or one that somebody has not saved yet."""
    return disk.is_open(path) or await files.exists(path)


async def _inside(files: Files, path: Path, root: Path | None) -> Path:
    """The real path of a file to be made or added to. Raises RequestRefused if that is elsewhere."""
    real = await files.real(path)
    if not await _stays(files, path, real, root):
        name = str(path) if real == path else f"{path} (really {real})"
        where = "outside of the workspace" if root else "a link to elsewhere"
        raise RequestRefused(f"{name} is {where}: it is not read or written. Move it, or ask about another file.")
    return real


async def _stays(files: Files, path: Path, real: Path, root: Path | None) -> bool:
    return real == path if root is None else real.is_relative_to(await files.real(root))
