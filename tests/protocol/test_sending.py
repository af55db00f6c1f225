"""What leaves the machine, through the protocol: nothing that may not, and just what the preview shows."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from lsp_client import LspClient, chat_files, titled
from openai_server import FakeOpenAI
from test_ask import CODE, finished_chat, open_code

TOKEN = "ghp_" + "Zk3vQ9rT1xW7mB5nC2dF8hJ4lP6sA0yE3uGq"  # of the documented form, of nobody
SECRET_CODE = f'''def connect():
    token = "{TOKEN}"
    return open_session(token)
'''


def messages_of(client: LspClient) -> list[str]:
    return [each["params"]["message"] for each in client.seen if each.get("method") == "window/showMessage"]


def told(client: LspClient, words: str) -> str:
    """Waits for a message with these words."""

    def find() -> str | None:
        return next((line for line in messages_of(client) if words in line), None)

    return client.until(find, f"a message with {words!r}")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A workspace folder with a repository in it."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


def opened(client: LspClient, path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return client.open_file(path, "python")


def judged(client: LspClient, uri: str, title: str) -> list[dict]:
    """The menu, once it begins with a title."""
    whole = client.range_of(uri, client.buffers[uri].text.splitlines()[0])

    def find() -> list[dict] | None:
        listed = client.code_actions(uri, whole)
        return listed if listed and listed[0]["title"].startswith(title) else None

    for _ in range(400):
        if (found := find()) is not None:
            return found
    raise AssertionError(
        f"the menu never began with {title!r}: {[each['title'] for each in client.code_actions(uri, whole)]}"
    )


# ---- files that may not leave


def test_a_denied_file_is_never_sent_whatever_is_asked(editor, model: FakeOpenAI, state: Path, project: Path) -> None:
    client = editor(root=project)
    uri = opened(client, project / ".env", "API_TOKEN=abc\n")
    listed = judged(client, uri, "Not sent: ")

    assert len(listed) == 1
    start = {"line": 0, "character": 0}
    assert client.code_actions(uri, {"start": start, "end": start}, triggerKind=2) == []  # no light bulb on every line
    for action in ("explain", "ask", "refactor"):
        client.execute("ask.run", {"action": action, "uri": uri, "question": "What is it?"})
        told(client, ".env was not sent")
    with pytest.raises(Exception, match="cannot be allowed"):
        client.execute("ask.allowOnce", {"uri": uri})
    assert not model.requests
    assert not list(chat_files(state))
    client.close(unread=True)


@pytest.mark.parametrize("scheme", ["git:", "untitled:", "vscode-vfs://host"])
def test_a_denied_name_is_not_sent_under_another_scheme(
    scheme: str, editor, model: FakeOpenAI, state: Path, project: Path
) -> None:
    client = editor(root=project)
    uri = client.open(f"{scheme}{project}/.env?HEAD", "API_TOKEN=abc\n")
    judged(client, uri, "Not sent: ")

    client.execute("ask.run", {"action": "explain", "uri": uri})

    told(client, ".env was not sent")
    assert not model.requests
    assert not list(chat_files(state))
    client.close(unread=True)


def test_a_link_to_a_denied_file_is_as_denied(editor, model: FakeOpenAI, project: Path) -> None:
    client = editor(root=project)
    (project / ".env").write_text("API_TOKEN=abc\n")
    (project / "notes.py").symlink_to(project / ".env")
    uri = client.open((project / "notes.py").as_uri(), "API_TOKEN=abc\n")
    judged(client, uri, "Not sent: ")

    client.execute("ask.run", {"action": "explain", "uri": uri})

    told(client, "was not sent")
    assert not model.requests
    client.close(unread=True)


def test_a_gitignored_file_can_be_allowed_once(editor, model: FakeOpenAI, state: Path, project: Path) -> None:
    client = editor(root=project)
    (project / ".gitignore").write_text("build/\n")
    uri = opened(client, project / "build" / "made.py", CODE)
    allow = judged(client, uri, "Allow once: ")[0]
    client.execute("ask.run", {"action": "explain", "uri": uri})
    told(client, "was not sent")
    assert not model.requests

    client.run(allow)
    told(client, "may be sent")
    client.execute("ask.run", {"action": "explain", "uri": uri})
    finished_chat(client, state)
    client.execute("ask.run", {"action": "explain", "uri": uri})
    client.until(lambda: sum("was not sent" in line for line in messages_of(client)) == 2, "the second refusal")

    assert len(model.requests) == 1
    client.close(unread=True)


def test_a_rule_that_is_saved_counts_at_once(editor, model: FakeOpenAI, project: Path) -> None:
    client = editor(root=project)
    uri = opened(client, project / "made.py", CODE)
    rules = opened(client, project / ".gitignore", "\n")
    client.edit(rules, 0, 0, "made.py\n")
    client.save(rules)

    judged(client, uri, "Allow once: ")
    client.close(unread=True)


@pytest.mark.parametrize("linked", ["folder", "document"])
def test_a_workspace_is_the_same_by_each_of_its_names(linked: str, editor, model: FakeOpenAI, project: Path) -> None:
    """The editor may name the folder by a link and the file without it, or the other way round."""
    (project / ".ask-lsp.yaml").write_text("ignore: ['plan.py']\n", encoding="utf-8")
    alias = project.with_name("alias")
    alias.symlink_to(project)
    client = editor(root=alias if linked == "folder" else project)
    uri = opened(client, (project if linked == "folder" else alias) / "plan.py", CODE)

    judged(client, uri, "Not sent: ")
    client.execute("ask.run", {"action": "explain", "uri": uri})

    assert ".ask-lsp.yaml" in told(client, "plan.py was not sent")
    assert not model.requests
    client.close(unread=True)


def test_a_chat_is_in_the_workspace_of_its_file_by_any_name(
    editor, model: FakeOpenAI, state: Path, project: Path
) -> None:
    """A follow-up is held to what the workspace says, too."""
    alias = project.with_name("alias")
    alias.symlink_to(project)
    client = editor(root=alias)
    uri = opened(client, project / "plan.py", CODE)
    client.execute("ask.run", {"action": "explain", "uri": uri})
    finished_chat(client, state)
    client.ended_progress()
    (project / ".ask-lsp.yaml").write_text("ignore: ['plan.py']\n", encoding="utf-8")
    (path,) = chat_files(state)
    chat = path.as_uri()
    if chat not in client.buffers:
        client.open_file(path)
    end = len(client.buffers[chat].text)
    client.edit(chat, end, end, "And why?\n")

    client.execute("ask.send", {"uri": chat})

    assert ".ask-lsp.yaml" in told(client, "plan.py was not sent")
    assert len(model.requests) == 1
    client.close(unread=True)


# ---- preview


@pytest.mark.parametrize("action", ["explain", "find_problems", "document", "refactor", "ask"])
def test_the_preview_is_what_is_sent(action: str, editor, model: FakeOpenAI, config, state: Path) -> None:
    """Byte for byte: the body on the page is the body that the model server gets."""
    config("edits: {review: proposal}\n")
    client = editor("vscode-1.100")
    uri = client.open("file:///work/session.py", SECRET_CODE)
    asked = {"action": action, "uri": uri, "range": client.range_of(uri, SECRET_CODE[:-1]), "question": "Why so?"}

    client.execute("ask.preview", asked)
    page = client.until(lambda: next(state.rglob("preview.md"), None), "the page").read_text()
    assert not model.requests
    client.execute("ask.run", asked)
    request = model.wait_for_request()

    assert request.raw.decode() in page
    assert model.base_url in page
    assert "Replaced here: `REDACTED_" in page
    client.close(unread=True)


@pytest.mark.parametrize("action", ["explain", "refactor"])
def test_a_chat_has_a_preview_of_its_next_question(action: str, editor, model: FakeOpenAI, config, state: Path) -> None:
    """From its menu; also where the chat is about an edit."""
    config("edits: {review: proposal}\n")
    client = editor()
    uri = open_code(client)
    client.execute("ask.run", {"action": action, "uri": uri, "range": client.range_of(uri, "return sum(values)")})
    finished_chat(client, state)
    client.until(lambda: client.progress and next(iter(client.progress.values()))[-1]["kind"] == "end", "the end")
    (path,) = chat_files(state)
    chat = path.as_uri()
    if chat not in client.buffers:
        client.open_file(path)
    end = len(client.buffers[chat].text)
    client.edit(chat, end, end, "And why?\n")
    asked = len(model.requests)

    listed = client.code_actions(chat, client.range_of(chat, "And why?"))
    assert [each["title"] for each in listed] == ["Send this question", "Preview what would be sent"]
    client.run(listed[1])
    page = client.until(lambda: next(state.rglob("preview.md"), None), "the page").read_text()
    assert "And why?" in page
    assert len(model.requests) == asked
    assert client.buffers[chat].text.endswith("And why?\n")
    client.run(listed[0])
    client.until(lambda: len(model.requests) > asked, "the request")

    assert model.requests[asked].raw.decode() in page
    client.close(unread=True)


# ---- routes


def test_a_routed_file_goes_only_where_it_may(editor, model: FakeOpenAI, config, state: Path, project: Path) -> None:
    config(
        "routes:\n- paths: ['secret/**']\n  profile: inside\nprofiles:\n"
        f"  inside: {{base_url: '{model.base_url}', model: inner-model}}\n"
    )
    client = editor(root=project)
    uri = opened(client, project / "secret" / "plan.py", CODE)

    client.execute("ask.run", {"action": "explain", "uri": uri})
    chat = finished_chat(client, state)
    assert model.wait_for_request().model == "inner-model"
    client.ended_progress()

    client.execute("ask.profile", {"name": "default"})
    told(client, "Profile default")
    (path,) = chat_files(state)
    chat_uri = path.as_uri()
    if chat_uri not in client.buffers:
        client.open_file(path)
    end = len(client.buffers[chat_uri].text)
    client.edit(chat_uri, end, end, "And why?\n")
    client.execute("ask.send", {"uri": chat_uri})

    refusal = told(client, "Not sent: ")
    assert "turn 1" in refusal
    assert "plan.py" in refusal
    assert len(model.requests) == 1
    assert chat.turns[0].attributes["sources"] == str(project / "secret" / "plan.py")
    client.close(unread=True)


def test_a_document_that_is_no_file_has_a_route_by_its_name(editor, model: FakeOpenAI, config, state: Path) -> None:
    config(
        "routes:\n- paths: ['*.sql']\n  profile: inside\nprofiles:\n"
        f"  inside: {{base_url: '{model.base_url}', model: inner-model}}\n"
    )
    client = editor()
    uri = client.open("untitled:query.sql", CODE)

    client.execute("ask.run", {"action": "explain", "uri": uri})
    chat = finished_chat(client, state)

    assert model.wait_for_request().model == "inner-model"
    assert chat.turns[0].attributes["sources"] == "query.sql"
    client.close(unread=True)


@pytest.mark.parametrize("yours", ["", "routes:\n- {paths: ['work/**'], profile: elsewhere}\n"])
def test_a_workspace_may_forbid_a_profile_but_not_choose_one_elsewhere(
    yours: str, editor, model: FakeOpenAI, config, project: Path
) -> None:
    """Nor does a route of the user's for other files choose it."""
    config(f"{yours}profiles:\n  elsewhere: {{base_url: 'https://models.example', model: m, api_key: k}}\n")
    (project / ".ask-lsp.yaml").write_text("routes:\n- paths: ['**']\n  profile: elsewhere\n", encoding="utf-8")
    client = editor(root=project)
    uri = opened(client, project / "plan.py", CODE)

    client.execute("ask.run", {"action": "explain", "uri": uri})

    refusal = told(client, "Not sent: ")
    assert "elsewhere" in refusal
    assert "ask.profile" in refusal
    assert not model.requests
    client.close(unread=True)


