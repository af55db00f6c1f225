"""Renders the templates of actions in a Jinja2 sandbox.

Templates are compiled once and rendered in a thread. A mistake in one is a sentence that names the line in the settings
file, not the line in some string.
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ask_lsp.core.action import Action, Place
from ask_lsp.core.errors import SettingsError
from ask_lsp.prompts import FORMATS

if TYPE_CHECKING:
    from jinja2 import Environment, Template, nodes

VARIABLES: Mapping[str, Any] = {
    "target": "the selection",
    "language": "",
    "file": "",
    "question": "",
    "code": "",
    "problems": (),
    "surrounding": "",
    "answer_language": "",
}
"""What a template may name, with the value of what is not given."""

MAX_OUTPUT = 200_000
_MOST_COMPILED = 256
_FILENAME = "<prompt>"


class Renderer:
    """The port `Prompts`, and the check of templates that loading settings needs."""

    def __init__(self) -> None:
        self._environment: Environment | None = None
        self._compiled: dict[str, Template] = {}

    async def render(self, action: Action, values: Mapping[str, Any]) -> tuple[str, str]:
        """The system prompt and the question of an action. Raises SettingsError that names file and line.

        `values` are those of `VARIABLES`; `problems` are mappings with message, code, source and line. With an
        `answer_language`, the system prompt ends by asking for it.
        """
        return await asyncio.to_thread(self._render, action, {**VARIABLES, **values})

    async def form(self, name: str, values: Mapping[str, Any]) -> str:
        """One of our own texts about the form of answers (the files in `formats/`)."""
        return await asyncio.to_thread(self._form, name, values)

    def _form(self, name: str, values: Mapping[str, Any]) -> str:
        template = (FORMATS / f"{name}.md.j2").read_text(encoding="utf-8")
        return self._template(template).render({**VARIABLES, **values}).strip()

    def check(self, template: str) -> list[tuple[int, str]]:
        """The faults of a template as one-based line and sentence; empty when it can be rendered. May take a while."""
        from jinja2 import TemplateSyntaxError, nodes

        try:
            tree = self._sandbox().parse(template)
            self._template(template)
        except TemplateSyntaxError as error:
            return [(error.lineno, f"{_one_line(error.message or 'this is no template')} (Jinja2)")]
        except RecursionError:
            return [(1, "this is nested too deeply")]
        return _unknown_names(tree, nodes)

    def _render(self, action: Action, values: Mapping[str, Any]) -> tuple[str, str]:
        system = self._one(action, "system", action.system, action.system_at, values)
        prompt = self._one(action, "prompt", action.prompt, action.prompt_at, values)
        if values["answer_language"]:
            system = f"{system}\n\nAnswer in this language: {values['answer_language']}.".lstrip()
        return system, prompt

    def _one(self, action: Action, name: str, template: str, place: Place | None, values: Mapping[str, Any]) -> str:
        try:
            pieces, size = [], 0
            for piece in self._template(template).generate(values):
                size += len(piece)
                if size > MAX_OUTPUT:
                    raise _TooLong(f"it makes more than {MAX_OUTPUT:,} characters")
                pieces.append(piece)
        except Exception as error:  # A template is somebody's program: it can fail in any way.
            at = f"{place.file}:{place.line + _line_of(error) - 1}: " if place else ""
            raise SettingsError(
                f"{at}the {name} of actions.{action.id} cannot be rendered: {_reason(error)}. Correct it and ask again."
            ) from None
        return "".join(pieces).strip()

    def _template(self, template: str) -> Template:
        compiled = self._compiled.get(template)
        if compiled is None:
            if len(self._compiled) >= _MOST_COMPILED:
                self._compiled.clear()
            sandbox = self._sandbox()
            code = sandbox.compile(template, name=_FILENAME, filename=_FILENAME)
            compiled = sandbox.template_class.from_code(sandbox, code, sandbox.make_globals(None))
            self._compiled[template] = compiled
        return compiled

    def _sandbox(self) -> Environment:
        if self._environment is None:
            from jinja2 import StrictUndefined
            from jinja2.sandbox import ImmutableSandboxedEnvironment

            self._environment = ImmutableSandboxedEnvironment(
                undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
            )
        return self._environment


class _TooLong(Exception):
    pass


def _unknown_names(tree: nodes.Template, kinds: Any) -> list[tuple[int, str]]:
    """Names that nothing defines, with their lines. What a template defines itself counts as known everywhere in it."""
    from jinja2.meta import find_undeclared_variables

    known = {*VARIABLES, "range", "dict", "lipsum", "cycler", "joiner", "namespace"}
    unknown = find_undeclared_variables(tree) - known
    found = []
    for name in tree.find_all(kinds.Name):
        if name.name in unknown:
            meant = difflib.get_close_matches(name.name, list(VARIABLES), n=1)
            hint = f" - did you mean “{meant[0]}”?" if meant else f" - known here: {', '.join(VARIABLES)}"
            found.append((name.lineno, f"unknown variable “{name.name}”{hint}"))
            unknown.discard(name.name)
    return found


def _line_of(error: BaseException) -> int:
    """The line in the template at which it failed: Jinja2 rewrites tracebacks so that they hold it."""
    from jinja2 import TemplateSyntaxError

    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    line = 1
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _FILENAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _reason(error: Exception) -> str:
    """Jinja2 speaks of names; the words of other errors may hold code, and only their kind is told."""
    from jinja2 import TemplateError

    if isinstance(error, (TemplateError, _TooLong)):
        return _one_line(str(error) or type(error).__name__)
    return type(error).__name__


def _one_line(words: str) -> str:
    return " ".join(words.split())[:160].rstrip(".")
