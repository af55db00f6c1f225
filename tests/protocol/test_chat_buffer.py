"""What editors and people do to a chat while its answer comes: nothing is written twice, or lost, or misplaced."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any

import pytest
from lsp_client import LspClient, chat_files
from openai_server import FakeOpenAI, Held
from test_ask import finished_chat
from test_chat import ask_explain, chat_uri

from ask_lsp.assistant.jobs import Job
from ask_lsp.core.errors import RequestRefused
from ask_lsp.lsp.documents import Documents
from ask_lsp.lsp.present.transcript import ChatTranscript


@pytest.fixture
def chatting(editor, model: FakeOpenAI, state: Path) -> tuple[LspClient, Held, str]:
    """An editor that shows a chat, whose answer has begun with “One. ”."""
    client = editor("vscode-1.100")
    held = model.hold()
    ask_explain(client)
    held.send("One. ")
    uri = chat_uri(client, state)
    client.until(lambda: "One. " in client.buffers[uri].text, "the first piece")
    return client, held, uri


def edits(client: LspClient) -> list[dict[str, Any]]:
    return [message for message in client.seen if message.get("method") == "workspace/applyEdit"]


def test_a_chat_gets_two_edits_a_second_at_most(chatting, state) -> None:
    """However fast the model is. Between the first and the last edit there is half a second for each but the last."""
    client, held, _ = chatting
    times: list[float] = []

    def takes(params: dict[str, Any]) -> bool:
        times.append(time.monotonic())
        return True

    client.applies_edits = takes
    for number in range(150):
        held.send(f"word{number} ")
        time.sleep(0.01)  # the pace of a model, not a wait for anything
    held.finish()
    finished_chat(client, state)

    assert len(times) >= 2
    assert all(later - earlier >= 0.45 for earlier, later in itertools.pairwise(times))
    client.close(unread=True)


def test_an_editor_with_a_mind_of_its_own_does_not_get_a_piece_twice(chatting, state) -> None:
    """It changes what is inserted (here: two spaces into one); the answer goes on behind it."""
    client, held, uri = chatting

    def takes(params: dict[str, Any]) -> bool:
        (change,) = params["edit"]["documentChanges"]
        for each in change["edits"]:
            each["newText"] = each["newText"].replace("  ", " ")
        return True

    client.applies_edits = takes
    held.send("Two  words)")
    client.until(lambda: "Two words)" in client.buffers[uri].text, "the second piece", seconds=20)
    held.finish()
    client.until(lambda: client.buffers[uri].text.count("role=user") == 2, "the end", seconds=30)

    assert client.buffers[uri].text.count("Two words)") == 1
    assert client.buffers[uri].text.count("One. ") == 1
    client.ended_progress()
    client.close(unread=True)


def test_deleting_something_while_an_edit_is_under_way_does_not_make_it_twice(chatting, state) -> None:
    client, held, uri = chatting

    def takes(params: dict[str, Any]) -> dict[str, Any]:
        text = client.buffers[uri].text
        at = text.index("One. ")
        client.edit_all(uri, [(at, at + 3, ""), (len(text), len(text), "Two)")])  # both in one change
        del client.answers["workspace/applyEdit"]
        return {"applied": True}

    client.answers["workspace/applyEdit"] = takes
    held.send("Two)")
    client.until(lambda: "Two)" in client.buffers[uri].text, "the second piece")
    held.send(" Three.")
    held.finish()
    client.until(lambda: client.buffers[uri].text.count("role=user") == 2, "the end", seconds=30)

    assert client.buffers[uri].text.count("Two)") == 1
    assert client.buffers[uri].text.count("Three.") == 1
    client.ended_progress()
    client.close(unread=True)


def test_an_editor_that_refuses_for_good_is_said_to_and_closing_the_chat_brings_the_answer(chatting, state) -> None:
    client, held, uri = chatting
    client.applies_edits = False
    held.send("Two)")
    held.finish()

    assert "does not take the whole answer" in client.ended_progress()
    client.expect("window/showMessage", lambda params: "Close that file: the rest is written" in params["message"])
    (path,) = chat_files(state)
    client.close_document(uri)
    client.until(lambda: "One. Two)" in path.read_text(encoding="utf-8"), "the rest on disk")
    client.close(unread=True)


def test_a_chat_file_that_was_deleted_meanwhile_is_no_success(editor, model, state) -> None:
    client = editor("kate-22.12")
    held = model.hold()
    ask_explain(client)
    held.send("One. ")
    client.until(lambda: any("One." in path.read_text() for path in chat_files(state)), "the first words on disk")
    (path,) = chat_files(state)

    path.unlink()
    held.send("Two)")
    held.finish()

    assert client.ended_progress() == f"The chat file {path.name} is gone, and its answer with it."
    client.expect("window/showMessage", lambda params: params["message"].endswith("Ask again to begin a new one."))
    client.close(unread=True)


@pytest.mark.parametrize(("journalled", "says"), [(True, "starts the next time"), (False, "neither be written")])
async def test_an_answer_that_cannot_be_written_says_whether_it_is_kept(journalled, says, tmp_path) -> None:
    """A full disk, say."""

    class Full:
        def owns(self, path: Path) -> bool:
            return True

        async def read(self, path: Path) -> str:
            return "# A chat\n"

        async def append(self, path: Path, text: str) -> None:
            raise RequestRefused("No space left on device.")

        async def journal_begin(self, path: Path, job: str) -> int:
            return 1

        async def journal(self, entry: int, text: str) -> bool:
            return journalled

    chats: Any = Full()
    editor: Any = None
    job = Job("job-1", "", "")
    transcript = ChatTranscript(
        tmp_path / "a.md", "nonce", job, "ChatGPT", {}, chats, Documents(), editor, lambda: "utf-16"
    )
    transcript.add("One.")

    assert says in await transcript.finish("", "\n\n## You\n")


def test_an_editor_that_refuses_for_a_while_gets_it_later(chatting, state) -> None:
    client, held, uri = chatting
    refusals = iter([False] * 4)
    client.applies_edits = lambda params: next(refusals, True)
    held.send("Two)")

    client.until(lambda: "Two)" in client.buffers[uri].text, "the second piece")

    held.finish()
    assert finished_chat(client, state).turns[1].text.strip() == "One. Two)"
    client.close(unread=True)


@pytest.mark.parametrize("typed", ["My own words", "\n\nMy own words below.\n", "\n"])
def test_what_the_user_types_right_behind_the_answer_stays_behind_it(typed, chatting, state) -> None:
    client, held, uri = chatting
    end = client.buffers[uri].text.index("One. ") + len("One. ")
    client.edit(uri, end, end, typed)
    held.send("Two) ")
    client.until(lambda: f"One. Two) {typed}" in client.buffers[uri].text, "the second piece before it")
    end = client.buffers[uri].text.index("Two) ") + len("Two) ")
    client.edit(uri, end, end, "More")
    held.send("Three.")
    held.finish()

    client.until(lambda: f"One. Two) Three.More{typed}" in client.buffers[uri].text, "the third one")
    assert client.ended_progress()
    client.close(unread=True)


def test_what_the_user_types_while_an_edit_is_refused_stays_behind_the_answer(chatting, state) -> None:
    """It is refused because of that: the version that it was made for is no longer the last one."""
    client, held, uri = chatting
    typed: list[str] = []

    def types_first(params: dict[str, Any]) -> bool:
        if not typed:
            typed.append("More")
            end = client.buffers[uri].text.index("One. ") + len("One. ")
            client.edit(uri, end, end, "More")
        return True

    client.applies_edits = types_first
    held.send("Two)")
    client.until(lambda: "Two)" in client.buffers[uri].text, "the second piece")

    assert "One. Two)More" in client.buffers[uri].text
    held.finish()
    client.ended_progress()
    client.close(unread=True)


@pytest.mark.parametrize("name", ["neovim-0.11.4", "vscode-1.100"])
def test_a_line_typed_above_while_a_piece_is_on_its_way_does_not_misplace_it(name, editor, model, state) -> None:
    """Neovim heeds versions without declaring it: without one it would put a late piece where its line was."""
    client = editor(name)
    held = model.hold()
    ask_explain(client)
    held.send("One. ")
    uri = chat_uri(client, state)
    client.until(lambda: "One. " in client.buffers[uri].text, "the first piece")
    typed: list[int] = []

    def types_first(params: dict[str, Any]) -> bool:
        if not typed:
            typed.append(1)
            above = client.buffers[uri].text.index("## You")
            client.edit(uri, above, above, "A line of mine.\n")
        return True

    client.applies_edits = types_first
    held.send("Two. ")
    client.until(lambda: "Two." in client.buffers[uri].text, "the second piece")

    assert "One. Two." in client.buffers[uri].text
    held.finish()
    client.ended_progress()
    client.close(unread=True)


@pytest.mark.parametrize("typed", ["\n\nMy own words below.\n", "\n"])
def test_what_comes_after_the_buffer_was_saved_and_closed_goes_where_it_belongs(typed, chatting, state) -> None:
    """Behind the last word of the answer, not behind what the user typed below it, or the editor added."""
    client, held, uri = chatting
    client.until(lambda: client.buffers[uri].text.rstrip().endswith("One."))
    end = len(client.buffers[uri].text)
    client.edit(uri, end, end, typed)
    client.save(uri)
    client.close_document(uri)
    (path,) = chat_files(state)

    held.send("Two)")
    held.finish()
    client.ended_progress()

    client.until(lambda: path.read_text(encoding="utf-8").count("role=user") == 2, "the end on disk")
    text = path.read_text(encoding="utf-8")
    assert "One. Two)" in text
    assert typed.strip() in text
    client.close(unread=True)


def test_what_stands_in_the_buffer_is_in_the_journal_first(chatting, editor, state) -> None:
    """The server is killed in mid-answer and the buffer thrown away: every word that was seen is in the file again."""
    client, held, uri = chatting
    held.send("Two) ")
    client.until(lambda: "Two) " in client.buffers[uri].text, "the second piece")
    client.kill()

    other = editor("vscode-1.100")
    (path,) = chat_files(state)

    other.open("file:///work/x.py", "x = 1\n")
    other.until(lambda: "One. Two)" in path.read_text(encoding="utf-8"), "the words again")
    other.close(unread=True)
