"""`ask-lsp key`: puts a key into the operating system's keyring, says whether it is there, and deletes it.

A key is never taken from the command line, which every user of the machine can read, and never shown but masked.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING, NamedTuple

from ask_lsp.core.errors import KeyUnavailable, SettingsError
from ask_lsp.core.profile import OPENAI_BASE_URL, origin, origin_of

if TYPE_CHECKING:
    from pathlib import Path

    from ask_lsp.core.profile import Profile
    from ask_lsp.core.secret import Secret

_MOST = 64 * 1024


class _Entry(NamedTuple):
    """The entry that a profile's key has, or would have: its name, and the endpoint that it is bound to."""

    profile: Profile
    name: str
    origin: str
    file: Path

    @property
    def label(self) -> str:
        return f"“{self.name}” for {self.origin}"


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "key",
        help="keep a profile's key in the operating system's keyring",
        description="Keep the key of a profile in the operating system's keyring, bound to the profile's endpoint. "
        'Needs the extra: pip install "ask-lsp[keyring]"',
    )
    what = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    put = what.add_parser(
        "set",
        help="store a key, typed or from standard input",
        description="Store a key, typed without being shown, or from standard input. Prints what to write into the "
        "settings file.",
    )
    put.set_defaults(func=run_set)
    status = what.add_parser(
        "status",
        help="say whether a key is stored",
        description="Say whether a key is stored for the profile's endpoint. Shows no more of it than its ends.",
    )
    status.set_defaults(func=run_status)
    delete = what.add_parser("delete", help="delete a key", description="Delete the key of the profile's endpoint.")
    delete.set_defaults(func=run_delete)
    for command in (put, status, delete):
        command.add_argument("profile", metavar="PROFILE", help="a profile of the settings file, or default")
    # Taken only to be refused: argparse would repeat on the screen what must not be there at all.
    put.add_argument("surplus", nargs="*", help=argparse.SUPPRESS)


def run_set(arguments: argparse.Namespace) -> int:
    """Stores a key; prints the lines for the settings file."""
    from ask_lsp.config.keyring_store import backend_name, store_key

    if arguments.surplus:
        raise KeyUnavailable(
            "A key does not belong on the command line: others on this machine can read it there, and your shell keeps "
            f"it. Change that key, then run `ask-lsp key set {arguments.profile}` alone and type it when asked."
        )
    entry = _entry(arguments.profile)
    backend_name()  # Nobody should type a key for a keyring that is not there.
    store_key(entry.name, entry.origin, _asked_for(entry))
    source = entry.profile.key
    print(f"Stored {entry.label}. It is sent nowhere else.", file=sys.stderr)
    if source is not None and source.keyring is not None:
        print(f"Profile “{entry.profile.name}” takes its key from there.", file=sys.stderr)
        return 0
    print(f"Write this into {entry.file}, in the place of any api_key of this profile:", file=sys.stderr)
    print(_lines(entry), end="")
    return 0


def run_status(arguments: argparse.Namespace) -> int:
    """Prints where the key is; 0 if the keyring has it."""
    from ask_lsp.config.keyring_store import backend_name, read_key

    entry = _entry(arguments.profile)
    key = read_key(entry.name, entry.origin)
    print(f"keyring: {backend_name()}")
    print(f"key:     {entry.label}: {key.masked() if key else 'not stored'}")
    print(f"profile: {entry.profile.name} takes its key from {_place(entry.profile)}")
    if key is None:
        print(f"Store it with: ask-lsp key set {entry.profile.name}", file=sys.stderr)
    return 0 if key else 1


def run_delete(arguments: argparse.Namespace) -> int:
    """Deletes a key; 1 if there was none."""
    from ask_lsp.config.keyring_store import delete_key

    entry = _entry(arguments.profile)
    if not delete_key(entry.name, entry.origin):
        print(f"ask-lsp: there is no key {entry.label} in the keyring.", file=sys.stderr)
        return 1
    print(f"Deleted {entry.label}.", file=sys.stderr)
    return 0


def _entry(profile_name: str) -> _Entry:
    """Raises SettingsError for a profile that is not there, or has no endpoint to send a key to."""
    from ask_lsp.config.env import take_environment, user_file
    from ask_lsp.config.keeper import Keeper
    from ask_lsp.prompts import ACTIONS_FILE
    from ask_lsp.prompts.render import Renderer

    environment = take_environment()
    keeper = Keeper(environment, ACTIONS_FILE, Renderer().check)
    settings = asyncio.run(keeper.current())
    for sentence in keeper.take_problems():
        print(f"ask-lsp: {sentence}", file=sys.stderr)
    profile = settings.profile(profile_name)
    if profile.kind != "openai":
        raise SettingsError(f"Profile “{profile.name}” needs no key. Name one that has a base_url.")
    if profile.problem:
        raise SettingsError(profile.problem)
    # The implicit profile with nothing configured is OpenAI's as soon as it has a key.
    bound = origin_of(profile) if not profile.unconfigured else origin(OPENAI_BASE_URL)
    name = (profile.key.keyring if profile.key else None) or profile.name
    return _Entry(profile, name, bound, user_file(environment))


def _asked_for(entry: _Entry) -> Secret:
    """The key, typed or piped. Raises KeyUnavailable for what cannot be one."""
    from ask_lsp.config.keys import checked_key

    if sys.stdin.isatty():
        import getpass

        try:
            value = getpass.getpass(f"Key for {entry.origin} (not shown): ", stream=sys.stderr)
        except EOFError:
            value = ""
    else:
        data = sys.stdin.buffer.read(_MOST + 1)
        value = data.decode("utf-8-sig", "replace")
    value = value.strip(" \t\r\n") if len(value) <= _MOST else value
    if not value:
        raise KeyUnavailable("No key was given. Type it when asked, or send it to standard input.")
    return checked_key(value, "What was given")


def _lines(entry: _Entry) -> str:
    """What belongs into the settings file."""
    key = f"api_key: {{keyring: {entry.name}}}"
    base_url = entry.profile.base_url
    lines = [key] if base_url.rstrip("/") == OPENAI_BASE_URL else [f"base_url: {base_url}", key]
    if entry.profile.name == "default":
        return "".join(f"{line}\n" for line in lines)
    return f"profiles:\n  {entry.profile.name}:\n" + "".join(f"    {line}\n" for line in lines)


def _place(profile: Profile) -> str:
    source = profile.key
    if source is None:
        return "nowhere"
    if source.keyring is not None:
        return "there"
    if source.env is not None:
        return f"the environment variable {source.env}"
    return "a file" if source.file else "a command" if source.command else "the settings file"
