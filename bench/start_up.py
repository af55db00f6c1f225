"""From the spawn to the result of `initialize`, as a ratio to an empty pygls server."""

from __future__ import annotations

import sys
from pathlib import Path

from figures import Figure, median, milliseconds
from home import new_home
from wire import SERVER, Wire

EMPTY = (sys.executable, str(Path(__file__).with_name("empty_server.py")))
ROUNDS = 21
BOUND = 1.15


def measure() -> list[Figure]:
    """Starts both in turn; each once before, so that compiled files and the disk cache are there.

    The ratio is the median of the pairs' ratios: what slows the machine for seconds slows both of a pair. Who goes
    first changes from pair to pair.
    """
    ours: list[float] = []
    empty: list[float] = []
    with new_home() as environment:
        for number in range(ROUNDS + 1):
            pair = [(EMPTY, empty), (SERVER, ours)]
            for command, into in pair if number % 2 else reversed(pair):
                with Wire(environment, command) as wire:
                    seconds = wire.initialize()
                if number:
                    into.append(seconds)
    ours_ms, empty_ms = median(milliseconds(ours)), median(milliseconds(empty))
    ratio = median([mine / theirs for mine, theirs in zip(ours, empty, strict=True)])
    detail = {"ask_lsp_ms": ours_ms, "empty_pygls_ms": empty_ms}
    return [Figure("spawn to initialize result", ratio, "ratio", ROUNDS, BOUND, "an empty pygls server", detail)]