# ---- what it costs


def test_a_cap_refuses_before_sending_and_can_be_passed_once(editor, model: FakeOpenAI, config, state: Path) -> None:
    config("prices: {input: 1000, output: 1000}\nspend: {per_request: 0.01}\n")
    client = editor()
    uri = open_code(client)
    asked = {"action": "explain", "uri": uri, "range": client.range_of(uri, "return sum(values)")}

    client.execute("ask.run", asked)
    refusal = told(client, "per_request")
    assert "$0.01" in refusal
    assert not model.requests
    place = {"start": asked["range"]["start"], "end": asked["range"]["start"]}
    assert client.code_actions(uri, place, triggerKind=2) == []  # no light bulb on every line
    client.run(titled(client.code_actions(uri, asked["range"]), "Allow once: "))
    told(client, "may go above a cap")
    client.execute("ask.run", asked)
    finished_chat(client, state)

    assert model.wait_for_request().body["max_completion_tokens"] > 0
    client.execute("ask.run", asked)
    client.until(lambda: sum("per_request" in line for line in messages_of(client)) == 2, "the next refusal")
    assert len(model.requests) == 1
    client.close(unread=True)


def test_every_request_is_in_the_audit_log_without_its_text(editor, model: FakeOpenAI, state: Path) -> None:
    client = editor()
    uri = client.open("file:///work/session.py", SECRET_CODE)
    client.execute("ask.run", {"action": "explain", "uri": uri})
    finished_chat(client, state)
    client.close(unread=True)

    database = next(state.rglob("ask-lsp.db"))
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    (row,) = connection.execute("SELECT * FROM requests").fetchall()
    connection.close()
    assert row["state"] == "done"
    assert row["origin"] == model.base_url.removesuffix("/v1")
    assert row["action"] == "explain"
    assert row["file"] == "/work/session.py"
    assert row["prompt"] is None
    assert "open_session" not in json.dumps([str(value) for value in tuple(row)])


@pytest.mark.parametrize("thinks", [True, False])
def test_an_endpoint_that_ignores_the_output_limit_is_closed(
    thinks: bool, editor, model: FakeOpenAI, config, state: Path
) -> None:
    config("max_output: 100\n")
    client = editor()
    uri = open_code(client)
    held = model.hold()
    for _ in range(400):
        (held.think if thinks else held.send)("one more word, ")

    client.execute("ask.run", {"action": "explain", "uri": uri})

    if thinks:
        told(client, "thought until the output limit (100 tokens) and said nothing. Raise max_output")
    else:
        assert client.ended_progress().startswith("The answer reached the output limit (max_output).")
        assert finished_chat(client, state).turns[1].text.count("one more word") < 100
    model.wait_for_disconnect()
    client.close(unread=True)
