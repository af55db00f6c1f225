"""Files and folders that the protocol edge names to people, or compares documents with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """Files and folders that handlers name or compare with, known before anything is loaded."""

    config: Path
    log: Path
    chats: Path
