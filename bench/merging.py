"""How long the merge of an answer with what was typed meanwhile takes in a file of 5,000 lines, in milliseconds."""

from __future__ import annotations

import difflib
import time

from figures import Figure, median
from home import code
from merge3 import Merge3

from ask_lsp.core.edits import merge

LINES = 5_000
EVERY = 100
RUNS = 25
BOUND = 100.0


def measure() -> list[Figure]:
    """The same merge by us and by merge3 with difflib's matcher, in turn."""
    seen = code(LINES)
    lines = seen.splitlines(keepends=True)
    new, now = list(lines), list(lines)
    for number in range(0, len(lines), EVERY):
        new[number] = f"# from the model {number}\n"
        now[number + EVERY // 2] = f"# typed {number}\n# and another line\n"
    ours: list[float] = []
    reference: list[float] = []
    mine, theirs = "".join(new), "".join(now)
    for _ in range(RUNS):
        began = time.perf_counter()
        merged = merge(seen, mine, theirs)
        ours.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        other = "".join(Merge3(lines, now, new, sequence_matcher=difflib.SequenceMatcher).merge_lines())
        reference.append((time.perf_counter() - began) * 1000)
        if merged is None or merged.count("from the model") != merged.count("typed") or not other:
            raise RuntimeError("the merge is not what it must be")
    detail = {"ours_ms": median(ours), "with_difflib_ms": median(reference)}
    name = f"merge of a {LINES:,}-line file"
    return [Figure(name, median(ours), "ms", RUNS, BOUND, "merge3 with difflib's matcher", detail)]
