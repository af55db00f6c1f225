"""Which actions fit a place: a pure function, because editors ask at every move of the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ask_lsp.core.action import Action, Definition
from ask_lsp.core.settings import Settings
from ask_lsp.core.text import Span

MOST_PROBLEMS = 3
"""Entries for single problems; a menu with more of them is no help."""


class Offer(NamedTuple):
    """One entry of the menu. `problems` are the numbers of the reported ones that it is about."""

    action: Action
    title: str
    span: Span
    problems: tuple[int, ...] = ()


@dataclass(frozen=True)
class Place:
    """What is known about where the user is, when the menu is asked for.

    `problems` are the messages of the problems reported here, `in_file` those of all that are known in the document.
    """

    selection: Span
    definition: Definition | None
    language: str
    automatic: bool
    only: Sequence[str] = ()
    problems: Sequence[str] = ()
    in_file: Sequence[str] = ()


def offers(settings: Settings, place: Place) -> list[Offer]:
    """The menu, in the order of the settings.

    With nothing selected an action acts on the enclosing definition. When the editor asks by itself (LSP 3.17,
    CodeActionTriggerKind.Automatic), what is about problems needs one here, and where nothing is selected only that is
    offered: else there would be a light bulb on every line.
    """
    if place.selection.is_empty:
        if place.definition is None:
            return []
        target, span = place.definition.label, place.definition.span
    else:
        target, span = "selection", place.selection
    result = []
    for action in settings.actions:
        if not action.listed or (action.output == "insert" and not place.selection.is_empty):
            continue
        if place.automatic and not (place.problems if action.about_problems else not place.selection.is_empty):
            continue
        if action.languages and place.language not in action.languages:
            continue
        if wanted(action.kind, place.only):
            told = place.in_file if action.scope == "file" else place.problems
            if action.scope == "file" and action.about_problems and len(told) == len(place.problems):
                continue  # the entry for all of them here does the same
            for about in _problems(action, len(told)):
                words = [told[number] for number in about]
                title = action.title_for(target, settings.assistant_name, words)
                result.append(Offer(action, title, place.selection if action.output == "insert" else span, about))
    return result


def _problems(action: Action, count: int) -> list[tuple[int, ...]]:
    """Of which problems there is an entry: one of all of them, one of each, or none."""
    every = tuple(range(count))
    if action.needs == "each_diagnostic":
        return [(number,) for number in every[:MOST_PROBLEMS]]
    if action.needs == "several_diagnostics":
        return [every] if count > 1 else []
    if action.needs == "diagnostics":
        return [every] if count else []
    return [every if "diagnostics" in action.context else ()]


def wanted(kind: str, only: Sequence[str]) -> bool:
    """Whether a kind is among those asked for: kinds are a hierarchy by dots (LSP 3.17, CodeActionKind)."""
    return not only or any(not parent or kind == parent or kind.startswith(f"{parent}.") for parent in only)
