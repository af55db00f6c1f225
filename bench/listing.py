"""The code-action menu while somebody types into a large document, and how long the server is ever deaf meanwhile."""

from __future__ import annotations

import time

from figures import Figure, median, milliseconds, percentile
from home import FUNCTION_LINES, TYPED_COLUMN, TYPED_LINE, code, new_home
from wire import BenchFailed, Wire, typed

LINES = 50_000
PARSED_LINES = 4_900
"""Nearly as large as a document may be that is still parsed."""
ROUNDS = 300
WARM_UP = 20
BOUND = 5.0
KEYSTROKES = 10
WINDOW = 0.6
"""Seconds watched after a keystroke: the pause before a parse, and the parse."""


def measure() -> list[Figure]:
    """Lists and probes in one server, in documents of both sizes; quiet stretches come in turn with the typing."""
    idle: list[float] = []
    stalls: dict[int, list[float]] = {LINES: [], PARSED_LINES: []}
    with new_home() as environment, Wire(environment) as wire:
        wire.start()
        for lines in stalls:
            wire.open(_uri(lines), code(lines))
        listed, trivial = list_while_typing(wire, _uri(LINES), LINES // 2)
        for number in range(KEYSTROKES):
            idle += milliseconds(_round_trips(wire, WINDOW))
            for lines, seen in stalls.items():
                wire.send(_keystroke(lines, number))
                seen += milliseconds(_round_trips(wire, WINDOW))
    detail = {"max_ms": max(listed), "idle_request_p50_ms": median(trivial)}
    detail["idle_request_p99_ms"] = percentile(trivial, 0.99)
    beside = "a request that does nothing, in turn"
    name, p99 = "code-action listing while typing, 50,000 lines", percentile(listed, 0.99)
    return [
        Figure(f"{name}, p50", median(listed), "ms", len(listed)),
        Figure(f"{name}, p99", p99, "ms", len(listed), BOUND, beside, detail),
        *(_stall(lines, seen, idle) for lines, seen in stalls.items()),
    ]


def _stall(lines: int, seen: list[float], idle: list[float]) -> Figure:
    detail = {
        "p50_ms": median(seen),
        "p999_ms": percentile(seen, 0.999),
        "quiet_p50_ms": median(idle),
        "quiet_p999_ms": percentile(idle, 0.999),
        "quiet_max_ms": max(idle),
    }
    reference = "the same probe while nobody types"
    return Figure(f"longest stall while typing, {lines:,} lines", max(seen), "ms", len(seen), None, reference, detail)


def list_while_typing(wire: Wire, uri: str, middle: int) -> tuple[list[float], list[float]]:
    """One keystroke and one listing a round, sent right behind it; then a request that does nothing.

    Returns the milliseconds of both: how late the second kind is tells what the machine was busy with.
    """
    seconds, trivial = [], []
    first = middle - middle % FUNCTION_LINES + TYPED_LINE
    for number in range(ROUNDS + WARM_UP):
        word, column = divmod(number, 30)
        line, character = first + word * FUNCTION_LINES, TYPED_COLUMN + column
        wire.send(typed(uri, number + 2, line, character))
        if not wire.actions(uri, line, character + 1):
            raise BenchFailed("no code action was listed inside a function")
        listed = wire.took
        wire.execute("ask.cancel", {})
        if number >= WARM_UP:
            seconds.append(listed)
            trivial.append(wire.took)
    return milliseconds(seconds), milliseconds(trivial)


def _keystroke(lines: int, number: int) -> bytes:
    """A keystroke far below those of the listings."""
    line = lines // 2 - lines // 2 % FUNCTION_LINES + TYPED_LINE + FUNCTION_LINES * 50
    return typed(_uri(lines), 10_000 + number, line, TYPED_COLUMN + number)


def _round_trips(wire: Wire, during: float) -> list[float]:
    """Seconds of a request that does nothing, back to back: the loop answers late whenever something holds it up."""
    seconds = []
    end = time.monotonic() + during
    while time.monotonic() < end:
        wire.execute("ask.cancel", {})
        seconds.append(wire.took)
    return seconds


def _uri(lines: int) -> str:
    return f"file:///bench/lines_{lines}.py"
