"""Everything that a use case may need, in one value that `compose` makes."""

from __future__ import annotations

from dataclasses import dataclass

from ask_lsp.assistant.ports import Chats, Memory, Models, Prompts, SettingsKeeper, Symbols


@dataclass(frozen=True)
class Services:
    """The outside, as protocols."""

    models: Models
    settings: SettingsKeeper
    prompts: Prompts
    chats: Chats
    memory: Memory
    symbols: Symbols

    async def aclose(self) -> None:
        """Closes what holds connections, files or processes."""
        await self.models.aclose()
        await self.chats.aclose()
        await self.memory.aclose()
