"""The shipped table of prices: what a model costs where nobody wrote that into the settings, and who says so.

A model that is not in it has no price, which is not the same as costing nothing.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from ask_lsp.core.profile import Prices

TABLE = Path(__file__).with_name("prices.yaml")


class PriceRow(NamedTuple):
    """What one model costs. `source` is the page on which that was read, `date` the day for which it says so.

    `page` is the provider's own list of prices, for people who want to know what holds today.
    """

    model: str
    prices: Prices
    source: str
    date: str
    page: str


def price_of(origin: str, model: str) -> Prices | None:
    """What a model costs at an endpoint (`https://api.openai.com`); None where the table does not know."""
    row = price_row(origin, model)
    return None if row is None else row.prices


def price_row(origin: str, model: str) -> PriceRow | None:
    """The row of a model at an endpoint, by its exact name; None where there is none."""
    return price_table().get((origin, model))


@cache
def price_table() -> dict[tuple[str, str], PriceRow]:
    """All rows, by origin and model. Read at the first use."""
    import yaml

    table: dict[tuple[str, str], PriceRow] = {}
    for provider in yaml.safe_load(TABLE.read_text(encoding="utf-8")):
        for row in provider["rows"]:
            prices = Prices(float(row["input"]), float(row["output"]), row.get("cached"))
            source, date = row.get("source", provider["source"]), row.get("date", provider["date"])
            key = (provider["origin"], row["model"])
            if key in table:
                raise ValueError(f"{TABLE.name} has two rows for {row['model']}")
            table[key] = PriceRow(row["model"], prices, source, date, provider["page"])
    return table
