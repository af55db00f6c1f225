"""The profile says which way an answer is had: endpoint, echo, embedded model, or what is found on this machine."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from asking_rig import KEY, QUESTION
from openai_server import FakeOpenAI

from ask_lsp.core.conversation import Event, Finished, Message, TextDelta, Usage, Waiting
from ask_lsp.core.errors import LocalModelError, NotReachable, SettingsError
from ask_lsp.core.profile import Profile
from ask_lsp.core.secret import Secret
from ask_lsp.llm.discover import Discovery, LocalServer
from ask_lsp.llm.echo import echo_text
from ask_lsp.llm.local import LocalModel
from ask_lsp.llm.models import ModelRouter
from ask_lsp.llm.openai_client import OpenAIClient


class Rig:
    """A router over a client without proxies, and the profiles whose key it asked for."""

    def __init__(self, directory: Path, *ports: int) -> None:
        self.asked: list[str] = []
        self.clock = 0.0
        servers = [LocalServer(name, port) for name, port in zip(["Ollama"], ports, strict=True)]
        self.discovery = Discovery(servers, limit=2.0, clock=lambda: self.clock)
        self.router = ModelRouter(self.key_of, OpenAIClient({}), LocalModel(directory, {}), self.discovery)

    async def key_of(self, profile: Profile) -> Secret | None:
        self.asked.append(profile.name)
        return KEY

    async def ask(self, profile: Profile, messages: list[Message] = QUESTION) -> list[Event]:
        async with aclosing(self.router.stream(profile, messages)) as events:
            return [event async for event in events]


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.fixture
async def rig(tmp_path: Path, server: FakeOpenAI) -> Any:
    made = Rig(tmp_path, server.port)
    yield made
    await made.router.aclose()


async def test_a_configured_profile_gets_its_key_and_its_answer(rig: Rig, server: FakeOpenAI) -> None:
    events = await rig.ask(Profile("work", base_url=server.base_url, model="m"))

    assert text_of(events) == "Hello from the fake model."
    assert rig.asked == ["work"]
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY.reveal()}"


async def test_a_profile_with_a_problem_says_it_before_its_key_is_touched(rig: Rig, server: FakeOpenAI) -> None:
    with pytest.raises(SettingsError, match="belongs elsewhere"):
        await rig.ask(Profile("work", base_url=server.base_url, model="m", problem="The key belongs elsewhere."))

    assert rig.asked == []
    assert server.requests == []


async def test_a_profile_without_a_model_says_so(rig: Rig, server: FakeOpenAI) -> None:
    with pytest.raises(SettingsError, match="names no model"):
        await rig.ask(Profile("work", base_url=server.base_url))


# ---- echo ----


async def test_echo_repeats_what_it_got_in_several_deltas(rig: Rig) -> None:
    question = "Why?\n\n```python\nx = 1\ny = 2\n```\n"

    events = await rig.ask(Profile("echo", kind="echo"), [Message("system", "s"), Message("user", question)])

    assert text_of(events).startswith("You asked: Why?\n\nWith it came 2 lines of code, in 2 messages (system, user).")
    assert sum(isinstance(event, TextDelta) for event in events) > 3
    assert isinstance(events[-2], Usage)
    assert events[-1] == Finished("stop")
    assert rig.asked == []


def test_echo_always_says_the_same() -> None:
    assert echo_text(QUESTION) == echo_text(QUESTION)
    assert echo_text([]).startswith("You asked: nothing")


# ---- nothing configured ----

NOBODY = Profile("default", unconfigured=True, headers={"X-Secret": Secret("s")}, parameters={"temperature": 1})


async def test_the_first_usual_server_is_used_and_gets_no_key(rig: Rig, server: FakeOpenAI) -> None:
    server.models = ["nomic-embed-text", "llama3"]

    events = await rig.ask(NOBODY)

    request = server.requests[0]
    assert events[0] == Waiting("using llama3 of Ollama")
    assert text_of(events) == "Hello from the fake model."
    assert rig.asked == []
    assert request.body["model"] == "llama3"
    assert "temperature" not in request.body
    assert not {"authorization", "x-secret"} & request.headers.keys()


async def test_what_was_found_is_remembered_for_a_while(rig: Rig, server: FakeOpenAI) -> None:
    await rig.ask(NOBODY)
    rig.clock = 29.0
    await rig.ask(NOBODY)
    assert len(server.other_requests) == 1

    rig.clock = 31.0
    await rig.ask(NOBODY)
    assert len(server.other_requests) == 2


async def test_earlier_servers_come_first_and_silent_ones_do_not_hold_it_up(tmp_path: Path) -> None:
    with FakeOpenAI(models=["b"]) as second, FakeOpenAI(models=["c"]) as third, FakeOpenAI(models=[]) as first:
        discovery = Discovery(
            [LocalServer("A", first.port), LocalServer("B", second.port), LocalServer("C", third.port)]
        )

        found = await discovery.find()

    assert (found.name, found.model) == ("B", "b")


async def test_nothing_found_says_the_three_ways_to_get_going(tmp_path: Path) -> None:
    with FakeOpenAI() as gone:
        port = gone.port
    rig = Rig(tmp_path, port)

    with pytest.raises(NotReachable) as caught:
        await rig.ask(NOBODY)
    await rig.router.aclose()

    for way in ("ask-lsp config --path", "OPENAI_API_KEY", "ask-lsp local pull"):
        assert way in str(caught.value)


async def test_a_server_that_went_away_is_looked_for_anew(tmp_path: Path) -> None:
    with FakeOpenAI() as server:
        rig = Rig(tmp_path, server.port)
        await rig.ask(NOBODY)

    for expected in ("Nothing answers", "no model server was found"):
        with pytest.raises(NotReachable, match=expected):
            await rig.ask(NOBODY)
    await rig.router.aclose()


# ---- embedded ----


async def test_an_embedded_model_that_was_not_pulled_says_how_to_get_it(rig: Rig) -> None:
    with pytest.raises(LocalModelError, match="ask-lsp local pull"):
        await rig.ask(Profile("local", kind="local"))


async def test_a_model_file_that_is_not_there_is_named(rig: Rig, tmp_path: Path) -> None:
    with pytest.raises(LocalModelError, match="There is no model file"):
        await rig.ask(Profile("local", kind="local", model=str(tmp_path / "none.gguf")))
