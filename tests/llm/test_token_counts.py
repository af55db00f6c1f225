"""The recorded token counts are those of the real model, and what it reports makes estimates right."""

from __future__ import annotations

import json
import os
from contextlib import aclosing
from pathlib import Path

import pytest

from ask_lsp.core.conversation import Message, Usage
from ask_lsp.core.profile import Prices, Profile
from ask_lsp.core.secret import Secret
from ask_lsp.core.spend import Caps, Outcome, Planned
from ask_lsp.llm.local import LocalModel
from ask_lsp.llm.models import ModelRouter
from ask_lsp.llm.openai_client import OpenAIClient
from ask_lsp.store.db import Database
from ask_lsp.store.ledger import SqliteLedger
from ask_lsp.store.owner import Owner

CORPUS = Path(__file__).parent.parent / "corpus" / "token_counts.json"


@pytest.mark.xdist_group("embedded")
async def test_the_real_model_counts_as_recorded_and_is_estimated_right(tmp_path: Path) -> None:
    gguf = Path(os.environ["ASK_LSP_TEST_MODEL"])
    if not gguf.is_file():
        pytest.skip(f"the model is missing: make {gguf.name} by `make test`")

    async def no_key(profile: Profile) -> Secret | None:
        raise AssertionError("the embedded model has a key of its own")

    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    router = ModelRouter(no_key, OpenAIClient({}), LocalModel(tmp_path, environment))
    database = Database(tmp_path / "state")
    ledger = SqliteLedger(database, Owner(tmp_path / "state" / "running"))
    profile = Profile("local", kind="local", model=str(gguf), max_output=1, parameters={"temperature": 0})
    found = json.loads(CORPUS.read_text(encoding="utf-8"))
    asks = sorted((each for each in found["asks"] if "." in each["about"]), key=lambda each: each["tokens"])[:3]
    told: list[int] = []
    errors: list[float] = []
    for ask in asks:
        texts = [found["system"], ask["question"]]
        pieces, estimate = await ledger.estimate("local", "small", texts)
        planned = Planned("local", "local", "small", "ask", pieces, estimate, prices=Prices(0, 0))
        reserved = await ledger.reserve(planned, Caps())
        usage = None
        async with aclosing(router.stream(profile, [Message("system", texts[0]), Message("user", texts[1])])) as events:
            async for event in events:
                usage = event if isinstance(event, Usage) else usage
        assert usage is not None
        told.append(usage.input_tokens)
        errors.append(estimate / usage.input_tokens - 1)
        await ledger.settle(reserved, Outcome("done", usage))
    await router.aclose()
    await ledger.aclose()
    await database.aclose()

    assert told == [ask["tokens"] for ask in asks]
    assert 0 <= errors[0] <= 0.6
    assert abs(errors[-1]) <= 0.15
