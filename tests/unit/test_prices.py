"""What must hold of the shipped prices: each says where and when it was read, and none is guessed."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlsplit

import pytest
import yaml

from ask_lsp.config.prices import TABLE, PriceRow, price_of, price_row, price_table
from ask_lsp.config.schema import DEFAULT_MODEL
from ask_lsp.core.profile import Prices, origin

ROWS = [
    pytest.param(where, row, id=f"{urlsplit(where).hostname}-{row.model}") for (where, _), row in price_table().items()
]


@pytest.mark.parametrize(("where", "row"), ROWS)
def test_every_row_names_the_page_that_it_was_read_on_and_its_date(where: str, row: PriceRow) -> None:
    for url in (row.source, row.page):
        assert urlsplit(url).scheme == "https"
        assert urlsplit(url).hostname
        assert urlsplit(url).path.strip("/")
    assert date(2025, 1, 1) < date.fromisoformat(row.date) < date(2026, 11, 26)
    assert where == origin(where + "/v1")


@pytest.mark.parametrize(("where", "row"), ROWS)
def test_every_row_costs_something_and_cached_input_less(where: str, row: PriceRow) -> None:
    prices = row.prices

    assert 0 < prices.input < prices.output <= 200
    assert prices.cached is None or 0 < prices.cached < prices.input


def test_a_comment_above_every_row_says_what_was_seen() -> None:
    """Two names of one model may share it."""
    seen = False
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if re.match(r"\s+# Seen", line):
            seen = True
        elif re.match(r"\s+- \{model", line):
            assert seen, line
        elif not line.strip():
            seen = False


def test_figures_in_the_comments_are_the_figures_of_the_rows() -> None:
    """For rows whose comment gives input, cache and output one by one."""
    checked = 0
    text = TABLE.read_text(encoding="utf-8")
    pattern = re.compile(
        r"# Seen: input ([\d.]+)(?:, cache write ([\d.]+))?(?:, cache read ([\d.]+))?, output ([\d.]+)[^{]*(\{.*\})"
    )
    for match in pattern.finditer(text):
        row = yaml.safe_load(match[5])
        assert row["input"] == float((match[2] or match[1]).rstrip("."))
        assert row["output"] == float(match[4].rstrip("."))
        assert row.get("cached") == (float(match[3]) if match[3] else None)
        checked += 1
    assert checked > 50


def test_a_name_is_matched_exactly_and_only_at_its_origin() -> None:
    assert price_of("https://api.openai.com", DEFAULT_MODEL) == Prices(0.75, 4.5, 0.075)
    assert price_of("https://api.openai.com", "gpt-5-mini-2025-08-07") is not None
    for where, model in (
        ("https://api.openai.com", "gpt-5.4-mini-2026-03-17"),
        ("https://api.openai.com", "GPT-5.4-mini"),
        ("https://api.openai.com", ""),
        ("https://api.openai.com:8443", DEFAULT_MODEL),
        ("http://api.openai.com", DEFAULT_MODEL),
        ("https://gateway.example", DEFAULT_MODEL),
        ("local", DEFAULT_MODEL),
    ):
        assert price_of(where, model) is None
        assert price_row(where, model) is None
