"""What the Neovim plugin adds to Neovim's start, by --startuptime, with setup() and without."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import median

PLUGIN = Path(__file__).parent.parent / "clients" / "neovim"
NVIM = Path(sys.executable).parent / "nvim"
ROUNDS = 31
BOUND = 2.0
_OURS = re.compile(r"^\d+\.\d+\s+(?:\d+\.\d+\s+)?(\d+\.\d+): (?:sourcing|require\(')(.*)$")

INITS = {
    "empty": "",
    "plugin": f"vim.opt.runtimepath:prepend([[{PLUGIN}]])\n",
    "setup": f"vim.opt.runtimepath:prepend([[{PLUGIN}]])\nrequire('ask_lsp').setup({{}})\n",
}


def measure() -> dict[str, float]:
    """Milliseconds, medians of interleaved starts.

    `plugin_ms` and `setup_ms` are what the whole start takes longer than an empty one; `own_ms` is the time that Neovim
    itself writes down for our files (with setup()), which the noise of a busy machine does not hide.
    """
    totals: dict[str, list[float]] = {name: [] for name in INITS}
    own: list[float] = []
    with tempfile.TemporaryDirectory(prefix="ask-lsp-bench-") as folder:
        inits = {}
        for name, text in INITS.items():
            inits[name] = Path(folder, f"{name}.lua")
            inits[name].write_text(text)
        for number in range(ROUNDS + 1):
            for name in INITS if number % 2 else reversed(INITS):
                total, ours = _start(inits[name], Path(folder, "times"))
                if number:  # the first round fills the caches
                    totals[name].append(total)
                    if name == "setup":
                        own.append(ours)
    empty = median(totals["empty"])
    extra = {
        f"{name}_ms": median([one - other for one, other in zip(totals[name], totals["empty"], strict=True)])
        for name in ("plugin", "setup")
    }
    return {**extra, "own_ms": median(own), "empty_ms": empty, "bound_ms": BOUND, "samples": ROUNDS}


def _start(init: Path, times: Path) -> tuple[float, float]:
    """One start: the whole time and that of our files, in milliseconds."""
    times.unlink(missing_ok=True)
    command = [str(NVIM), "--clean", "--headless", "-n", "-i", "NONE", "-u", str(init)]
    subprocess.run([*command, "--startuptime", str(times), "+qa!"], check=True, capture_output=True, timeout=60)
    total = own = 0.0
    # Its first part is the start of the editor itself; a second one would be that of a user interface.
    for line in times.read_text().split("--- Startup times")[-1].splitlines():
        if found := _OURS.match(line):
            own += float(found[1]) if "ask_lsp" in found[2] else 0.0
        if "NVIM STARTED" in line:
            total = float(line.split()[0])
    return total, own


if __name__ == "__main__":
    print(json.dumps({name: round(value, 3) for name, value in measure().items()}, indent=2))
