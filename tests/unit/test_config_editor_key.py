"""ASK_LSP_API_KEY: a key that an editor keeps, used for the one endpoint that the editor names with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from config_rig import Rig

from ask_lsp.config.env import minimal_environment, take_environment
from ask_lsp.config.keys import Keys

OPENAI = "https://api.openai.com"
OWN = "https://own.example.com"
KEY = {"ASK_LSP_API_KEY": "sk-editor"}


async def keys_of(rig: Rig) -> dict[str, str]:
    """The key of every profile, "" for none."""
    settings = await rig.settings()
    keys = Keys(rig.environment)
    found = {name: await keys.resolve(profile) for name, profile in settings.profiles.items()}
    return {name: key.reveal() if key else "" for name, key in found.items()}


@pytest.mark.parametrize(
    ("text", "environ", "default"),
    [
        ("", {}, "sk-editor"),
        ("model: x\n", {}, "sk-editor"),
        ("", {"OPENAI_API_KEY": "sk-env"}, "sk-editor"),
        # A key of the profile's own, wherever it is, comes first.
        ("api_key: sk-file\n", {}, "sk-file"),
        ("api_key: sk-file\n", {"OPENAI_API_KEY": "sk-env"}, "sk-env"),
        ("api_key: {env: OPENAI_API_KEY}\n", {"OPENAI_API_KEY": "sk-env"}, "sk-env"),
        # Another endpoint gets nothing.
        (f"base_url: {OWN}/v1\n", {}, ""),
        ("", {"OPENAI_BASE_URL": f"{OWN}/v1"}, ""),
        ("base_url: https://api.openai.com:8443/v1\n", {}, ""),
        ("base_url: http://api.openai.com/v1\nallow_insecure: true\n", {}, ""),
        # The same one, written otherwise or named by the environment, does.
        ("base_url: https://API.openai.com:443/v1/\n", {}, "sk-editor"),
        ("", {"OPENAI_BASE_URL": f"{OPENAI}/v1"}, "sk-editor"),
        ("profiles: {default: {model: x}}\n", {}, "sk-editor"),
    ],
)
async def test_it_goes_to_its_own_endpoint_only(
    tmp_path: Path, text: str, environ: dict[str, str], default: str
) -> None:
    rig = Rig(tmp_path, text, **KEY, ASK_LSP_API_KEY_ORIGIN=OPENAI, **environ)

    assert (await keys_of(rig))["default"] == default


async def test_every_profile_of_that_endpoint_without_a_key_takes_it(tmp_path: Path) -> None:
    text = f"""
api_key: sk-file
profiles:
  own: {{base_url: {OWN}/v1}}
  keyed: {{base_url: {OWN}/v1, api_key: sk-own}}
  other: {{base_url: "https://other.example.com/v1"}}
  cheap: {{model: small}}
"""
    rig = Rig(tmp_path, text, **KEY, ASK_LSP_API_KEY_ORIGIN=OWN)

    assert await keys_of(rig) == {
        "default": "sk-file",
        "own": "sk-editor",
        "keyed": "sk-own",
        "other": "",
        "cheap": "sk-file",
        "local": "",
        "echo": "",
    }
    assert rig.keeper.take_problems() == []


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "because nothing says which endpoint it belongs to. Set ASK_LSP_API_KEY_ORIGIN"),
        ({"ASK_LSP_API_KEY_ORIGIN": " "}, "because nothing says which endpoint it belongs to"),
        ({"ASK_LSP_API_KEY_ORIGIN": "api.openai.com"}, "ASK_LSP_API_KEY_ORIGIN is not a URL"),
        ({"ASK_LSP_API_KEY_ORIGIN": "https://u:hunter2@x"}, "ASK_LSP_API_KEY_ORIGIN holds a user name or password"),
        ({"ASK_LSP_API_KEY_ORIGIN": "https://evil.example"}, "it belongs to https://evil.example"),
    ],
)
async def test_where_it_is_not_used_one_sentence_says_why(tmp_path: Path, environ: dict[str, str], words: str) -> None:
    rig = Rig(tmp_path, "profiles: {w: {model: x}}\n", **KEY, **environ)

    assert set((await keys_of(rig)).values()) == {""}
    (problem,) = rig.keeper.take_problems()
    assert problem.startswith("ASK_LSP_API_KEY is not used")
    assert words in problem
    assert "sk-editor" not in problem
    assert "hunter2" not in problem


async def test_an_origin_without_a_key_is_nothing(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "", ASK_LSP_API_KEY_ORIGIN=OPENAI, ASK_LSP_API_KEY="")

    assert (await rig.settings()).profile().unconfigured
    assert rig.keeper.take_problems() == []


async def test_with_it_somebody_configured_something(tmp_path: Path) -> None:
    """No local server is looked for."""
    rig = Rig(tmp_path, "", **KEY, ASK_LSP_API_KEY_ORIGIN=OPENAI)

    assert not (await rig.settings()).profile().unconfigured


async def test_it_never_goes_unencrypted(tmp_path: Path) -> None:
    lan = "http://192.168.0.9"
    rig = Rig(tmp_path, f"base_url: {lan}/v1\n", **KEY, ASK_LSP_API_KEY_ORIGIN=lan)

    assert "unencrypted" in ((await rig.settings()).profile().problem or "")


def test_it_leaves_the_process_and_reaches_no_child() -> None:
    environ = {**KEY, "ASK_LSP_API_KEY_ORIGIN": OPENAI, "PATH": "/bin"}

    environment = take_environment(environ)

    assert environ == {"ASK_LSP_API_KEY_ORIGIN": OPENAI, "PATH": "/bin"}
    assert minimal_environment(environment, also=["ASK_LSP_API_KEY"]) == {"PATH": "/bin"}
    assert "sk-editor" not in repr(environment)


def test_the_doctor_masks_it(home: dict[str, str]) -> None:
    environ = {**home, "ASK_LSP_API_KEY": "sk-canary-0123456789abcdef", "ASK_LSP_API_KEY_ORIGIN": OPENAI}
    program = (
        "import asyncio, os; from ask_lsp.config.env import take_environment; from ask_lsp.config.keys import Keys;"
        "from ask_lsp.core.profile import KeySource, Profile; e = take_environment();"
        "key = asyncio.run(Keys(e).resolve(Profile('x', key=KeySource(env='ASK_LSP_API_KEY'))));"
        "print(key, key.masked(), 'ASK_LSP_API_KEY' in os.environ)"
    )
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)

    assert done.stdout == "Secret('…') sk-…cdef False" + os.linesep
