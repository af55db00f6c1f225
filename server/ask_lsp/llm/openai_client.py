"""Streamed chat completions of any OpenAI-compatible endpoint; the only file that imports the openai package.

The package is left nothing to find for itself: our own http client puts exactly those headers on a request that the
profile asks for, whatever the environment holds, and the key is known to that client alone. Retries and refused
parameters are handled here too, because the package retries silently and does not handle the other at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ask_lsp.core.conversation import Event, Message, Retrying, TextDelta, Wire
from ask_lsp.core.errors import AskError
from ask_lsp.core.profile import Profile
from ask_lsp.core.secret import Secret
from ask_lsp.core.text import replace_surrogates
from ask_lsp.llm.answers import refusal_of, stream_failure
from ask_lsp.llm.connection import check_key, check_way, http_client, only_our_headers
from ask_lsp.llm.errors import failure_of, no_completion, not_an_api
from ask_lsp.llm.failure import Target
from ask_lsp.llm.parameters import LearnedParameters, request_body, takes_prediction
from ask_lsp.llm.proxies import proxy_for
from ask_lsp.llm.reading import AttemptFailed, Inbox, read_answer

if TYPE_CHECKING:
    import httpx2
    import openai

log = logging.getLogger(__name__)

PINNED_LOGGERS = ("openai", "httpx2", "httpcore2")

_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 8.0


def preload() -> None:
    """Loads what the first request needs, the better part of a second of work; for a thread, after `initialized`."""
    _import()
    try:
        asyncio.run(_rehearse())
    except Exception as error:
        log.warning("the first answer will start a little later: %s", type(error).__name__)


def _import() -> None:
    # Left in the environment it would switch the package's loggers to DEBUG, and those show prompts.
    os.environ.pop("OPENAI_LOG", None)
    import openai.resources.chat.completions  # noqa: F401 - the package would load it on the event loop

    for name in PINNED_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


async def _rehearse() -> None:
    """One request that goes nowhere: the package builds its types at their first use, on whichever loop that is."""
    profile = Profile("rehearsal", base_url="http://localhost", model="none")
    await _captured(profile, Target.of(profile, None), _body(profile, [Message("user", "x")], None))


async def _captured(profile: Profile, target: Target, sent: dict[str, Any]) -> Wire:
    """The request that is made of `sent`, which goes nowhere."""
    _import()
    import httpx2

    chunk = b'data: {"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]}\n\n'
    answer = httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=chunk)
    requests: list[httpx2.Request] = []

    def keep(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return answer

    hooks = {"request": [only_our_headers(target)]}
    to_nowhere = httpx2.AsyncClient(transport=httpx2.MockTransport(keep), trust_env=False, event_hooks=hooks)
    client = _sdk_client(profile.base_url, to_nowhere)
    async with client, contextlib.aclosing(read_answer(_request(client, target, sent), target)) as events:
        async for _ in events:
            pass
    names = [*requests[0].headers.keys(), *(["authorization"] if profile.key else [])]
    return Wire(str(requests[0].url), tuple(sorted(set(names))), requests[0].content)


def _body(profile: Profile, messages: Sequence[Message], prediction: str | None) -> dict[str, Any]:
    body = request_body(profile.model, messages, profile.parameters, profile.max_output)
    if prediction and takes_prediction(profile):
        body["prediction"] = {"type": "content", "content": replace_surrogates(prediction)}
    return body


class OpenAIClient:
    """Sends chat completions. Keeps one connection pool per endpoint and key until `aclose`.

    `environment` is where proxies are looked up; `sleep` and `jitter` (0 to 1) are there to be replaced in tests.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.learned = LearnedParameters()
        self._environment = dict(environment or {})
        self._sleep = sleep
        self._jitter = jitter
        self._clients: dict[object, openai.AsyncOpenAI] = {}
        self._building: asyncio.Lock | None = None

    async def stream(
        self, profile: Profile, key: Secret | None, messages: Sequence[Message], prediction: str | None = None
    ) -> AsyncGenerator[Event, None]:
        """The answer as events, ending with Finished. Raises AskError subclasses only.

        Closing the generator closes the HTTP response.
        """
        target = Target.of(profile, key)
        check_way(target, profile)
        check_key(target)
        proxy = proxy_for(target.endpoint, self._environment, profile.proxy)
        target = replace(target, proxy=urlsplit(proxy).netloc.rpartition("@")[2] if proxy else None)
        try:
            client = await self._client(profile, target, proxy)
        except AskError:
            raise
        except Exception as error:
            raise failure_of(error, target).error from None
        body = _body(profile, messages, prediction)
        any_text, attempt, began = False, 0, time.monotonic()
        while True:
            sent = self.learned.apply(profile.base_url, body)
            try:
                async with contextlib.aclosing(read_answer(_request(client, target, sent), target)) as events:
                    async for event in events:
                        any_text = any_text or isinstance(event, TextDelta)
                        yield event
                return
            except AttemptFailed as failed:
                failure, failed_cause = failed.failure, failed.cause
                if not any_text and self._learn(profile, sent, failed.cause):
                    continue
                loading = failure.loading and time.monotonic() - began < target.limits.first_content
                if any_text or not failure.retry or (attempt >= target.limits.retries and not loading):
                    raise failure.error from None
            attempt += 1
            seconds = self._backoff(attempt) if failure.after is None else failure.after
            yield Retrying(failure.reason, seconds, attempt, refused=hasattr(failed_cause, "status_code"))
            await self._sleep(seconds)

    async def wire(self, profile: Profile, messages: Sequence[Message], prediction: str | None = None) -> Wire:
        """The request that `stream` would send first, made by the same code and not sent; its key is not fetched."""
        target = Target.of(profile, None)
        check_way(target, profile)
        if profile.key is None:
            check_key(target)
        sent = self.learned.apply(profile.base_url, _body(profile, messages, prediction))
        return await asyncio.to_thread(lambda: asyncio.run(_captured(profile, target, sent)))

    async def aclose(self) -> None:
        """Closes all connections."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.close()

    def _backoff(self, attempt: int) -> float:
        longest = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0 ** (attempt - 1))
        return longest * (0.75 + 0.25 * self._jitter())

    def _learn(self, profile: Profile, sent: Mapping[str, Any], cause: Any) -> bool:
        if getattr(cause, "status_code", None) not in (400, 422):
            return False
        refusal = refusal_of(cause.body)
        learned = self.learned.learn(profile.base_url, sent, refusal.words, refusal.param)
        if learned is not None:
            log.info("profile %s: %s does not take %s; adapting", profile.name, profile.model, learned)
        return learned is not None

    async def _client(self, profile: Profile, target: Target, proxy: str | None) -> openai.AsyncOpenAI:
        headers = tuple(sorted(profile.headers.items(), key=lambda item: item[0]))
        wanted = (profile.base_url, target.key, headers, proxy, profile.ca_bundle)
        self._building = self._building or asyncio.Lock()
        async with self._building:
            if wanted not in self._clients:
                # Certificates are read from the disk, and the package may not have been imported yet.
                self._clients[wanted] = await asyncio.to_thread(_build, profile, target, proxy)
            return self._clients[wanted]


def _build(profile: Profile, target: Target, proxy: str | None) -> openai.AsyncOpenAI:
    _import()
    return _sdk_client(profile.base_url, http_client(profile, target, proxy))


def _sdk_client(base_url: str, over: httpx2.AsyncClient) -> openai.AsyncOpenAI:
    import openai

    # Empty strings keep the package from looking for values in the environment.
    return openai.AsyncOpenAI(
        api_key="unused",
        admin_api_key="",
        organization="",
        project="",
        webhook_secret="",
        base_url=base_url,
        max_retries=0,
        http_client=over,
    )


def _request(client: openai.AsyncOpenAI, target: Target, sent: dict[str, Any]) -> Callable[[Inbox], Awaitable[None]]:
    """The task that sends a request and puts what comes into an inbox."""

    async def receive(inbox: Inbox) -> None:
        import httpx2

        body = {name: value for name, value in sent.items() if name not in ("model", "messages", "stream")}
        stream = await client.chat.completions.create(
            model=sent["model"],
            messages=sent["messages"],
            stream=True,
            extra_body=body,
            timeout=httpx2.Timeout(None, connect=target.limits.connect),
        )
        try:
            inbox.alive()
            kind = stream.response.headers.get("content-type", "").lower()
            if "html" in kind:
                raise AttemptFailed(not_an_api(target))
            if "application/json" in kind:
                inbox.chunk(_whole_answer(await stream.response.aread(), target))
                return
            # The SDK keeps comments to itself, and a comment is a sign of life.
            stream.response.stream = _watched(stream.response.stream, inbox)
            async for chunk in stream:
                inbox.chunk(chunk)
        finally:
            await stream.close()

    return receive


def _watched(body: Any, inbox: Inbox) -> httpx2.AsyncByteStream:
    import httpx2

    class Watched(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for data in body:
                inbox.alive()
                yield data

        async def aclose(self) -> None:
            await body.aclose()

    return Watched()


def _whole_answer(data: bytes, target: Target) -> Any:
    """The one chunk of a server that does not stream.

    Raises AttemptFailed for what is no answer, though it came with status 200.
    """
    answer = json.loads(data)
    if not isinstance(answer, dict) or answer.get("error"):
        raise AttemptFailed(stream_failure(answer, "", target))
    chunk = json.loads(data, object_hook=lambda fields: SimpleNamespace(**fields))
    try:
        for choice in chunk.choices:
            choice.delta = choice.message
    except (AttributeError, TypeError):
        raise AttemptFailed(no_completion(target)) from None
    return chunk
