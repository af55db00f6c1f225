"""Our commands and our messages: their names, and what their arguments have to look like. docs/protocol.md tells users.

People type some of these arguments by hand (Helix's :lsp-workspace-command), so each wrong one gets a sentence.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import converters, types

from ask_lsp.core.errors import RequestRefused

if TYPE_CHECKING:
    import cattrs

RUN, SEND, CANCEL, PROFILE, OPEN_CONFIG, LOG = (
    "ask.run",
    "ask.send",
    "ask.cancel",
    "ask.profile",
    "ask.openConfig",
    "ask.log",
)
APPLY, DIFF, DISCARD, PROPOSALS, RETRY, UNDO, CHECK = (
    "ask.apply",
    "ask.diff",
    "ask.discard",
    "ask.proposals",
    "ask.retry",
    "ask.undo",
    "ask.check",
)
PREVIEW, ALLOW_ONCE, TRUST, USAGE = "ask.preview", "ask.allowOnce", "ask.trust", "ask.usage"
ACTION_KINDS = ("ask", types.CodeActionKind.QuickFix.value, types.CodeActionKind.RefactorRewrite.value)
COMMANDS = (
    *(RUN, SEND, CANCEL, PROFILE, OPEN_CONFIG, LOG),
    *(APPLY, DIFF, DISCARD, PROPOSALS, RETRY, UNDO, CHECK),
    *(PREVIEW, ALLOW_ONCE, TRUST, USAGE),
)
WITH_PROGRESS = (RUN, SEND, PREVIEW)

_SHAPE = "Write them as {action, uri, range, version, question}, each of them optional."


@dataclass(frozen=True)
class RunArguments:
    """What ask.run takes; `problems` and `directive` come from our own code actions only.

    `instead_of` is the job that has begun this one (ask.retry).
    """

    action: str = "ask"
    uri: str | None = None
    range: types.Range | None = None
    version: int | None = None
    question: str | None = None
    problems: tuple[types.Diagnostic, ...] = ()
    directive: bool = False
    wants_words: bool = False
    instead_of: str = ""


def run_arguments(arguments: list[Any]) -> RunArguments:
    """Checks the arguments of ask.run. Raises RequestRefused with a sentence; unknown fields are ignored."""
    given = one_object(arguments, RUN)
    values: dict[str, Any] = {}
    for name, kind in (("action", str), ("uri", str), ("question", str), ("version", int)):
        value = given.get(name)
        if value is None:
            continue
        if not isinstance(value, kind) or isinstance(value, bool):
            wanted = "text" if kind is str else "a whole number"
            raise RequestRefused(f"ask.run: “{name}” must be {wanted}. {_SHAPE}")
        values[name] = value
    converter = _converter()
    if given.get("range") is not None:
        try:
            values["range"] = converter.structure(given["range"], types.Range)
            _check(values["range"])
        except Exception as error:
            raise RequestRefused(f"ask.run: “range” must be an LSP range, with start and end. {_SHAPE}") from error
        if "uri" not in values:
            raise RequestRefused(
                "ask.run: a range needs the “uri” of its document. Leave out both to act on the last selection."
            )
    try:
        values["problems"] = tuple(converter.structure(each, types.Diagnostic) for each in given.get("problems") or ())
    except Exception as error:
        raise RequestRefused("ask.run: “problems” must be a list of LSP diagnostics. Leave it out.") from error
    return RunArguments(**values, directive=given.get("directive") is True)


@functools.cache
def _converter() -> cattrs.Converter:
    return converters.get_converter()  # takes 4 ms to make, on the loop


def _check(range_: types.Range) -> None:
    for number in (range_.start.line, range_.start.character, range_.end.line, range_.end.character):
        if type(number) is not int or number < 0:
            raise ValueError("not a place")


def text_argument(arguments: list[Any], command: str, name: str) -> str | None:
    """One named text, given as {name: text} or bare; None when it is left out. Raises RequestRefused."""
    if len(arguments) == 1 and isinstance(arguments[0], str):
        return arguments[0]
    value = one_object(arguments, command).get(name)
    if value is not None and not isinstance(value, str):
        raise RequestRefused(f"{command}: “{name}” must be text. Write it as {{{name}: …}}.")
    return value


def one_object(arguments: list[Any], command: str) -> dict[str, Any]:
    """The arguments of a command, which are one object at most. Raises RequestRefused."""
    if not arguments or arguments == [None]:
        return {}
    if len(arguments) > 1 or not isinstance(arguments[0], dict):
        raise RequestRefused(
            f"{command} takes one object of arguments. {_SHAPE if command == RUN else 'See docs/protocol.md.'}"
        )
    return arguments[0]
