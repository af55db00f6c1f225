"""What a syntax check says about an edit."""

from __future__ import annotations

from typing import NamedTuple


class SyntaxCheck(NamedTuple):
    """An edit seen by the parser. Names are qualified (`Shape.area`), and stand as often as definitions are concerned.

    `problem` is one sentence, or "" when the text parses as well as before. `lost` were defined outside the edited text
    and are gone, `dropped` were defined in it and are gone, `added` are new in it (not those inside of others in it).
    Unless `checked`, nothing is known.
    """

    problem: str
    lost: tuple[str, ...]
    dropped: tuple[str, ...]
    checked: bool
    added: tuple[str, ...] = ()


UNCHECKED = SyntaxCheck("", (), (), False)
