"""What a model refuses is renamed or dropped, once, and remembered for that model and endpoint."""

from __future__ import annotations

import json

import pytest
from asking_rig import Asker
from openai_server import FakeOpenAI, Plain

from ask_lsp.core.conversation import Message, TextDelta
from ask_lsp.llm.parameters import LearnedParameters, request_body


async def test_a_renamed_parameter_is_sent_under_its_other_name(asker: Asker, server: FakeOpenAI) -> None:
    server.refuse_parameter("max_completion_tokens", instead="max_tokens")
    profile = asker.profile(max_output=50)

    await asker.ask(profile)
    await asker.ask(profile)

    assert [("max_completion_tokens" in r.body, r.body.get("max_tokens")) for r in server.requests] == [
        (True, None),
        (False, 50),
        (False, 50),
    ]


async def test_a_parameter_refused_under_both_names_is_dropped(asker: Asker, server: FakeOpenAI) -> None:
    server.refuse_parameter("max_completion_tokens")
    server.refuse_parameter("max_tokens")

    await asker.ask(asker.profile(max_output=50))

    assert not {"max_completion_tokens", "max_tokens"} & server.requests[-1].body.keys()
    assert len(server.requests) == 3


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_a_limit_of_the_user_is_sent_under_its_name_and_known_to_be_dropped(
    asker: Asker, server: FakeOpenAI, name: str
) -> None:
    profile = asker.profile(parameters={name: 50})
    await asker.ask(profile)
    assert {"max_completion_tokens", "max_tokens"} & server.requests[-1].body.keys() == {name}
    assert asker.client.learned.takes_limit(profile)

    server.refuse_parameter("max_completion_tokens")
    server.refuse_parameter("max_tokens")
    await asker.ask(profile)

    assert not asker.client.learned.takes_limit(profile)


@pytest.mark.parametrize("name", ["temperature", "stream_options", "reasoning"])
async def test_a_refused_parameter_is_dropped(asker: Asker, server: FakeOpenAI, name: str) -> None:
    server.refuse_parameter(name)

    await asker.ask(asker.profile(parameters={"temperature": 0.2, "reasoning": {"effort": "low"}}))

    assert name not in server.requests[-1].body
    assert len(server.requests) == 2


async def test_a_refused_value_is_dropped(asker: Asker, server: FakeOpenAI) -> None:
    server.refuse_value("temperature")

    await asker.ask(asker.profile(parameters={"temperature": 0.2}))

    assert "temperature" not in server.requests[-1].body


async def test_a_refused_system_role_becomes_developer_and_then_part_of_the_question(
    asker: Asker, server: FakeOpenAI
) -> None:
    server.refuse_role("system")
    await asker.ask()
    assert [message["role"] for message in server.requests[-1].messages] == ["developer", "user"]

    server.refuse_role("developer")
    await asker.ask()
    assert server.requests[-1].messages == [{"role": "user", "content": "You explain code.\n\nWhat is this?"}]


async def test_several_refusals_are_learned_one_after_the_other(asker: Asker, server: FakeOpenAI) -> None:
    for name in ("temperature", "stream_options", "max_completion_tokens"):
        server.refuse_parameter(name)
    server.refuse_role("system")

    await asker.ask(asker.profile(parameters={"temperature": 0.2}, max_output=5))

    assert asker.of(TextDelta)
    assert len(server.requests) == 5


async def test_what_one_model_refuses_another_gets(asker: Asker, server: FakeOpenAI) -> None:
    server.refuse_parameter("temperature", lasting=False)
    parameters = {"temperature": 0.2}

    await asker.ask(asker.profile(parameters=parameters))
    await asker.ask(asker.profile(parameters=parameters, model="other"))

    assert "temperature" in server.requests[-1].body


async def test_an_invalid_value_is_the_users_to_correct(asker: Asker, server: FakeOpenAI) -> None:
    server.fail(400, "Invalid 'temperature': must be at most 2.", code="invalid_value", param="temperature")

    error = await asker.fail(asker.profile(parameters={"temperature": 9}))

    assert "Invalid 'temperature': must be at most 2" in str(error)
    assert len(server.requests) == 1


async def test_an_endpoint_that_goes_on_refusing_is_not_asked_for_ever(asker: Asker, server: FakeOpenAI) -> None:
    for _ in range(5):
        server.fail(400, "Unsupported parameter: 'temperature'.", param="temperature")

    await asker.fail(asker.profile(parameters={"temperature": 0.2}))

    assert len(server.requests) == 2


WORDINGS = [
    "Unrecognized request argument supplied: stream_options",
    "Extra inputs are not permitted: stream_options",
    'json: unknown field "stream_options"',
    "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options')}]",
    "stream_options is not supported by this model",
]


@pytest.mark.parametrize("message", WORDINGS)
def test_a_parameter_is_found_in_the_words_of_other_servers(message: str) -> None:
    body = request_body("m", [Message("user", "hi")], {"temperature": 1}, None)

    assert LearnedParameters().learn("http://x/v1", body, message, None) == "stream_options"


async def test_the_validation_error_of_a_python_server_is_understood(asker: Asker, server: FakeOpenAI) -> None:
    detail = [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]
    server.reply(Plain(422, json.dumps({"detail": detail}).encode(), {"content-type": "application/json"}))

    await asker.ask()

    assert "stream_options" not in server.requests[-1].body


def test_what_was_learned_counts_for_that_endpoint_alone() -> None:
    body = request_body("m", [Message("user", "hi")], {"temperature": 1}, 5)
    learned = LearnedParameters()
    learned.learn("http://x/v1", body, "unsupported parameter", "temperature")
    learned.learn("http://x/v1", body, "unsupported parameter", "max_completion_tokens")

    assert learned.apply("http://x/v1", body)["max_tokens"] == 5
    assert "temperature" not in learned.apply("http://x/v1", body)
    assert learned.apply("http://other/v1", body) == body
