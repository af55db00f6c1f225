"""Puts a workspace's own file into force: the user's settings, made narrower.

Rules count at once, since they only forbid. Actions and instructions count once the user trusts exactly this content.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ask_lsp.config.actions import ActionSource, TemplateCheck, read_own_actions
from ask_lsp.config.load import UserFile, sentences, without_nulls
from ask_lsp.config.words import did_you_mean, quoted
from ask_lsp.config.workspace import WorkspaceFile
from ask_lsp.config.yaml_lines import Located, Problem
from ask_lsp.core.privacy import Route
from ask_lsp.core.settings import Settings, UntrustedWorkspace
from ask_lsp.core.spend import Amounts, Caps

_NAMED = 5


class Narrowed(NamedTuple):
    """The settings for one workspace, what is wrong with its file, and what of it counts only once it is trusted."""

    settings: Settings
    problems: list[str]
    untrusted: UntrustedWorkspace | None = None


def narrowed(
    settings: Settings, held: WorkspaceFile, user: UserFile, decision: bool | None, check_template: TemplateCheck
) -> Narrowed:
    """`decision` is what the user has said about exactly this content, None for nothing yet."""
    found = list(held.problems)
    routes = []
    for wanted in held.routes:
        if wanted.profile not in settings.profiles:
            known = quoted(wanted.profile, settings.profiles)
            hint = did_you_mean(wanted.profile, settings.profiles)
            sentence = f"your settings have no profile {known} for this route, so its files are not sent at all{hint}"
            found.append(Problem(wanted.line, sentence))
        # Kept all the same: a name that nobody has is a profile that nothing can be sent to.
        routes.append(Route(wanted.paths, wanted.profile, str(held.root)))
    caps = _caps(settings.caps, held, found)
    values = without_nulls(held.actions.values)
    source = ActionSource(Located(values, held.actions.lines, held.actions.text_lines), held.label)
    actions, problems = read_own_actions(source, settings, user.action_ids, user.path, check_template)
    found += problems
    told = sentences(held.label, found)
    settings = replace(
        settings,
        ignore=held.ignore,
        routes=(*settings.routes, *routes),
        caps=caps,
        warnings=(*settings.warnings, *told),
    )
    if not actions and not held.instructions:
        return Narrowed(settings, told)
    if not decision:
        wants = _wants([action.id for action in actions], held.instructions)
        facts = UntrustedWorkspace(held.root, held.path, held.digest, wants, refused=decision is False)
        return Narrowed(settings, told, facts)
    trusted = replace(settings, actions=(*settings.actions, *actions), instructions=held.instructions)
    return Narrowed(trusted, told)


def _caps(caps: Caps, held: WorkspaceFile, found: list[Problem]) -> Caps:
    lower: dict[str, dict[str, float]] = {"spend": {}, "tokens": {}}
    for wanted in held.caps:
        yours: float | None = getattr(getattr(caps, wanted.section), wanted.name)
        if yours is not None and wanted.amount > yours:
            found.append(
                Problem(
                    wanted.line,
                    f"“{wanted.name}” in {wanted.section} is higher than your cap of {yours:,g} - a workspace can only "
                    "lower one",
                )
            )
        else:
            amounts = lower[wanted.section]
            amounts[wanted.name] = min(wanted.amount, amounts.get(wanted.name, wanted.amount))
    tokens = lower["tokens"]
    return caps.narrowed(Caps(Amounts(**lower["spend"]), Amounts(**tokens), tokens_chosen=bool(tokens)))


def _wants(ids: list[str], instructions: str) -> str:
    """What the question says. Names of actions are letters and digits only; their titles may say anything."""
    parts = []
    if ids:
        names = ", ".join(f"“{name}”" for name in ids[:_NAMED])
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        parts.append(f"{'actions' if len(ids) > 1 else 'an action'} of its own ({names}{more})")
    if instructions:
        parts.append(f"instructions for the model ({len(instructions):,} characters)")
    return f"It brings {' and '.join(parts)}."
