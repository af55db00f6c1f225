"""The one setting that is needed before settings can be read: the position encoding is part of the first reply.

Loading YAML there would delay every start, so the file is searched for its one line instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ask_lsp.config.env import Environment, user_file

ENCODINGS = ("utf-8", "utf-16", "utf-32")

_LINE = re.compile(
    rb"""
    ^(?:\xef\xbb\xbf)? (["']?) position_encoding \1 [ \t]* :
    [ \t]+ (["']?) (auto|utf-8|utf-16|utf-32) \2 [ \t]* (?:[#].*)? \r?$
    """,
    re.MULTILINE | re.VERBOSE,
)
_LOOKED_AT = 256 * 1024


def forced_position_encoding(environment: Environment, editor: Mapping[str, Any] | None = None) -> str | None:
    """The encoding that a setting forces, or None to negotiate one. Reads a file, imports nothing, never raises.

    `editor` is what `initializationOptions` holds. The layers are those of every setting: file < environment < editor.
    """
    for value in ((editor or {}).get("position_encoding"), environment.position_encoding, _in_file(environment)):
        if value == "auto":
            return None
        if value in ENCODINGS:
            return str(value)
    return None


def _in_file(environment: Environment) -> str | None:
    try:
        with user_file(environment).open("rb") as file:
            found = _LINE.search(file.read(_LOOKED_AT))
    except OSError:
        return None
    return found[3].decode() if found else None
