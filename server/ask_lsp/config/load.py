"""Reads the user's settings file: bytes in, checked values or sentences out.

A file is taken whole or not at all, except for actions, of which a wrong one disables only itself.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from ask_lsp.config.actions import ActionSource, TemplateCheck, read_actions
from ask_lsp.config.complaints import complaints
from ask_lsp.config.schema import BUILT_IN_PROFILES, Config, Endpoint, KeyPlace
from ask_lsp.config.words import did_you_mean, quoted
from ask_lsp.config.yaml_lines import Located, Problem, WrongYaml, read_yaml
from ask_lsp.core.action import Action

MAX_BYTES = 1_000_000
_SHOWN = 5
_RESTRICTS = re.compile(
    rb"""^[ \t{-]*["']?(?:api_key|model|base_url|profiles?|kind|deny|redact|routes|spend|tokens)["']?[ \t]*:|https?://""",
    re.MULTILINE,
)
_SECRET_HEADER = re.compile(r"auth|key|token|secret|cookie", re.IGNORECASE)


@dataclass(frozen=True)
class UserFile:
    """What a settings file says. `warnings` are sentences about what is wrong but does not spoil the rest.

    `blocked` is set when the file could not be read, nothing better is known, and it seems to say where something may
    be sent, or what: then nothing may be sent to the endpoint that would be used without it. `action_ids` are all that
    are taken, those of hidden actions too.
    """

    path: Path
    config: Config
    actions: tuple[Action, ...]
    warnings: tuple[str, ...] = ()
    blocked: str | None = None
    action_ids: frozenset[str] = frozenset()


class WrongFile(Exception):
    """The file cannot be used.

    `sentences` say why, the first few of them; `restricts` says whether it seems to hold a rule about what may be sent,
    or where, and errs towards yes.
    """

    def __init__(self, sentences: list[str], restricts: bool = True) -> None:
        super().__init__(sentences)
        self.sentences = sentences
        self.restricts = restricts


class FileReader:
    """Reads settings files. Holds what every reading needs: the built-in actions and the check of templates."""

    def __init__(self, built_in_actions: Path, check_template: TemplateCheck) -> None:
        self._built_in = ActionSource(read_yaml(built_in_actions.read_bytes()), built_in_actions.name)
        self._check_template = check_template

    def nothing(self, path: Path, blocked: str | None = None) -> UserFile:
        """What holds without a file."""
        actions, _ = read_actions(
            self._built_in, ActionSource(Located({}, {}, {}), path.name), BUILT_IN_PROFILES, self._check_template
        )
        return UserFile(path, Config(), actions, blocked=blocked, action_ids=self._ids({}))

    def read(self, path: Path) -> UserFile:
        """Raises WrongFile, and FileNotFoundError when there is none."""
        data = _bytes_of(path)
        try:
            located = read_yaml(data)
        except WrongYaml as error:
            raise _wrong(path, error.problems, data) from None
        located = Located(without_nulls(located.values), located.lines, located.text_lines)
        config = self._checked(path, located, data)
        source = ActionSource(located, path.name)
        actions, problems = read_actions(self._built_in, source, known_profiles(config), self._check_template)
        warnings = (*sentences(path.name, problems), *_permission_warnings(path, config))
        return UserFile(path, config, actions, warnings, action_ids=self._ids(located.values))

    def _ids(self, values: Mapping[str, Any]) -> frozenset[str]:
        given = values.get("actions")
        return frozenset(self._built_in.located.values["actions"]) | frozenset(given if isinstance(given, dict) else ())

    def _checked(self, path: Path, located: Located, data: bytes) -> Config:
        values = dict(located.values)
        if isinstance(values.get("actions"), dict):
            del values["actions"]
        try:
            config = Config.model_validate(values)
        except ValidationError as error:
            problems = [Problem(located.line(at), sentence) for at, sentence in complaints(error, Config, values)]
            raise _wrong(path, problems, data) from None
        problems = list(_contradictions(config, located))
        if problems:
            raise _wrong(path, problems, data)
        return config


def known_profiles(config: Config) -> tuple[str, ...]:
    """The names that a profile setting may have."""
    return tuple(dict.fromkeys((*BUILT_IN_PROFILES, *config.profiles)))


def key_variables(config: Config) -> list[str]:
    """The environment variables that hold keys, as the settings say."""
    places = [endpoint.api_key for endpoint in (config, *config.profiles.values())]
    return [place.env for place in places if isinstance(place, KeyPlace) and place.env is not None]


def beside(named: str, settings_file: Path) -> Path:
    """The path that a setting means: `~` is the home, anything relative begins at the settings file's folder."""
    return settings_file.parent / Path(os.path.expanduser(named))  # noqa: PTH111 - this one never raises


def read_by_others(path: Path) -> bool:
    """Whether group or others may read the file. Never on Windows, whose permissions do not show here."""
    if os.name != "posix":
        return False
    try:
        return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False


def _bytes_of(path: Path) -> bytes:
    try:
        # Looked at before it is opened: opening a pipe waits for a writer.
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "no plain file"
            raise WrongFile([f"{path} is {what}. Name the settings file with ASK_LSP_CONFIG."])
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise WrongFile([f"{path} cannot be read ({reason}). Make it readable for you, then ask again."]) from None
    if len(data) > MAX_BYTES:
        raise WrongFile([f"{path} is larger than 1 MB, too large for settings. Is it the right file?"])
    return data


def without_nulls(values: Any, inside: str = "") -> Any:
    """An empty setting ("profiles:" with nothing below) means the same as none.

    Save in what is sent as it is, and in caps, where it lifts one.
    """
    if not isinstance(values, dict) or inside in ("parameters", "spend", "tokens"):
        return values
    return {name: without_nulls(value, name) for name, value in values.items() if value is not None}


def _contradictions(config: Config, located: Located) -> Iterable[Problem]:
    known = known_profiles(config)
    for field, name in (("profile", config.profile), ("hover_profile", config.hover_profile)):
        if name is not None and name not in known:
            sentence = f"there is no profile {quoted(name, known)} for “{field}”{did_you_mean(name, known)}"
            yield Problem(located.line((field,)), sentence)
    for index, route in enumerate(config.routes):
        if route.profile not in known:
            sentence = f"there is no profile {quoted(route.profile, known)} for this route"
            yield Problem(located.line(("routes", index, "profile")), sentence + did_you_mean(route.profile, known))
    names = [name.upper() for name in config.redact.patterns]
    for name in config.redact.patterns:
        if names.count(name.upper()) > 1 and name != name.upper():
            line = located.line(("redact", "patterns", name))
            yield Problem(line, f"{quoted(name)} is given twice, in other letters - rename one of them")
    top = [name for name in Endpoint.model_fields if name in config.model_fields_set]
    if "default" in config.profiles and top:
        line = located.line(("profiles", "default"))
        yield Problem(line, f"“default” is also what “{top[0]}” at the top level describes - keep one of the two")
    for name, entry in config.profiles.items():
        for field in ("base_url", "api_key", "headers", "allow_insecure", "ca_bundle", "proxy"):
            if entry.kind in ("local", "echo") and field in entry.model_fields_set:
                line = located.line(("profiles", name, field))
                yield Problem(line, f"“{field}” has no meaning for the kind {entry.kind} - leave one of the two out")


def _permission_warnings(path: Path, config: Config) -> Iterable[str]:
    endpoints = [config, *config.profiles.values()]
    written_out = any(
        isinstance(endpoint.api_key, SecretStr)
        or any(map(_SECRET_HEADER.search, endpoint.headers))
        or "@" in (endpoint.proxy or "")
        for endpoint in endpoints
    )
    holders = [path] if written_out else []
    for endpoint in endpoints:
        place = endpoint.api_key
        if isinstance(place, KeyPlace) and place.file is not None:
            holders.append(beside(place.file, path))
    for holder in dict.fromkeys(holders):
        if read_by_others(holder):
            command = f"chmod 600 {shlex.quote(str(holder))}"
            yield f"{holder} holds a key and others on this machine can read it. Run: {command}"


def sentences(file: str, problems: Iterable[Problem]) -> list[str]:
    """Problems of a file as what is shown, the first few of them."""
    lines = [
        f"{file}:{line}: {sentence if sentence[-1] in '.?' else sentence + '.'}" for line, sentence in sorted(problems)
    ]
    rest = len(lines) - _SHOWN
    return lines if rest <= 0 else [*lines[:_SHOWN], f"{file}: and {rest} more. Put these right first."]


def _wrong(path: Path, problems: list[Problem], data: bytes) -> WrongFile:
    readable = data.replace(b"\0", b"")  # UTF-16 as well
    return WrongFile(sentences(path.name, problems), bool(_RESTRICTS.search(readable)))
