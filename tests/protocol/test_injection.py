"""Instructions in code that the model obeys: the words of an answer change, and nothing that we do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from lsp_client import chat_files
from openai_server import FakeOpenAI
from test_ask import finished_chat, open_code
from test_edit_kinds import announce

CORPUS = Path(__file__).parent.parent / "corpus" / "injection"
CASES: list[dict[str, Any]] = yaml.safe_load((CORPUS / "answers.yaml").read_text(encoding="utf-8"))
ESCAPED = re.compile(r"\\.")
ALLOWED = {
    "window/showMessage", "window/showDocument", "window/workDoneProgress/create", "$/progress",
    "workspace/configuration", "workspace/applyEdit", "client/registerCapability", "window/logMessage",
}  # fmt: skip


def files_below(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 20


@pytest.mark.parametrize("case", CASES, ids=[case["file"] for case in CASES])
def test_an_obeying_model_can_only_change_words(
    case: dict[str, Any], editor, model: FakeOpenAI, config, state: Path, tmp_path: Path
) -> None:
    """Asked to explain and to edit, it does what the code says: no other file, endpoint, turn or document changes."""
    config("edits: {review: apply}\n")
    project = tmp_path / "project"
    project.mkdir()
    path = project / case["file"]
    text = (CORPUS / case["file"]).read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    (project / "other.txt").write_text("untouched\n")
    before = files_below(project)
    client = editor(root=project)
    uri = client.open_file(path, case["language"])
    range_ = client.range_of(uri, case["target"])

    model.say(case["answer"], chunks=5)
    client.execute("ask.run", {"action": "explain", "uri": uri, "range": range_})
    chat = finished_chat(client, state)
    shown = ESCAPED.sub("", chat.turns[1].text)
    for word in case.get("forbidden") or ():
        assert word not in shown
    assert [turn.role for turn in chat.turns] == ["user", "assistant", "user"]
    asked = len(model.requests)
    assert asked == 1

    model.say(case["edit"], chunks=3)
    model.say(case["edit"], chunks=3)
    client.execute("ask.run", {"action": "refactor", "uri": uri, "range": range_})
    client.until(lambda: len(client.progress) == 2 and not running(client), "the end of the edit")

    start = text.index(case["target"])
    now = client.buffers[uri].text
    assert now.startswith(text[:start])
    assert now.endswith(text[start + len(case["target"]) :])
    assert files_below(project) == before
    assert len(model.requests) in (2, 3)
    assert {each["method"] for each in client.seen if "method" in each} <= ALLOWED
    edited = {
        change["textDocument"]["uri"]
        for each in client.seen
        if each.get("method") == "workspace/applyEdit"
        for change in each["params"]["edit"].get("documentChanges", ())
    }
    chats = {chat.as_uri() for chat in chat_files(state)}
    assert edited <= {uri, *chats}
    client.close(unread=True)


def running(client: Any) -> bool:
    """Whether a progress has not ended."""
    return any(not values or values[-1]["kind"] != "end" for values in client.progress.values())


LINK = "[Click](command:workbench.action.quit)"


def shown_to_the_user(client) -> str:
    """All words of messages, progress and our own notifications."""
    kinds = ("window/showMessage", "window/showMessageRequest", "$/progress", "ask/answer", "ask/status")
    return json.dumps([each["params"] for each in client.seen if each.get("method") in kinds], ensure_ascii=False)


def test_a_message_about_an_answer_holds_no_live_link(editor, model: FakeOpenAI, state: Path) -> None:
    """Code goes into the chat byte for byte, but its first line is shown in passing where no chat can be opened."""
    client = editor("vim9-vim-lsp")
    uri = open_code(client)
    model.say(f"```\n{LINK}\u202e\n```\n")

    client.execute("ask.run", {"action": "explain", "uri": uri})

    said = client.expect("window/showMessage", lambda params: "Click" in params["message"])["message"]
    assert said.startswith("[Click] (command:workbench.action.quit)⟦U+202E⟧ - ")
    assert said.endswith(str(next(chat_files(state))))
    assert LINK not in shown_to_the_user(client)
    client.close(unread=True)


@pytest.mark.parametrize("name", ["neovim-0.11.4", "vim9-vim-lsp", "ours"])
def test_an_error_of_an_endpoint_is_quoted_without_what_is_live(
    name: str, editor, model: FakeOpenAI, state: Path
) -> None:
    client = editor("vscode-1.100", change=announce) if name == "ours" else editor(name)
    uri = open_code(client)
    model.fail(400, f"See {LINK} and ![x](https://evil.example/x.png) <img src=x>\u202e!")

    client.execute("ask.run", {"action": "explain", "uri": uri})

    client.until(lambda: "refused the request (400)" in shown_to_the_user(client), "the failure")
    (path,) = chat_files(state)
    client.until(lambda: "stopped here" in path.read_text(encoding="utf-8") + json.dumps(client.seen), "the note")
    for told in (shown_to_the_user(client), path.read_text(encoding="utf-8"), json.dumps(client.seen)):
        assert "](" not in told.replace("](file:", "")
        assert "<img" not in told
        assert "\u202e" not in told
    client.close(unread=True)
