"""Which model answers, where, and under which limits: settings as values, with no trace of where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ask_lsp.core.secret import Secret

OPENAI_BASE_URL = "https://api.openai.com/v1"


@dataclass(frozen=True)
class KeySource:
    """Where a key is: exactly one of the fields is set."""

    literal: Secret | None = None
    env: str | None = None
    file: str | None = None
    command: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Limits:
    """How long to wait, in seconds. There is no limit on a whole answer."""

    connect: float = 10.0
    first_content: float = 600.0
    idle: float = 60.0
    retries: int = 3


@dataclass(frozen=True)
class Prices:
    """USD per million tokens."""

    input: float
    output: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """What that many tokens cost, in USD."""
        return (input_tokens * self.input + output_tokens * self.output) / 1_000_000


@dataclass(frozen=True)
class Profile:
    """One way to get an answer.

    `kind` is `openai` for every OpenAI-compatible endpoint, `local` for the embedded model, `echo` for the keyless
    deterministic one. `problem` is a sentence that says why this profile may not be used (its key belongs to another
    origin, say); whoever would send must raise it first. `unconfigured` marks the implicit profile when nobody
    configured anything: then, and only then, the usual local servers are looked for. `prediction` says whether edits
    send a predicted output; None where the model decides.
    """

    name: str
    kind: Literal["openai", "local", "echo"] = "openai"
    base_url: str = OPENAI_BASE_URL
    model: str = ""
    key: KeySource | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Secret] = field(default_factory=dict)
    max_output: int | None = None
    prediction: bool | None = None
    prices: Prices | None = None
    limits: Limits = Limits()
    problem: str | None = None
    unconfigured: bool = False
