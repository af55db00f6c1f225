"""Actions out of YAML: the built-in ones, changed, hidden and joined by the user's own.

Those of a workspace come behind. All are written in one format and go through the same checks. What is wrong with an
action disables that action alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from ask_lsp.config.action_entry import ActionEntry
from ask_lsp.config.complaints import complaints
from ask_lsp.config.fields import NEVER_SHOWN
from ask_lsp.config.schema import Config
from ask_lsp.config.words import did_you_mean, quoted
from ask_lsp.config.yaml_lines import Located, NodePath, Problem
from ask_lsp.core.action import Action, Place
from ask_lsp.core.settings import Settings

# Gives the faults of a template: one-based line in the template, and a sentence without its end.
TemplateCheck = Callable[[str], list[tuple[int, str]]]

_NOT_LISTED = "The action is off until that is put right."


class ActionSource(NamedTuple):
    """The actions of one file: its values, and its name for messages."""

    located: Located
    file: str


def read_actions(
    built_in: ActionSource, user: ActionSource, profiles: Collection[str], check_template: TemplateCheck
) -> tuple[tuple[Action, ...], list[Problem]]:
    """All actions in their order, the built-in ones first, and what is wrong in the user's file.

    Raises ValueError when a built-in action is wrong.
    """
    fields: dict[str, dict[str, Any]] = {}
    for action_id, value in _entries(built_in).items():
        entry, problems = _validated(built_in, action_id, value)
        if entry is None or problems:
            raise ValueError(f"{built_in.file}: {problems}")
        fields[action_id] = _fields_of(entry, built_in, action_id)
    # Who writes an action of their own need not write a system prompt as well.
    answering, editing = _start("ask", "ask", fields), _start("refactor.rewrite", "rewrite", fields)
    found: list[Problem] = []
    names = list(fields)
    for action_id, value in _entries(user).items():
        line = user.located.line(("actions", action_id))
        entry, problems = _validated(user, action_id, value)
        if entry is not None and not problems:
            new = answering if entry.output in (None, "chat") else editing
            fields[action_id] = {**fields.get(action_id, new), **_fields_of(entry, user, action_id)}
            problems = _missing(fields[action_id], action_id, line)
            problems += _unknown_profile(entry, user, action_id, profiles)
            problems += _template_problems(entry, user, action_id, check_template)
        elif value is False and action_id not in names:
            known = did_you_mean(action_id, names)
            found.append(Problem(line, f"there is no built-in action {quoted(action_id, names)} to hide{known}"))
        if problems or value is False:
            fields.pop(action_id, None)
        found += [Problem(problem.line, f"{problem.sentence}. {_NOT_LISTED}") for problem in problems]
    return tuple(Action(id=action_id, **given) for action_id, given in fields.items()), found


def read_own_actions(
    source: ActionSource, settings: Settings, taken: Collection[str], user_file: Path, check_template: TemplateCheck
) -> tuple[tuple[Action, ...], list[Problem]]:
    """The actions that a workspace adds to those of `settings`, and what is wrong with them.

    They replace and hide nothing (`taken` are all names that there are), name no file, and no profile but one that
    stays on this machine.
    """
    added: list[Action] = []
    found: list[Problem] = []
    for action_id, value in _entries(source).items():
        line = source.located.line(("actions", action_id))
        if action_id in taken or value is False:
            sentence = f"{quoted(action_id, taken)} in actions is there already - a workspace can only add actions"
            problems = [Problem(line, sentence)]
        else:
            entry, problems = _validated(source, action_id, value)
            if entry is not None and not problems:
                like = settings.action("ask" if entry.output in (None, "chat") else "rewrite")
                start = {"kind": like.kind, "system": like.system, "system_at": like.system_at} if like else {}
                fields: dict[str, Any] = {"kind": "ask", **start, **_fields_of(entry, source, action_id)}
                problems = _missing(fields, action_id, line)
                problems += _beyond_a_workspace(entry, source, action_id, settings, user_file)
                problems += _template_problems(entry, source, action_id, check_template)
                if not problems:
                    added.append(Action(id=action_id, **fields))
        found += [Problem(problem.line, f"{problem.sentence}. {_NOT_LISTED}") for problem in problems]
    return tuple(added), found


def _beyond_a_workspace(
    entry: ActionEntry, source: ActionSource, action_id: str, settings: Settings, user_file: Path
) -> list[Problem]:
    """What an action may say in the user's file only."""
    problems = _unknown_profile(entry, source, action_id, settings.profiles)
    if not problems and entry.profile is not None and not settings.profiles[entry.profile].stays_here:
        line = source.located.line(("actions", action_id, "profile"))
        reason = "a workspace can name only one that stays on this machine"
        problems.append(Problem(line, f"“profile” in actions.{action_id} leads elsewhere - {reason}"))
    for name in ("system", "prompt"):
        if NEVER_SHOWN.search(getattr(entry, name) or ""):
            line = _text_line(source, action_id, name)
            problems.append(Problem(line, f"“{name}” in actions.{action_id} holds characters that cannot be seen"))
    if "file" in entry.model_fields_set:
        line = source.located.line(("actions", action_id, "file"))
        sentence = f"“file” in actions.{action_id} may not come from a workspace - leave it out, or put the action into"
        problems.append(Problem(line, f"{sentence} {user_file}"))
    return problems


