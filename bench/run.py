"""`make bench`: measures, prints a table, and writes the same to bench/latest.json.

Real servers over real pipes, a model server on loopback, references in the same run and in turn. Bounds are shown, not
enforced: the exit code is 1 only if something could not be measured.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "fakes"))

import asking  # noqa: E402 - it needs the fakes
import keystrokes  # noqa: E402
import listing  # noqa: E402
import merging  # noqa: E402
import proposals  # noqa: E402
import redaction  # noqa: E402
import spending  # noqa: E402
import start_up  # noqa: E402
import tracking  # noqa: E402
from figures import Figure  # noqa: E402
from machine import machine, versions  # noqa: E402
from table import table  # noqa: E402

PARTS = {
    "start-up": start_up.measure,
    "listing and stalls": listing.measure,
    "proposals": proposals.measure,
    "keystrokes": keystrokes.measure,
    "tracking": tracking.measure,
    "merging": merging.measure,
    "asking": asking.measure,
    "redaction": redaction.measure,
    "spending": spending.measure,
}
LATEST = HERE / "latest.json"


def main(wanted: list[str]) -> int:
    """Runs the parts whose names hold one of the words given, or all; only a whole run is written down."""
    about, used = machine(), versions()
    figures: list[Figure] = []
    failed = False
    began = time.monotonic()
    for name, measure in PARTS.items():
        if wanted and not any(word in name for word in wanted):
            continue
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        try:
            figures += measure()
        except Exception as error:  # whatever it was, the other parts are still worth having
            print(f"{name} could not be measured: {type(error).__name__}: {error}", file=sys.stderr)
            failed = True
    about["load after"] = machine()["load before"]
    about["whole run"] = f"{time.monotonic() - began:.0f} s"
    print(table(about, used, figures))
    if not wanted and not failed:
        content = {"machine": about, "versions": used, "figures": [figure.as_json() for figure in figures]}
        LATEST.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
