"""What a streamed answer of the fake model server is made of: steps, and the bytes that each of them becomes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Delta:
    """One chunk with these fields in its delta."""

    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Finish:
    """The chunk with the finish_reason."""

    reason: str = "stop"


@dataclass(frozen=True)
class UsageChunk:
    """The last chunk, sent only to those who asked for it by stream_options."""

    prompt: int = 11
    completion: int = 7
    cached: int = 0


@dataclass(frozen=True)
class Raw:
    """Bytes of the body, as they are."""

    data: bytes


@dataclass(frozen=True)
class Wait:
    """Nothing more until the event is set."""

    gate: threading.Event


@dataclass(frozen=True)
class Pause:
    """Nothing for so many seconds; for benches and demonstrations, never for an assertion."""

    seconds: float


class End:
    """The body ends properly."""


class Reset:
    """The connection is reset."""


class Break:
    """The connection is closed in the middle of the body."""


Step = Delta | Finish | UsageChunk | Raw | Wait | Pause | type[End] | type[Reset] | type[Break]
DONE = Raw(b"data: [DONE]\n\n")


def cut(text: str, chunks: int) -> list[str]:
    """`text` in `chunks` pieces of nearly the same length."""
    size, rest = divmod(len(text), chunks)
    pieces, at = [], 0
    for index in range(chunks):
        end = at + size + (1 if index < rest else 0)
        pieces.append(text[at:end])
        at = end
    return pieces


def error_body(message: str, *, kind: str, code: str | None = None, param: str | None = None, **more: Any) -> bytes:
    """The JSON of an OpenAI error."""
    error = {"message": message, "type": kind, "param": param, "code": code, **more}
    return json.dumps({"error": error}).encode()


def spoken(
    pieces: Sequence[str],
    *,
    gate: threading.Event | None = None,
    reasoning: Sequence[str] = (),
    finish: str = "stop",
    usage: bool = True,
    pause: float = 0.0,
) -> list[Step]:
    """The steps of a normal, complete answer."""
    steps: list[Step] = [Delta({"role": "assistant", "content": ""})]
    steps += [Delta({"reasoning_content": thought}) for thought in reasoning]
    for index, piece in enumerate(pieces):
        if index == 1 and gate is not None:
            steps.append(Wait(gate))
        if index and pause:
            steps.append(Pause(pause))
        steps.append(Delta({"content": piece}))
    if gate is not None and len(pieces) < 2:
        steps.append(Wait(gate))
    steps.append(Finish(finish))
    if usage:
        steps.append(UsageChunk(completion=len(pieces)))
    return [*steps, DONE, End]


class ChunkMaker:
    """Makes the chunks of one answer: they share id, time and model."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        options = body.get("stream_options") or {}
        self._wants_usage = bool(options.get("include_usage"))
        self._common = {
            "id": f"chatcmpl-{id(self):x}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": body.get("model", ""),
        }

    def bytes_of(self, step: Any) -> bytes:
        if isinstance(step, Raw):
            return step.data
        if isinstance(step, UsageChunk):
            if not self._wants_usage:
                return b""
            usage = {
                "prompt_tokens": step.prompt,
                "completion_tokens": step.completion,
                "total_tokens": step.prompt + step.completion,
                "prompt_tokens_details": {"cached_tokens": step.cached},
            }
            return self._event({"choices": [], "usage": usage})
        delta = dict(step.fields) if isinstance(step, Delta) else {}
        reason = step.reason if isinstance(step, Finish) else None
        return self._event({"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]})

    def _event(self, fields: Mapping[str, Any]) -> bytes:
        return b"data: " + json.dumps({**self._common, **fields}, ensure_ascii=False).encode() + b"\n\n"


def parts(data: bytes, split_utf8: bool) -> list[bytes]:
    if not data:
        return []
    if split_utf8:
        for index, byte in enumerate(data):
            if byte >= 0xC0:
                return [data[: index + 1], *parts(data[index + 1 :], True)]
    return [data]
