"""Proposals behind a seal: what is kept of them on disk holds placeholders, never a secret's value."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ask_lsp.assistant.ports import Proposals, SettingsKeeper
from ask_lsp.assistant.sending import Outbox
from ask_lsp.core.proposal import Proposal
from ask_lsp.core.redaction import PLACEHOLDER, RedactRules, Vault
from ask_lsp.core.sealing import is_sealed, mapped, texts_of, unsealed


class SealedProposals:
    """Satisfies the port UnsealedProposals, over another that keeps them."""

    def __init__(self, kept: Proposals, outbox: Outbox, settings: SettingsKeeper) -> None:
        self._kept = kept
        self._outbox = outbox
        self._settings = settings

    async def add(self, proposal: Proposal) -> None:
        """Keeps a proposal, sealed."""
        await self._kept.add(await self._sealed(proposal))

    async def update(self, proposals: Sequence[Proposal]) -> None:
        """Takes what is new about those that are still kept, sealed."""
        await self._kept.update([await self._sealed(proposal) for proposal in proposals])

    async def remove(self, proposal_id: str) -> bool:
        """Forgets one; False if there was none."""
        return await self._kept.remove(proposal_id)

    async def of_uri(self, uri: str) -> list[Proposal]:
        """Those for a document, newest first, sealed."""
        return await self._kept.of_uri(uri)

    async def all(self) -> list[Proposal]:
        """All of them, newest first, sealed."""
        return await self._kept.all()

    async def unseal(self, proposal: Proposal, text: str) -> Proposal:
        """A proposal with the values that the document has where its target has placeholders; itself if it has none."""
        if not is_sealed(proposal):
            return proposal
        vault = Vault()
        redacted = await self._redacted(text, vault)
        found = (vault.value(placeholder[0]) for placeholder in PLACEHOLDER.finditer(redacted))
        secrets = {value for value in found if value is not None}
        return await asyncio.to_thread(unsealed, proposal, text, secrets)

    async def _sealed(self, proposal: Proposal) -> Proposal:
        vault, texts = Vault(), list(dict.fromkeys(texts_of(proposal)))
        for text in texts:
            vault.avoid(text)
        sealed = {text: await self._redacted(text, vault) for text in texts}
        return mapped(proposal, lambda text: sealed.get(text, text))

    async def _redacted(self, text: str, vault: Vault) -> str:
        settings = self._settings.loaded()
        rules = settings.redact if settings else RedactRules()
        return (await self._outbox.redact(text, vault, rules, self._outbox.roots)).text
