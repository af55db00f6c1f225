"""The gate on its own: what a try that is refused frees, what the next may take by then, and where a limit holds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from ask_lsp.assistant.sending import Outbox, Sending, Spent
from ask_lsp.core.conversation import Event, Finished, Message, Retrying, TextDelta, Thought, Usage, Wire
from ask_lsp.core.errors import SaidNothing
from ask_lsp.core.profile import Prices, Profile
from ask_lsp.core.settings import Settings
from ask_lsp.core.spend import Amounts, Caps, Outcome, Planned
from ask_lsp.core.tokens import FIRST_RATIO
from ask_lsp.privacy.allow import FileRules
from ask_lsp.privacy.redact import SecretRedactor
from ask_lsp.store.db import Database
from ask_lsp.store.ledger import SqliteLedger
from ask_lsp.store.owner import Owner

WORDS = 300
PROFILE = Profile(
    "default", base_url="https://api.example/v1", model="big-1", prices=Prices(0.0, 1_000_000.0, 0.0)
)  # $1 each
ASKED = (Message("user", "Why?"),)


class RefusedOnce:
    """An endpoint that refuses the first try, and then says many words one by one, while another editor spends too."""

    def __init__(self, ledger: SqliteLedger, heeds: bool, others_spend: int = 0) -> None:
        self.ledger = ledger
        self.heeds = heeds
        self.others_spend = others_spend
        self.limits: list[int | None] = []

    async def stream(
        self, profile: Profile, messages: Sequence[Message], prediction: str | None = None
    ) -> AsyncGenerator[Event, None]:
        self.limits.append(profile.max_output)
        planned = Planned("https://api.example", "default", "big-1", "ask", 1, 1, prices=PROFILE.prices)
        theirs = await self.ledger.reserve(planned, Caps(Amounts(), Amounts()))
        await self.ledger.settle(theirs, Outcome("done", Usage(0, self.others_spend)))
        yield Retrying("It is busy.", 0.0, 1, refused=True)
        for number in range(WORDS):
            yield TextDelta(f"word{number} ")
        yield Finished("stop")

    async def wire(self, profile: Profile, messages: Sequence[Message], prediction: str | None = None) -> Wire:
        raise NotImplementedError

    def heeds_limit(self, profile: Profile) -> bool:
        return self.heeds

    async def aclose(self) -> None:
        return None


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    database = Database(tmp_path / "state")
    made = SqliteLedger(database, Owner(tmp_path / "running"))
    yield made
    await made.aclose()
    await database.aclose()


def sending(cap: float) -> Sending:
    settings = Settings(
        profiles={"default": PROFILE}, active="default", actions=(), caps=Caps(Amounts(per_day=cap), Amounts())
    )
    return Sending(ASKED, "ask", "chat-1", settings)


@pytest.mark.parametrize("heeds", [True, False])
async def test_a_second_try_gets_no_more_than_is_left_by_then(
    ledger: SqliteLedger, tmp_path: Path, heeds: bool
) -> None:
    """The request that is sent again names the first limit, so the answer is cut here, whatever the endpoint heeds."""
    models, spent = RefusedOnce(ledger, heeds, others_spend=800), Spent()
    outbox = Outbox(models, FileRules(tmp_path), SecretRedactor(), ledger)

    events = [event async for event in outbox.send(await outbox.prepare(sending(1_000)), spent)]

    words = [event for event in events if isinstance(event, TextDelta)]
    assert models.limits == [1_000]
    assert 50 <= len(words) <= 200
    assert events[-1] == Finished("length")
    assert spent.cost is not None
    assert await ledger.spent_today() == pytest.approx(800 + (spent.cost.usd or 0))
    assert await ledger.spent_today() <= 1_005


async def test_an_endpoint_that_heeds_the_limit_is_let_end_by_itself(ledger: SqliteLedger, tmp_path: Path) -> None:
    """It counts better than we can, as long as the limit that it was sent is the one that holds."""
    models = RefusedOnce(ledger, heeds=True)
    outbox = Outbox(models, FileRules(tmp_path), SecretRedactor(), ledger)

    events = [event async for event in outbox.send(await outbox.prepare(sending(1_000)), Spent())]

    assert len([event for event in events if isinstance(event, TextDelta)]) == WORDS
    assert events[-1] == Finished("stop")


class Endless:
    """An endpoint that is sent a limit, and goes on for as long as anybody listens."""

    def __init__(self, kind: type[TextDelta] | type[Thought], words: int = 100_000) -> None:
        self.kind = kind
        self.words = words
        self.profiles: list[Profile] = []

    async def stream(
        self, profile: Profile, messages: Sequence[Message], prediction: str | None = None
    ) -> AsyncGenerator[Event, None]:
        self.profiles.append(profile)
        for number in range(self.words):
            yield self.kind(f"word{number} ")
        yield Finished("stop")

    async def wire(self, profile: Profile, messages: Sequence[Message], prediction: str | None = None) -> Wire:
        raise NotImplementedError

    def heeds_limit(self, profile: Profile) -> bool:
        return True

    async def aclose(self) -> None:
        return None


def limited(**parameters: object) -> Sending:
    """A free profile on this machine whose own parameters say how long an answer may be."""
    here = Profile("default", base_url="http://127.0.0.1:1/v1", model="m", prices=Prices(0.0, 0.0))
    here = replace(here, parameters=parameters, max_output=None if parameters else 100)
    return Sending(ASKED, "ask", "chat-1", Settings(profiles={"default": here}, active="default", actions=()))


async def test_an_endpoint_that_ignores_the_limit_is_closed_when_it_is_clearly_over(
    ledger: SqliteLedger, tmp_path: Path
) -> None:
    outbox = Outbox(Endless(TextDelta), FileRules(tmp_path), SecretRedactor(), ledger)

    events = [event async for event in outbox.send(await outbox.prepare(limited()), Spent())]

    assert 50 <= len([event for event in events if isinstance(event, TextDelta)]) <= 200
    assert events[-1] == Finished("length")


async def test_an_endless_thought_is_closed_and_paid_for(ledger: SqliteLedger, tmp_path: Path) -> None:
    outbox, spent = Outbox(Endless(Thought), FileRules(tmp_path), SecretRedactor(), ledger), Spent()
    events = []

    with pytest.raises(SaidNothing, match="Raise max_output"):
        events = [event async for event in outbox.send(await outbox.prepare(limited()), spent)]

    assert events == []
    assert spent.cost is not None
    assert 100 <= spent.cost.output_tokens <= 400


async def test_what_was_thought_before_a_cancel_is_paid_for(ledger: SqliteLedger, tmp_path: Path) -> None:
    class Thinks(Endless):
        async def stream(
            self, profile: Profile, messages: Sequence[Message], prediction: str | None = None
        ) -> AsyncGenerator[Event, None]:
            for number in range(20):
                yield Thought(f"word{number} ")
            yield TextDelta("So")
            yield Finished("stop")

    outbox, spent = Outbox(Thinks(Thought), FileRules(tmp_path), SecretRedactor(), ledger), Spent()

    async with aclosing(outbox.send(await outbox.prepare(sending(1_000)), spent)) as events:
        assert await anext(events) == TextDelta("So")

    assert spent.cost is not None
    assert spent.cost.output_tokens >= 41 * FIRST_RATIO


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens", "n_predict"])
async def test_a_limit_keeps_the_name_that_the_user_chose(name: str, ledger: SqliteLedger, tmp_path: Path) -> None:
    models = Endless(TextDelta, words=3)
    outbox = Outbox(models, FileRules(tmp_path), SecretRedactor(), ledger)
    free = await outbox.prepare(limited(**{name: 100, "seed": 1}))
    capped = replace(free.sending.settings, caps=Caps(Amounts(), Amounts(per_request=90), tokens_chosen=True))

    for prepared in (free, await outbox.prepare(replace(free.sending, settings=capped))):
        async for _ in outbox.send(prepared, Spent()):
            pass

    one, other = ((dict(each.parameters), each.max_output) for each in models.profiles)
    assert one == ({name: 100, "seed": 1}, None)
    if name == "n_predict":  # a server's own word, which nobody reads as a limit
        assert other[0] == one[0]
        assert other[1] is not None
    else:
        assert other[1] is None
        assert 0 < other[0][name] < 100


async def test_a_number_that_means_no_limit_is_none(ledger: SqliteLedger, tmp_path: Path) -> None:
    models = Endless(TextDelta, words=300)
    outbox = Outbox(models, FileRules(tmp_path), SecretRedactor(), ledger)

    events = [event async for event in outbox.send(await outbox.prepare(limited(max_tokens=-1)), Spent())]

    assert models.profiles[0].parameters == {"max_tokens": -1}
    assert events[-1] == Finished("stop")
