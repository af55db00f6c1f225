"""What the ledger shows: sums of what was used, and the audit log's lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

State = Literal["reserved", "done", "cancelled", "failed", "cut", "estimated"]
"""What became of a request; `reserved` is under way, `estimated` was left behind by a process that died."""

Grouping = Literal["day", "model", "action", "project"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)


class UsageRow(NamedTuple):
    """Requests of one day, model, action or project. `usd` is the sum of those whose price is known, None if of none.

    `unknown` counts the requests of unknown price, `estimated` those whose tokens nobody told.
    """

    name: str
    requests: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    usd: float | None
    unknown: int
    estimated: int


class AuditRow(NamedTuple):
    """One request as the audit log shows it. `at` in seconds since the epoch; `prompt` only where it was logged."""

    at: float
    state: State
    origin: str
    profile: str
    model: str
    action: str
    file: str
    project: str
    conversation: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    is_estimated: bool
    usd: float | None
    seconds: float | None
    redactions: Mapping[str, int]
    content_hash: str
    prompt: str | None
