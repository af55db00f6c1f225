"""The chat file as a document: one writer, follow-up questions, and nothing lost whatever becomes of the buffer."""

from __future__ import annotations

from pathlib import Path

from lsp_client import ServerError, chat_files, titled
from openai_server import FakeOpenAI
from test_ask import finished_chat, open_code, the_chat

from ask_lsp.core import chat_format


def ask_explain(client) -> str:
    uri = open_code(client)
    client.run(titled(client.code_actions(uri, client.range_of(uri, "return sum(values)")), "Explain"))
    return uri


def chat_uri(client, state: Path) -> str:
    client.until(lambda: any(buffer.language == "markdown" for buffer in client.buffers.values()), "an open chat")
    return next(uri for uri, buffer in client.buffers.items() if buffer.language == "markdown")


def test_once_the_editor_has_the_file_nothing_is_written_to_the_path(editor, model: FakeOpenAI, state: Path) -> None:
    client = editor("vscode-1.100")
    held = model.hold()
    ask_explain(client)
    held.send("One. ")
    uri = chat_uri(client, state)
    (path,) = chat_files(state)
    on_disk = path.read_bytes()

    held.send("Two. ")
    client.until(lambda: "Two. " in client.buffers[uri].text, "the second piece in the buffer")
    held.send("Three.")
    held.finish()
    chat = finished_chat(client, state)

    assert chat.turns[1].text.strip() == "One. Two. Three."
    assert path.read_bytes() == on_disk
    client.close(unread=True)


def test_a_home_behind_a_symlink_changes_nothing_of_that(editor, home, model, state, tmp_path) -> None:
    """An editor may name the file by its real path, or by the one through the link."""
    (tmp_path / "disk").mkdir()
    state.symlink_to(tmp_path / "disk")
    client = editor("vscode-1.100")
    held = model.hold()
    ask_explain(client)
    held.send("One. ")
    uri = chat_uri(client, state)
    (path,) = chat_files(state)
    on_disk = path.read_bytes()

    held.send("Two.")
    held.finish()
    client.until(lambda: client.buffers[uri].text.count("role=user") == 2, "the end in the buffer")

    assert "One. Two." in client.buffers[uri].text
    assert path.read_bytes() == on_disk
    assert client.ended_progress()
    client.close(unread=True)


def test_an_answer_is_read_on_while_the_editor_takes_its_time_to_open_the_chat(editor, model, state) -> None:
    """And nothing is written to the file meanwhile: the editor may have read it, and would warn of a change on disk."""
    client = editor("vscode-1.100")
    client.silent_on.add("window/showDocument")
    held = model.hold()
    ask_explain(client)
    held.send("One. ")
    asked = client.until(
        lambda: next((each for each in client.seen if each.get("method") == "window/showDocument"), None), "the request"
    )
    (path,) = chat_files(state)
    as_read = path.read_bytes()

    def read_on() -> bool:
        held.send("Two. ")
        told = [str(value.get("message")) for values in client.progress.values() for value in values]
        return told[-1].endswith(" tokens") and int(told[-1].split()[0]) > 2

    client.until(read_on, "a progress of the answer")
    assert path.read_bytes() == as_read
    client.open(asked["params"]["uri"], as_read.decode(), "markdown")
    client.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"success": True}})
    held.send("Three.")
    held.finish()
    chat = finished_chat(client, state)

    answer = chat.turns[1].text.strip()
    assert answer.startswith("One. Two.")
    assert answer.endswith("Two. Three.")
    assert path.read_bytes() == as_read
    client.close(unread=True)


def test_an_answer_that_was_cut_is_not_announced_as_complete(editor, model, state) -> None:
    client = editor("vscode-1.100")
    model.say("Half an", finish="length")
    ask_explain(client)

    assert client.ended_progress().startswith("The answer reached the output limit (max_output).")
    client.expect("window/showMessage", lambda params: "reached the output limit" in params["message"])
    assert finished_chat(client, state).turns[1].text.startswith("Half an\n\n*The answer reached the output limit")
    client.close(unread=True)


def test_a_client_of_our_own_messages_hears_that_an_answer_was_cut(editor, model, state) -> None:
    def announce(params) -> None:
        params["capabilities"]["experimental"] = {"askLsp": {"protocol": 1}}

    client = editor("vscode-1.100", change=announce)
    model.say("Half an", finish="length")
    ask_explain(client)

    done = client.expect("ask/answer", lambda params: params["state"] == "done")
    assert done["cut"] is True
    assert "reached the output limit" in done["note"]
    client.close(unread=True)


def test_a_code_block_that_the_model_left_open_is_closed_and_marked(editor, model, state) -> None:
    client = editor("vscode-1.100")
    model.say("Look:\n\n```py\ncode()")
    ask_explain(client)

    answer = finished_chat(client, state).turns[1].text
    assert "```py\ncode()\n```\n\n*The code block was not closed by the model.*" in answer
    assert not client.ended_progress().startswith("The answer reached")
    client.close(unread=True)


def test_an_answer_goes_on_where_it_belongs_while_the_user_types_above_it(editor, model, state) -> None:
    client = editor("vscode-1.100")
    held = model.hold()
    ask_explain(client)
    held.send("One. ")
    uri = chat_uri(client, state)
    client.until(lambda: "One. " in client.buffers[uri].text, "the first piece")

    text = client.buffers[uri].text
    at = text.index("```python")
    client.edit(uri, at, at, "A note of mine 😀.\n\n")
    held.send("Two. ")
    held.finish()
    chat = finished_chat(client, state)

    assert chat.turns[1].text.strip() == "One. Two."
    assert "A note of mine 😀." in chat.turns[0].text
    client.close(unread=True)


