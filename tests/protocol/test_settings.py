"""Settings through the protocol: where they come from, what an editor's may do, and that no key ever shows."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from lsp_client import LspClient, titled
from openai_server import FakeOpenAI
from test_ask import finished_chat, open_code

CANARY = "sk-canary-0123456789abcdefghij"
NAME = {"line": 3, "character": 5}


def explain(client: LspClient, model: FakeOpenAI, count: int):
    """Asks for an explanation; returns the request that the model got."""
    uri = "file:///work/numbers.py"
    if uri not in client.buffers:
        open_code(client)
    model.say("Yes.")
    client.run(titled(client.code_actions(uri, {"start": NAME, "end": NAME}, triggerKind=1), "Explain"))
    request = model.wait_for_request(count)
    client.ended_progress()
    return request


def test_a_saved_file_takes_effect_at_the_next_ask_and_a_wrong_one_leaves_the_last_good(editor, model, config) -> None:
    client = editor("vscode-1.100")
    assert explain(client, model, 1).model == "fake-model"

    path = config()
    path.write_text(path.read_text().replace("fake-model", "other-model"))
    assert explain(client, model, 2).model == "other-model"

    path.write_text(path.read_text().replace("model:", "modle:"))
    assert explain(client, model, 3).model == "other-model"
    message = client.expect("window/showMessage", lambda params: "modle" in params["message"])["message"]
    assert "config.yaml:2" in message
    assert "“model”" in message
    client.close(unread=True)


def test_an_editor_may_choose_a_profile_but_not_say_where_to_send(editor, model, config) -> None:
    """A repository can carry editor settings: an endpoint or a key in them is refused, and the rest still counts."""
    with FakeOpenAI() as thief:
        config(f"profiles:\n  small: {{model: small-model, base_url: {model.base_url}, api_key: other-key-12345}}\n")

        def hostile(params) -> None:
            params["initializationOptions"] = {
                "askLsp": {"profile": "small", "base_url": thief.base_url, "api_key": "x", "assistant_name": "Helper"}
            }

        client = editor("vscode-1.100", change=hostile)
        request = explain(client, model, 1)

        assert request.model == "small-model"
        assert request.headers["authorization"] == "Bearer other-key-12345"
        assert not thief.requests
        for name in ("base_url", "api_key"):
            client.expect("window/showMessage", lambda params, name=name: name in params["message"])
        client.close(unread=True)


def test_workspace_configuration_is_asked_for_and_may_change(editor, model, config) -> None:
    client = editor("vscode-1.100", initialize=False)
    client.answers["workspace/configuration"] = lambda params: [{"assistant_name": "Robin"}]
    client.initialize()
    uri = open_code(client)

    def listed() -> bool:
        actions = client.code_actions(uri, {"start": NAME, "end": NAME}, triggerKind=1)
        return any("Ask Robin" in action["title"] for action in actions)

    client.until(listed, "the editor's name for the assistant")
    client.answers["workspace/configuration"] = lambda params: [{"assistant_name": "Kim"}]
    client.notify("workspace/didChangeConfiguration", {"settings": None})

    client.until(
        lambda: any(
            "Ask Kim" in action["title"]
            for action in client.code_actions(uri, {"start": NAME, "end": NAME}, triggerKind=1)
        ),
        "the new name",
    )

    client.answers["workspace/configuration"] = lambda params: [None]
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    client.until(
        lambda: any(
            "Ask ChatGPT" in action["title"]
            for action in client.code_actions(uri, {"start": NAME, "end": NAME}, triggerKind=1)
        ),
        "our own name, now that the editor's is deleted",
    )


def test_the_profile_can_be_switched_while_running(editor, model, config) -> None:
    config(f"profiles:\n  small: {{model: small-model, base_url: {model.base_url}}}\n")
    client = editor("vscode-1.100")
    assert explain(client, model, 1).model == "fake-model"

    client.execute("ask.profile", {"name": "small"})
    client.expect("window/showMessage", lambda params: "small-model" in params["message"])

    request = explain(client, model, 2)
    assert request.model == "small-model"
    assert "authorization" not in request.headers
    client.execute("ask.profile", "nobody")
    client.expect("window/showMessage", lambda params: "There is no profile “nobody”" in params["message"])
    client.close(unread=True)


STARTS = """
import os, subprocess, sys
where = sys.argv[1]
keys = {name: value for name, value in os.environ.items() if name == "OPENAI_API_KEY" and where == "environment"}
told = [os.environ["OPENAI_API_KEY"]] if where == "arguments" else []
rest = {"PATH": os.environ["PATH"]}
child = subprocess.Popen([sys.executable, "-c", "input()", *told], stdin=subprocess.PIPE, env={**rest, **keys})
print("started", file=sys.stderr, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(("where", "found"), [("arguments", True), ("environment", True), ("nowhere", False)])
def test_the_search_for_keys_looks_into_what_the_server_starts(where: str, found: bool, home) -> None:
    """A check of the check that every protocol test makes: by a stand-in that hands its key on to a child."""
    home["OPENAI_API_KEY"] = "sk-of-the-environment-1"
    client = LspClient(home, command=[sys.executable, "-c", STARTS, where])
    try:
        client.until(lambda: "started\n" in client.stderr, "the child")
        client.look_at_children()

        assert any("sk-of-the-environment-1" in fault for fault in client.faults) is found
    finally:
        client.kill()


def test_the_key_is_nowhere_but_in_the_header(editor, model, home, write_config, state: Path) -> None:
    """A canary in the environment: every byte on stdout and stderr, and every file written, is searched for it."""
    write_config(
        "model: fake-model\nlog_level: debug\nprofile: p\n"
        f"profiles:\n  p: {{base_url: '{model.base_url}', api_key: {{env: MY_KEY}}}}\n"
    )
    home["MY_KEY"] = CANARY
    home["OPENAI_API_KEY"] = CANARY + "2"
    home["OPENAI_LOG"] = "debug"
    home["OPENAI_ORG_ID"] = home["OPENAI_PROJECT_ID"] = "org-canary"
    home["OPENAI_CUSTOM_HEADERS"] = "X-Canary: yes"
    home["HTTP_PROXY"] = home["http_proxy"] = "http://127.0.0.1:9"
    client = editor("vscode-1.100")
    request = explain(client, model, 1)
    model.wrong_key()
    open_uri = next(iter(client.buffers))
    client.run(titled(client.code_actions(open_uri, {"start": NAME, "end": NAME}, triggerKind=1), "Find problems"))
    client.expect("window/showMessage", lambda params: params["type"] == 1)
    client.close(unread=True)

    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert not [name for name in request.headers if name.startswith(("openai-", "x-canary"))]
    told = str(client.seen) + "".join(client.stderr)
    written = [path.read_bytes() for path in Path(home["HOME"]).rglob("*") if path.is_file()]
    assert "canary" not in told
    assert not any(b"canary" in data for data in written)


def test_no_prompt_is_logged_at_info(editor, model, home, state: Path) -> None:
    client = editor("vscode-1.100")
    explain(client, model, 1)
    client.close(unread=True)

    logged = "".join(client.stderr) + (state / "ask-lsp" / "ask-lsp.log").read_text()
    assert "sum(values)" not in logged


def test_files_of_ours_are_for_the_user_alone(editor, model, home, state: Path) -> None:
    client = editor("vscode-1.100")
    explain(client, model, 1)
    client.close(unread=True)

    ours = state / "ask-lsp"
    loose = [path for path in [ours, *ours.rglob("*")] if path.stat().st_mode & 0o077]
    assert not loose


def test_a_client_with_our_protocol_gets_the_answer_as_messages_and_may_type_the_question(editor, model) -> None:
    def announce(params) -> None:
        params["capabilities"]["experimental"] = {"askLsp": {"protocol": 1, "later": True}}

    client = editor("vscode-1.100", change=announce)
    client.answers["ask/input"] = lambda params: {"value": "Why 😀?", "unknown": 1}
    uri = open_code(client)
    model.say("Because.", chunks=2)
    job = client.run(titled(client.code_actions(uri, {"start": NAME, "end": NAME}, triggerKind=1), "Ask ChatGPT"))[
        "job"
    ]

    client.expect("ask/answer", lambda params: params["state"] == "done")

    told = [message["params"] for message in client.seen if message.get("method") == "ask/answer"]
    assert "".join(params.get("delta", "") for params in told) == "Because."
    assert [params["seq"] for params in told] == list(range(1, len(told) + 1))
    assert {params["job"] for params in told} == {job}
    assert "Why 😀?" in model.wait_for_request().messages[-1]["content"]
    assert not [message for message in client.seen if message.get("method") == "window/showDocument"]
    client.expect("ask/status", lambda params: params["busy"] == 1)
    client.expect("ask/status", lambda params: params["busy"] == 0 and params["profile"] == "default")
    client.close(unread=True)


def test_a_job_can_be_cancelled_while_its_question_is_being_typed(editor, model) -> None:
    """The client never answers ask/input: the job ends all the same, and nothing is sent."""

    def announce(params) -> None:
        params["capabilities"]["experimental"] = {"askLsp": {"protocol": 1}}

    client = editor("vscode-1.100", change=announce)
    client.silent_on.add("ask/input")
    uri = open_code(client)
    client.run(titled(client.code_actions(uri, {"start": NAME, "end": NAME}, triggerKind=1), "Ask ChatGPT"))
    client.expect("ask/input")

    assert len(client.execute("ask.cancel")["cancelled"]) == 1

    client.expect("ask/answer", lambda params: params["state"] == "cancelled")
    client.expect("ask/status", lambda params: params["busy"] == 0)
    assert not model.requests
    client.close(unread=True)


def test_the_answer_comes_in_the_language_of_the_editor(editor, model) -> None:
    def german(params) -> None:
        params["locale"] = "de-AT"

    client = editor("vscode-1.100", change=german)

    assert "de-AT" in str(explain(client, model, 1).messages[0])
    client.close(unread=True)


def test_without_anything_configured_an_ask_says_how_to_begin(editor, home, model) -> None:
    """No key, no server on this machine: the sentence names the ways, and the question stays in a chat file."""
    client = editor("kate-22.12")
    (Path(home["XDG_CONFIG_HOME"]) / "ask-lsp" / "config.yaml").unlink()
    uri = open_code(client)
    client.execute("ask.run", {"uri": uri, "action": "explain"})

    message = client.expect("window/showMessage", lambda params: params["type"] == 1)["message"]

    assert "OPENAI_API_KEY" in message
    assert "ask-lsp local pull" in message
    client.ended_progress()
    client.close(unread=True)


def test_an_error_stands_in_the_chat_and_the_question_can_be_sent_again(editor, model, state) -> None:
    client = editor("neovim-0.11.4")
    model.wrong_key()
    uri = open_code(client)
    client.run(titled(client.code_actions(uri, {"start": NAME, "end": NAME}, triggerKind=1), "Explain"))
    message = client.expect("window/showMessage", lambda params: params["type"] == 1)["message"]
    chat = finished_chat(client, state)

    assert message in chat.turns[1].text.replace("\n", " ")
    assert chat.turns[-1].role == "user"
    client.close(unread=True)


def test_the_log_can_be_opened_from_the_first_moment_on(editor, state: Path) -> None:
    client = editor("vscode-1.100")

    client.execute("ask.log")

    assert client.expect("window/showDocument")["uri"].endswith("/ask-lsp.log")
    assert (state / "ask-lsp" / "ask-lsp.log").stat().st_mode & 0o777 == 0o600
    client.close(unread=True)
