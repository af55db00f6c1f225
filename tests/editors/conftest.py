"""Neovim for the tests here, and the cells of the table that these tests fill."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("scenarios")
sys.path.insert(0, str(Path(__file__).parent))

from neovim_editor import Neovim  # noqa: E402
from processes import runs  # noqa: E402
from results import Cells  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="write what the editors can do to results.json")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("record", False) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Cells())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each report tells the cells that its test is about: `cell(scenario, ...)`, in the row of its class or module."""
    for item in items:
        mark = item.get_closest_marker("cell")
        if mark is None:
            continue
        row = getattr(item.cls, "row", None) or item.module.ROW
        item.user_properties.append(("cells", [(row, scenario) for scenario in mark.args]))
        cannot = getattr(item.cls, "cannot", {})
        item.user_properties += [("cannot", cannot[scenario]) for scenario in mark.args if scenario in cannot]


@pytest.fixture
def neovim(home: dict[str, str], config: object, tmp_path: Path, record_property) -> Iterator[Neovim]:
    """A Neovim whose ask-lsp talks to the fake model."""
    started = Neovim(home, tmp_path)
    record_property("version", started.version)
    try:
        yield started
    finally:
        if runs(started.process):
            started.quit()


@pytest.fixture(autouse=True)
def _cannot(request: pytest.FixtureRequest) -> None:
    """A test of what an editor cannot do is a visible skip, with the reason."""
    if reason := dict(request.node.user_properties).get("cannot"):
        pytest.skip(f"cannot: {reason}")
