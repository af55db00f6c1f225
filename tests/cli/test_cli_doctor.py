"""`ask-lsp doctor`: says what is wrong, and its report can be pasted anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openai_server import DONE, End, FakeOpenAI, Finish, UsageChunk

KEY = "test-key-0123456789"


def findings(out: str) -> dict[str, dict[str, str]]:
    return {each["what"]: each for each in json.loads(out)["findings"]}


def test_everything_in_order(ask_lsp, model: FakeOpenAI, home: dict[str, str]) -> None:
    ran = ask_lsp("doctor", "--json")

    found = findings(ran.out)
    assert ran.code == 0
    assert json.loads(ran.out)["ok"] is True
    assert found["request"]["says"] == "the model answered"
    assert found["settings"]["says"] == "~/config/ask-lsp/config.yaml"
    assert found["key"]["says"] == "…"
    assert KEY not in ran.out + ran.err
    assert home["HOME"] not in ran.out + ran.err
    (request,) = model.requests
    assert request.body["max_completion_tokens"] == 1


def test_of_a_key_only_the_ends_are_shown(ask_lsp, config) -> None:
    other = "{base_url: 'http://127.0.0.1:9/v1', model: m, api_key: sk-0123456789abcdefghijWXYZ}"
    config(f"profile: other\nprofiles: {{other: {other}}}\n")

    ran = ask_lsp("doctor", "--json", "--offline")

    assert findings(ran.out)["key"]["says"] == "sk-…WXYZ"
    assert "abcdef" not in ran.out + ran.err


def test_for_people_it_says_the_same_and_how_it_ended(ask_lsp, home: dict[str, str]) -> None:
    ran = ask_lsp("doctor")

    assert ran.code == 0
    assert "ok    request: the model answered\n" in ran.out
    assert ran.err.endswith("An answer can be had.\n")
    assert KEY not in ran.out + ran.err
    assert home["HOME"] not in ran.out + ran.err


def test_offline_sends_nothing(ask_lsp, model: FakeOpenAI) -> None:
    ran = ask_lsp("doctor", "--offline", "--json")

    assert ran.code == 0
    assert "request" not in findings(ran.out)
    assert not model.requests + model.other_requests


def test_a_model_that_thinks_first_has_answered_too(ask_lsp, model: FakeOpenAI) -> None:
    """One token is not enough for a word of it."""
    model.stream(Finish("length"), UsageChunk(), DONE, End)

    assert ask_lsp("doctor").code == 0


def test_a_model_that_refuses_so_small_a_limit_has_answered_too(ask_lsp, model: FakeOpenAI) -> None:
    """As the models of the GPT-5 family do."""
    message = "Could not finish the message because max_tokens or model output limit was reached. "
    model.fail(400, f"{message}Please try again with higher max_tokens.")

    assert ask_lsp("doctor").code == 0


@pytest.mark.parametrize("json_wanted", [True, False])
def test_a_key_that_is_refused_fails(json_wanted: bool, ask_lsp, model: FakeOpenAI) -> None:
    model.wrong_key()

    ran = ask_lsp("doctor", *(["--json"] if json_wanted else []))

    assert ran.code == 1
    if json_wanted:
        assert json.loads(ran.out)["ok"] is False
        assert findings(ran.out)["request"]["state"] == "fail"
    else:
        assert "FAIL  request: " in ran.out
        assert ran.err.endswith("Something needs attention: see FAIL above.\n")
    assert KEY not in ran.out + ran.err


@pytest.mark.parametrize(
    ("settings", "arguments", "what", "says"),
    [
        ("modle: x\n", (), "settings", "modle"),
        ("", ("--profile", "work"), "profile", "work"),
        ("profiles:\n  work: {model: m, api_key: {env: NOT_SET}}\nprofile: work\n", (), "key", "NOT_SET"),
    ],
)
def test_what_is_wrong_is_named(settings: str, arguments, what: str, says: str, ask_lsp, config) -> None:
    config(settings)

    ran = ask_lsp("doctor", "--json", "--offline", *arguments)

    assert ran.code == 1
    found = findings(ran.out)[what]
    assert found["state"] == "fail"
    assert says in found["says"]


@pytest.mark.parametrize("folder", ["/", "/home/me"])
def test_only_the_home_directory_itself_is_hidden(folder: str, ask_lsp, home: dict[str, str]) -> None:
    """A container whose user has `/` for a home would have a report full of tildes."""
    ran = ask_lsp("doctor", "--json", "--offline", HOME=folder)

    path = str(Path(home["XDG_CONFIG_HOME"]) / "ask-lsp" / "config.yaml")
    assert findings(ran.out)["settings"]["says"] == path
