"""`ask-lsp log`: the audit log - what was sent when, where, about which file - without the text of it."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from typing import Any

from ask_lsp.cli import ledger
from ask_lsp.core.ledger import AuditRow
from ask_lsp.core.spend import money
from ask_lsp.core.visible import visible

LIMIT = 50


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "log",
        help="show what was sent, when and where",
        description="Show what was sent, newest last: when, to which origin, by which profile and model, about which "
        "file, how many tokens, how many secrets were replaced, and the hash of the text. The text itself is only "
        "there if log_prompts is set.",
    )
    parser.add_argument("--limit", type=_limit, default=LIMIT, help=f"the last so many requests (default: {LIMIT})")
    parser.add_argument("--json", action="store_true", help="as JSON, with everything that is known")
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the log."""
    rows = ledger.read(lambda found: found.audit(arguments.limit))
    if rows is None:
        return 0
    if arguments.json:
        print(json.dumps([as_json(row) for row in rows], indent=2, ensure_ascii=False))
    elif not rows:
        ledger.say_nothing_yet()
    for row in rows if not arguments.json else ():
        print(line_of(row))
        if row.prompt is not None:
            print("\n".join(f"    | {line}" for line in visible(row.prompt).splitlines()))
    return 0


def as_json(row: AuditRow) -> dict[str, Any]:
    """One request for programs; `at` as a date with its offset, USD null where the price is unknown."""
    shown = row._asdict() | {"at": _time(row).isoformat(timespec="seconds"), "redactions": dict(row.redactions)}
    if row.prompt is None:
        del shown["prompt"]
    return shown


def line_of(row: AuditRow) -> str:
    """One request on one line."""
    mark = "~" if row.is_estimated else ""
    cached = f" ({row.cached_tokens:,} cached)" if row.cached_tokens else ""
    parts = [
        f"{_time(row):%Y-%m-%d %H:%M:%S}",
        f"{row.state:<9}",
        f"{row.origin} {row.profile}/{row.model}" if row.origin else f"{row.profile}/{row.model}",
        row.action,
        row.file or "-",
        f"{mark}{row.input_tokens:,} in{cached}, {mark}{row.output_tokens:,} out",
        "price unknown" if row.usd is None else (mark if row.usd else "") + money(row.usd),
        *([] if row.seconds is None else [f"{row.seconds:.1f} s"]),
        *([f"replaced: {', '.join(f'{n} {kind}' for kind, n in row.redactions.items())}"] if row.redactions else []),
        *([row.content_hash[:12]] if row.content_hash else []),
    ]
    return ledger.on_one_line("  ".join(parts))


def _time(row: AuditRow) -> datetime:
    return datetime.fromtimestamp(row.at).astimezone()


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError("a limit is a number from 1 to 1000000")
    return int(text)
