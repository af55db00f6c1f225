"""What an action may say in a settings file, a workspace's own file and the file of the built-in ones alike."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from ask_lsp.config.fields import Line, Strict, check_file, check_kind, check_title
from ask_lsp.core.action import Needs, Output


class ActionEntry(Strict):
    """An action: what is asked, about what, and where the answer goes."""

    title: Annotated[Line, AfterValidator(check_title)] | None = Field(default=None, examples=["Review {target}"])
    """What the editor's menu shows. {target} is what is selected, {assistant} the assistant's name, {problem} the first
    problem reported there and {count} how many there are."""

    kind: Annotated[str, AfterValidator(check_kind)] | None = Field(default=None, examples=["ask"])
    """The kind of code action, which decides where editors sort it: ask, quickfix, or refactor with a suffix."""

    system: str | None = Field(default=None, examples=["You are a strict and kind reviewer."])
    """Who the model is to be. A Jinja2 template, with the same variables as the prompt."""

    prompt: str | None = Field(
        default=None,
        examples=[
            "Review {{ target }} as if it came in a pull request.\n"
            "{% if problems %}Mind the {{ problems | length }} reported problems.{% endif %}\n"
        ],
    )
    """The question. A Jinja2 template with target, language, file, question, code, problems (each with message, code,
    source and line), surrounding and answer_language. The code itself is put below it by itself."""

    context: list[Literal["symbol", "diagnostics"]] | None = Field(default=None, examples=[["symbol"]])
    """What is sent with the code: symbol is the definition around it, diagnostics the problems reported in it."""

    output: Output | None = Field(default=None, examples=["chat"])
    """Where the answer goes: chat, or into the code. replace puts it in the place of what it is about, insert_before
    and insert_after beside that, insert at the cursor, and new_file into a file beside this one."""

    file: Annotated[Line, AfterValidator(check_file)] | None = Field(default=None, examples=["{stem}_notes.md"])
    """The name of the new file; {stem} and {suffix} are those of this one. Not set: where the project has its tests."""

    scope: Literal["selection", "file"] | None = Field(default=None, examples=["selection"])
    """What it is about: the selection (or the definition around the cursor), or the whole file."""

    languages: list[Line] | None = Field(default=None, examples=[["python", "go"]])
    """The languages it is listed for, by their LSP names. Not set: all."""

    profile: Line | None = Field(default=None, examples=["default"])
    """The profile that answers. Not set: the active one."""

    needs: Needs | None = Field(default=None, examples=["nothing"])
    """What must be there: question asks you for words, diagnostics lists it only where a problem is reported,
    several_diagnostics where there are two or more, and each_diagnostic once for each of them."""

    listed: bool | None = Field(default=None, examples=[True])
    """Whether it is shown in the menu."""


def _hidden_or_entry(value: Any) -> str:
    return "hidden" if isinstance(value, bool) else "entry"


ActionOrHidden = Annotated[
    Annotated[Literal[False], Tag("hidden")] | Annotated[ActionEntry, Tag("entry")],
    Discriminator(_hidden_or_entry),
]
