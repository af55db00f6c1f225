"""What the server adds to an ask: time to the first token, time from a cancel to the disconnect, and memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
from figures import Figure, median, milliseconds, percentile
from home import code, new_home
from openai_server import FakeOpenAI
from start_up import EMPTY
from wire import BenchFailed, Wire

ANSWER = "It adds up what is above the limit, and takes one off for each that is not."
URI = "file:///bench/asked.py"
WARM_UP = 5
FIRST_TOKEN_ROUNDS = 31
FIRST_TOKEN_BOUND = 10.0
CANCEL_ROUNDS = 15
CANCEL_BOUND = 200.0
MEMORY_ROUNDS = 3
MEMORY_BOUND = 90.0
HOVERS = 300
HOVER_BOUND = 10.0
MIB = 1 << 20


def measure() -> list[Figure]:
    """All of them against one fake model server."""
    with FakeOpenAI() as model:
        return [
            *first_token(model),
            *cancel(model),
            *memory(model),
        ]


def _ask(wire: Wire, action: str = "find_problems") -> str:
    """Begins an ask about a function, and returns its job."""
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 8, "character": 16}}
    job: str = wire.execute("ask.run", {"action": action, "uri": URI, "range": whole})["job"]
    return job


def first_token(model: FakeOpenAI) -> list[Figure]:
    """The command to the first text that a client has, beside the bare openai client, in turn on the same server."""
    ours: list[float] = []
    bare: list[float] = []
    with new_home(model.base_url) as environment, Wire(environment) as wire:
        wire.start()
        wire.open(URI, code(200))
        reference = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("bare_client.py")), model.base_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        try:
            for number in range(WARM_UP + FIRST_TOKEN_ROUNDS):
                bare_seconds = _bare(reference, model)
                model.say(ANSWER, chunks=4)
                wire.forget()
                job = _ask(wire)
                seconds = wire.answer(job, "streaming", with_delta=True) - (wire.answered_at - wire.took)
                wire.answer(job, "done")
                if number >= WARM_UP:
                    bare.append(bare_seconds)
                    ours.append(seconds)
        finally:
            reference.kill()
            reference.communicate()
    ours_ms, bare_ms = milliseconds(ours), milliseconds(bare)
    detail = {
        "ask_lsp_ms": median(ours_ms),
        "bare_openai_ms": median(bare_ms),
        "ask_lsp_p90_ms": percentile(ours_ms, 0.9),
        "bare_openai_p90_ms": percentile(bare_ms, 0.9),
    }
    added = median(ours_ms) - median(bare_ms)
    return [
        Figure(
            "added time to the first token",
            added,
            "ms",
            FIRST_TOKEN_ROUNDS,
            FIRST_TOKEN_BOUND,
            "the bare openai client",
            detail,
        )
    ]


def _bare(reference: subprocess.Popen[str], model: FakeOpenAI) -> float:
    assert reference.stdin is not None
    assert reference.stdout is not None
    model.say(ANSWER, chunks=4)
    reference.stdin.write("\n")
    reference.stdin.flush()
    line = reference.stdout.readline()
    if not line:
        raise BenchFailed("the bare openai client ended; its words stand above")
    return float(line)


def cancel(model: FakeOpenAI) -> list[Figure]:
    """ask.cancel to the moment at which the model server sees the connection go."""
    seconds = []
    with new_home(model.base_url) as environment, Wire(environment) as wire:
        wire.start()
        wire.open(URI, code(200))
        for _ in range(CANCEL_ROUNDS):
            held = model.hold()
            held.send("It adds ")
            before = len(model.requests)
            job = _ask(wire)
            wire.answer(job, "streaming", with_delta=True)
            wire.execute("ask.cancel", {"job": job})
            request = model.wait_for_request(before + 1)
            if not request.disconnected.wait(5) or request.disconnected_at is None:
                raise BenchFailed("a cancelled request stayed open for 5 s")
            seconds.append(request.disconnected_at - (wire.answered_at - wire.took))
            wire.answer(job, "cancelled")
    waits = milliseconds(seconds)
    detail = {"median_ms": median(waits), "max_ms": max(waits)}
    return [
        Figure("cancel to disconnect, longest", max(waits), "ms", CANCEL_ROUNDS, CANCEL_BOUND, detail=detail),
    ]


def memory(model: FakeOpenAI) -> list[Figure]:
    """Resident memory of the server after one answer, and the hover that the answer then fills."""
    resident, empty = [], []
    hovers: list[float] = []
    with new_home(model.base_url) as environment:
        for number in range(MEMORY_ROUNDS):
            with Wire(environment, EMPTY) as wire:
                wire.initialize()
                empty.append(_resident(wire))
            with Wire(environment) as wire:
                wire.start()
                wire.open(URI, code(200))
                _explain(wire, model)
                resident.append(_resident(wire))
                if number == 0:
                    hovers = milliseconds(_hovers(wire))
    detail = {"empty_pygls_mib": median(empty)}
    return [
        Figure(
            "resident memory after one answer",
            median(resident),
            "MiB",
            MEMORY_ROUNDS,
            MEMORY_BOUND,
            "an empty pygls server",
            detail,
        ),
        Figure("hover from the cache, p50", median(hovers), "ms", len(hovers)),
        Figure("hover from the cache, p99", percentile(hovers, 0.99), "ms", len(hovers), HOVER_BOUND),
    ]


def _explain(wire: Wire, model: FakeOpenAI) -> None:
    model.say(ANSWER, chunks=4)
    explain = next(each for each in wire.actions(URI, 4, 8) if each["title"].startswith("Explain"))
    command: dict[str, Any] = explain["command"]
    job = wire.execute(command["command"], command["arguments"][0])["job"]
    wire.answer(job, "done")


def _hovers(wire: Wire) -> list[float]:
    seconds = []
    for _ in range(HOVERS):
        place = {"line": 0, "character": 6}
        result = wire.request("textDocument/hover", {"textDocument": {"uri": URI}, "position": place})
        if not result:
            raise BenchFailed("a hover was empty although the function had been explained")
        seconds.append(wire.took)
    return seconds


def _resident(wire: Wire) -> float:
    process = psutil.Process(wire.process.pid)
    family = [process, *process.children(recursive=True)]
    total: int = sum(each.memory_info().rss for each in family)
    return total / MIB
