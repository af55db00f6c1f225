"""The workspace's own file, `.ask-lsp.yaml`, which anybody may have written: it can forbid, and lower, and ask.

Here it is read; config/narrowing.py puts it into force. A wrong file is no way out: what can be read of the rules in it
counts, and what once could be read goes on to count while it cannot.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from ask_lsp.config.complaints import complaints, label
from ask_lsp.config.fields import MAX_PATTERN, NEVER_SHOWN, check_pattern
from ask_lsp.config.schema import Config
from ask_lsp.config.words import did_you_mean, one_of, quoted
from ask_lsp.config.yaml_lines import Located, NodePath, Problem, WrongYaml, read_yaml
from ask_lsp.core.settings import WORKSPACE_FILE

MAX_BYTES = 64 * 1024
MAX_INSTRUCTIONS = 4_000
MOST_PATTERNS = 1_000
MAY_HOLD = ("ignore", "routes", "spend", "tokens", "instructions", "actions")
_BLOCK = re.compile(r"""["']?(ignore|routes|spend|tokens)["']?[ \t]*:""")
_ABSENT = Located({}, {}, {})


class WantedRoute(NamedTuple):
    """Files that the workspace wants to go to one profile only; `line` is where that stands."""

    paths: tuple[str, ...]
    profile: str
    line: int


class WantedCap(NamedTuple):
    """A cap that the workspace wants: `per_day` in the section `spend`, say."""

    section: str
    name: str
    amount: float
    line: int


@dataclass(frozen=True)
class WorkspaceFile:
    """What a workspace's file says. `actions` are values with their lines, not looked at yet.

    `problems` are told to the user. `digest` stands for exactly this content, "" if it could not be read.
    """

    root: Path
    digest: str = ""
    ignore: tuple[str, ...] = ()
    routes: tuple[WantedRoute, ...] = ()
    caps: tuple[WantedCap, ...] = ()
    instructions: str = ""
    actions: Located = field(default_factory=lambda: _ABSENT)
    problems: tuple[Problem, ...] = ()

    @property
    def path(self) -> Path:
        """The file."""
        return self.root / WORKSPACE_FILE

    @property
    def label(self) -> str:
        """What messages call it; there may be several workspaces."""
        return f"{self.root.name}/{WORKSPACE_FILE}" if self.root.name else WORKSPACE_FILE


class _Unreadable(Exception):
    """The sentence, without its end."""


def read_workspace(root: Path, user_file: Path, former: WorkspaceFile | None = None) -> WorkspaceFile | None:
    """The file of a workspace, None if it has none. Never raises for a wrong one.

    `user_file` is named as the place for what may not stand here; `former` is what was last read of the same workspace.
    """
    try:
        data = _bytes_of(root)
    except FileNotFoundError:
        return None
    except _Unreadable as error:
        return _with_former(WorkspaceFile(root, problems=(Problem(1, f"{error}"),)), former)
    digest = hashlib.sha256(data).hexdigest()
    try:
        return _Reading(root, digest, user_file).of([read_yaml(data)])
    except WrongYaml as error:
        held = _Reading(root, digest, user_file, error.problems).of(_readable_blocks(data))
        # Nothing is asked of anybody about a file of which a part is lost.
        return _with_former(replace(held, instructions="", actions=_ABSENT), former)


def _with_former(broken: WorkspaceFile, former: WorkspaceFile | None) -> WorkspaceFile:
    """What can be read of a broken file, with the rules that held before; its first problem says so."""
    first, *rest = broken.problems
    if former is None:
        told = "what cannot be read here does not count"
    else:
        told = "the rules that were read before go on to count"
        broken = replace(
            broken,
            ignore=tuple(dict.fromkeys((*former.ignore, *broken.ignore))),
            routes=tuple(dict.fromkeys((*former.routes, *broken.routes))),
            caps=tuple(dict.fromkeys((*former.caps, *broken.caps))),
        )
    return replace(broken, problems=(Problem(first.line, f"{first.sentence}; {told}"), *rest))


def _bytes_of(root: Path) -> bytes:
    path = root / WORKSPACE_FILE
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(root.resolve()):
            raise _Unreadable("this is a link that leads out of the workspace, so it is not followed - put a file here")
        # Looked at before it is opened: opening a pipe waits for a writer.
        status = real.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _Unreadable("this is no plain file - put one here, or nothing")
        with real.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        if path.is_symlink():
            raise _Unreadable("this is a link that leads nowhere - delete it") from None
        raise
    except (OSError, RuntimeError) as error:  # RuntimeError: a link to itself, before Python 3.13
        reason = (getattr(error, "strerror", None) or "a link to itself").lower()
        raise _Unreadable(f"this file cannot be read ({reason}) - make it readable, or delete it") from None
    if len(data) > MAX_BYTES:
        raise _Unreadable(f"this file is larger than {MAX_BYTES // 1024} kB, too large for settings - make it shorter")
    return data


def _readable_blocks(data: bytes) -> list[Located]:
    """The sections with rules in a file that as a whole is not YAML, each read for itself, with its lines."""
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return []
    starts = [number for number, line in enumerate(lines) if line[:1] not in ("", " ", "\t", "#", "-", "]", "}")]
    found = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=False):
        if _BLOCK.match(lines[start]):
            try:
                found.append(read_yaml(("\n" * start + "\n".join(lines[start:end])).encode()))
            except WrongYaml:
                continue
    return found


