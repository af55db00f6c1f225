"""Asks the fake server the way the rest of the program does, and keeps what came."""

from __future__ import annotations

import dataclasses
from contextlib import aclosing
from typing import Any

import pytest
from openai_server import FakeOpenAI

from ask_lsp.core.conversation import Event, Message, TextDelta
from ask_lsp.core.errors import AskError
from ask_lsp.core.profile import Limits, Profile
from ask_lsp.core.secret import Secret
from ask_lsp.llm.openai_client import OpenAIClient

KEY = Secret("sk-test-0123456789abcdefghij")
QUESTION = [Message("system", "You explain code."), Message("user", "What is this?")]


class Asker:
    """Asks the fake server, and keeps what came: `events`, and the pauses that the client wanted to make."""

    def __init__(self, server: FakeOpenAI) -> None:
        self.server = server
        self.pauses: list[float] = []
        self.events: list[Event] = []
        self.client = OpenAIClient({}, sleep=self._pause, jitter=lambda: 1.0)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def profile(self, **fields: Any) -> Profile:
        defaults: dict[str, Any] = {"name": "work", "base_url": self.server.base_url, "model": "fake-model"}
        limits = Limits(**{name: fields.pop(name) for name in list(fields) if name in Limits.__dataclass_fields__})
        return dataclasses.replace(Profile("work"), **(defaults | {"limits": limits} | fields))

    async def ask(self, profile: Profile | None = None, *, key: Secret | None = KEY) -> str:
        """The text of an answer."""
        self.events = []
        async with aclosing(self.client.stream(profile or self.profile(), key, QUESTION)) as events:
            async for event in events:
                self.events.append(event)
        return self.text

    async def fail(self, profile: Profile | None = None, *, key: Secret | None = KEY) -> AskError:
        """The error of an answer that must fail."""
        with pytest.raises(AskError) as caught:
            await self.ask(profile, key=key)
        return caught.value

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    def of(self, kind: type[Event]) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]
