"""The environment is read once, secrets leave it, and reading it costs nothing heavy."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from ask_lsp.config.env import VARIABLES, config_folder_of, minimal_environment, take_environment, user_file
from ask_lsp.config.position_encoding import forced_position_encoding


def test_secrets_and_what_we_refuse_leave_the_environment() -> None:
    """Neither a library nor a subprocess can pick up a key, or a variable that would redirect one."""
    environ = {variable.name: "planted" for variable in VARIABLES}
    environ["PATH"] = "/bin"

    take_environment(environ)

    foreign = {name for name in environ if not name.startswith("ASK_LSP_")}
    assert foreign == {"PATH", "OPENAI_BASE_URL"}


def test_what_was_removed_can_still_be_named_by_the_settings() -> None:
    environment = take_environment({"OPENAI_API_KEY": "sk-one", "AZURE_OPENAI_API_KEY": "two", "MINE": "three"})

    found = [environment.variable(name) for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "MINE", "ABSENT")]

    assert [secret.reveal() if secret else None for secret in found] == ["sk-one", "two", "three", None]


def test_the_environment_masks_itself() -> None:
    """repr, which ends up in logs, shows no variable; pickling, which ends up in other processes, is refused."""
    environment = take_environment({"OPENAI_API_KEY": "sk-secret", "OTHER_TOKEN": "hunter2"})

    assert "sk-secret" not in repr(environment)
    assert "hunter2" not in repr(environment)
    with pytest.raises(TypeError):
        pickle.dumps(environment)


def test_an_empty_variable_is_none() -> None:
    environment = take_environment({"OPENAI_API_KEY": "", "OPENAI_BASE_URL": " ", "ASK_LSP_MODEL": "\t"})

    assert (environment.api_key, environment.base_url, environment.model) == (None, None, None)


def test_a_subprocess_gets_what_it_needs_and_no_secret() -> None:
    environment = take_environment(
        {
            "PATH": "/bin",
            "HOME": "/h",
            "LC_ALL": "C",
            "XDG_STATE_HOME": "/s",
            "OPENAI_API_KEY": "sk-x",
            "GITHUB_TOKEN": "t",
            "HTTPS_PROXY": "http://u:p@proxy",
            "GPG_TTY": "/dev/tty",
        }
    )

    assert set(minimal_environment(environment)) == {"PATH", "HOME", "LC_ALL", "XDG_STATE_HOME"}
    assert "HTTPS_PROXY" in minimal_environment(environment, also=["HTTPS_PROXY"])
    assert "OPENAI_API_KEY" not in minimal_environment(environment, also=["OPENAI_API_KEY"])


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"LANG": "de_AT.UTF-8"}, "de-AT"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "fr_FR"}, "fr-FR"),
        ({"LANG": "pt"}, "pt"),
        ({"LANG": "C.UTF-8"}, None),
        ({"LC_ALL": "POSIX"}, None),
        ({"LANG": "../../etc"}, None),
        ({}, None),
    ],
)
def test_the_language_of_the_system(environ: dict[str, str], expected: str | None) -> None:
    assert take_environment(environ).locale == expected


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs itself decides")
@pytest.mark.parametrize("xdg", [None, "", "relative", "/absolute"])
def test_the_folder_is_the_one_of_platformdirs(xdg: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule is written out for speed; it may not differ."""
    import platformdirs

    if xdg is None:
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CONFIG_HOME", xdg)

    assert config_folder_of(take_environment(dict(os.environ))) == platformdirs.user_config_path("ask-lsp")


def test_the_file_may_be_called_yml(tmp_path: Path) -> None:
    """config.yaml is looked for first; config.yml is taken when it is the only one."""
    environment = take_environment({"XDG_CONFIG_HOME": str(tmp_path)})
    folder = config_folder_of(environment)
    folder.mkdir()

    (folder / "config.yml").touch()
    assert user_file(environment) == folder / "config.yml"

    (folder / "config.yaml").touch()
    assert user_file(environment) == folder / "config.yaml"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("position_encoding: utf-8", "utf-8"),
        ('position_encoding:   "utf-32"   # columns', "utf-32"),
        ("'position_encoding': 'utf-16'\r", "utf-16"),
        ("\ufeffposition_encoding: utf-8", "utf-8"),
        ("position_encoding: auto", None),
        ("#position_encoding: utf-8", None),
        ("  position_encoding: utf-8", None),
        ("position_encoding: utf-7", None),
        ("", None),
    ],
)
def test_the_encoding_is_found_without_reading_yaml(tmp_path: Path, line: str, expected: str | None) -> None:
    path = tmp_path / "config.yaml"
    first = "" if line.startswith("\ufeff") else "model: x\n"
    path.write_bytes(f"{first}{line}\nhover: off\n".encode())

    assert forced_position_encoding(take_environment({"ASK_LSP_CONFIG": str(path)})) == expected


def test_the_encoding_follows_the_layers(tmp_path: Path) -> None:
    """File < environment < editor; auto in a higher layer lets the client choose; nonsense is no layer."""
    path = tmp_path / "config.yaml"
    path.write_text("position_encoding: utf-8\n")
    file_only = take_environment({"ASK_LSP_CONFIG": str(path)})
    both = take_environment({"ASK_LSP_CONFIG": str(path), "ASK_LSP_POSITION_ENCODING": "utf-16"})

    assert forced_position_encoding(file_only) == "utf-8"
    assert forced_position_encoding(both) == "utf-16"
    assert forced_position_encoding(both, {"position_encoding": "utf-32"}) == "utf-32"
    assert forced_position_encoding(both, {"position_encoding": "auto"}) is None
    assert forced_position_encoding(both, {"position_encoding": ["utf-8"]}) == "utf-16"
    assert forced_position_encoding(take_environment({"ASK_LSP_CONFIG": str(tmp_path)})) is None


def test_what_runs_before_the_first_reply_imports_nothing_heavy(tmp_path: Path) -> None:
    """Choosing the encoding and making the keeper, the keys and the renderer must not cost the import of a library."""
    program = """
import json, sys
from pathlib import Path
from ask_lsp.config.env import take_environment
from ask_lsp.config.keeper import Keeper
from ask_lsp.config.keys import Keys
from ask_lsp.config.position_encoding import forced_position_encoding
from ask_lsp.prompts import ACTIONS_FILE
from ask_lsp.prompts.render import Renderer
environment = take_environment()
forced_position_encoding(environment)
Keeper(environment, ACTIONS_FILE, Renderer().check)
Keys(environment)
import ask_lsp.cli.config
print(json.dumps(sorted(sys.modules)))
"""
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )

    loaded = {name.partition(".")[0] for name in json.loads(run.stdout)}
    assert not loaded & {"pydantic", "yaml", "jinja2", "openai", "sqlite3", "pathspec", "tree_sitter", "platformdirs"}
