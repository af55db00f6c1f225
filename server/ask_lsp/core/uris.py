"""Document URIs as editors spell them: one file may come in more than one way."""

from __future__ import annotations

import re
from urllib.parse import unquote

_DRIVE = re.compile(r"^file:///([A-Za-z]):")


def same_spelling(uri: str) -> str:
    """A URI to compare by: without percent-encoding, and with a Windows drive letter in lower case.

    VS Code writes `file:///c%3A/x`, others `file:///C:/x`, and both mean one file (LSP 3.17, "URI").
    """
    return _DRIVE.sub(lambda match: f"file:///{match[1].lower()}:", unquote(uri))
