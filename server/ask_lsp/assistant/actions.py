"""Which actions fit a place: a pure function, because editors ask at every move of the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ask_lsp.core.action import Action, Definition
from ask_lsp.core.settings import Settings
from ask_lsp.core.text import Span


class Offer(NamedTuple):
    """One entry of the menu."""

    action: Action
    title: str
    span: Span


@dataclass(frozen=True)
class Place:
    """What is known about where the user is, when the menu is asked for."""

    selection: Span
    definition: Definition | None
    language: str
    has_problems: bool
    automatic: bool
    only: Sequence[str] = ()


def offers(settings: Settings, place: Place) -> list[Offer]:
    """The menu, in the order of the settings.

    With nothing selected an action acts on the enclosing definition. When the editor asks by itself (LSP 3.17,
    CodeActionTriggerKind.Automatic) and nothing is selected, only what is bound to a problem is offered: else there
    would be a light bulb on every line.
    """
    if place.selection.is_empty:
        if place.definition is None:
            return []
        target, span = place.definition.label, place.definition.span
    else:
        target, span = "selection", place.selection
    result = []
    for action in settings.actions:
        bound = action.needs == "diagnostics"
        if not action.listed or (bound and not place.has_problems):
            continue
        if place.automatic and place.selection.is_empty and not bound:
            continue
        if action.languages and place.language not in action.languages:
            continue
        if wanted(action.kind, place.only):
            result.append(Offer(action, action.title_for(target, settings.assistant_name), span))
    return result


def wanted(kind: str, only: Sequence[str]) -> bool:
    """Whether a kind is among those asked for: kinds are a hierarchy by dots (LSP 3.17, CodeActionKind)."""
    return not only or any(not parent or kind == parent or kind.startswith(f"{parent}.") for parent in only)
