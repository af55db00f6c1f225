"""The embedded model really runs, once. Nothing is asserted about its words, which are often wrong."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from ask_lsp.core.conversation import Event, Finished, Message, TextDelta, Usage
from ask_lsp.core.errors import ContextTooLong
from ask_lsp.core.profile import Profile
from ask_lsp.core.secret import Secret
from ask_lsp.llm.local import LocalModel
from ask_lsp.llm.local_download import pull
from ask_lsp.llm.local_files import MODEL_FILE, RunFiles
from ask_lsp.llm.models import ModelRouter
from ask_lsp.llm.openai_client import OpenAIClient

QUESTION = [Message("system", "You are a helpful assistant."), Message("user", "What does a compiler do?")]
DATA = Path(__file__).parent.parent.parent / ".cache" / "ask-lsp"


@pytest.fixture
def gguf() -> Path:
    """The model: the one named, or where `make` puts it; fetched by our own code if it is not there."""
    named = Path(os.environ.get("ASK_LSP_TEST_MODEL") or DATA / "models" / MODEL_FILE)
    return named if named.is_file() else pull(DATA, lambda what, done, total: None)


@pytest.fixture
async def router(tmp_path: Path) -> AsyncIterator[ModelRouter]:
    async def no_key(profile: Profile) -> Secret | None:
        raise AssertionError("the embedded model has a key of its own")

    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    made = ModelRouter(no_key, OpenAIClient({}), LocalModel(tmp_path, environment))
    yield made
    await made.aclose()


async def all_of(router: ModelRouter, profile: Profile, messages: list[Message]) -> list[Event]:
    async with aclosing(router.stream(profile, messages)) as events:
        return [event async for event in events]


async def test_the_embedded_model_starts_answers_is_cancelled_and_ends(
    router: ModelRouter, gguf: Path, tmp_path: Path
) -> None:
    profile = Profile("local", kind="local", model=str(gguf), max_output=24, parameters={"temperature": 0})

    answer = await all_of(router, profile, QUESTION)

    usage = [event for event in answer if isinstance(event, Usage)]
    assert any(isinstance(event, TextDelta) and event.text for event in answer)
    assert len(usage) == 1
    assert usage[0].input_tokens > 10
    assert 0 < usage[0].output_tokens <= 24
    assert isinstance(answer[-1], Finished)

    # Cancelled in the middle of a long answer, it is free for the next question at once.
    long = Profile("local", kind="local", model=str(gguf), max_output=4000, parameters={"ignore_eos": True})
    async with aclosing(router.stream(long, QUESTION)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    began = time.monotonic()
    async with aclosing(router.stream(profile, QUESTION)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    assert time.monotonic() - began < 10, "4000 tokens would have taken longer"

    with pytest.raises(ContextTooLong, match="tokens too long for"):
        await all_of(router, profile, [Message("user", "word " * 20_000)])

    running = RunFiles.of(tmp_path, gguf).read()
    assert running is not None
    process = psutil.Process(running.pid)
    await router.aclose()
    await asyncio.to_thread(process.wait, 10)


def test_a_model_file_that_is_none_says_so(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no model at all")

    done = subprocess.run(
        [sys.executable, "-m", "ask_lsp", "local", "serve", str(broken)],
        env={"ASK_LSP_DATA": str(tmp_path), "PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )

    assert done.returncode == 1
    assert "broken.gguf could not be served" in done.stderr
    assert "Traceback" not in done.stderr


def test_status_says_what_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ask_lsp", "local", "status"],
        env={"ASK_LSP_DATA": str(tmp_path), "PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )

    assert done.returncode == 1
    assert "model:   not pulled" in done.stdout
    assert "Get the model with: ask-lsp local pull" in done.stderr
