"""The invariants that ARCHITECTURE.md states, held: which part may know of what, what start-up may not load."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsp_client import LspClient

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "server" / "ask_lsp"
FILES = sorted(PACKAGE.rglob("*.py"))
ADAPTERS = ("llm", "context", "store", "config", "prompts", "privacy")
LONGEST = 400  # lines; a file that has to be longer is named in LONG, with the reason
LONG: dict[str, str] = {}

# What core/ may use beside itself: nothing that reads, writes, waits, logs or starts anything.
PURE = {
    "__future__", "bisect", "collections", "collections.abc", "dataclasses", "datetime", "difflib", "enum", "functools",
    "hashlib", "hmac", "itertools", "math", "merge3", "pathlib", "re", "secrets", "typing", "unicodedata",
    "urllib.parse",
}  # fmt: skip

# What may not be imported before the reply to `initialize`.
LATE = {
    "pydantic", "yaml", "jinja2", "sqlite3", "openai", "httpx2", "tree_sitter", "pathspec", "platformdirs", "rich",
    "truststore", "xllamacpp", "keyring",
}  # fmt: skip


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file; also those only for type checking."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} has a relative import; the project writes whole names"
            yield str(node.module)


def importers_of(*packages: str) -> set[str]:
    """The files that import one of these packages."""
    return {name_of(path) for path in FILES if any(module.split(".")[0] in packages for module in imports_of(path))}


def calls(path: Path, method: str) -> Iterator[ast.Call]:
    """The calls of a method or function of that name."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            called = node.func
            if (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)) == method:
                yield node


def test_the_layers_import_downwards_only() -> None:
    """The contracts of import-linter in pyproject.toml: layers, independent adapters, use cases behind ports."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT, env={**os.environ, "NO_COLOR": "1"}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_only_the_protocol_edge_knows_the_protocol() -> None:
    assert {name.split("/")[0] for name in importers_of("pygls", "lsprotocol")} == {"lsp"}


def test_one_file_knows_the_openai_package() -> None:
    assert importers_of("openai") == {"llm/openai_client.py"}
    assert {name.split("/")[0] for name in importers_of("httpx2")} <= {"llm"}


def test_only_the_configuration_knows_yaml_and_pydantic() -> None:
    assert {name.split("/")[0] for name in importers_of("yaml")} == {"config"}
    assert {name.split("/")[0] for name in importers_of("pydantic", "pydantic_core")} == {"config"}


@pytest.mark.parametrize(
    ("package", "home"),
    [("jinja2", "prompts"), ("sqlite3", "store"), ("tree_sitter", "context"), ("rich", "cli"), ("keyring", "config")],
)
def test_each_heavy_package_has_one_home(package: str, home: str) -> None:
    assert {name.split("/")[0] for name in importers_of(package)} == {home}


def test_use_cases_import_no_adapter_and_adapters_only_core() -> None:
    """The same as the contracts, said once more without their exceptions, types included."""
    for path in FILES:
        layer = name_of(path).split("/")[0]
        allowed = {"core": {"core"}, "assistant": {"assistant", "core"}}.get(layer)
        if layer in ADAPTERS:
            allowed = {layer, "core"}
        if allowed is not None:
            known = {module.split(".")[1] for module in imports_of(path) if module.startswith("ask_lsp.")}
            assert known <= allowed, name_of(path)


def test_core_does_nothing_but_think() -> None:
    for path in FILES:
        if name_of(path).startswith("core/"):
            foreign = {module for module in imports_of(path) if not module.startswith("ask_lsp")}
            assert foreign <= PURE, name_of(path)
            assert not list(calls(path, "open")), name_of(path)
            waits = [node for node in ast.walk(tree_of(path)) if isinstance(node, (ast.AsyncFunctionDef, ast.Await))]
            assert not waits, name_of(path)


def test_positions_are_converted_in_one_file() -> None:
    """`types.Position` and UTF-16 arithmetic stand in lsp/convert.py alone."""
    makers = {name_of(path) for path in FILES if list(calls(path, "Position"))}

    assert makers == {"lsp/convert.py"}


def test_messages_reach_a_model_through_one_function() -> None:
    """Models.stream is called by the gate alone; the API itself in one place."""
    asking = {name_of(path) for path in FILES for call in calls(path, "stream") if is_models(call)}
    creating = [name_of(path) for path in FILES for call in calls(path, "create") if "completions" in ast.unparse(call)]

    assert asking == {"assistant/sending.py"}
    assert creating == ["llm/openai_client.py"]
    clients = {name_of(path) for path in FILES for call in calls(path, "stream") if not is_models(call)}
    assert clients == {"llm/models.py"}


def is_models(call: ast.Call) -> bool:
    return ast.unparse(call.func).endswith("_models.stream")


def test_only_the_command_line_prints() -> None:
    assert {name_of(path).split("/")[0] for path in FILES if list(calls(path, "print"))} <= {"cli"}


def test_no_drawers() -> None:
    drawers = re.compile(r"(^|_)(utils?|helpers?|common|misc)(_|$)")

    assert not [
        name_of(path) for path in FILES if any(drawers.search(part) for part in path.with_suffix("").parts[-2:])
    ]


def test_no_file_is_too_long_to_read() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}

    assert {name for name, lines in lengths.items() if lines > LONGEST} == set(LONG)


def test_every_module_says_what_it_is_for() -> None:
    assert not [name_of(path) for path in FILES if not ast.get_docstring(tree_of(path))]


def test_nothing_is_done_at_import_time() -> None:
    """On the top level of a module stand definitions, constants and imports: no loop, no `with`, no bare call."""
    for path in FILES:
        for node in tree_of(path).body:
            bare = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
            assert not bare, f"{name_of(path)}:{node.lineno}"
            assert not isinstance(node, (ast.For, ast.While, ast.With, ast.Delete)), f"{name_of(path)}:{node.lineno}"
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Call):
                made = ast.unparse(node.value.func)
                assert "Server" not in made, f"{name_of(path)}:{node.lineno} makes a {made}"


def test_nothing_heavy_is_imported_before_the_reply_to_initialize(home: dict[str, str]) -> None:
    """The real server over stdio tells what it imports (-X importtime) up to its first reply.

    `initialized` is not sent: that is what allows it to load its settings.
    """
    client = LspClient(home, command=[sys.executable, "-X", "importtime", "-m", "ask_lsp", "--stdio"])
    try:
        client.request("initialize", client.params)
        client.close()
    finally:
        client.kill()

    told = [line.rpartition("|")[2].strip() for line in client.stderr if line.startswith("import time:")]
    assert "pygls.lsp.server" in told
    assert "ask_lsp.lsp.server" in told
    assert sorted({module.split(".")[0] for module in told} & LATE) == []
    assert not [module for module in told if module.startswith(("tree_sitter", "ask_lsp.llm", "ask_lsp.store"))]


def test_every_command_can_be_given() -> None:
    """A module of cli/ that registers a command is in the command line."""
    from ask_lsp.cli.commands import parser

    written = {path.stem for path in (PACKAGE / "cli").glob("*.py") if "def register(" in path.read_text("utf-8")}

    assert written <= {word.strip("{},") for word in parser().format_help().split()}
