"""The words of messages about settings: what a wrong name was probably meant to be, and which names may be repeated.

Where a name is expected somebody may have pasted a key, so a name is shown only when it cannot be one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_WORD = r"[A-Za-z_]{1,14}"
_HARMLESS = re.compile(rf"{_WORD}([_.-]{_WORD}){{0,3}}[0-9]{{0,3}}")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be: `baseUrl` and `base-url` are base_url."""
    plain = _CAMEL.sub("_", name[:80]).lower().replace("-", "_").replace(" ", "_")
    found = difflib.get_close_matches(plain, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """ " - did you mean “model”?", or nothing."""
    meant = nearest(name, known)
    return f" - did you mean “{meant}”?" if meant else ""


def quoted(name: str, known: Iterable[str] = ()) -> str:
    """The name in quotes if it cannot be a secret, else "this name"."""
    return f"“{name}”" if _HARMLESS.fullmatch(name) or nearest(name, known) else "this name"


def one_of(names: Iterable[str]) -> str:
    """ "off, cached or ask"."""
    listed = list(names)
    return " or ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)
