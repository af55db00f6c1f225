"""Settings that come from the editor: an allow-list, since a repository can write them and a server cannot tell.

They choose among what the user's file defines and never name an endpoint, key, header, command, proxy, path or price.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from ask_lsp.config.complaints import complaints
from ask_lsp.config.schema import Config, EditorSettings
from ask_lsp.config.words import did_you_mean, nearest, quoted


class EditorLayer(NamedTuple):
    """The good ones among the editor's settings, and sentences about the others."""

    settings: EditorSettings
    problems: tuple[str, ...]


_LEADS_ELSEWHERE = re.compile(
    r"url|host|port\b|endpoint|origin|key|token|secret|auth|header|command|argv|prox|path|price|cost", re.IGNORECASE
)


def read_editor(values: Mapping[str, Any], path: Path) -> EditorLayer:
    """`path` is the user's file, which sentences name as the place for what may not stand here.

    Takes nested settings and flat dotted ones ("edits.review"). Null means not set. Never raises.
    """
    problems: list[str] = []
    given: dict[str, Any] = {}
    for name, value in _nested(values).items():
        if value is None:
            continue
        if name not in EditorSettings.model_fields:
            problems.append(_refusal(name, path))
            continue
        try:
            EditorSettings.model_validate({name: value})
        except ValidationError as error:
            for _, sentence in complaints(error, EditorSettings, {name: value}):
                problems.append(f"Editor settings: {sentence if sentence[-1] in '.?' else sentence + '.'}")
        else:
            given[name] = value
    return EditorLayer(EditorSettings.model_validate(given), tuple(problems))


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in values.items():
        section, dot, rest = str(name).partition(".")
        if dot and section in EditorSettings.model_fields:
            inner = nested.setdefault(section, {})
            if isinstance(inner, dict):
                inner[rest] = value
        elif isinstance(value, Mapping) and isinstance(nested.get(section), dict):
            nested[section].update(value)
        else:
            nested[section if dot else str(name)] = dict(value) if isinstance(value, Mapping) else value
    edits = nested.get("edits")
    if isinstance(edits, dict):
        nested["edits"] = {name: value for name, value in edits.items() if value is not None}
    return nested


def _refusal(name: str, path: Path) -> str:
    meant = name if name in Config.model_fields else nearest(name, Config.model_fields)
    if _LEADS_ELSEWHERE.search(name) and meant in EditorSettings.model_fields:
        meant = name  # `proxy` is near to `profile`, and means something else
    if _LEADS_ELSEWHERE.search(name) or (meant in Config.model_fields and meant not in EditorSettings.model_fields):
        meant = meant if meant in Config.model_fields else quoted(name, Config.model_fields)
        return f"{meant} may not come from the editor's settings, which a repository can write. Put it in {path}."
    known = EditorSettings.model_fields
    hint = did_you_mean(name, known) or f". Known: {', '.join(known)}."
    return f"Editor settings: unknown name {quoted(name, known)}{hint}"
