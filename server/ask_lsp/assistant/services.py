"""Everything that a use case may need, in one value that `compose` makes."""

from __future__ import annotations

from dataclasses import dataclass

from ask_lsp.assistant.ports import (
    Chats,
    Closable,
    Files,
    Memory,
    Prompts,
    SettingsKeeper,
    Symbols,
    Trust,
    UnsealedProposals,
)
from ask_lsp.assistant.sending import Outbox


@dataclass(frozen=True)
class Services:
    """The outside, as protocols; the models behind the gate that everything sent has to pass."""

    outbox: Outbox
    settings: SettingsKeeper
    prompts: Prompts
    chats: Chats
    memory: Memory
    proposals: UnsealedProposals
    files: Files
    symbols: Symbols
    trust: Trust
    keys: Closable

    async def aclose(self) -> None:
        """Closes what holds connections, files or processes."""
        for part in (self.outbox, self.keys, self.symbols, self.chats, self.memory):
            await part.aclose()
