"""How long the search for secrets takes in a file of 200 KB, in milliseconds: Python's own library, with secrets in
it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import planted_secrets
from figures import Figure, median

from ask_lsp.core.redaction import RedactRules, Vault
from ask_lsp.privacy.redact import redact

SIZE = 200_000
SECRETS = 10
RUNS = 25
BOUND = 20.0


def measure() -> list[Figure]:
    """The same text with and without secrets, in turn; with them it is looked through twice."""
    plain = _library()
    planted = [each for each in planted_secrets.known() if "\n" not in each.secret][
        :: len(planted_secrets.known()) // SECRETS
    ]
    full = plain
    for number, each in enumerate(planted[:SECRETS]):
        at = full.index("\n", number * SIZE // SECRETS) + 1
        full = full[:at] + each.text + full[at:]
    with_secrets: list[float] = []
    without: list[float] = []
    for _ in range(RUNS):
        with_secrets.append(_milliseconds(full, SECRETS))
        without.append(_milliseconds(plain, 0))
    detail = {"with_secrets_ms": median(with_secrets), "without_ms": median(without)}
    name = f"redaction of {SIZE // 1000} KB with {SECRETS} secrets"
    return [Figure(name, median(with_secrets), "ms", RUNS, BOUND, "the same without secrets", detail)]


def _library() -> str:
    text = ""
    for path in sorted(Path(os.__file__).parent.glob("*.py")):
        text += path.read_text(encoding="utf-8")
        if len(text) >= SIZE:
            return text[:SIZE]
    raise RuntimeError("this Python has no library to read")


def _milliseconds(text: str, least: int) -> float:
    began = time.perf_counter()
    redacted = redact(text, Vault(), RedactRules())
    taken = (time.perf_counter() - began) * 1000
    if sum(redacted.counts.values()) < least:
        raise RuntimeError("not every secret was found")
    return taken
