"""The main job through the protocol: list, ask, read the answer in the chat file."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lsp_client import ALL_CAPTURED, LspClient, chat_files, titled
from openai_server import FakeOpenAI

from ask_lsp.core import chat_format

CODE = '''"""Numbers."""


def mean(values):
    return sum(values) / len(values)


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
'''


def open_code(client: LspClient, text: str = CODE) -> str:
    return client.open("file:///work/numbers.py", text)


def the_chat(client: LspClient, state: Path) -> str:
    """The text of the only chat, from the buffer if the editor has it open."""
    (path,) = chat_files(state)
    for uri, buffer in client.buffers.items():
        if unquote(urlsplit(uri).path) == str(path):
            return buffer.text
    return path.read_text(encoding="utf-8")


def finished_chat(client: LspClient, state: Path) -> chat_format.Chat:
    """The only chat, once it ends with an empty question."""

    def ready() -> chat_format.Chat | None:
        files = list(chat_files(state))
        if not files:
            return None
        chat = chat_format.parse(the_chat(client, state))
        return chat if len(chat.turns) > 1 and chat.turns[-1].role == "user" else None

    return client.until(ready, "a finished chat")


@pytest.mark.parametrize("name", ALL_CAPTURED)
def test_every_captured_editor_can_ask_and_read_the_answer(name, editor, model: FakeOpenAI, state: Path) -> None:
    """With what each real editor announces, the answer of the model ends up where the user can read it."""
    client = editor(name, full_sync=name.startswith(("kate", "vim9-ale")))
    model.say("It adds them up, and divides by how many there are.", chunks=4)
    uri = open_code(client)
    actions = client.code_actions(uri, client.range_of(uri, "return sum(values) / len(values)"), triggerKind=1)

    assert client.run(titled(actions, "Explain selection"))["job"]
    chat = finished_chat(client, state)

    assert [turn.role for turn in chat.turns] == ["user", "assistant", "user"]
    assert chat.turns[1].text.strip() == "It adds them up, and divides by how many there are."
    assert "return sum(values)" in chat.turns[0].text
    request = model.wait_for_request()
    assert request.model == "fake-model"
    assert [message["role"] for message in request.messages] == ["system", "user"]
    assert "return sum(values)" in request.messages[1]["content"]
    client.close(unread=True)


@pytest.mark.parametrize("name", ALL_CAPTURED)
def test_every_captured_editor_can_cancel_and_then_hover(name, editor, model: FakeOpenAI, state: Path) -> None:
    """By the menu, which all have or can get by a command, whether they show progress or not."""
    client = editor(name, full_sync=name.startswith(("kate", "vim9-ale")))
    held = model.hold()
    uri = open_code(client)
    name_of_mean = client.range_of(uri, "mean")
    here = {"start": name_of_mean["start"], "end": name_of_mean["start"]}
    client.run(titled(client.code_actions(uri, here), "Explain function `mean`"))
    held.send("The first words ")
    client.until(lambda: any("first words" in the_chat(client, state) for _ in chat_files(state)), "the first words")

    client.run(titled(client.code_actions(uri, here), "Cancel running request"))
    model.wait_for_disconnect()
    assert finished_chat(client, state).turns[1].text.startswith("The first words")
    client.until(lambda: "Cancel" not in str(client.code_actions(uri, here)), "the end of the job")

    assert client.hover(uri, here["start"]) is None
    model.say("It is the mean.")
    client.run(titled(client.code_actions(uri, here), "Explain function `mean`"))
    hover = client.until(lambda: client.hover(uri, here["start"]), "the remembered explanation")
    assert hover["contents"]["value"] == "It is the mean."
    client.close(unread=True)


def test_code_with_links_and_comments_of_its_own_is_sent_as_it_is(editor, model: FakeOpenAI) -> None:
    """An edit would delete what the model does not get to see."""
    text = "See [the notes](file:./notes.md) and <!-- ask:me later --> more, <!-- ask:abc note -->\n"
    client = editor("vscode-1.100")
    uri = client.open("file:///work/readme.md", text, "markdown")

    client.run(titled(client.code_actions(uri, client.range_of(uri, text.rstrip())), "Simplify"))

    sent = model.wait_for_request().messages[-1]["content"]
    assert text in sent
    assert "readme.md:1" in sent
    assert "/work/" not in sent
    client.close(unread=True)


def test_a_code_block_left_open_in_a_question_does_not_let_a_path_out(editor, model: FakeOpenAI) -> None:
    client = editor("vscode-1.100")
    uri = open_code(client)
    range_ = client.range_of(uri, "return sum(values) / len(values)")

    client.execute("ask.run", {"uri": uri, "range": range_, "action": "refactor", "question": "Like\n```python\nfsum"})

    sent = model.wait_for_request().messages[-1]["content"]
    assert "fsum\n```\n" in sent
    assert "/work/" not in sent
    client.close(unread=True)
