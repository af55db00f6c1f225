"""What may leave the machine: verdicts about files, and where what is in them may go."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Verdict(NamedTuple):
    """Whether a file may be sent. `reason` says why not, in words that fit behind "not sent: "."""

    kind: Literal["allowed", "ignored", "denied"]
    reason: str = ""

    @property
    def allowed(self) -> bool:
        """Whether it may be sent."""
        return self.kind == "allowed"


ALLOWED = Verdict("allowed")


class Route(NamedTuple):
    """Paths that may go to one profile only: patterns as in .gitignore, relative to `base` or to any workspace root."""

    paths: tuple[str, ...]
    profile: str
    base: str = ""
