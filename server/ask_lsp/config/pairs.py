"""Which key goes with which endpoint. A key is sent to the origin that it was declared with, and to no other.

An endpoint and its key are taken as a pair from one layer, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import SecretStr

from ask_lsp.config.env import Environment
from ask_lsp.config.fields import wrong_base_url
from ask_lsp.config.load import UserFile
from ask_lsp.config.schema import Endpoint, KeyPlace
from ask_lsp.core.profile import OPENAI_BASE_URL, KeySource, Profile, origin
from ask_lsp.core.secret import Secret

EDITOR_KEY = KeySource(env="ASK_LSP_API_KEY")


class Pair(NamedTuple):
    """An endpoint and its key. `moved` says that the environment led away from where the file's own values belong."""

    base_url: str
    key: KeySource | None
    problem: str | None = None
    moved: bool = False


def default_pair(file: UserFile, environment: Environment, entry: Endpoint, is_declared: bool) -> Pair:
    """The pair of the profile `default`. `entry` is the top of the file, or (`is_declared`) its entry in `profiles`."""
    own = own_key(entry)
    if entry.base_url is not None:
        return Pair(entry.base_url, own or editor_key(environment, entry.base_url))
    if is_declared and own is not None:
        return Pair(OPENAI_BASE_URL, own)
    theirs = environment.base_url
    env_key = KeySource(env="OPENAI_API_KEY") if environment.api_key else None
    wrong = wrong_base_url(theirs) if theirs else None
    if wrong:
        return Pair(OPENAI_BASE_URL, None, f"OPENAI_BASE_URL {wrong}, in the environment.")
    moved = theirs is not None and origin(theirs) != origin(OPENAI_BASE_URL)
    if own is not None and env_key is None:
        if moved and theirs is not None:
            return Pair(theirs, None, _key_belongs_elsewhere(file, theirs), moved)
        return Pair(theirs or OPENAI_BASE_URL, own)
    base_url = theirs or OPENAI_BASE_URL
    given = None if own else editor_key(environment, base_url)
    return Pair(base_url, given or env_key, None, moved)


def own_key(entry: Endpoint) -> KeySource | None:
    """The key that a file names for this endpoint."""
    place = entry.api_key
    if isinstance(place, KeyPlace):
        command = tuple(place.command) if place.command else None
        return KeySource(env=place.env, file=place.file, command=command, keyring=place.keyring)
    if isinstance(place, SecretStr) and place.get_secret_value().strip():
        return KeySource(literal=Secret(place.get_secret_value().strip()))
    return None


def editor_key(environment: Environment, base_url: str) -> KeySource | None:
    """ASK_LSP_API_KEY, if it was declared for this endpoint."""
    declared = environment.editor_key_origin
    if environment.editor_key is None or declared is None or wrong_base_url(declared):
        return None
    return EDITOR_KEY if origin(declared) == origin(base_url) else None


def unused_editor_key(environment: Environment, profiles: Mapping[str, Profile]) -> list[str]:
    """A sentence if ASK_LSP_API_KEY is set and goes nowhere."""
    declared = environment.editor_key_origin
    if environment.editor_key is None or any(profile.key == EDITOR_KEY for profile in profiles.values()):
        return []
    if declared is None:
        return [
            "ASK_LSP_API_KEY is not used, because nothing says which endpoint it belongs to. "
            "Set ASK_LSP_API_KEY_ORIGIN as well, to https://api.openai.com for instance."
        ]
    wrong = wrong_base_url(declared)
    if wrong:
        return [f"ASK_LSP_API_KEY is not used: ASK_LSP_API_KEY_ORIGIN {wrong}, in the environment."]
    return [
        f"ASK_LSP_API_KEY is not used: it belongs to {origin(declared)}, as ASK_LSP_API_KEY_ORIGIN says, and no "
        "profile without a key of its own goes there. Name that endpoint in a profile, or unset the variable."
    ]


def _key_belongs_elsewhere(file: UserFile, base_url: str) -> str:
    return (
        f"The key in {file.path} belongs to api.openai.com and is not sent to {origin(base_url)}, which "
        "OPENAI_BASE_URL names. Write base_url beside the key if it belongs there, or set OPENAI_API_KEY as well."
    )
