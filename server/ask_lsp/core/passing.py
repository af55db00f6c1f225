"""Text on its way into something that is shown in passing: a message, a progress, a note in a chat.

Editors render links there (VS Code runs the command of `[a](command:b)`), and what is quoted may be anybody's: the
beginning of an answer, an endpoint's error, the name of a file.
"""

from __future__ import annotations

import re

from ask_lsp.core.visible import visible

LONGEST = 1_000
_LIVE = re.compile(r"(?<=\])(?=[(\[])|(?<=<)(?=[A-Za-z/!?])")


def passing(text: str) -> str:
    """`text` on one line, with nothing in it that is live, hidden or endless; paths and sentences stay readable."""
    line = _LIVE.sub(" ", visible(" ".join(text[: 4 * LONGEST].split())))
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
