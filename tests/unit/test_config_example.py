"""The example file, the schema, and the command that prints them."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import pytest
from config_rig import Rig

from ask_lsp.cli import config as command
from ask_lsp.config.action_entry import ActionEntry
from ask_lsp.config.example import example_file
from ask_lsp.config.schema import (
    Config,
    KeyPlace,
    LimitsEntry,
    PricesEntry,
    ProfileEntry,
    RedactEntry,
    RouteEntry,
    SpendEntry,
    TokensEntry,
)

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.register(parser.add_subparsers())
    parsed = parser.parse_args(["config", *arguments])
    code: int = parsed.func(parsed)
    return code


def test_the_file_in_the_repository_is_the_one_that_is_printed(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """`ask-lsp config --example > config.example.yaml` makes it anew."""
    assert run("--example") == 0

    printed, complaints = capsysbinary.readouterr()
    assert printed == (ROOT / "config.example.yaml").read_bytes()
    assert complaints == b""


def test_every_setting_stands_in_it() -> None:
    """With what it means: the text under its field."""
    text = example_file()

    explained = " ".join(re.sub(r"(?m)^#( *#)?", "", text).split())
    for model in (
        Config,
        ProfileEntry,
        ActionEntry,
        LimitsEntry,
        PricesEntry,
        KeyPlace,
        RedactEntry,
        RouteEntry,
        SpendEntry,
        TokensEntry,
    ):
        for name, field in model.model_fields.items():
            assert re.search(rf"(?m)^#.*\b{name}: ?", text), name
            assert " ".join((field.description or "?").split()) in explained, name


async def test_copied_as_it_is_it_changes_nothing(tmp_path: Path) -> None:
    copied = Rig(tmp_path, example_file())

    assert await copied.settings() == await Rig(tmp_path, "").settings()
    assert copied.keeper.take_problems() == []


async def test_with_everything_switched_on_it_is_valid(tmp_path: Path) -> None:
    """Nobody who removes the signs in front of a line may meet an error."""
    rig = Rig(tmp_path, re.sub(r"(?m)^#", "", example_file()))

    settings = await rig.settings()

    assert rig.keeper.take_problems() == []
    assert {"work", "ollama", "cheap"} <= set(settings.profiles)
    assert settings.action("review") is not None
    assert settings.action("tests") is None


@pytest.mark.parametrize("name", sorted(set(Config.model_fields) - {"api_key", "prices", "profiles", "actions"}))
async def test_a_default_that_it_names_is_the_default(tmp_path: Path, name: str) -> None:
    """Each setting alone: where the example shows a default, switching it on changes nothing either."""
    field = Config.model_fields[name]
    if field.examples and name not in ("model", "base_url"):
        assert "Not set:" in (field.description or "") or re.search(
            rf"(?m)The\s(#\s*)*default is none\.\n#{name}:", example_file().replace("\n## ", " ")
        )
        return
    block = re.search(rf"(?m)^#{name}:.*\n(?:#  .*\n)*", example_file())
    assert block
    lines = [line[1:] for line in block[0].splitlines() if name != "edits" or "review" not in line]
    base = Rig(tmp_path, "")
    before = await base.settings()
    rig = Rig(tmp_path, "\n".join(lines) + "\n")

    after = await rig.settings()

    assert rig.keeper.take_problems() == []
    for part in ("active", "assistant_name", "language", "hover", "hover_wait", "max_jobs", "log_level"):
        assert getattr(after, part) == getattr(before, part)
    assert after.position_encoding == before.position_encoding
    assert (after.profile().model, after.profile().base_url, after.profile().limits) == (
        before.profile().model,
        before.profile().base_url,
        before.profile().limits,
    )


def test_the_schema_is_json_and_explains_every_setting(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("--schema") == 0

    schema = json.loads(capsysbinary.readouterr().out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(Config.model_fields)
    for properties in [schema["properties"], *(part.get("properties", {}) for part in schema["$defs"].values())]:
        assert all(field.get("description") for field in properties.values())


@pytest.mark.parametrize("exists", [True, False])
def test_the_path_is_data_and_the_rest_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes], exists: bool
) -> None:
    """$EDITOR "$(ask-lsp config --path)" works; whether the file exists is said beside it."""
    path = tmp_path / "my settings.yaml"
    monkeypatch.setenv("ASK_LSP_CONFIG", str(path))
    if exists:
        path.touch()

    assert run("--path") == 0

    printed, said = capsysbinary.readouterr()
    assert printed == f"{path}\n".encode()
    assert (b"The file exists." in said) == exists
    assert (f"ask-lsp config --example > '{path}'".encode() in said) != exists
