"""Reading the ledger on the command line: no model, no key and no settings file are needed for it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from ask_lsp.core.visible import visible

if TYPE_CHECKING:
    from ask_lsp.store.ledger import SqliteLedger

Result = TypeVar("Result")

_ONE_LINE = str.maketrans({"\n": " ", "\r": " ", "\t": " "})


def on_one_line(text: str) -> str:
    """The text for a terminal: on one line, with what is hidden in it named."""
    return visible(text.translate(_ONE_LINE))


def say_nothing_yet() -> None:
    """Says on stderr that there is nothing to show yet, and how there will be."""
    print("Nothing was sent yet. Ask something in your editor, or with: ask-lsp ask", file=sys.stderr)


def read(work: Callable[[SqliteLedger], Awaitable[Result]]) -> Result | None:
    """What `work` finds in this user's ledger; None, and a sentence on stderr, where there is none yet.

    Raises DatabaseUnavailable.
    """
    from ask_lsp.config.env import take_environment
    from ask_lsp.config.folders import folder_of
    from ask_lsp.store.db import FILE_NAME, Database
    from ask_lsp.store.ledger import SqliteLedger
    from ask_lsp.store.owner import Owner

    state = folder_of("state", take_environment())
    if not (state / FILE_NAME).exists():
        say_nothing_yet()
        return None

    async def look() -> Result:
        database = Database(state)
        try:
            return await work(SqliteLedger(database, Owner(state / "running")))
        finally:
            await database.aclose()

    return asyncio.run(look())
