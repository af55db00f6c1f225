"""An answer as events: text, signs of life, usage, end; under limits, with visible retries, and gone when given up."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from contextlib import aclosing
from email.utils import formatdate

import pytest
from asking_rig import KEY, QUESTION, Asker
from openai_server import DONE, Delta, End, FakeOpenAI, Finish, Plain, Raw, UsageChunk

from ask_lsp.core.conversation import Finished, Retrying, TextDelta, Thought, Usage, Waiting
from ask_lsp.core.errors import (
    AskError,
    CutOff,
    Filtered,
    NotReachable,
    RateLimited,
    Rejected,
    SaidNothing,
    TimedOut,
)
from ask_lsp.core.secret import Secret
from ask_lsp.llm.openai_client import PINNED_LOGGERS, OpenAIClient, preload

# ---- a normal answer ----


async def test_text_comes_in_deltas_then_usage_then_the_end(asker: Asker, server: FakeOpenAI) -> None:
    server.say("Grüße, 世界 🌍", chunks=4, split_utf8=True)

    assert await asker.ask() == "Grüße, 世界 🌍"

    assert len(asker.of(TextDelta)) == 4
    assert asker.events[-2:] == [Usage(11, 4, 0), Finished("stop")]


async def test_only_what_is_configured_is_sent(asker: Asker, server: FakeOpenAI) -> None:
    await asker.ask(asker.profile(max_output=100, parameters={"temperature": 0.2, "seed": 7}))

    assert server.requests[0].body == {
        "model": "fake-model",
        "messages": [
            {"role": "system", "content": "You explain code."},
            {"role": "user", "content": "What is this?"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 100,
        "temperature": 0.2,
        "seed": 7,
    }


async def test_lone_surrogates_leave_as_replacement_characters(asker: Asker, server: FakeOpenAI) -> None:
    message = QUESTION[1]._replace(text="a\ud800b")

    async with aclosing(asker.client.stream(asker.profile(), KEY, [message])) as events:
        async for _ in events:
            pass

    assert server.requests[0].messages[0]["content"] == "a\ufffdb"


async def test_an_answer_without_usage_is_complete_all_the_same(asker: Asker, server: FakeOpenAI) -> None:
    server.say("ok", usage=False)

    assert await asker.ask() == "ok"
    assert asker.of(Usage) == []


@pytest.mark.parametrize("count", ["-1", "-1000000000", "1e30", "1" + "0" * 30, "12.5", "[7]"])
@pytest.mark.parametrize("name", ["prompt_tokens", "completion_tokens", "cached"])
async def test_a_usage_that_cannot_be_is_not_told(asker: Asker, server: FakeOpenAI, name: str, count: str) -> None:
    """It would be booked: below nothing it fills a cap up again, and beyond an integer of SQLite it is an error."""
    told = {"prompt_tokens": "3", "completion_tokens": "1", "cached": "0"} | {name: count}
    usage = (
        f'{{"prompt_tokens": {told["prompt_tokens"]}, "completion_tokens": {told["completion_tokens"]}, '
        f'"prompt_tokens_details": {{"cached_tokens": {told["cached"]}}}}}'
    )
    chunk = f'data: {{"id": "x", "object": "chat.completion.chunk", "choices": [], "usage": {usage}}}\n\n'
    server.stream(Delta({"content": "ok"}), Finish(), Raw(chunk.encode()), DONE, End)

    assert await asker.ask() == "ok"
    assert asker.of(Usage) == []
    assert asker.events[-1] == Finished("stop")


@pytest.mark.parametrize("usage", [b"{}", b'{"total_tokens": 5}', b'{"prompt_tokens": null}'])
async def test_a_usage_that_leaves_things_out_spoils_no_answer(asker: Asker, server: FakeOpenAI, usage: bytes) -> None:
    chunk = b'data: {"id": "x", "object": "chat.completion.chunk", "choices": [], "usage": ' + usage + b"}\n\n"
    server.stream(Delta({"content": "ok"}), Finish(), Raw(chunk), DONE, End)

    assert await asker.ask() == "ok"
    assert asker.of(Usage) == [Usage(0, 0)]


async def test_cached_tokens_are_told(asker: Asker, server: FakeOpenAI) -> None:
    server.stream(Delta({"content": "ok"}), Finish(), UsageChunk(100, 5, 80), DONE, End)

    await asker.ask()

    assert asker.of(Usage) == [Usage(100, 5, 80)]


async def test_an_answer_cut_by_its_length_says_so(asker: Asker, server: FakeOpenAI) -> None:
    server.say("half", finish="length")

    assert await asker.ask() == "half"
    assert asker.events[-1] == Finished("length")


async def test_reasoning_is_waiting_and_never_text(asker: Asker, server: FakeOpenAI) -> None:
    server.say("42", reasoning=["let me", "think"])

    assert await asker.ask() == "42"
    assert Waiting("thinking") in asker.events
    assert asker.of(Thought) == [Thought("let me"), Thought("think")]


async def test_waiting_is_told_at_once_but_not_with_every_sign_of_life(asker: Asker, server: FakeOpenAI) -> None:
    server.stream(*[Raw(b": keep-alive\n\n")] * 50, Delta({"content": "ok"}), Finish(), DONE, End)

    await asker.ask()

    assert asker.of(Waiting) == [Waiting("waiting for the model")]


@pytest.mark.parametrize("headers", [True, False])
async def test_waiting_is_told_again_and_again_while_nothing_comes(
    headers: bool, asker: Asker, server: FakeOpenAI
) -> None:
    """A reasoning model, or one that is being loaded, is silent for minutes; whoever waits wants to see it count."""
    _ = server.hold() if headers else server.silent()
    told = 0

    async with aclosing(asker.client.stream(asker.profile(), KEY, QUESTION)) as events:
        async for event in events:
            assert event == Waiting("waiting for the model")
            told += 1
            if told == 3:
                break

    assert told == 3


async def test_a_server_that_does_not_stream_is_understood(asker: Asker, server: FakeOpenAI) -> None:
    body = (
        b'{"choices": [{"message": {"role": "assistant", "content": "whole"}, "finish_reason": "stop"}],'
        b' "usage": {"prompt_tokens": 3, "completion_tokens": 1}}'
    )
    server.reply(Plain(200, body, {"content-type": "application/json"}))

    assert await asker.ask() == "whole"
    assert asker.events[-2:] == [Usage(3, 1, 0), Finished("stop")]


async def test_a_refusal_in_words_is_the_answer(asker: Asker, server: FakeOpenAI) -> None:
    server.stream(Delta({"content": None, "refusal": "I will not."}), Finish(), DONE, End)

    assert await asker.ask() == "I will not."


async def test_one_connection_is_used_again(asker: Asker, server: FakeOpenAI) -> None:
    await asker.ask()
    await asker.ask()

    assert len(asker.client._clients) == 1
    assert len(server._connections) == 1


# ---- endings that are none ----


@pytest.mark.parametrize(
    ("ending", "kind", "says"),
    [
        ("end", CutOff, "The answer was cut off"),
        ("break_off", CutOff, "broke"),
        ("reset", CutOff, "broke"),
    ],
)
async def test_the_text_so_far_comes_before_the_error(
    asker: Asker, server: FakeOpenAI, ending: str, kind: type[Exception], says: str
) -> None:
    held = server.hold()
    held.send("half an ans")
    getattr(held, ending)()

    error = await asker.fail()

    assert isinstance(error, kind)
    assert says in str(error)
    assert asker.text == "half an ans"
    assert len(server.requests) == 1, "never sent again after text was shown"


async def test_malformed_data_ends_the_answer(asker: Asker, server: FakeOpenAI) -> None:
    server.malformed("so far")

    assert isinstance(await asker.fail(), CutOff)
    assert asker.text == "so far"


@pytest.mark.parametrize(
    "data", [b'data: {"choices": "nonsense"}\n\n', b'data: {"choices": [7]}\n\n', b"data: [1]\n\n"]
)
async def test_json_of_the_wrong_shape_never_surfaces_as_a_traceback(
    asker: Asker, server: FakeOpenAI, data: bytes
) -> None:
    server.stream(Raw(data), End)

    assert isinstance(await asker.fail(asker.profile(retries=0)), CutOff)


async def test_bytes_that_are_no_utf8_end_the_answer(asker: Asker, server: FakeOpenAI) -> None:
    server.stream(Delta({"content": "x"}), Raw(b'data: {"choices": "\xff"}\n\n'), End)

    assert isinstance(await asker.fail(), CutOff)


async def test_an_error_object_in_the_stream_is_told(asker: Asker, server: FakeOpenAI) -> None:
    server.error_in_stream("so far", "The engine is overloaded.")

    error = await asker.fail()

    assert isinstance(error, Rejected)
    assert "The engine is overloaded" in str(error)
    assert asker.text == "so far"


async def test_the_content_filter_has_its_own_sentence(asker: Asker, server: FakeOpenAI) -> None:
    server.say("Well", finish="content_filter")

    assert isinstance(await asker.fail(), Filtered)
    assert asker.text == "Well"


async def test_an_end_without_any_text_is_no_answer(asker: Asker, server: FakeOpenAI) -> None:
    server.stream(DONE, End)

    assert "without an answer" in str(await asker.fail())


@pytest.mark.parametrize(
    ("deltas", "reason", "says"),
    [
        ([], "stop", "“fake-model” answered nothing. Ask again, or choose another model"),
        (["", "\n", " \n"], "stop", "answered nothing"),
        ([], "length", "reached the output limit (max_output) before it answered anything. Raise max_output"),
    ],
)
async def test_a_complete_answer_without_a_word_is_a_failure(
    deltas: list[str], reason: str, says: str, asker: Asker, server: FakeOpenAI
) -> None:
    server.stream(*(Delta({"content": text}) for text in deltas), Finish(reason), UsageChunk(), DONE, End)

    error = await asker.fail()

    assert type(error) is SaidNothing
    assert error.code == "cut"
    assert says in str(error)
    assert asker.of(Usage) == [Usage(11, 7, 0)]
    assert len(server.requests) == 1


async def test_what_happens_after_the_finish_reason_does_not_matter(asker: Asker, server: FakeOpenAI) -> None:
    held = server.hold()
    held.send("done")
    held.steps.put(Finish())
    held.reset()

    assert await asker.ask() == "done"
    assert asker.events[-1] == Finished("stop")


# ---- giving up ----


async def give_up(asker: Asker, how: str, until: type) -> float:
    """Gives an answer up once an event of that type came; returns when, in time.monotonic()."""
    reached = asyncio.Event()

    async def read() -> None:
        async with aclosing(asker.client.stream(asker.profile(), KEY, QUESTION)) as events:
            async for event in events:
                if isinstance(event, until):
                    reached.set()
                    if how == "aclose":
                        return

    task = asyncio.create_task(read())
    await asyncio.wait_for(reached.wait(), 5)
    began = time.monotonic()
    if how == "cancel":
        task.cancel()
    await asyncio.wait({task})
    return began


@pytest.mark.parametrize("how", ["cancel", "aclose"])
@pytest.mark.parametrize("until", [Waiting, TextDelta])
async def test_giving_up_closes_the_connection_within_200_ms(
    asker: Asker, server: FakeOpenAI, how: str, until: type
) -> None:
    held = server.hold()
    if until is TextDelta:
        held.send("a")

    began = await give_up(asker, how, until)
    request = await server.until_disconnect()

    assert request.disconnected_at is not None
    assert request.disconnected_at - began < 0.2


async def test_giving_up_before_the_headers_closes_the_connection(asker: Asker, server: FakeOpenAI) -> None:
    server.silent()
    task = asyncio.create_task(asker.ask())
    await server.until_request()

    task.cancel()

    await server.until_disconnect()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_reader_cancelled_between_two_events_lets_the_connection_go(asker: Asker, server: FakeOpenAI) -> None:
    held = server.hold()
    held.send("a")
    busy = asyncio.Event()

    async def read() -> None:
        async for event in asker.client.stream(asker.profile(), KEY, QUESTION):
            if isinstance(event, TextDelta):
                busy.set()
                await asyncio.Event().wait()

    task = asyncio.create_task(read())
    await busy.wait()
    task.cancel()
    await asyncio.wait({task})

    await server.until_disconnect()


# ---- limits ----


@pytest.mark.parametrize("after_headers", [False, True])
async def test_a_model_that_says_nothing_runs_into_the_first_content_limit(
    asker: Asker, server: FakeOpenAI, after_headers: bool
) -> None:
    server.silent(after_headers=after_headers)

    error = await asker.fail(asker.profile(first_content=0.05))

    assert isinstance(error, TimedOut)
    assert "said nothing for 0.05 s. Raise limits.first_content of profile “work”" in str(error)
    await server.until_disconnect()


async def test_keep_alives_and_reasoning_do_not_end_the_first_content_limit(asker: Asker, server: FakeOpenAI) -> None:
    held = server.hold()
    task = asyncio.create_task(asker.fail(asker.profile(first_content=0.15, idle=0.05)))
    while not task.done():
        held.keep_alive()
        held.think("hm")
        await asyncio.wait({task}, timeout=0.02)

    assert "limits.first_content" in str(task.result())


async def test_silence_in_the_middle_runs_into_the_idle_limit(asker: Asker, server: FakeOpenAI) -> None:
    held = server.hold()
    held.send("half")

    error = await asker.fail(asker.profile(idle=0.05))

    assert isinstance(error, TimedOut)
    assert "fell silent for 0.05 s. Raise limits.idle of profile “work”" in str(error)
    assert asker.text == "half"


@pytest.mark.parametrize("sign", ["keep_alive", "think"])
async def test_signs_of_life_reset_the_idle_limit(asker: Asker, server: FakeOpenAI, sign: str) -> None:
    held = server.hold()
    held.send("a")
    limit, began = 0.3, time.monotonic()
    task = asyncio.create_task(asker.ask(asker.profile(idle=limit)))
    while time.monotonic() - began < 2 * limit:
        held.keep_alive() if sign == "keep_alive" else held.think("hm")
        await asyncio.wait({task}, timeout=0.02)
    held.send("b")
    held.finish()

    assert await task == "ab"


async def test_a_server_that_does_not_hang_up_does_not_hold_a_complete_answer(asker: Asker, server: FakeOpenAI) -> None:
    held = server.hold()
    held.send("done")
    held.steps.put(Finish())

    assert await asker.ask(asker.profile(idle=0.05)) == "done"


# ---- retries ----


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "12", "retry-after-ms": "250"}, 0.25),
        ({}, 0.5),
        ({"retry-after": "soon"}, 0.5),
    ],
)
async def test_a_rate_limit_is_waited_for_as_asked_and_visibly(
    asker: Asker, server: FakeOpenAI, headers: dict[str, str], seconds: float
) -> None:
    server.fail(429, "Slow down.", headers=headers)

    await asker.ask()

    assert asker.of(Retrying) == [Retrying("rate limited", seconds, 1, refused=True)]
    assert asker.pauses == [seconds]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wait", ["86400", "inf", "1e300"])
async def test_a_wait_that_nobody_would_wait_for_is_a_failure_at_once(
    asker: Asker, server: FakeOpenAI, status: int, wait: str
) -> None:
    server.fail(status, "Later.", headers={"retry-after": wait})

    with pytest.raises(AskError):
        await asker.ask()

    assert asker.pauses == []


async def test_a_model_that_loads_is_waited_for_longer_than_retries_last(asker: Asker, server: FakeOpenAI) -> None:
    for _ in range(8):
        server.fail(503, "Loading model")
    server.say("ready")

    assert await asker.ask() == "ready"
    assert len(asker.of(Retrying)) == 8


async def test_retry_after_may_be_a_date(asker: Asker, server: FakeOpenAI) -> None:
    server.rate_limited(formatdate(time.time() + 30, usegmt=True))

    await asker.ask()

    assert 25 < asker.pauses[0] <= 30


async def test_a_longer_wait_than_a_minute_is_left_to_the_user(asker: Asker, server: FakeOpenAI) -> None:
    server.rate_limited("3600")

    error = await asker.fail()

    assert isinstance(error, RateLimited)
    assert "It asks to wait 60 min: ask again after" in str(error)
    assert asker.pauses == []


async def test_retries_are_bounded_and_back_off(asker: Asker, server: FakeOpenAI) -> None:
    for _ in range(4):
        server.fail(503, "Overloaded.")

    error = await asker.fail(asker.profile(retries=3))

    assert "failed (503): Overloaded. Ask again in a moment." in str(error)
    assert asker.pauses == [0.5, 1.0, 2.0]
    assert len(server.requests) == 4


async def test_a_connection_lost_before_the_text_is_tried_again(asker: Asker, server: FakeOpenAI) -> None:
    server.hold().reset()
    server.hold().break_off()

    await asker.ask()

    assert [event.reason for event in asker.of(Retrying)] == ["connection lost", "connection lost"]


@pytest.mark.parametrize("script", ["no_credit", "wrong_key", "unknown_model", "too_long", "responses_only", "html"])
async def test_what_will_not_pass_is_not_tried_again(asker: Asker, server: FakeOpenAI, script: str) -> None:
    getattr(server, script)()

    await asker.fail()

    assert len(server.requests) == 1
    assert asker.of(Retrying) == []


# ---- nothing sneaks in ----

PLANTED = {
    "OPENAI_API_KEY": "sk-planted-key",
    "OPENAI_ADMIN_KEY": "sk-planted-admin",
    "OPENAI_ORG_ID": "planted-organization",
    "OPENAI_PROJECT_ID": "planted-project",
    "OPENAI_CUSTOM_HEADERS": "X-Planted: planted\nAuthorization: Bearer planted",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/planted",
    "OPENAI_WEBHOOK_SECRET": "planted-secret",
    "OPENAI_LOG": "debug",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)


async def test_no_header_comes_from_anywhere_but_the_profile(asker: Asker, server: FakeOpenAI, planted: None) -> None:
    await asker.ask(asker.profile(headers={"X-Title": Secret("mine")}))

    headers = server.requests[0].headers
    assert sorted(headers) == [
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "x-title",
    ]
    assert headers["authorization"] == f"Bearer {KEY.reveal()}"
    assert headers["x-title"] == "mine"
    assert "planted" not in str(headers)


async def test_an_endpoint_without_a_key_gets_no_authorization_header(
    asker: Asker, server: FakeOpenAI, planted: None
) -> None:
    await asker.ask(key=None)

    assert "authorization" not in server.requests[0].headers


async def test_loopback_never_goes_through_a_proxy(server: FakeOpenAI) -> None:
    client = OpenAIClient({"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"})
    asker = Asker(server)
    asker.client = client

    await asker.ask()
    await client.aclose()

    assert server.requests[0].path == "/v1/chat/completions"


async def test_other_hosts_go_through_the_proxy_of_the_environment(server: FakeOpenAI) -> None:
    asker = Asker(server)
    asker.client = OpenAIClient({"http_proxy": server.origin})

    await asker.ask(asker.profile(base_url="http://model.invalid/v1", allow_insecure=True), key=None)
    await asker.client.aclose()

    assert server.requests[0].path == "http://model.invalid/v1/chat/completions"


async def test_a_redirect_is_told_and_not_followed(asker: Asker, server: FakeOpenAI) -> None:
    with FakeOpenAI() as elsewhere:
        server.redirect(f"{elsewhere.origin}/v1/chat/completions?key=x")

        error = await asker.fail()

        assert isinstance(error, NotReachable)
        assert f"redirects to {elsewhere.origin}; a key is never sent on" in str(error)
        assert elsewhere.requests == []


def test_openai_log_is_ignored_and_the_loggers_stay_quiet() -> None:
    program = (
        "import logging; from ask_lsp.llm.openai_client import preload, PINNED_LOGGERS; preload();"
        "assert all(logging.getLogger(n).getEffectiveLevel() == logging.WARNING for n in PINNED_LOGGERS);"
        "assert not logging.getLogger().handlers"
    )
    subprocess.run([sys.executable, "-c", program], env=os.environ | {"OPENAI_LOG": "debug"}, check=True, timeout=30)


async def test_no_log_line_holds_a_key_or_a_prompt(
    asker: Asker, server: FakeOpenAI, caplog: pytest.LogCaptureFixture
) -> None:
    await asyncio.to_thread(preload)
    with caplog.at_level(logging.INFO):
        server.refuse_parameter("temperature")
        await asker.ask(asker.profile(parameters={"temperature": 1}))
        server.wrong_key()
        await asker.fail()

    assert KEY.reveal() not in caplog.text
    assert "What is this?" not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith(PINNED_LOGGERS)]


def test_importing_the_client_does_not_import_the_package() -> None:
    program = (
        "import sys, ask_lsp.llm.models; "
        "heavy = {'openai', 'httpx2', 'pydantic', 'yaml', 'sqlite3', 'xllamacpp', 'rich'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


def test_what_is_loaded_ahead_is_rehearsed_without_a_network(caplog: pytest.LogCaptureFixture) -> None:
    preload()

    assert not caplog.records


async def test_two_answers_at_once_do_not_mix(asker: Asker, server: FakeOpenAI) -> None:
    gate = threading.Event()
    server.say(["one ", "one"], gate=gate, model="a")
    server.say(["two ", "two"], gate=gate, model="b")

    async def ask(model: str) -> str:
        text = ""
        async with aclosing(asker.client.stream(asker.profile(model=model), KEY, QUESTION)) as events:
            async for event in events:
                text += event.text if isinstance(event, TextDelta) else ""
        return text

    tasks = [asyncio.create_task(ask(model)) for model in "ab"]
    await server.until_request(2)
    gate.set()

    assert await asyncio.gather(*tasks) == ["one one", "two two"]
