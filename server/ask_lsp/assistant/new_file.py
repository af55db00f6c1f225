"""The edit that goes into another file: a new one, or the end of the tests that are there already.

A file that exists is never written by us, only by the editor that has it open; without one the edit stays a proposal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from typing import Protocol

from ask_lsp.assistant.answering import Running
from ask_lsp.assistant.edit import Brought, Making, Shelf, Way, bring_to_document, run_edit, target_of
from ask_lsp.assistant.landing import Desk, LivePlace
from ask_lsp.assistant.question import Ask, file_name
from ask_lsp.core.answer import whole_file
from ask_lsp.core.beside import candidates
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

    async def opened(self, path: Path) -> tuple[Snapshot, Callable[[Span], LivePlace]] | None:
        """The document of a file, opened without focus if the editor can; None if it is not open then."""
        ...

    async def show(self, path: Path) -> bool:
        """Opens a file beside what the user does."""
        ...


async def make_file(running: Running, desk: Desk, shelf: Shelf, making: Making, disk: Disk) -> None:
    """Runs one such edit to its end. Failures are shown by the view, never raised."""
    try:
        path, there = await running.job.guard(_place(running, making.ask, disk))
        if there:
            await _append(running, desk, shelf, making, path, disk)
            return
    except AskError as error:
        await running.view.failed(error, None)
        return
    language = making.ask.snapshot.language if path.suffix == _suffix(making) else ""
    empty = Snapshot(disk.uri_of(path), 0, language, ("",))
    target = replace(making, ask=replace(making.ask, snapshot=empty, span=empty.whole), place=None)
    asked = replace(making, ask=replace(making.ask, file=path.name))
    read = partial(_read_file, asked, language)
    await run_edit(running, asked, Way(target, read, partial(_create, running, shelf, path, disk)))


def _suffix(making: Making) -> str:
    return PurePath(file_name(making.ask.snapshot.uri)).suffix


def _read_file(making: Making, language: str, text: str) -> str:
    return whole_file(text, replace(target_of(making.ask), language=language))


async def _create(
    running: Running,
    shelf: Shelf,
    path: Path,
    disk: Disk,
    target: Making,
    proposal: Proposal,
    flags: Sequence[str],
    settings: Settings,
) -> Brought:
    proposal = replace(proposal, new_file=True)
    review = settings.edits_review or ("preview" if shelf.previews == "own" else "apply")
    if review != "apply":
        await shelf.keep(proposal, None, show=False)
        return Brought(f"{proposal.title}: ready to review, for {path.name}. ask.proposals lists it.", False)
    try:
        await running.services.files.create(path, proposal.new)
    except RequestRefused as refused:
        await shelf.keep(replace(proposal, reason=str(refused)), None, show=False)
        raise RequestRefused(f"{refused} The text is kept: ask.proposals lists it.") from None
    shown = await disk.show(path)
    return Brought(f"{proposal.title}: written to {path}.", shown)


async def _append(running: Running, desk: Desk, shelf: Shelf, making: Making, path: Path, disk: Disk) -> None:
    """The target is the last line that says something; the new lines go behind it. Raises RequestRefused."""
    document = await disk.opened(path)
    if document is None:
        text = await running.services.files.read(path)
        snapshot = Snapshot(disk.uri_of(path), 0, making.ask.snapshot.language, tuple(split_lines(text)))
    else:
        snapshot = document[0]._replace(language=making.ask.snapshot.language)
    last = max((number for number, line in enumerate(snapshot.lines) if line.strip()), default=0)
    span = Span(Point(last, 0), end_of(snapshot.lines[: last + 1]))
    ask = replace(making.ask, snapshot=snapshot, span=span, code=None, target="the file")
    target = replace(making, ask=ask, place=document[1](span) if document else None)
    now = f"The tests go to the end of {path.name}, which says now:\n\n{snapshot.text[-SHOWN_OF_TESTS:]}"
    words = "\n\n".join(filter(None, (making.ask.question, now)))
    asked = replace(making, ask=replace(making.ask, form="append", file=path.name, question=words))
    bring = partial(bring_to_document, running, desk, shelf)
    await run_edit(running, asked, Way(target, partial(_read_lines, target), bring))


def _read_lines(target: Making, text: str) -> str:
    place = target_of(target.ask)
    gap = 3 if place.language == "python" else 2
    return target.seen + place.eol * gap + whole_file(text, place).strip("\r\n")


async def _place(running: Running, ask: Ask, disk: Disk) -> tuple[Path, bool]:
    """Where the text goes, and whether that file is there. Raises RequestRefused where there is no place for one."""
    files = running.services.files
    source = disk.path_of(ask.snapshot.uri)
    if source is None:
        raise RequestRefused("This document is no file on this machine: nothing can be made beside it. Save it first.")
    if named := ask.action.file:
        path = source.with_name(named.replace("{stem}", source.stem).replace("{suffix}", source.suffix))
        if await files.exists(path):
            raise RequestRefused(f"{path} exists already, and is left as it is. Move it away, and ask again.")
        return path, False
    found = [Path(path) for path in candidates(PurePath(source), ask.snapshot.language)]
    for path in found:
        if await files.exists(path):
            return path, True
    for path in found[:-1]:
        if path.parent != source.parent and await files.exists(path.parent):
            return path, False
    return found[-1], False
