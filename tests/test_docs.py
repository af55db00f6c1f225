"""The documentation says what the code does: every setting, command and variable is in it; its examples are right."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any, get_args
from urllib.parse import unquote

import pytest
import yaml
from pydantic import BaseModel

from ask_lsp.config.env import VARIABLES
from ask_lsp.config.schema import Config
from ask_lsp.core import errors
from ask_lsp.lsp.extensions import COMMANDS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "clients/**/*.md", "examples/*.md")
    for path in ROOT.glob(pattern)
    if "node_modules" not in path.parts
)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def snippets(page: Path, language: str) -> list[str]:
    return [text for kind, text in FENCE.findall(page.read_text(encoding="utf-8")) if kind == language]


def all_snippets(language: str) -> list[Any]:
    return [
        pytest.param(text, id=f"{page.relative_to(ROOT)}-{number}")
        for page in PAGES
        for number, text in enumerate(snippets(page, language), 1)
    ]


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["cli.md", "configuration.md"])
def test_generated_pages_are_current(name: str) -> None:
    """A page is what `python docs/generate.py` makes of it now."""
    generate = load(DOCS / "generate.py")

    assert (DOCS / name).read_text(encoding="utf-8") == generate.page(name)


def models_of(model: type[BaseModel]) -> set[type[BaseModel]]:
    """A model, and every model inside of it."""
    found = {model}
    waiting: list[Any] = [field.annotation for field in model.model_fields.values()]
    while waiting:
        annotation = waiting.pop()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in found:
            found |= models_of(annotation)
        waiting += get_args(annotation)
    return found


def test_every_setting_is_documented() -> None:
    """Whatever the settings file may hold stands in docs/configuration.md."""
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    names = {name for model in models_of(Config) for name in model.model_fields}

    assert {"api_key", "first_content", "review", "needs", "command"} <= names
    assert sorted(name for name in names if f"`{name}`" not in text) == []


def test_every_setting_says_what_it_is() -> None:
    """The reference is made of the texts under the fields, so each field has one."""
    missing = [f"{model.__name__}.{name}" for model in models_of(Config) for name, field in model.model_fields.items()
               if not field.description]  # fmt: skip

    assert missing == []


def test_every_command_is_documented() -> None:
    """Every command of the server stands in the table of docs/protocol.md, and no other does."""
    text = (DOCS / "protocol.md").read_text(encoding="utf-8")

    assert set(COMMANDS) == set(re.findall(r"^\| `(ask\.\w+)` \|", text, re.MULTILINE))


def test_every_error_code_is_documented() -> None:
    """A client can rely on the list of codes in docs/protocol.md."""
    text = (DOCS / "protocol.md").read_text(encoding="utf-8")
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.AskError)]

    assert sorted(each.code for each in classes if f"`{each.code}`" not in text) == []


def test_own_messages_are_documented() -> None:
    """Every message of ours that the code sends has its chapter in docs/protocol.md, and no other has one."""
    sources = (ROOT / "server" / "ask_lsp" / "lsp").rglob("*.py")
    sent = {name for path in sources for name in re.findall(r'"(ask/\w+)"', path.read_text(encoding="utf-8"))}
    text = (DOCS / "protocol.md").read_text(encoding="utf-8")

    assert sent == set(re.findall(r"^## (ask/\w+)$", text, re.MULTILINE))


def test_every_variable_is_documented() -> None:
    """Every environment variable that is read or refused stands in docs/configuration.md."""
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")

    assert [variable.name for variable in VARIABLES if f"`{variable.name}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    """A link into the repository names a file that is there."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in LINK.findall(text) if "://" not in target]

    assert [target for target in targets if target and not (page.parent / unquote(target)).exists()] == []


@pytest.mark.parametrize("text", all_snippets("yaml"))
def test_yaml_examples_are_valid_settings(text: str) -> None:
    """What a reader copies into the settings file is accepted."""
    Config.model_validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", all_snippets("json"))
def test_json_examples_are_json(text: str) -> None:
    """What a reader copies into an editor's settings can be read."""
    assert json.loads(text)


@pytest.mark.parametrize(
    "path", sorted([*ROOT.glob("examples/*.py"), *ROOT.glob("docs/**/*.py")]), ids=lambda p: p.name
)
def test_programs_beside_the_package_compile(path: Path) -> None:
    """The demo, its example, and what makes the documentation are at least Python."""
    compile(path.read_text(encoding="utf-8"), str(path), "exec")


def test_readme_shows_what_the_neovim_client_is() -> None:
    """The lines in the README are those of the file that the editor tests use."""
    (shown,) = snippets(ROOT / "README.md", "lua")
    (kept,) = [ROOT / "clients" / "neovim" / "minimal.lua"]
    code = [line for line in kept.read_text(encoding="utf-8").splitlines() if not line.startswith("--")]

    assert shown.splitlines() == code


def test_picture_is_small_enough_for_a_readme() -> None:
    """The picture that the README shows is there and under 200 kB."""
    assert 10_000 < (DOCS / "images" / "terminal.png").stat().st_size < 200_000


NAMED = re.compile(r"(tests/[\w/]+\.py)(?:::(\w+))?")


def test_every_promise_names_a_test_that_exists() -> None:
    """The table in SECURITY.md: each row names files, not folders, and the functions in them are there."""
    table = (ROOT / "SECURITY.md").read_text(encoding="utf-8").split("| promise | held by |")[1].split("\n\n")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines()[2:]]

    assert len(rows) >= 12
    for promise, held in rows:
        named = NAMED.findall(held)
        assert named, promise
        assert not re.search(r"tests/?(?:\w+/?)?(?:[,\s]|$)", NAMED.sub("", held)), promise
        for file, function in named:
            text = (ROOT / file).read_text(encoding="utf-8")
            assert not function or re.search(rf"^(?:async )?def {function}\(", text, re.MULTILINE), (
                f"{file}::{function}"
            )


def test_the_tests_that_the_privacy_page_names_exist() -> None:
    """By their path, or by the name of the file alone; a star stands for several."""
    text = (DOCS / "privacy.md").read_text(encoding="utf-8")
    names = re.findall(r"\btest_[\w*]+(?:\.py)", text)

    assert names
    assert [name for name in names if not list((ROOT / "tests").rglob(name))] == []