def test_a_buffer_that_is_thrown_away_is_completed_on_disk(editor, model, state) -> None:
    client = editor("vscode-1.100")
    held = model.hold()
    ask_explain(client)
    held.send("One. ")
    uri = chat_uri(client, state)
    held.send("Two. ")
    held.finish()
    finished_chat(client, state)
    (path,) = chat_files(state)

    client.close_document(uri)

    def completed() -> bool:
        return "One. Two." in path.read_text() and chat_format.parse(path.read_text()).turns[-1].role == "user"

    client.until(completed, "the answer on disk")
    assert path.read_text().count("Two.") == 1
    client.close(unread=True)


def test_an_editor_that_refuses_the_edits_loses_nothing(editor, model, state) -> None:
    client = editor("vscode-1.100")
    client.applies_edits = False
    held = model.hold()
    ask_explain(client)
    held.send("One. ")
    uri = chat_uri(client, state)
    held.send("Two. ")
    held.finish()
    client.ended_progress()
    (path,) = chat_files(state)

    client.close_document(uri)

    client.until(lambda: "One. Two." in path.read_text(), "the answer on disk")
    client.close(unread=True)


def test_a_follow_up_sends_the_whole_conversation_without_nonce_and_path(editor, model, state) -> None:
    client = editor("neovim-0.11.4")
    model.say("It is the mean.")
    ask_explain(client)
    chat = finished_chat(client, state)
    client.ended_progress()
    uri = chat_uri(client, state)
    model.say("Then it fails.")
    end = len(client.buffers[uri].text)
    client.edit(uri, end, end, "And with an empty list?")

    position = client.position(client.buffers[uri].text, end)
    actions = client.code_actions(uri, {"start": position, "end": position}, triggerKind=1)
    assert [action["title"] for action in actions] == ["Send this question", "Preview what would be sent"]
    client.run(actions[0])
    client.until(lambda: "Then it fails." in client.buffers[uri].text, "the second answer")

    sent = model.wait_for_request(2).messages
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "user"]
    assert sent[2]["content"] == "It is the mean."
    assert sent[3]["content"] == "And with an empty list?"
    everything = str(sent)
    assert chat.nonce not in everything
    assert "file:" not in everything
    assert "<!--" not in everything
    client.until(lambda: chat_format.parse(client.buffers[uri].text).turns[-1].role == "user", "the next question")
    client.close(unread=True)


def test_ask_without_a_question_opens_a_chat_to_type_into(editor, model, state) -> None:
    client = editor("neovim-0.11.4")
    uri = open_code(client)
    client.run(
        titled(client.code_actions(uri, client.range_of(uri, "return sum(values)")), "Ask ChatGPT about selection")
    )
    shown = client.expect("window/showDocument")
    assert shown["takeFocus"] is True
    assert not model.requests
    chat = chat_uri(client, state)
    client.execute("ask.send", {"uri": chat})
    client.expect("window/showMessage", lambda params: "no question at the end" in params["message"])
    assert not model.requests
    end = len(client.buffers[chat].text)
    client.edit(chat, end, end, "Why divide?")
    model.say("To get the mean.")

    client.execute("ask.send", {"uri": chat})
    client.until(lambda: "To get the mean." in the_chat(client, state), "the answer")

    question = model.wait_for_request().messages[-1]["content"]
    assert "return sum(values)" in question
    assert question.endswith("Why divide?")
    client.close(unread=True)


def test_an_empty_question_is_not_sent(editor, model, state) -> None:
    client = editor("neovim-0.11.4")
    model.say("Yes.")
    ask_explain(client)
    client.ended_progress()

    client.execute("ask.send", {"uri": chat_uri(client, state)})

    client.expect("window/showMessage", lambda params: "no question at the end" in params["message"])
    assert len(model.requests) == 1
    client.close(unread=True)


def test_only_chat_files_of_ours_can_be_sent(editor, model, state, tmp_path) -> None:
    """A file that looks like a chat, elsewhere, or behind a symlink that leads out of the directory, is refused."""
    client = editor("neovim-0.11.4")
    foreign = tmp_path / "foreign.md"
    foreign.write_text(chat_format.render(chat_format.Chat("ab" * 16, "x", (chat_format.Turn("user", "Hello?"),))))
    (state / "ask-lsp" / "chats").mkdir(parents=True)
    link = state / "ask-lsp" / "chats" / "link.md"
    link.symlink_to(foreign)

    for path in (foreign, link):
        client.execute("ask.send", {"uri": client.open_file(path)})
        client.expect("window/showMessage", lambda params: "not one of ask-lsp's chat files" in params["message"])

    assert not model.requests
    client.close(unread=True)


def test_two_answers_at_once_into_one_chat_are_refused(editor, model, state) -> None:
    client = editor("neovim-0.11.4")
    held = model.hold()
    ask_explain(client)
    held.send("One.")
    uri = chat_uri(client, state)

    try:
        client.execute("ask.send", {"uri": uri})
        refused = ""
    except ServerError as error:
        refused = str(error)

    assert "already on its way" in refused
    held.finish()
    finished_chat(client, state)
    client.close(unread=True)


def test_a_cancel_while_an_edit_is_under_way_does_not_make_it_twice(editor, model, state) -> None:
    client = editor("vscode-1.100")
    held = model.hold()
    ask_explain(client)
    held.send("One. ")
    chat = chat_uri(client, state)
    client.until(lambda: "One. " in client.buffers[chat].text, "the first piece")

    def cancel_first(params) -> bool:
        if "Two." in str(params):
            client.begin("workspace/executeCommand", {"command": "ask.cancel"})
        return True

    client.applies_edits = cancel_first
    held.send("Two. ")
    text = finished_chat(client, state).turns[1].text

    assert text.count("Two.") == 1
    assert text.count("One.") == 1
    client.close(unread=True)
