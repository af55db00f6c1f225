"""`ask-lsp doctor`: looks at everything that an answer needs, and says what to do. Its output is safe to paste.

No key, no home directory and no prompt is in it: a key is shown by its first three and last four characters.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import platform
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from ask_lsp import __version__
from ask_lsp.core.errors import AskError, SaidNothing

if TYPE_CHECKING:
    from ask_lsp.assistant.services import Services
    from ask_lsp.config.env import Environment
    from ask_lsp.core.profile import Profile
    from ask_lsp.core.settings import Settings

EDITORS = {
    "Neovim": "nvim", "Vim": "vim", "Emacs": "emacs", "Helix": "hx", "VS Code": "code", "VSCodium": "codium",
    "Kate": "kate", "Kakoune": "kak", "Sublime Text": "subl", "Zed": "zed", "Micro": "micro", "Lapce": "lapce",
}  # fmt: skip
_MARKS = {"ok": "ok  ", "warn": "note", "fail": "FAIL"}


class Finding(NamedTuple):
    """One line of the report."""

    what: str
    state: Literal["ok", "warn", "fail"]
    says: str


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "doctor",
        help="check configuration, key, endpoint and editors, and say what to do",
        description="Check configuration, key, endpoint (by a one-token request) and editors. Safe to paste.",
    )
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    parser.add_argument("--offline", action="store_true", help="send no request")
    parser.add_argument("--profile", help="another profile than the active one")
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the report; 0 if an answer can be had, 1 if not."""
    findings = asyncio.run(examine(arguments.profile, offline=arguments.offline))
    findings = [finding._replace(says=_without_home(finding.says)) for finding in findings]
    failed = any(finding.state == "fail" for finding in findings)
    if arguments.json:
        report = {"version": __version__, "ok": not failed, "findings": [each._asdict() for each in findings]}
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            print(f"{_MARKS[finding.state]}  {finding.what}: {finding.says}")
        print("Something needs attention: see FAIL above." if failed else "An answer can be had.", file=sys.stderr)
    return 1 if failed else 0


def _without_home(text: str) -> str:
    try:
        home = str(Path.home())
    except RuntimeError:  # a container whose user has none
        return text
    if home == Path(home).anchor:  # nor is `/` one that says who somebody is
        return text
    return re.sub(rf"(?<![\w.-]){re.escape(home)}(?![\w-])", "~", text)


async def examine(profile_name: str | None, *, offline: bool) -> list[Finding]:
    """Looks at everything, in the order in which an ask needs it."""
    from ask_lsp import compose
    from ask_lsp.config.env import take_environment, user_file

    environment = take_environment()
    compose.start_logging()
    findings = [
        Finding("ask-lsp", "ok", f"{__version__}, Python {platform.python_version()}, {platform.system()}"),
    ]
    path = user_file(environment)
    services = compose.load(environment)
    try:
        settings = await services.settings.current()
        problems = services.settings.take_problems()
        if problems:
            findings += [Finding("settings", "fail", sentence) for sentence in problems]
        elif path.exists():
            findings.append(Finding("settings", "ok", f"{path}"))
        else:
            findings.append(Finding("settings", "ok", f"none at {path}; defaults and the environment count"))
        try:
            profile = settings.profile(profile_name)
        except AskError as error:
            return [*findings, Finding("profile", "fail", str(error))]
        where = {"openai": profile.base_url, "local": "the embedded model", "echo": "no model"}[profile.kind]
        findings.append(Finding("profile", "ok", f"{profile.name}: {profile.model or profile.kind} at {where}"))
        findings.append(await _key(environment, profile))
        if not offline:
            findings.append(await _request(services, settings, profile))
    finally:
        await services.aclose()
    found = [name for name, program in EDITORS.items() if shutil.which(program)]
    findings.append(Finding("editors", "ok" if found else "warn", ", ".join(found) or "none found on PATH"))
    own = shutil.which("ask-lsp")
    says = own or "ask-lsp is not on PATH: give your editor its full path"
    findings.append(Finding("command", "ok" if own else "warn", says))
    return findings


async def _key(environment: Environment, profile: Profile) -> Finding:
    from ask_lsp.config.keys import Keys

    if profile.kind != "openai":
        return Finding("key", "ok", "none needed")
    if profile.problem:
        return Finding("key", "fail", profile.problem)
    keys = Keys(environment)
    try:
        key = await keys.resolve(profile)
    except AskError as error:
        return Finding("key", "fail", str(error))
    finally:
        await keys.aclose()
    return Finding("key", "ok", key.masked()) if key else Finding("key", "warn", "none; fine for a local server")


async def _request(services: Services, settings: Settings, profile: Profile) -> Finding:
    from ask_lsp.assistant.sending import Sending, Spent
    from ask_lsp.core.conversation import Finished, Message, TextDelta

    short = dataclasses.replace(profile, max_output=1, limits=dataclasses.replace(profile.limits, retries=0))
    alone = dataclasses.replace(settings, profiles={**settings.profiles, profile.name: short})
    sending = Sending([Message("user", "Say OK.")], "doctor", "doctor", alone, chosen=profile.name)
    came = False
    try:
        prepared = await services.outbox.prepare(sending)
        async with contextlib.aclosing(services.outbox.send(prepared, Spent())) as events:
            async for event in events:
                came = came or isinstance(event, (TextDelta, Finished))
    except SaidNothing:
        came = True  # a model that thinks first has used its one token for that
    except AskError as error:
        return Finding("request", "fail", str(error))
    return (
        Finding("request", "ok", "the model answered") if came else Finding("request", "fail", "the answer was empty")
    )
