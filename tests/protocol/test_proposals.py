"""What was not made is kept: listed at its place, after a restart too, and gone when it is applied or discarded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsp_client import LspClient, ServerError, titled
from openai_server import FakeOpenAI
from test_edits import AFTER, ANSWER, AT_MEAN, CODE, URI, document, proposed, text_is


def announce(params: dict[str, Any]) -> None:
    params["capabilities"]["experimental"] = {"askLsp": {"protocol": 1}}


@pytest.fixture
def keeping(editor, model: FakeOpenAI, config) -> LspClient:
    """An editor with one proposal."""
    config("edits: {review: proposal}\n")
    client = editor()
    model.say(ANSWER)
    client.open(URI, CODE)
    client.run(document(client))
    client.ended_progress()
    client.expect("window/showMessage", lambda params: "ready to review" in params["message"])
    return client


def titles(client: LspClient, where: dict[str, Any] = AT_MEAN) -> list[str]:
    return [each["title"] for each in client.code_actions(URI, where)]


def id_of(client: LspClient) -> str:
    (argument,) = titled(client.code_actions(URI, AT_MEAN), "Discard: ")["command"]["arguments"]
    return str(argument["proposal"])


def test_it_is_listed_at_its_place_and_nowhere_else(keeping) -> None:
    assert titles(keeping)[:5] == [
        "Apply: Write documentation for function `mean`",
        "Show diff: Write documentation for function `mean`",
        "Discard: Write documentation for function `mean`",
        "Try again: Write documentation for function `mean`",
        "Try again with...: Write documentation for function `mean`",
    ]
    far = {"start": {"line": 9, "character": 4}, "end": {"line": 9, "character": 4}}
    assert not [title for title in titles(keeping, far) if title.startswith("Apply")]
    keeping.close(unread=True)


def test_it_survives_a_restart_and_finds_its_place_in_a_file_that_changed(keeping, editor) -> None:
    keeping.close(unread=True)
    client = editor()
    client.open(URI, f"import os\n\n{CODE}".replace("ordered", "values_in_order"))
    at = {"start": {"line": 6, "character": 0}, "end": {"line": 6, "character": 0}}
    entry = None
    for _ in range(300):
        found = [each for each in client.code_actions(URI, at) if each["title"].startswith("Apply: ")]
        if found:
            entry = found[0]
            break
    assert entry is not None, "the proposal did not find its place"

    client.apply_literal(entry)

    text_is(client, f"import os\n\n{AFTER}".replace("ordered", "values_in_order"))
    client.close(unread=True)


def test_applied_by_the_editor_or_by_the_command_it_is_gone(keeping) -> None:
    proposal = id_of(keeping)

    keeping.execute("ask.apply", {"proposal": proposal})

    text_is(keeping, AFTER)
    keeping.expect("window/showMessage", lambda params: "done" in params["message"])
    assert not [title for title in titles(keeping) if title.startswith("Apply")]
    with pytest.raises(ServerError, match="no proposal"):
        keeping.execute("ask.apply", proposal)
    keeping.close(unread=True)


def test_typed_by_hand_it_is_gone_as_well(keeping) -> None:
    """The text stands there, however it got there."""
    at = CODE.index("    return sum")
    keeping.edit(URI, at, at, '    """The arithmetic mean of `values`."""\n')

    for _ in range(2_000):
        if not [title for title in titles(keeping) if title.startswith("Apply")]:
            break
    else:
        raise AssertionError("the proposal stays")
    keeping.close(unread=True)


def test_it_stays_when_only_the_line_that_it_removes_is_typed_in(editor, model, config) -> None:
    """Until the changes pause, when it is looked for; nobody has removed the line."""
    config("edits: {review: proposal}\n")
    client = editor("vscode-1.100", change=announce)
    code = "def f(a):\n    unused_variable = compute(a)\n    return a\n"
    client.open(URI, code)
    model.say("```python\ndef f(a):\n    return a\n```")
    place = client.range_of(URI, "unused")
    cursor = {"start": place["start"], "end": place["start"]}
    client.run(titled(client.code_actions(URI, cursor, triggerKind=1), "Simplify"))
    client.expect("ask/proposal")
    at = code.index("(a)\n    return") + 2

    client.edit(URI, at, at, "X")

    assert client.expect("ask/proposal")["state"] == "kept"
    assert titled(client.code_actions(URI, cursor, triggerKind=1), "Apply: ")
    client.close(unread=True)


def test_discarded_it_is_gone_for_good(keeping, editor) -> None:
    keeping.run(titled(keeping.code_actions(URI, AT_MEAN), "Discard: "))
    keeping.expect("window/showMessage", lambda params: "Discarded" in params["message"])
    assert not [title for title in titles(keeping) if title.startswith("Apply")]
    keeping.close(unread=True)

    client = editor()
    client.open(URI, CODE)
    client.execute("ask.proposals")
    page = client.expect("window/showDocument")["uri"]
    assert "There are none" in Path(page.removeprefix("file://")).read_text(encoding="utf-8")
    client.close(unread=True)


def test_the_difference_is_a_page_in_markdown(keeping) -> None:
    keeping.run(titled(keeping.code_actions(URI, AT_MEAN), "Show diff: "))

    page = Path(keeping.expect("window/showDocument")["uri"].removeprefix("file://"))

    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Write documentation for function `mean`\n")
    assert "```diff\n--- a/numbers.py\n+++ b/numbers.py\n" in text
    assert '+    """The arithmetic mean of `values`."""\n' in text
    assert page.stat().st_mode & 0o077 == 0
    keeping.close(unread=True)


def test_all_of_them_are_a_page(keeping) -> None:
    keeping.execute("ask.proposals")

    page = Path(keeping.expect("window/showDocument")["uri"].removeprefix("file://"))

    assert f"`{id_of(keeping)}`" in page.read_text(encoding="utf-8")
    keeping.close(unread=True)


def test_where_the_code_has_changed_too_much_apply_says_so_and_nothing_is_lost(keeping) -> None:
    start, end = CODE.index("def mean"), CODE.index("\n\n\ndef median")
    keeping.edit(URI, start, end, "def mean(numbers):\n    return statistics.mean(numbers)")
    entry = proposed(keeping)
    assert "edit" not in entry or entry["edit"] is None

    keeping.run(entry)

    keeping.expect("window/showMessage", lambda params: "The same lines were changed" in params["message"])
    assert proposed(keeping)
    keeping.close(unread=True)


@pytest.mark.parametrize("command", ["ask.apply", "ask.diff", "ask.discard", "ask.check", "ask.retry"])
def test_a_proposal_that_does_not_exist_is_a_sentence(command, editor) -> None:
    client = editor()
    with pytest.raises(ServerError, match=r"no proposal “nope1234”, or no longer\. ask\.proposals lists"):
        client.execute(command, {"proposal": "nope1234"})
    with pytest.raises(ServerError, match="must be text"):
        client.execute(command, {"proposal": 5})
    client.close(unread=True)


def test_with_nothing_to_undo_or_to_try_again_there_is_a_sentence(editor) -> None:
    client = editor()
    with pytest.raises(ServerError, match="no edit of ask-lsp to undo"):
        client.execute("ask.undo")
    with pytest.raises(ServerError, match="nothing to try again"):
        client.execute("ask.retry")
    client.close(unread=True)


def test_a_document_closed_meanwhile_gets_a_proposal_when_it_comes_back(editor, model) -> None:
    client = editor()
    held = model.hold()
    client.open(URI, CODE)
    client.run(document(client))
    model.wait_for_request()
    client.close_document(URI)
    held.send(ANSWER)
    held.finish()
    assert "no longer open" in client.ended_progress()

    client.open(URI, CODE, version=9)
    client.apply_literal(proposed(client))

    text_is(client, AFTER)
    client.close(unread=True)


def test_several_answers_for_one_document_each_find_their_place(editor, model) -> None:
    client = editor()
    client.open(URI, CODE)
    median = (
        "def median(values):\n    # The middle.\n    ordered = sorted(values)\n    return ordered[len(ordered) // 2]"
    )
    at_median = {"start": {"line": 8, "character": 4}, "end": {"line": 8, "character": 4}}
    one, other = model.hold(), model.hold()
    client.run(document(client))
    model.wait_for_request()
    client.run(titled(client.code_actions(URI, at_median), "Refactor"))
    client.until(lambda: len(model.requests) == 2)
    for held, answer in ((other, f"```python\n{median}\n```"), (one, ANSWER)):
        held.send(answer)
        held.finish()

    text_is(client, AFTER.replace("def median(values):\n", "def median(values):\n    # The middle.\n"))
    client.ended_progress()
    client.ended_progress()
    client.close(unread=True)


def test_our_own_clients_hear_of_a_proposal_and_of_its_end(editor, model) -> None:
    def announce(params: dict[str, Any]) -> None:
        params["capabilities"]["experimental"] = {"askLsp": {"protocol": 1}}

    client = editor("vscode-1.100", change=announce)
    model.say(ANSWER)
    client.open(URI, CODE, version=3)
    client.run(document(client, triggerKind=1))

    kept = client.expect("ask/proposal", lambda params: params["state"] == "kept")

    assert (kept["uri"], kept["version"], kept["reason"]) == (URI, 3, "")
    (hunk,) = kept["hunks"]
    assert hunk["newText"] == '    """The arithmetic mean of `values`."""\n'
    assert client.buffers[URI].text == CODE
    client.execute("ask.apply", kept["id"])
    text_is(client, AFTER)
    assert client.expect("ask/proposal", lambda params: params["state"] == "gone")["id"] == kept["id"]
    client.close(unread=True)


def test_vs_code_is_asked_to_show_the_edit_before_it_is_made(editor, model) -> None:
    """By a change annotation that needs confirmation; until then it is a proposal."""
    client = editor("vscode-1.100")
    client.silent_on.add("workspace/applyEdit")
    model.say(ANSWER)
    client.open(URI, CODE)
    client.run(document(client, triggerKind=1))

    request = client.expect("workspace/applyEdit")

    (annotation,) = request["edit"]["changeAnnotations"].values()
    assert annotation["needsConfirmation"] is True
    assert request["edit"]["documentChanges"][0]["edits"][0]["annotationId"]
    assert proposed(client)
    client.close(unread=True)


def test_trying_again_asks_for_the_same_place_with_more_words(keeping, model) -> None:
    model.say(ANSWER.replace("arithmetic mean", "average"))
    proposal = id_of(keeping)

    keeping.execute("ask.retry", {"proposal": proposal, "question": "Call it average."})
    keeping.until(lambda: len(model.requests) == 2)

    assert "Call it average." in model.requests[1].messages[-1]["content"]
    keeping.ended_progress()
    entry = proposed(keeping)
    keeping.apply_literal(entry)
    text_is(keeping, AFTER.replace("arithmetic mean", "average"))
    keeping.close(unread=True)
