"""What clients of our own messages (docs/protocol.md) hear: enough to show a job, and nothing twice."""

from __future__ import annotations

from typing import Any

import pytest
from lsp_client import LspClient, ServerError, titled
from openai_server import FakeOpenAI
from test_ask import finished_chat
from test_edit_kinds import TESTS, block, open_source
from test_edits import ANSWER, AT_MEAN, CODE, URI, document, proposed, text_is


def announce(params: dict[str, Any]) -> None:
    params["capabilities"]["experimental"] = {"askLsp": {"protocol": 1}}


def answers(client: LspClient, job: str) -> list[dict[str, Any]]:
    """What was said about a job."""
    told = (each["params"] for each in client.seen if each.get("method") == "ask/answer")
    return [params for params in told if params["job"] == job]


def ended(client: LspClient, job: str) -> dict[str, Any]:
    final = ("done", "failed", "cancelled", "question")
    client.until(lambda: any(each["state"] in final for each in answers(client, job)), "the end of the job")
    return answers(client, job)[-1]


def test_the_first_message_says_what_the_job_does_and_where(editor, model: FakeOpenAI) -> None:
    client = editor("vscode-1.100", change=announce)
    client.open(URI, CODE)
    model.say("It adds.")

    job = client.run(titled(client.code_actions(URI, AT_MEAN, triggerKind=1), "Explain"))["job"]
    ended(client, job)

    first, *others = answers(client, job)
    assert (first["seq"], first["title"], first["uri"]) == (1, "Explain function `mean`", URI)
    assert not any("title" in each for each in others)
    client.close(unread=True)


def test_the_status_names_the_profiles(editor, model, config) -> None:
    config("profiles:\n  other: {base_url: 'http://127.0.0.1:9/v1', model: m}\n")
    client = editor("vscode-1.100", change=announce)
    client.open(URI, CODE)
    client.code_actions(URI, AT_MEAN)
    client.execute("ask.profile", "other")

    status = client.expect("ask/status", lambda params: params["profile"] == "other")

    assert {"default", "other", "local", "echo"} <= set(status["profiles"])
    client.close(unread=True)


def test_no_two_servers_give_a_job_the_same_id(editor, model) -> None:
    ids = []
    for _ in range(2):
        client = editor("vscode-1.100", change=announce)
        client.open(URI, CODE)
        ids.append(client.execute("ask.run", {"uri": URI, "action": "explain"})["job"])
        ended(client, ids[-1])
        client.close(unread=True)

    assert len(set(ids)) == 2


@pytest.mark.parametrize("is_open", [True, False], ids=["in the buffer", "on disk"])
def test_a_question_that_was_typed_elsewhere_is_put_into_the_chat(is_open, editor, model: FakeOpenAI, state) -> None:
    """By the one who writes the chat: the client need not touch the file."""
    client = editor("vscode-1.100", change=announce)
    client.open(URI, CODE)
    model.say("First.")
    done = ended(client, client.execute("ask.run", {"uri": URI, "action": "explain"})["job"])
    path = next((state / "ask-lsp" / "chats").iterdir())
    if is_open:
        client.open_file(path)
    model.say("Second.")

    job = client.execute("ask.send", {"uri": done["chat"], "question": "And why?\n"})["job"]

    assert ended(client, job)["state"] == "done"
    assert model.requests[-1].messages[-1] == {"role": "user", "content": "And why?"}
    chat = finished_chat(client, state) if not is_open else None
    text = client.buffers[done["chat"]].text if is_open else path.read_text(encoding="utf-8")
    assert text.count("And why?") == 1
    assert text.index("First.") < text.index("And why?") < text.index("Second.")
    assert chat is None or [turn.role for turn in chat.turns] == ["user", "assistant", "user", "assistant", "user"]
    client.close(unread=True)


def test_a_chat_that_waits_for_no_question_takes_none(editor, model: FakeOpenAI, state) -> None:
    client = editor("vscode-1.100", change=announce)
    client.open(URI, CODE)
    held = model.hold()
    job = client.execute("ask.run", {"uri": URI, "action": "explain"})["job"]
    held.send("One. ")
    client.until(lambda: any("chat" in each for each in answers(client, job)), "the chat")
    chat = next(each["chat"] for each in answers(client, job) if "chat" in each)

    with pytest.raises(ServerError, match="already on its way"):
        client.execute("ask.send", {"uri": chat, "question": "And why?"})
    held.finish()
    ended(client, job)
    path = next((state / "ask-lsp" / "chats").iterdir())
    path.write_text(path.read_text(encoding="utf-8") + "Half a question", encoding="utf-8")
    before = path.read_text(encoding="utf-8")

    failed = ended(client, client.execute("ask.send", {"uri": chat, "question": "And why?"})["job"])

    assert "does not wait for a question" in failed["error"]
    assert path.read_text(encoding="utf-8") == before
    client.close(unread=True)


def test_a_new_proposal_is_told_from_one_that_has_moved_and_what_was_seen_is_not_said_again(editor, model) -> None:
    client = editor("vscode-1.100", change=announce)
    client.open(URI, CODE)
    model.say(ANSWER)
    client.run(document(client, triggerKind=1))
    kept = client.expect("ask/proposal", lambda params: params["state"] == "kept")
    assert kept["fresh"] is True
    client.edit(URI, CODE.index("sum"), CODE.index("sum"), " ")
    assert "fresh" not in client.expect("ask/proposal", lambda params: params["state"] == "kept")
    client.edit(URI, CODE.index("sum"), CODE.index("sum") + 1, "")

    model.say(ANSWER)
    job = client.execute("ask.retry", {"proposal": kept["id"]})["job"]
    again = client.expect("ask/proposal", lambda params: params["state"] == "kept" and params.get("fresh"))
    assert any(each["params"].get("insteadOf") == job for each in client.seen if each.get("method") == "ask/answer")

    assert proposed(client)
    client.execute("ask.apply", again["id"])
    client.expect("ask/proposal", lambda params: params["state"] == "gone" and params["id"] == again["id"])
    assert client.buffers[URI].text != CODE
    text = client.buffers[URI].text
    client.execute("ask.undo")
    text_is(client, CODE)
    assert text != CODE
    assert not [each for each in client.seen if "done" in str(each.get("params", {}).get("message", ""))]
    client.close(unread=True)


def test_the_text_of_a_new_file_comes_with_its_proposal(editor, model, tmp_path) -> None:
    client = editor("vscode-1.100", change=announce)
    source = open_source(client, tmp_path)
    model.say(block(TESTS))

    client.run(titled(client.code_actions(source, AT_MEAN, triggerKind=1), "Write tests"))

    kept = client.expect("ask/proposal", lambda params: params["state"] == "kept")
    assert kept["uri"].endswith("/test_numbers.py")
    assert kept["text"] == f"{TESTS}\n"
    client.close(unread=True)
