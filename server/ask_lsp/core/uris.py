"""Document URIs as editors spell them: one file may come in more than one way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

_DRIVE = re.compile(r"^file:///([A-Za-z]):")
_DRIVE_PATH = re.compile(r"^/[A-Za-z]:")


def same_spelling(uri: str) -> str:
    """A URI to compare by: without percent-encoding, and with a Windows drive letter in lower case.

    VS Code writes `file:///c%3A/x`, others `file:///C:/x`, and both mean one file (LSP 3.17, "URI").
    """
    return _DRIVE.sub(lambda match: f"file:///{match[1].lower()}:", unquote(uri))


def path_of(uri: str) -> Path | None:
    """The path of a `file:` URI as it is named there, symlinks and all; None for every other scheme."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    name = unquote(parts.path)
    if parts.scheme.lower() != "file" or not name or "\0" in name:
        return None
    if parts.netloc not in ("", "localhost"):
        return Path(f"//{parts.netloc}{name}")  # a share of Windows
    return Path(name[1:] if _DRIVE_PATH.match(name) else name)


def root_of(names: Sequence[Path], roots: Mapping[Path, Path]) -> Path | None:
    """The innermost workspace folder that a file is in by any of its names; the only one, for what has none.

    `roots` are all names of the folders, symlinks followed and not, each with the one that the editor told.
    """
    if not names:
        told = set(roots.values())
        return told.pop() if len(told) == 1 else None
    inside = [root for root in roots if any(name.is_relative_to(root) for name in names)]
    return roots[max(inside, key=lambda root: len(root.parts))] if inside else None
