"""Edits through the protocol: they land where they belong or stay a proposal, and nothing is said that is not so."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from lsp_client import ALL_CAPTURED, LspClient, look_up, titled
from openai_server import FakeOpenAI

URI = "file:///work/numbers.py"
CODE = '''"""Numbers."""


def mean(values):
    return sum(values) / len(values)


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
'''
NEW = '''def mean(values):
    """The arithmetic mean of `values`."""
    return sum(values) / len(values)'''
ANSWER = f"```python\n{NEW}\n```\n"
AFTER = CODE.replace(CODE[CODE.index("def mean") : CODE.index("\n\n\ndef median")], NEW)
AT_MEAN = {"start": {"line": 4, "character": 4}, "end": {"line": 4, "character": 4}}


def document(client: LspClient, **context: Any) -> dict[str, Any]:
    """The entry that writes documentation for the function."""
    return titled(client.code_actions(URI, AT_MEAN, **context), "Write documentation")


def text_is(client: LspClient, expected: str) -> None:
    client.until(lambda: client.buffers[URI].text == expected, f"the text {expected!r}")


def proposed(client: LspClient) -> dict[str, Any]:
    """The entry that applies what was kept, once it is there."""

    def find() -> dict[str, Any] | None:
        found = [each for each in client.code_actions(URI, AT_MEAN) if each["title"].startswith("Apply: ")]
        return found[0] if found else None

    for _ in range(200):
        if (found := find()) is not None:
            return found
    raise AssertionError("no proposal is listed")


def applies_unasked(client: LspClient) -> bool:
    """By what the editor announced: versioned edits, and nobody who shows a preview first."""
    asks = look_up(client.capabilities, "textDocument.codeAction.honorsChangeAnnotations") and look_up(
        client.capabilities, "workspace.workspaceEdit.changeAnnotationSupport"
    )
    versioned = look_up(client.capabilities, "workspace.workspaceEdit.documentChanges")
    return bool((versioned or client.name.startswith("neovim")) and not asks)


@pytest.mark.parametrize("name", ALL_CAPTURED)
def test_an_edit_is_made_or_kept_as_each_editor_can(name, editor, model: FakeOpenAI) -> None:
    """Only with versions is anything changed unasked; everybody else gets a proposal that applies."""
    client = editor(name, full_sync=name.startswith(("kate", "vim9-ale")))
    model.say(ANSWER, chunks=4)
    client.open(URI, CODE)
    client.run(document(client, triggerKind=1))
    model.wait_for_request()

    if not applies_unasked(client):
        entry = proposed(client)
        assert client.buffers[URI].text == CODE or look_up(
            client.capabilities, "workspace.workspaceEdit.changeAnnotationSupport"
        )
        if client.buffers[URI].text == CODE:
            if entry.get("edit"):
                client.apply_literal(entry)
            else:
                client.run(entry)
    text_is(client, AFTER)
    client.close(unread=True)


def test_lines_that_stay_are_not_touched_and_one_change_does_it(editor, model) -> None:
    """The docstring is one inserted line, in one applyEdit that names the version."""
    client = editor()
    model.say(ANSWER)
    client.open(URI, CODE, version=7)
    client.run(document(client))
    text_is(client, AFTER)

    (request,) = [message for message in client.seen if message.get("method") == "workspace/applyEdit"]

    (change,) = request["params"]["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": URI, "version": 7}
    (edit,) = change["edits"]
    assert edit["newText"] == '    """The arithmetic mean of `values`."""\n'
    assert edit["range"]["start"] == edit["range"]["end"] == {"line": 4, "character": 0}
    assert "done in numbers.py" in client.ended_progress()
    client.close(unread=True)


@pytest.mark.parametrize("full_sync", [False, True])
@pytest.mark.parametrize("name", ["neovim-0.11.4", "emacs28-lsp-mode-8.0"])
def test_an_edit_follows_its_target_while_the_user_types(name, full_sync, editor, model) -> None:
    """Above, below, and inside on other lines: all of it stays, and the answer goes where its target has gone."""
    client = editor(name, full_sync=full_sync)
    held = model.hold()
    client.open(URI, CODE)
    client.run(document(client))
    model.wait_for_request()
    held.send(ANSWER)
    for typed in ("import math\n", "# more 😀\n"):
        client.edit(URI, 0, 0, typed)
    client.edit(URI, len(client.buffers[URI].text), len(client.buffers[URI].text), "\n\nprint(mean([1]))\n")
    held.finish()

    expected = "# more 😀\nimport math\n" + AFTER + "\n\nprint(mean([1]))\n"
    text_is(client, expected)
    client.ended_progress()
    client.close(unread=True)


def test_what_was_typed_inside_is_merged_or_the_answer_waits(editor, model) -> None:
    """Another line of the target is merged; the very line that the answer changes is not touched any more."""
    client = editor()
    body = CODE.replace(
        "    return sum(values)", "    total = sum(values)\n    count = len(values)\n    return sum(values)"
    )
    changed = body.replace("    total = sum(values)\n", "    total = fsum(values)\n")
    new = changed[changed.index("def mean") : changed.index("\n\n\ndef median")]
    client.open(URI, body)
    for line, merged in (("return sum(values) / len(values)", True), ("total = sum(values)", False)):
        held = model.hold()
        client.run(titled(client.code_actions(URI, AT_MEAN), "Refactor"))
        model.wait_for_request()
        at = client.buffers[URI].text.index(line) + len(line)
        client.edit(URI, at, at, "  # mine")
        held.send(f"```python\n{new}\n```")
        held.finish()
        sentence = client.ended_progress()

        text = client.buffers[URI].text
        assert f"{line}  # mine" in text
        assert ("done in" in sentence) is merged
        assert ("fsum" in text) is merged
        if merged:
            client.edit(URI, 0, len(text), body)
    assert "The same lines were changed meanwhile." in sentence
    assert proposed(client)
    client.close(unread=True)


@pytest.mark.parametrize("name", ["emacs28-lsp-mode-8.0", "neovim-0.11.4"])
def test_an_edit_that_is_refused_is_kept_and_can_be_applied(name, editor, model) -> None:
    client = editor(name)
    client.applies_edits = False
    model.say(ANSWER)
    client.open(URI, CODE)
    client.run(document(client))

    assert "not applied" in client.ended_progress()
    assert client.buffers[URI].text == CODE
    client.applies_edits = True
    client.run(proposed(client)) if not proposed(client).get("edit") else client.apply_literal(proposed(client))
    text_is(client, AFTER)
    client.until(lambda: True)
    client.close(unread=True)


def test_what_the_editor_says_about_a_target_that_cannot_be_written_is_passed_on(editor, model) -> None:
    client = editor("emacs28-lsp-mode-8.0")
    client.answers["workspace/applyEdit"] = lambda params: {"applied": False, "failureReason": "Buffer is\nread-only"}
    model.say(ANSWER)
    client.open(URI, CODE)
    client.run(document(client))

    assert "not applied. The editor refused the edit: Buffer is read-only. It is kept" in client.ended_progress()
    client.run(titled(client.code_actions(URI, AT_MEAN), "Show diff: "))
    entry = proposed(client)
    client.execute("ask.apply", titled(client.code_actions(URI, AT_MEAN), "Discard: ")["command"]["arguments"][0])
    client.expect("window/showMessage", lambda params: "Buffer is read-only. The proposal stays" in params["message"])
    assert entry == proposed(client)
    assert client.buffers[URI].text == CODE
    client.close(unread=True)


def test_a_late_edit_that_neovim_says_to_have_made_is_made_anew(editor, model) -> None:
    """It answers `applied: true` to an edit for an older version, and does not make it; the second one is right."""
    client = editor("neovim-0.11.4")
    client.late = True
    asked: list[int] = []

    def takes(params: dict[str, Any]) -> bool:
        asked.append(params["edit"]["documentChanges"][0]["textDocument"]["version"])
        if len(asked) == 1:
            client.edit(URI, 0, 0, "import os\n")  # typed, and not yet sent: the edit is late
            threading.Timer(0.05, client.send_late).start()
        else:
            client.late = False
        return True

    client.applies_edits = takes
    model.say(ANSWER)
    client.open(URI, CODE)
    client.run(document(client))

    text_is(client, "import os\n" + AFTER)
    assert asked == [1, 2]
    assert "done in" in client.ended_progress()
    client.close(unread=True)


def test_yes_alone_is_not_done_and_the_text_decides(editor, model) -> None:
    """eglot sends its change late: until then nothing is listed and nothing called done; then it is done."""
    client = editor("emacs28-eglot-1.9")
    client.late = True
    model.say(ANSWER)
    client.open(URI, CODE)
    client.run(document(client))
    client.until(lambda: client.buffers[URI].text == AFTER)

    assert not [each for each in client.code_actions(URI, AT_MEAN) if each["title"].startswith("Apply")]
    client.send_late()

    client.expect("window/showMessage", lambda params: "done in" in params["message"])
    client.close(unread=True)


def test_an_edit_that_a_liar_said_to_have_made_is_kept(editor, model) -> None:
    """lsp-mode says yes and makes nothing: the next change, which has nothing of it, makes it a proposal."""
    client = editor("emacs28-lsp-mode-8.0")
    client.answers["workspace/applyEdit"] = lambda params: {"applied": True}
    model.say(ANSWER)
    client.open(URI, CODE)
    client.run(document(client))
    client.until(lambda: any(each.get("method") == "workspace/applyEdit" for each in client.seen))
    client.edit(URI, 0, 0, "import os\n")

    assert "the text is not there" in client.ended_progress()
    assert proposed(client)
    client.close(unread=True)


def test_typing_in_a_line_that_was_to_go_does_not_make_a_liar_right(editor, model) -> None:
    """The line is no longer as it was, and yet nobody has removed it."""
    client = editor("emacs28-lsp-mode-8.0")
    client.answers["workspace/applyEdit"] = lambda params: {"applied": True}
    code = "def f(a):\n    unused_variable = compute(a)\n    return a\n"
    client.open(URI, code)
    model.say("```python\ndef f(a):\n    return a\n```")
    cursor = client.range_of(URI, "unused")["start"]
    client.run(titled(client.code_actions(URI, {"start": cursor, "end": cursor}), "Simplify"))
    client.until(lambda: any(each.get("method") == "workspace/applyEdit" for each in client.seen))
    at = code.index("(a)\n    return") + 2
    client.edit(URI, at, at, "X")

    assert "the text is not there" in client.ended_progress()
    client.close(unread=True)


def test_a_chat_about_an_edit_goes_on_with_it(editor, model, state) -> None:
    """The next answer there is an edit of the same place, as it is by then; one without code is just an answer."""
    client = editor("neovim-0.11.4")
    model.say(ANSWER)
    client.open(URI, CODE)
    client.run(document(client))
    text_is(client, AFTER)
    client.ended_progress()
    (chat,) = (state / "ask-lsp" / "chats").glob("*.md")
    uri = client.open_file(chat)

    def say(question: str) -> None:
        end = len(client.buffers[uri].text)
        client.edit(uri, end, end, f"{question}\n")
        client.run(titled(client.code_actions(uri, client.range_of(uri, question)), "Send this question"))

    model.say(ANSWER.replace("arithmetic mean", "average"))
    say("Call it average.")
    text_is(client, AFTER.replace("arithmetic mean", "average"))
    client.ended_progress()
    model.say("Because that is what it does.")
    say("Why?")

    client.until(lambda: "Because that is what it does." in client.buffers[uri].text)
    assert "answered" in client.ended_progress()
    assert client.buffers[URI].text == AFTER.replace("arithmetic mean", "average")
    assert len(model.requests) == 3
    client.close(unread=True)


def test_undo_takes_the_last_edit_back_only_while_it_is_ours(editor, model) -> None:
    client = editor()
    for mine in (False, True):
        model.say(ANSWER)
        client.buffers or client.open(URI, CODE)
        client.run(document(client))
        text_is(client, AFTER)
        client.ended_progress()
        undo = titled(client.code_actions(URI, AT_MEAN), "Undo last answer")
        if mine:
            at = client.buffers[URI].text.index("arithmetic")
            client.edit(URI, at, at, "usual ")
            assert not [each for each in client.code_actions(URI, AT_MEAN) if each["title"] == "Undo last answer"]
        client.run(undo)
        if not mine:
            text_is(client, CODE)
            client.expect("window/showMessage", lambda params: "Undone" in params["message"])
    client.expect("window/showMessage", lambda params: "nothing was undone" in params["message"])
    assert "usual arithmetic" in client.buffers[URI].text
    client.close(unread=True)


def test_an_edit_that_nobody_answers_is_kept_after_ten_seconds(editor, model: FakeOpenAI) -> None:
    """And when it turns up after all, the proposal goes."""
    client = editor("emacs28-lsp-mode-8.0")
    client.silent_on.add("workspace/applyEdit")
    client.open(URI, CODE)
    model.say(ANSWER)
    began = time.monotonic()
    client.run(document(client))
    request = client.expect("workspace/applyEdit")

    client.until(lambda: any(steps[-1]["kind"] == "end" for steps in client.progress.values()), "the end", seconds=30)
    sentence = client.ended_progress()

    assert 9 < time.monotonic() - began < 20
    assert "The editor did not answer." in sentence
    assert proposed(client)
    client.apply_literal({"edit": request["edit"]})
    client.until(
        lambda: not [each for each in client.code_actions(URI, AT_MEAN) if each["title"].startswith("Apply: ")]
    )
    client.close(unread=True)


def test_who_wants_it_gets_edits_without_versions_too(editor, model: FakeOpenAI, config) -> None:
    """Unversioned, as that editor takes them, and unasked."""
    config("edits: {review: apply}\n")
    client = editor("vim9-vim-lsp")
    client.open(URI, CODE)
    model.say(ANSWER)
    client.run(document(client))

    text_is(client, AFTER)
    (request,) = [each for each in client.seen if each.get("method") == "workspace/applyEdit"]
    assert list(request["params"]["edit"]) == ["changes"]
    client.close(unread=True)