class _Reading:
    """One reading of one file: gathers what is right, and what is wrong."""

    def __init__(self, root: Path, digest: str, user_file: Path, problems: list[Problem] | None = None) -> None:
        self._root = root
        self._digest = digest
        self._user_file = user_file
        self._problems = list(problems or ())

    def of(self, parts: list[Located]) -> WorkspaceFile:
        ignore: list[str] = []
        routes: list[WantedRoute] = []
        caps: list[WantedCap] = []
        instructions, actions = "", _ABSENT
        for part in parts:
            for name, value in part.values.items():
                if name not in MAY_HOLD:
                    self._say(part, (name,), self._refusal(name))
                elif value is None:
                    continue
                elif name == "ignore":
                    ignore += self._patterns(part, ("ignore",), value)
                elif name == "routes":
                    routes += self._routes(part, value)
                elif name in ("spend", "tokens"):
                    caps += self._caps(part, name, value)
                elif name == "instructions":
                    instructions = self._instructions(part, value)
                elif isinstance(value, dict):
                    actions = part
                else:
                    self._say(part, (name,), "“actions” must be followed by indented lines “name: value”")
        problems = tuple(dict.fromkeys(sorted(self._problems)))
        return WorkspaceFile(
            self._root, self._digest, tuple(ignore), tuple(routes), tuple(caps), instructions, actions, problems
        )

    def _say(self, part: Located, path: NodePath, sentence: str) -> None:
        self._problems.append(Problem(part.line(path), sentence))

    def _refusal(self, name: str) -> str:
        if name in Config.model_fields or name == "kind":
            instead = ", or name it under “ignore”" if name == "deny" else ""
            return (
                f"“{name}” may not come from a workspace, whose files anybody may have written - "
                f"put it into {self._user_file}{instead}"
            )
        hint = did_you_mean(name, MAY_HOLD) or f" - known here: {one_of(MAY_HOLD)}"
        return f"unknown key {quoted(name, MAY_HOLD)}{hint}"

    def _patterns(self, part: Located, path: NodePath, value: Any) -> list[str]:
        if not isinstance(value, list):
            self._say(part, path, f"{label(path)} must be a list, as in [one, two]")
            value = [value] if isinstance(value, str) else []
        found = []
        for index, pattern in enumerate(value):
            try:
                if not isinstance(pattern, str):
                    raise ValueError("must be text - put it in quotes")
                if len(pattern) > MAX_PATTERN:
                    raise ValueError(f"must have at most {MAX_PATTERN} characters")
                found.append(check_pattern(pattern))
            except ValueError as error:
                at = (*path, index)
                self._say(part, at, f"{label(at)} {error}")
        if len(found) > MOST_PATTERNS:
            self._say(part, path, f"{label(path)} has more than {MOST_PATTERNS:,} patterns - only the first count")
        return found[:MOST_PATTERNS]

    def _routes(self, part: Located, value: Any) -> Iterator[WantedRoute]:
        if not isinstance(value, list):
            self._say(part, ("routes",), "“routes” must be a list of items with “paths” and “profile”")
            return
        for index, route in enumerate(value):
            at: NodePath = ("routes", index)
            if not isinstance(route, dict) or "paths" not in route or not isinstance(route.get("profile"), str):
                self._say(part, at, f"{label(at)} needs “paths”, a list, and “profile”, a name")
                continue
            for name in route:
                if name not in ("paths", "profile"):
                    self._say(part, (*at, name), f"unknown key {quoted(name)} in {label(at)} - leave it out")
            paths = self._patterns(part, (*at, "paths"), route["paths"])
            if paths:
                yield WantedRoute(tuple(paths), route["profile"], part.line((*at, "profile")))

    def _caps(self, part: Located, section: str, value: Any) -> Iterator[WantedCap]:
        given: Mapping[str, Any] = value if isinstance(value, dict) else {}
        wrong: set[str] = set()
        try:
            Config.model_validate({section: value})
        except ValidationError as error:
            for path, sentence in complaints(error, Config, {section: value}):
                self._say(part, path, sentence)
                wrong.add(str(path[-1]))
        for name, amount in given.items():
            at: NodePath = (section, name)
            if name in wrong:
                continue
            if amount is None or amount is False:
                self._say(part, at, f"{label(at)} would lift a cap - a workspace can only lower one")
            else:
                yield WantedCap(section, name, amount, part.line(at))

    def _instructions(self, part: Located, value: Any) -> str:
        wrong = ""
        if not isinstance(value, str):
            wrong = "must be text"
        elif len(value) > MAX_INSTRUCTIONS:
            wrong = f"must have at most {MAX_INSTRUCTIONS:,} characters"
        elif NEVER_SHOWN.search(value):
            wrong = "holds characters that cannot be seen - delete them"
        if wrong:
            self._say(part, ("instructions",), f"“instructions” {wrong}")
            return ""
        return str(value).strip()
