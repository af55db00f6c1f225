"""Everything that a use case may need, in one value that `compose` makes."""

from __future__ import annotations

from dataclasses import dataclass

from ask_lsp.assistant.ports import (
    Chats,
    Closable,
    Files,
    Memory,
    Models,
    Prompts,
    Proposals,
    SettingsKeeper,
    Symbols,
)


@dataclass(frozen=True)
class Services:
    """The outside, as protocols."""

    models: Models
    settings: SettingsKeeper
    prompts: Prompts
    chats: Chats
    memory: Memory
    proposals: Proposals
    files: Files
    symbols: Symbols
    keys: Closable

    async def aclose(self) -> None:
        """Closes what holds connections, files or processes."""
        for part in (self.models, self.keys, self.symbols, self.chats, self.memory):
            await part.aclose()
