"""What pydantic found wrong, as sentences for people: the name, where it is, what was expected, the nearest known name.

Values are never repeated, since any of them may be a key that stands in the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ask_lsp.config import schema
from ask_lsp.config.action_entry import ActionEntry
from ask_lsp.config.words import did_you_mean, nearest, one_of, quoted
from ask_lsp.config.yaml_lines import NodePath

_REQUEST_PARAMETERS = (
    *("temperature", "top_p", "max_tokens", "max_completion_tokens", "reasoning_effort", "verbosity", "seed", "stop"),
    *("presence_penalty", "frequency_penalty", "service_tier", "logit_bias"),
)
_SECTIONS: Mapping[str, type[BaseModel]] = {
    "limits": schema.LimitsEntry,
    "prices": schema.PricesEntry,
    "api_key": schema.KeyPlace,
    "edits": schema.EditsEntry,
    "redact": schema.RedactEntry,
    "spend": schema.SpendEntry,
    "tokens": schema.TokensEntry,
}
_TYPES = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a number",
    "bool_type": "must be true or false",
    "dict_type": "must be followed by indented lines “name: value”",
    "model_type": "must be followed by indented lines “name: value”",
    "model_attributes_type": "must be followed by indented lines “name: value”",
    "list_type": "must be a list, as in [one, two]",
    "too_short": "must have at least one item",
}


def complaints(error: ValidationError, root: type[BaseModel], values: Mapping[str, Any]) -> list[tuple[NodePath, str]]:
    """Each of pydantic's errors about `values` as the path of the culprit and a sentence without its end."""
    found = []
    for details in error.errors(include_url=False, include_input=False):
        path = _path_in(values, details["loc"], keep_last=details["type"] in ("missing", "extra_forbidden"))
        found.append((path, _sentence(details, path, root, values)))
    return list(dict.fromkeys(found))


def label(path: NodePath) -> str:
    """How a message names a place: “base_url” in profiles.work."""
    if isinstance(path[-1], int):
        return f"item {path[-1] + 1} of {label(path[:-1])}"
    return f"{quoted(path[-1])}{_inside(path[:-1])}"


def _inside(container: NodePath) -> str:
    if not container:
        return ""
    names = (quoted(part).strip("“”") if isinstance(part, str) else str(part + 1) for part in container)
    return f" in {'.'.join(names)}"


def _path_in(values: Any, location: Iterable[str | int], keep_last: bool) -> NodePath:
    """pydantic's location without the parts that name a branch of a union rather than something in the file."""
    parts = list(location)
    path: list[str | int] = []
    for index, part in enumerate(parts):
        if isinstance(values, Mapping) and part in values:
            values = values[str(part)]
        elif isinstance(values, list) and isinstance(part, int) and part < len(values):
            values = values[part]
        elif not (keep_last and index == len(parts) - 1):
            continue
        path.append(part)
    return tuple(path)


def _sentence(details: ErrorDetails, path: NodePath, root: type[BaseModel], values: Any) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(path, root)
    if not path:
        return "the settings must be lines “name: value”"
    name = label(path)
    if kind == "missing":
        return f"{name} is missing"
    if details["loc"][-1] == "[key]":
        names = {"actions": "a-z, 0-9 and “_”", "redact": "words of letters and digits with “_” between them"}
        allowed = names.get(str(path[0]), "letters, digits, “_”, “-” and “.”")
        return f"{name} is no possible name - use {allowed}"
    if kind == "value_error":
        return f"{name} {context['error']}"
    if kind == "literal_error":
        return f"{name} {_literal(context['expected'], _value_at(values, path))}"
    if kind in _TYPES:
        hint = ""
        if kind == "string_type" and isinstance(_value_at(values, path), (int, float)):
            hint = " - put it in quotes"
        return f"{name} {_TYPES[kind]}{hint}"
    bounds = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
    for bound, words in bounds.items():
        if bound in context:
            return f"{name} must be {words} {context[bound]:,g}"
    if kind == "string_too_long":
        return f"{name} must have at most {context['max_length']} characters"
    return f"{name} has a value that does not fit - `ask-lsp config --example` shows one that does"


def _literal(expected: str, value: Any) -> str:
    names = re.findall(r"'([^']*)'", expected)
    if not names:
        return "must be false, which hides it, or be followed by the fields that differ"
    return f"must be {one_of(names)}{did_you_mean(value, names) if isinstance(value, str) else ''}"


def _value_at(values: Any, path: NodePath) -> Any:
    for part in path:
        values = values[part]
    return values


def _model_at(container: NodePath, root: type[BaseModel]) -> type[BaseModel]:
    if not container:
        return root
    if len(container) == 2 and container[0] in ("profiles", "actions"):
        return schema.ProfileEntry if container[0] == "profiles" else ActionEntry
    if len(container) == 2 and container[0] == "routes":
        return schema.RouteEntry
    return _SECTIONS.get(str(container[-1]), root)


def _unknown(path: NodePath, root: type[BaseModel]) -> str:
    name, container = str(path[-1]), path[:-1]
    known = list(_model_at(container, root).model_fields)
    # Below api_key even a name may be the key: `api_key: {sk-abc}` is what somebody types.
    shown = quoted(name, known) if container[-1:] != ("api_key",) or nearest(name, known) else "this name"
    start = f"unknown key {shown}{_inside(container)}"
    if name in _REQUEST_PARAMETERS:
        return f"{start} - put it under “parameters”"
    if not nearest(name, known) or name in schema.Config.model_fields:
        if name in schema.LimitsEntry.model_fields:
            return f"{start} - put it under “limits”"
        if container and name in root.model_fields:
            return f"{start} - it belongs to the top level"
        if not container and name in schema.ProfileEntry.model_fields:
            return f"{start} - it belongs into one of “profiles”"
    suggestion = did_you_mean(name, known)
    if suggestion:
        return start + suggestion
    return f"{start} - {f'known here: {one_of(known)}' if len(known) < 9 else '`ask-lsp config --example` lists all'}"
