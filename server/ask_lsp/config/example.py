"""The example settings file, made from the schema, so that it cannot fall behind it.

Explanations begin with "##", settings with "#": copied as it is, the file changes nothing; without the first "#" of
every line it is a valid file that uses each setting.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ask_lsp.config.schema import Config, KeyPlace

_WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z0-9_~/.+-][A-Za-z0-9_~/.+: -]*(?<! )")
_NOT_TEXT = re.compile(r"[-+.0-9]+|true|false|null|yes|no|on|off", re.IGNORECASE)

_HEAD = """\
Settings of ask-lsp. `ask-lsp config --path` says where this file is looked for; saving it takes effect at the next
question. Every setting stands here with its default, or with an example where there is none. Remove the “#” at the
beginning of those lines that you want. Two lines are enough:

    api_key: sk-...
    model: gpt-5.4-mini

Without a file, the environment variable OPENAI_API_KEY is enough. Which layer wins: defaults, then this file, then the
environment (OPENAI_API_KEY and OPENAI_BASE_URL, as a pair and only where this file names no base_url; ASK_LSP_MODEL,
ASK_LSP_PROFILE), then the settings of the editor, which can never say where anything is sent.
"""


def example_file() -> str:
    """The text of config.example.yaml."""
    head = [f"## {line}".rstrip() for line in _HEAD.splitlines()]
    return "\n".join([*head, *_model(Config, Config(), "", set())]) + "\n"


def _model(model: type[BaseModel], defaults: BaseModel, indent: str, told: set[str]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if not indent:
            yield ""
        default = getattr(defaults, name)
        if isinstance(default, BaseModel):
            yield from _about(field, "", indent, told)
            yield f"#{indent}{name}:"
            yield from _model(type(default), default, f"{indent}  ", told)
        elif default is None and (section := _section(field)) is not None and not field.examples:
            yield from _about(field, "There is no default.", indent, told)
            yield f"#{indent}{name}:"
            for inner, inner_field in section.model_fields.items():
                yield from _setting(inner, inner_field, _first_example(inner_field), f"{indent}  ", told)
        elif field.examples:
            none = "" if name in ("profiles", "actions") or _tells_default(field) else _default_words(name, default)
            yield from _about(field, none, indent, told)
            yield from _value(name, _first_example(field), indent, told, _entry_model(field))
            if name == "api_key":
                yield from _key_places(indent, told)
        else:
            yield from _setting(name, field, default, indent, told)


def _setting(name: str, field: FieldInfo, value: Any, indent: str, told: set[str]) -> Iterator[str]:
    yield from _about(field, "", indent, told)
    yield from _value(name, value, indent, told, None)


def _value(name: str, value: Any, indent: str, told: set[str], entries: type[BaseModel] | None) -> Iterator[str]:
    """A setting with its value; `entries` is the model of what a section of named entries, or a list, holds."""
    if isinstance(value, str) and "\n" in value:
        yield f"#{indent}{name}: |"
        yield from (f"#{indent}  {line}" for line in value.splitlines())
    elif isinstance(value, Mapping) and entries is not None:
        yield f"#{indent}{name}:"
        for entry, fields in value.items():
            if not isinstance(fields, Mapping):
                yield f"#{indent}  {entry}: {_inline(fields)}"
                continue
            yield f"#{indent}  {entry}:"
            for inner, inner_value in fields.items():
                yield from _about(entries.model_fields[inner], "", f"{indent}    ", told)
                yield from _value(inner, inner_value, f"{indent}    ", told, None)
    elif isinstance(value, list) and entries is not None:
        yield f"#{indent}{name}:"
        for fields in value:
            for number, (inner, inner_value) in enumerate(fields.items()):
                yield from _about(entries.model_fields[inner], "", f"{indent}    ", told)
                yield f"#{indent}  {' ' if number else '-'} {inner}: {_inline(inner_value)}"
    else:
        yield f"#{indent}{name}: {_inline(value)}"


def _key_places(indent: str, told: set[str]) -> Iterator[str]:
    for name, field in KeyPlace.model_fields.items():
        yield from _about(field, f"Written as api_key: {{{name}: {_inline(_first_example(field))}}}", indent, told)


def _about(field: FieldInfo, more: str, indent: str, told: set[str]) -> Iterator[str]:
    """The explanation of a field, once: an endpoint's fields come again in every profile."""
    text = " ".join(f"{field.description or ''} {more}".split())
    if text in told or (field.description or "") in told:
        return
    told.update((text, field.description or ""))
    yield from (f"#{indent}# {line}" for line in textwrap.wrap(text, _WIDTH - len(indent), break_on_hyphens=False))


def _tells_default(field: FieldInfo) -> bool:
    return "Not set:" in (field.description or "")


def _default_words(name: str, default: Any) -> str:
    from ask_lsp.config.schema import DEFAULT_MODEL

    if name == "model":
        return f"The default is {DEFAULT_MODEL}."
    if name == "base_url":
        return "The default is OpenAI's."
    return "The default is none." if default in (None, {}, []) else f"The default is {_inline(default)}."


def _section(field: FieldInfo) -> type[BaseModel] | None:
    return next(
        (kind for kind in get_args(field.annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)), None
    )


def _entry_model(field: FieldInfo) -> type[BaseModel] | None:
    """The model that a section of named entries holds, however deep it stands in the annotation."""
    pending = [field.annotation]
    found = []
    while pending:
        annotation = pending.pop()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation is not KeyPlace:
            found.append(annotation)
        pending += get_args(annotation)
    return found[0] if found else None


def _first_example(field: FieldInfo) -> Any:
    if field.examples:
        return field.examples[0]
    return None if field.default is PydanticUndefined else field.default


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_inline(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and ": " not in value and not _NOT_TEXT.fullmatch(value):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)
