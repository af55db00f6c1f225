"""The settings in force: read again when the file changes, kept when it is wrong, switched by hand."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from config_rig import Rig

from ask_lsp.config.keys import Keys
from ask_lsp.core.errors import SettingsError


async def test_nothing_is_loaded_before_somebody_asks(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "model: a\n")
    await rig.keeper.set_editor({"hover": "off"})

    assert rig.keeper.loaded() is None

    settings = await rig.settings()
    assert rig.keeper.loaded() is settings
    assert settings.hover == "off"


async def test_saving_the_file_takes_effect_at_the_next_ask(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "model: a\n")
    first = await rig.settings()

    assert await rig.settings() is first

    rig.write("model: b\n")
    assert (await rig.settings()).profile().model == "b"

    rig.path.unlink()
    assert (await rig.settings()).profile().model == "gpt-5.4-mini"

    rig.write("model: c\n")
    assert (await rig.settings()).profile().model == "c"


@pytest.mark.parametrize("wrong", ["modle: x\n", "model: [\n", "\x00", b"\xff"])
async def test_the_last_good_settings_stay(tmp_path: Path, wrong: str | bytes) -> None:
    rig = Rig(tmp_path, "model: good\nprofiles: {w: {}}\n")
    await rig.settings()
    await rig.keeper.select_profile("w")

    rig.write(wrong)
    settings = await rig.settings()

    assert (settings.active, settings.profile().model) == ("w", "good")
    assert len(rig.keeper.take_problems()) == 1
    assert len(settings.warnings) == 1

    rig.write("model: better\nprofiles: {w: {}}\n")
    settings = await rig.settings()
    assert (settings.profile().model, settings.warnings) == ("better", ())
    assert rig.keeper.take_problems() == []


async def test_without_any_good_file_defaults_and_environment_hold(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "modle: x\n", OPENAI_API_KEY="sk-env", ASK_LSP_MODEL="m")

    profile = (await rig.settings()).profile()

    assert (profile.model, profile.problem, profile.key is not None) == ("m", None, True)


@pytest.mark.parametrize(
    "text",
    [
        "modle: x\nbase_url: https://own.example.com\n",
        "profile: local\nx\n",
        "profiles:\n  w:\n    base_url\n",
        "base_ulr: http://own.example.com\n",
        "api_key: 12345\n",
        "api_key: [sk-x]\n",
        "- api_key: sk-x\n",
        "\tmodel: x\n",
        "model:\n\t- x\n",
        "\ufeffbase_url: https://own.example.com\n".encode("utf-16-le"),
    ],
)
async def test_a_wrong_file_that_says_who_is_asked_sends_nothing_elsewhere(tmp_path: Path, text: str | bytes) -> None:
    """With a typing error in the file, code meant for one's own server must not go to that of the environment."""
    rig = Rig(tmp_path, text, OPENAI_API_KEY="sk-env")

    settings = await rig.settings()

    (problem,) = rig.keeper.take_problems()
    blocked = settings.profile().problem
    assert blocked is not None
    assert blocked.startswith(f"Nothing is sent before {rig.path} is right")
    assert problem in blocked
    assert settings.profile("echo").problem is None

    rig.write("model: x\n")
    assert (await rig.settings()).profile().problem is None


async def test_a_wrong_file_with_nothing_but_a_key_or_model_is_the_reason_and_nobody_else_is_looked_for(
    tmp_path: Path,
) -> None:
    """Without it the next local server that answers would be asked."""
    profile = (await Rig(tmp_path, "api_key: 12345\n").settings()).profile()

    assert not profile.unconfigured
    assert profile.problem is not None
    assert "config.yaml:1: " in profile.problem


async def test_a_variable_that_the_settings_name_as_a_key_leaves_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No library and no subprocess finds it; the next question does."""
    text = "api_key: {env: WORK_KEY}\nprofiles: {odd: {api_key: {env: PATH}}, w: {api_key: {env: OTHER_KEY}}}\n"
    for name in ("WORK_KEY", "OTHER_KEY"):
        monkeypatch.setenv(name, "sk-0123456789")
    rig = Rig(tmp_path, text, WORK_KEY="sk-0123456789", OTHER_KEY="sk-0123456789")

    settings = await rig.settings()

    assert not {"WORK_KEY", "OTHER_KEY"} & os.environ.keys()
    assert "PATH" in os.environ  # nothing would run without it
    keys = Keys(rig.environment)
    for _ in range(2):
        key = await keys.resolve(settings.profile())
        assert key is not None
        assert key.reveal() == "sk-0123456789"


async def test_a_profile_that_was_switched_to_survives_saving_the_file(tmp_path: Path) -> None:
    """As long as it exists."""
    rig = Rig(tmp_path, "profiles: {w: {model: a}}\n")

    assert (await rig.keeper.select_profile("w")).model == "a"
    rig.write("profile: echo\nprofiles: {w: {model: b}}\n")
    settings = await rig.settings({"profile": "local"})
    assert (settings.active, settings.profile().model) == ("w", "b")

    rig.write("profile: echo\n")
    assert (await rig.settings({})).active == "echo"
    assert rig.keeper.take_problems() == [f"The profile “w” is gone from {rig.path}. Choose another with ask.profile."]

    rig.write("profile: echo\nprofiles: {w: {model: b}}\n")
    assert (await rig.settings()).active == "echo"


async def test_an_unknown_profile_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "profiles: {w: {}}\n")

    with pytest.raises(SettingsError, match=r"no profile “nope”.*default, echo, local, w"):
        await rig.keeper.select_profile("nope")

    assert (await rig.settings()).active == "default"


async def test_a_problem_is_told_once_until_it_was_right_in_between(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "modle: x\n")
    await rig.settings()
    assert len(rig.keeper.take_problems()) == 1

    rig.write("modle: x\n# saved again\n")
    await rig.settings()
    assert rig.keeper.take_problems() == []

    rig.write("model: x\n")
    await rig.settings()
    rig.write("modle: x\n")
    await rig.settings()
    assert len(rig.keeper.take_problems()) == 1


async def test_a_problem_that_is_over_is_not_told(tmp_path: Path) -> None:
    """Nobody asked in between; then it need not be known any more."""
    rig = Rig(tmp_path, "modle: x\n")
    await rig.settings()
    rig.write("model: x\n")
    await rig.settings()

    assert rig.keeper.take_problems() == []


async def test_asking_from_many_sides_gives_one_answer(tmp_path: Path) -> None:
    """The file is read once, and a switch in the middle is not lost."""
    rig = Rig(tmp_path, "profiles: {w: {}}\n")

    found = await asyncio.gather(*(rig.keeper.current() for _ in range(20)), rig.keeper.select_profile("w"))

    assert len({id(settings) for settings in found[:-1]}) <= 2
    assert (await rig.settings()).active == "w"
