"""The code-action menu with two hundred proposals in a large document, while somebody types."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from figures import Figure, median, percentile
from home import FUNCTION_LINES, code, new_home
from listing import BOUND, LINES, list_while_typing
from wire import Wire

from ask_lsp.core.edges import around
from ask_lsp.core.proposal import Proposal, make_id
from ask_lsp.core.text import Point, Span, slice_lines, split_lines
from ask_lsp.store.db import Database
from ask_lsp.store.proposals import SqliteProposals

COUNT = 200


def measure() -> list[Figure]:
    """Keeps them in the database as an earlier session would have, spread over the document."""
    with new_home() as environment:
        uri = "file:///bench/proposals.py"
        asyncio.run(_keep(Path(environment["XDG_STATE_HOME"]) / "ask-lsp", uri))
        with Wire(environment) as wire:
            wire.start()
            wire.open(uri, code(LINES))
            wire.settle()
            listed, trivial = list_while_typing(wire, uri, LINES // 2)
    detail = {"p50_ms": median(listed), "max_ms": max(listed), "idle_request_p99_ms": percentile(trivial, 0.99)}
    name, beside = f"listing with {COUNT} proposals, p99", "a request that does nothing, in turn"
    return [Figure(name, percentile(listed, 0.99), "ms", len(listed), BOUND, beside, detail)]


async def _keep(state: Path, uri: str) -> None:
    store = SqliteProposals(Database(state))
    lines = split_lines(code(LINES))
    for number in range(COUNT):
        first = number * (LINES // FUNCTION_LINES // COUNT) * FUNCTION_LINES
        span = Span(Point(first, 0), Point(first + FUNCTION_LINES - 2, len(lines[first + FUNCTION_LINES - 2]) - 1))
        seen = slice_lines(lines, span)
        before, after = around(lines, span)
        new = seen.replace("total", "result")
        kept = Proposal(make_id(), uri, "Refactor", "refactor", time.time(), span, seen, new, before, after, "", None)
        await store.add(kept)
