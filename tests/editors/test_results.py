"""The table in clients/README.md, and how it is made of what tests say."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from results import PAGE, ROWS, SCENARIOS, Cells, load, page, table


def report(row: str, scenario: str, outcome: str, *, reason: str = "", when: str = "call") -> Any:
    told = [("cells", [(row, scenario)]), ("version", "Kate 99")]
    longrepr = ("file", 1, f"Skipped: {reason}")
    return SimpleNamespace(
        user_properties=told, failed=outcome == "failed", skipped=outcome == "skipped", when=when, longrepr=longrepr
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"kate": {"name": "Kate 22", "cells": {"ask": "passes"}}}))
    return path


def after(path: Path, *reports: Any) -> dict[str, dict]:
    cells = Cells(path)
    for each in reports:
        cells.pytest_runtest_logreport(each)
    cells.pytest_sessionfinish()
    return load(path)


def test_the_page_shows_what_is_known() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert page(text, load()) == text


def test_what_is_known_is_about_rows_and_columns_of_the_table() -> None:
    for row, entry in load().items():
        assert row in ROWS
        assert set(entry["cells"]) <= set(SCENARIOS)


def test_a_run_without_an_editor_leaves_its_row_alone(path: Path) -> None:
    before = path.read_text()

    after(path, report("kate", "ask", "skipped", reason="Kate is not complete here"))

    assert path.read_text() == before


def test_one_test_that_fails_fails_the_cell(path: Path) -> None:
    rows = after(path, report("kate", "ask", "passed"), report("kate", "ask", "failed", when="teardown"))

    assert rows["kate"] == {"name": "Kate 99", "cells": {"ask": "fails"}}


def test_what_an_editor_cannot_do_has_its_reason_below(path: Path) -> None:
    rows = after(path, report("kate", "hover", "skipped", reason="cannot: it has no mouse", when="setup"))

    assert rows["kate"]["cells"] == {"ask": "passes", "hover": "cannot: it has no mouse"}
    lines = table(rows).splitlines()
    assert "| Kate 99 | not run here | not run here | passes |" in "\n".join(lines)
    assert "cannot (1)" in table(rows)
    assert lines[-1] == "1. it has no mouse"
