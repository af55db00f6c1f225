"""`ask-lsp usage`: what was used and what it cost, as a table with bars, as JSON, or as a page with charts."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ask_lsp.cli import ledger
from ask_lsp.core.errors import RequestRefused
from ask_lsp.core.ledger import GROUPINGS, Grouping, UsageRow
from ask_lsp.core.spend import money

if TYPE_CHECKING:
    from ask_lsp.store.ledger import SqliteLedger

DAYS = 30
BAR = 24


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "usage",
        help="show what was used and what it cost",
        description="Show what all editors of this user have used and what it cost. What is marked with ~ holds "
        "estimates. A price that is unknown is not counted as nothing: set `prices` in the settings file.",
    )
    parser.add_argument("--by", choices=GROUPINGS, default="day", help="what to group by (default: day)")
    parser.add_argument("--days", type=_days, default=DAYS, help=f"the last so many days (default: {DAYS})")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--html", metavar="FILE", help="write a page with charts")
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the table, or writes the page and prints where it is."""
    wanted: tuple[Grouping, ...] = GROUPINGS if arguments.html else (arguments.by,)

    async def look(found: SqliteLedger) -> dict[Grouping, list[UsageRow]]:
        return {by: await found.usage(by, arguments.days) for by in wanted}

    groups = ledger.read(look)
    if groups is None:
        return 0
    if arguments.html:
        from ask_lsp.cli.usage_page import page

        _write(Path(arguments.html), page(groups, arguments.days, datetime.now()))
        print(arguments.html)
        return 0
    rows = groups[arguments.by]
    if arguments.json:
        print(json.dumps(as_json(rows, arguments.by, arguments.days), indent=2, ensure_ascii=False))
    elif not rows:
        print(f"Nothing was sent in the last {arguments.days} days.", file=sys.stderr)
    elif sys.stdout.isatty():
        _print_table(rows, arguments.by)
    else:
        _print_plain(rows, arguments.by)
    return 0


def total(rows: Sequence[UsageRow]) -> UsageRow:
    """All of them together."""
    known = [row.usd for row in rows if row.usd is not None]
    return UsageRow(
        "total",
        sum(row.requests for row in rows),
        sum(row.input_tokens for row in rows),
        sum(row.cached_tokens for row in rows),
        sum(row.output_tokens for row in rows),
        sum(known) if known else None,
        sum(row.unknown for row in rows),
        sum(row.estimated for row in rows),
    )


def as_json(rows: Sequence[UsageRow], by: Grouping, days: int) -> dict[str, object]:
    """For programs: USD as a number, null where no price is known; `unknown` and `estimated` count requests."""
    return {
        "by": by,
        "days": days,
        "rows": [row._asdict() for row in rows],
        "total": {name: value for name, value in total(rows)._asdict().items() if name != "name"},
    }


def name_of(row: UsageRow) -> str:
    """What a row is about, for people."""
    return ledger.on_one_line(row.name) or "(none)"


def price_of(row: UsageRow) -> str:
    """What a row cost, for people: what is unknown of it is said, and so is what was estimated."""
    if row.usd is None:
        return "unknown"
    known = ("~" if row.estimated and row.usd else "") + money(row.usd)
    return f"{known} + {row.unknown} unknown" if row.unknown else known


def tokens_of(row: UsageRow, count: int) -> str:
    """A number of tokens for people."""
    return ("~" if row.estimated and count else "") + f"{count:,}"


def weights(rows: Sequence[UsageRow]) -> list[float]:
    """How long the bars are, from 0 to 1: by what it cost, or by tokens where no price is known."""
    by_price = any(row.usd for row in rows)
    values = [float((row.usd or 0) if by_price else row.input_tokens + row.output_tokens) for row in rows]
    largest = max(values, default=0)
    return [value / largest if largest else 0.0 for value in values]


def columns(by: Grouping) -> tuple[str, ...]:
    """What stands above the cells of a row."""
    return (by, "requests", "tokens in", "cached", "out", "USD")


def cells(row: UsageRow) -> tuple[str, ...]:
    """What is known of a row, for people."""
    counts = (tokens_of(row, count) for count in (row.input_tokens, row.cached_tokens, row.output_tokens))
    return (name_of(row), f"{row.requests:,}", *counts, price_of(row))


def _print_table(rows: Sequence[UsageRow], by: Grouping) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_footer=True)
    footer = cells(total(rows))
    first, *others = zip(columns(by), footer, strict=True)
    table.add_column(first[0], Text(first[1]), overflow="ellipsis", no_wrap=True)
    for column, end in others:
        table.add_column(column, Text(end), justify="right")
    table.add_column("", no_wrap=True)
    for row, weight in zip(rows, weights(rows), strict=True):
        table.add_row(*(Text(cell) for cell in cells(row)), Text(_bar(weight, "█"), style="cyan"))
    console = Console(highlight=False)
    console.print(table)
    for note in notes(rows):
        console.print(Text(note, style="dim"))


def _print_plain(rows: Sequence[UsageRow], by: Grouping) -> None:
    lines = [columns(by), *(cells(row) for row in rows), cells(total(rows))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    bars = ["", *(_bar(weight, "#") for weight in weights(rows)), ""]
    for line, bar in zip(lines, bars, strict=True):
        first, *others = (
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  ".join([first, *others, bar]).rstrip())
    for note in notes(rows):
        print(note, file=sys.stderr)


def notes(rows: Sequence[UsageRow]) -> list[str]:
    """Sentences about what the figures leave out."""
    every = total(rows)
    found = []
    if every.unknown:
        found.append(
            f"Not in the sum: {_requests(every.unknown)} of unknown price. "
            "Set `prices` for the model in the settings file to know the next."
        )
    if every.estimated:
        found.append(f"~ is an estimate: of {_requests(every.estimated)} the endpoint did not tell what was used.")
    return found


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count:,} requests"


def _bar(weight: float, mark: str) -> str:
    return mark * max(1 if weight > 0 else 0, round(weight * BAR))


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError("days are a number from 1 to 10000")
    return int(text)


def _write(path: Path, text: str) -> None:
    # The names of projects are in it: for its owner only.
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise RequestRefused(
            f"{path} could not be written ({error.strerror}). Name a file in a folder of yours."
        ) from error
