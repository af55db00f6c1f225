"""What tests of the model clients share: a fake server, and a client whose pauses take no time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from asking_rig import Asker
from openai_server import FakeOpenAI


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as running:
        yield running


@pytest.fixture
async def asker(server: FakeOpenAI) -> AsyncIterator[Asker]:
    made = Asker(server)
    yield made
    await made.client.aclose()
