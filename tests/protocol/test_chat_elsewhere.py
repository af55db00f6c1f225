"""Two servers and one chat: eglot has a server for each project, and people open the file in a second editor."""

from __future__ import annotations

import pytest
from lsp_client import chat_files
from test_ask import finished_chat
from test_chat import ask_explain

from ask_lsp.core import chat_format

PREVIEW = "Preview what would be sent"
TOP = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}


@pytest.fixture
def answering(editor, model, state):
    """An editor whose answer is being written on disk, since it has not opened the chat."""
    client = editor("kate-22.12")
    held = model.hold()
    ask_explain(client)
    held.send("One. ")
    client.until(lambda: any("One." in path.read_text() for path in chat_files(state)), "the first words on disk")
    (path,) = chat_files(state)
    return client, held, path


def test_another_server_does_not_send_before_the_answer_is_complete(answering, editor, model) -> None:
    client, held, path = answering
    other = editor("emacs28-eglot-1.9")
    uri = other.open_file(path)

    other.until(lambda: other.code_actions(uri, TOP) == [], "a menu without “Send this question”")
    other.execute("ask.send", {"uri": uri})
    other.expect("window/showMessage", lambda params: "is writing its answer into" in params["message"])
    assert len(model.requests) == 1

    held.send("Two.")
    held.finish()
    told = other.expect("window/showMessage", lambda params: "is complete" in params["message"])
    assert told["message"] == f"The answer in {path.name} is complete. Load the file again to see it."
    assert [each["title"] for each in other.code_actions(uri, TOP)] == ["Send this question", PREVIEW]
    client.close(unread=True)


def test_what_another_editor_saves_over_the_file_costs_no_word_of_the_answer(answering, state) -> None:
    """Its copy is an old one, with something typed below."""
    client, held, path = answering
    old = path.read_text(encoding="utf-8")
    held.send("Two. ")
    client.until(lambda: "Two." in path.read_text(encoding="utf-8"), "the second piece on disk")

    path.write_text(f"{old}\n\nMy own words.\n", encoding="utf-8")
    held.send("Three.")
    held.finish()

    client.until(lambda: path.read_text(encoding="utf-8").count("role=user") == 2, "the end on disk")
    text = path.read_text(encoding="utf-8")
    assert "One. Two. Three." in text
    assert "My own words." in text
    client.close(unread=True)


def test_a_file_that_was_put_back_to_before_the_answer_gets_all_of_it(answering, state) -> None:
    client, held, path = answering
    chat = chat_format.parse(path.read_text(encoding="utf-8"))
    path.write_text(path.read_text(encoding="utf-8").partition("## ChatGPT")[0], encoding="utf-8")

    held.send("Two.")
    held.finish()

    text = finished_chat(client, state).turns
    assert [turn.role for turn in text] == ["user", "assistant", "user"]
    assert text[0].text.strip() == chat.turns[0].text.strip()
    assert text[1].text.strip() == "One. Two."
    client.close(unread=True)
