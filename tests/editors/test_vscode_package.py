"""The extension's settings against the server's; needs neither VS Code nor npm."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ask_lsp.config.schema import EditorSettings, json_schema

CLIENT = Path(__file__).parent.parent.parent / "clients" / "vscode"
OURS = {"answers.view", "path", "args", "env", "keyOrigin"}


def read(name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((CLIENT / name).read_text(encoding="utf-8"))
    return parsed


def settings() -> dict[str, dict[str, Any]]:
    properties = read("package.json")["contributes"]["configuration"]["properties"]
    return {name.removeprefix("askLsp."): value for name, value in properties.items()}


def schema() -> dict[str, dict[str, Any]]:
    """The server's own description of what an editor may set, by dotted name."""
    found: dict[str, dict[str, Any]] = {}
    whole = json_schema()
    for name in EditorSettings.model_fields:
        entry = whole["properties"][name]
        inner = whole["$defs"].get(str(entry.get("$ref", "")).rpartition("/")[2])
        if inner is None:
            found[name] = entry
        else:
            found.update({f"{name}.{key}": value for key, value in inner["properties"].items()})
    return found


def test_the_extension_offers_what_the_server_takes_and_no_more() -> None:
    assert set(settings()) == set(schema()) | OURS
    sent = re.search(r"SENT = \[(.*?)\]", (CLIENT / "src" / "settings.ts").read_text(encoding="utf-8"), re.DOTALL)
    assert sent is not None
    assert set(re.findall(r'"([\w.]+)"', sent[1])) == set(schema())


@pytest.mark.parametrize("name", sorted(schema()))
def test_each_says_and_allows_what_the_server_does(name: str) -> None:
    ours, theirs = settings()[name], schema()[name]
    nullable = next((each for each in theirs.get("anyOf", ()) if each.get("type") != "null"), theirs)

    said = read("package.nls.json")[f"setting.{name}"]
    assert said.startswith(" ".join(theirs["description"].split()))
    assert ours["default"] is None, "a default would override the user's file"
    assert ours.get("minimum", 0) == nullable.get("minimum", 0)
    assert ours.get("maximum") == nullable.get("maximum")
    assert ours.get("maxLength") == nullable.get("maxLength")
    allowed = {value for value in ours.get("enum", ()) if value is not None}
    if name == "position_encoding":  # VS Code offers one only
        assert allowed == {"auto", "utf-16"}
    else:
        assert allowed == set(nullable.get("enum", ()))


def test_the_versions_are_the_same() -> None:
    from ask_lsp import __version__

    assert read("package.json")["version"] == __version__


def test_the_lock_file_names_no_registry() -> None:
    lock = read("package-lock.json")
    assert all("resolved" not in package for package in lock["packages"].values())
    assert "omit-lockfile-registry-resolved=true" in (CLIENT / ".npmrc").read_text(encoding="utf-8")


def test_no_file_is_long() -> None:
    for path in CLIENT.glob("src/**/*.ts"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