def _start(kind: str, like: str, built_in: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What a user's own action has where it says nothing: a kind, and the system prompt of a built-in one."""
    fields = built_in.get(like, {})
    return {"kind": kind, **{name: fields[name] for name in ("system", "system_at") if name in fields}}


def _entries(source: ActionSource) -> dict[str, Any]:
    entries = source.located.values.get("actions", {})
    return entries if isinstance(entries, dict) else {}


def _validated(source: ActionSource, action_id: str, value: Any) -> tuple[ActionEntry | None, list[Problem]]:
    values = {"actions": {action_id: value}}
    try:
        entry = Config.model_validate(values).actions[action_id]
    except ValidationError as error:
        return None, [
            Problem(source.located.line(path), sentence) for path, sentence in complaints(error, Config, values)
        ]
    return (entry if isinstance(entry, ActionEntry) else None), []


def _fields_of(entry: ActionEntry, source: ActionSource, action_id: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in entry.model_fields_set:
        value = getattr(entry, name)
        fields[name] = tuple(value) if isinstance(value, list) else value
        if name in ("prompt", "system"):
            fields[f"{name}_at"] = Place(source.file, _text_line(source, action_id, name))
    return fields


def _text_line(source: ActionSource, action_id: str, name: str) -> int:
    path: NodePath = ("actions", action_id, name)
    return source.located.text_lines.get(path, source.located.line(path))


def _missing(fields: dict[str, Any], action_id: str, line: int) -> list[Problem]:
    return [
        Problem(line, f"“{name}” is missing in actions.{action_id}")
        for name in ("title", "prompt")
        if not (fields.get(name) or "").strip()
    ]


def _unknown_profile(
    entry: ActionEntry, source: ActionSource, action_id: str, profiles: Collection[str]
) -> list[Problem]:
    name = entry.profile
    if name is None or name in profiles:
        return []
    line = source.located.line(("actions", action_id, "profile"))
    sentence = f"there is no profile {quoted(name, profiles)} for actions.{action_id}{did_you_mean(name, profiles)}"
    return [Problem(line, sentence)]


def _template_problems(
    entry: ActionEntry, source: ActionSource, action_id: str, check_template: TemplateCheck
) -> list[Problem]:
    problems = []
    for name in ("system", "prompt"):
        template = getattr(entry, name)
        if template is None:
            continue
        begins = _text_line(source, action_id, name)
        for line, sentence in check_template(template):
            problems.append(Problem(begins + line - 1, f"“{name}” in actions.{action_id}: {sentence}"))
    return problems
