"""Every way to get an answer behind one door: the profile says which it takes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace

from ask_lsp.core.conversation import Event, Message, Waiting, Wire
from ask_lsp.core.errors import NotReachable, SettingsError
from ask_lsp.core.profile import Profile
from ask_lsp.core.secret import Secret
from ask_lsp.llm.discover import Discovery, Found
from ask_lsp.llm.echo import echo_answer
from ask_lsp.llm.local import LocalModel
from ask_lsp.llm.openai_client import OpenAIClient, preload

EMBEDDED_URL = "http://127.0.0.1/v1"
"""Where the embedded model is, in a preview: it listens at a free port."""


class ModelRouter:
    """The Models port. `resolve_key` gives the key of a profile from wherever its settings say it is."""

    def __init__(
        self,
        resolve_key: Callable[[Profile], Awaitable[Secret | None]],
        client: OpenAIClient,
        local: LocalModel,
        discovery: Discovery | None = None,
    ) -> None:
        self._resolve_key = resolve_key
        self._client = client
        self._local = local
        self._discovery = discovery or Discovery()

    async def preload(self) -> None:
        """Loads, in a thread, what the first request needs."""
        await asyncio.to_thread(preload)

    async def stream(
        self, profile: Profile, messages: Sequence[Message], prediction: str | None = None
    ) -> AsyncGenerator[Event, None]:
        """The answer as events; see the port. A profile's own problem comes first, before its key is touched."""
        if profile.problem is not None:
            raise SettingsError(profile.problem)
        if profile.kind == "echo":
            events = echo_answer(messages)
        elif profile.kind == "local":
            events = self._from_local(profile, messages)
        elif profile.unconfigured:
            events = self._from_discovered(profile, messages)
        else:
            events = self._from_configured(profile, messages, prediction)
        async with contextlib.aclosing(events):
            async for event in events:
                yield event

    async def wire(self, profile: Profile, messages: Sequence[Message], prediction: str | None = None) -> Wire:
        """What `stream` would send; see the port. The embedded model is not started for it."""
        if profile.problem is not None:
            raise SettingsError(profile.problem)
        if profile.kind == "echo":
            spoken = [{"role": message.role, "content": message.text} for message in messages]
            return Wire("echo:", (), json.dumps({"messages": spoken}, ensure_ascii=False).encode())
        if profile.kind == "local":
            there = _embedded(profile, EMBEDDED_URL)
            return await self._client.wire(there, messages)
        if profile.unconfigured:
            found = await self._discovery.find()
            return await self._client.wire(_found(profile, found), messages)
        if not profile.model:
            raise SettingsError(f"Profile “{profile.name}” names no model. Add `model` to it in the settings file.")
        return await self._client.wire(profile, messages, prediction)

    def heeds_limit(self, profile: Profile) -> bool:
        """Whether an output limit reaches the endpoint under some name."""
        return self._client.learned.takes_limit(profile)

    async def aclose(self) -> None:
        """Closes connections, and lets the embedded model go."""
        await self._client.aclose()
        await self._local.aclose()

    async def _from_configured(
        self, profile: Profile, messages: Sequence[Message], prediction: str | None
    ) -> AsyncGenerator[Event, None]:
        if not profile.model:
            raise SettingsError(f"Profile “{profile.name}” names no model. Add `model` to it in the settings file.")
        key = await self._resolve_key(profile)
        async with contextlib.aclosing(self._client.stream(profile, key, messages, prediction)) as events:
            async for event in events:
                yield event

    async def _from_local(self, profile: Profile, messages: Sequence[Message]) -> AsyncGenerator[Event, None]:
        yield Waiting("starting the embedded model")
        base_url, key = await self._local.endpoint(profile.model)
        there = _embedded(profile, base_url)
        async with contextlib.aclosing(self._client.stream(there, key, messages)) as events:
            async for event in events:
                yield event

    async def _from_discovered(self, profile: Profile, messages: Sequence[Message]) -> AsyncGenerator[Event, None]:
        found = await self._discovery.find()
        yield Waiting(f"using {found.model} of {found.name}")
        there = _found(profile, found)
        try:
            async with contextlib.aclosing(self._client.stream(there, None, messages)) as events:
                async for event in events:
                    yield event
        except NotReachable:
            self._discovery.forget()
            raise


def _embedded(profile: Profile, base_url: str) -> Profile:
    """llama.cpp serves one file and does not look at the name."""
    return replace(profile, base_url=base_url, model=profile.model or "embedded", headers={})


def _found(profile: Profile, found: Found) -> Profile:
    """Nobody vouches for what listens at that port: it gets no key, no header and no parameter."""
    return replace(profile, base_url=found.base_url, model=found.model, key=None, headers={}, parameters={})
