"""What a keystroke costs the server in a small and in a huge document."""

from __future__ import annotations

from figures import Figure, median
from home import FUNCTION_LINES, TYPED_COLUMN, TYPED_LINE, code, new_home
from wire import Wire, typed

SMALL, HUGE = 100, 100_000
KEYSTROKES = 500
ROUNDS = 9
BOUND = 2.0


def measure() -> list[Figure]:
    """Both documents in one server, in turn; the first round of each is not counted."""
    spent: dict[int, list[float]] = {SMALL: [], HUGE: []}
    with new_home() as environment, Wire(environment) as wire:
        wire.start()
        for lines in spent:
            wire.open(_uri(lines), code(lines))
        for number in range(ROUNDS + 1):
            for lines, milliseconds in spent.items():
                each = _burst(wire, lines, number)
                if number:
                    milliseconds.append(each)
    small, huge = median(spent[SMALL]), median(spent[HUGE])
    detail = {"at_100_lines_ms": small, "at_100000_lines_ms": huge, "keystrokes_a_round": KEYSTROKES}
    return [Figure("didChange at 100,000 lines", huge / small, "ratio", ROUNDS, BOUND, "the same at 100 lines", detail)]


def _burst(wire: Wire, lines: int, number: int) -> float:
    """Milliseconds a keystroke: from the first byte of many to the answer of an idle request behind them, divided."""
    line = lines // 2 - lines // 2 % FUNCTION_LINES + TYPED_LINE
    first = 2 + number * KEYSTROKES
    burst = b"".join(
        typed(_uri(lines), first + each, line, TYPED_COLUMN + each % 40, "1" if each % 41 else " 1")
        for each in range(KEYSTROKES)
    )
    wire.request("workspace/executeCommand", {"command": "ask.cancel", "arguments": []}, burst)
    return wire.took / KEYSTROKES * 1000


def _uri(lines: int) -> str:
    return f"file:///bench/lines_{lines}.py"
