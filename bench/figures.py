"""What one measurement comes to: a value with unit, bound and reference, and how medians and percentiles are taken."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One line of the table. `reference` says what it was compared with, `detail` is what the value was made of."""

    name: str
    value: float
    unit: str
    samples: int
    bound: float | None = None
    reference: str = ""
    detail: dict[str, float] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """`ok` or `over`; a dash where there is no bound."""
        if self.bound is None:
            return "-"
        return "ok" if self.value <= self.bound else "over"

    def as_json(self) -> dict[str, Any]:
        """For latest.json."""
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "unit": self.unit,
            "bound": self.bound,
            "mark": self.mark,
            "samples": self.samples,
            "reference": self.reference,
            "detail": {name: round(value, 3) for name, value in self.detail.items()},
        }


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all (0 to 1) do not exceed: nearest rank."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def milliseconds(seconds: Sequence[float]) -> list[float]:
    """Seconds as milliseconds."""
    return [each * 1000 for each in seconds]
