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


def judged_path(uri: str) -> Path | None:
    """The path by whose names a document is judged, whatever the scheme: what `git:/w/.env` shows is a `.env`.

    A host is its first part, as on Windows. A name without a folder (`untitled:Untitled-1`) is a relative path.
    """
    path = path_of(uri)
    if path is not None:
        return path
    try:
        parts = urlsplit(uri)
        host, name = parts.netloc, unquote(parts.path)
    except ValueError:
        host, name = "", unquote(uri.partition(":")[2])
    if not name:
        return None
    return Path(f"//{host}/{name.lstrip('/')}" if host else name[1:] if _DRIVE_PATH.match(name) else name)


def root_of(names: Sequence[Path], roots: Mapping[Path, Path]) -> Path | None:
    """The innermost workspace folder that a file is in by any of its names; the only one, for what is in no folder.

    `roots` are all names of the folders, symlinks followed and not, each with the one that the editor told.
    """
    if not any(name.anchor for name in names):
        told = set(roots.values())
        return told.pop() if len(told) == 1 else None
    inside = [root for root in roots if any(name.is_relative_to(root) for name in names)]
    return roots[max(inside, key=lambda root: len(root.parts))] if inside else None
