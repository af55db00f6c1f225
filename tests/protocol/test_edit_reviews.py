"""What happens between an answer and its edit: previews, checks, more words, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsp_client import LspClient, ServerError, titled
from openai_server import FakeOpenAI
from test_edits import AFTER, ANSWER, AT_MEAN, CODE, URI, document, proposed, text_is

AVERAGE = ANSWER.replace("arithmetic mean", "average")


def titles(client: LspClient) -> list[str]:
    return [each["title"] for each in client.code_actions(URI, AT_MEAN)]


def applies(client: LspClient) -> list[str]:
    return [title for title in titles(client) if title.startswith("Apply: ")]


def without_windows(params: dict[str, Any]) -> None:
    params["capabilities"].get("window", {}).pop("showDocument", None)


def announce(params: dict[str, Any]) -> None:
    params["capabilities"]["experimental"] = {"askLsp": {"protocol": 1}}


def keep_one(client: LspClient, model: FakeOpenAI, answer: str = ANSWER) -> None:
    """Has one answer kept as a proposal."""
    model.say(answer)
    URI in client.buffers or client.open(URI, CODE)
    listed = client.code_actions(URI, AT_MEAN)
    client.run(next(each for each in listed if each["title"].startswith("Write documentation")))
    assert "ready to review" in client.ended_progress()


def test_an_edit_whose_text_never_came_is_checked_by_the_user_and_dropped_when_it_turns_up(editor, model) -> None:
    """Nothing is called done; the check looks at the text; a text that comes later ends the proposal."""
    client = editor("emacs28-lsp-mode-8.0")
    client.late = True
    model.say(ANSWER)
    client.open(URI, CODE)
    client.run(document(client))
    client.until(lambda: client.buffers[URI].text == AFTER)
    client.until(lambda: any(v and v[-1]["kind"] == "end" for v in client.progress.values()), "the end", seconds=40)
    sentence = client.ended_progress()
    assert "done" not in sentence
    assert "Check last edit" in sentence
    assert not applies(client)

    client.run(titled(client.code_actions(URI, AT_MEAN), "Check last edit"))
    client.expect("window/showMessage", lambda params: "it is not there. It is kept" in params["message"])
    assert applies(client)
    client.send_late()

    for _ in range(2_000):
        if not applies(client):
            break
    else:
        raise AssertionError("the proposal stays though its text is there")
    assert "Check last edit" not in titles(client)
    client.close(unread=True)


def test_a_preview_is_shown_where_nothing_shows_one_by_itself(editor, model, config) -> None:
    """Neovim has no preview of its own: the difference is opened beside the code, and nothing is changed."""
    config("edits: {review: preview}\n")
    client = editor("neovim-0.11.4")
    keep_one(client, model)

    page = Path(client.expect("window/showDocument")["uri"].removeprefix("file://"))

    assert '+    """The arithmetic mean of `values`."""' in page.read_text(encoding="utf-8")
    assert client.buffers[URI].text == CODE
    client.apply_literal(proposed(client))
    text_is(client, AFTER)
    client.close(unread=True)


def test_a_difference_that_the_editor_cannot_open_is_named_by_its_path(editor, model, config) -> None:
    config("edits: {review: proposal}\n")
    client = editor("neovim-0.11.4", change=without_windows)
    keep_one(client, model)

    client.run(titled(client.code_actions(URI, AT_MEAN), "Show diff: "))

    told = client.expect("window/showMessage", lambda params: ".md" in params["message"])["message"]
    path = next(Path(word.strip("“”.,")) for word in told.split() if "/" in word and ".md" in word)
    assert path.is_file(), told
    client.close(unread=True)


def test_three_proposals_are_listed_at_a_place_and_all_of_them_on_the_page(editor, model, config) -> None:
    config("edits: {review: proposal}\n")
    client = editor()
    for number in range(4):
        keep_one(client, model, ANSWER.replace("arithmetic", f"{number}th"))

    assert len(applies(client)) == 3
    newest = proposed(client)["edit"]
    assert "3th" in str(newest)
    client.execute("ask.proposals")

    page = client.expect("window/showDocument", lambda params: "proposals" in params["uri"])["uri"]
    assert Path(page.removeprefix("file://")).read_text(encoding="utf-8").count("Write documentation for") >= 4
    client.close(unread=True)


def test_more_words_are_typed_into_what_the_client_has_for_it(editor, model) -> None:
    client = editor("vscode-1.100", change=announce)
    client.answers["ask/input"] = lambda params: {"value": "Call it average."}
    client.open(URI, CODE)
    model.say(ANSWER)
    client.run(document(client, triggerKind=1))
    first = client.expect("ask/proposal", lambda params: params["state"] == "kept")
    model.say(AVERAGE)

    client.run(titled(client.code_actions(URI, AT_MEAN, triggerKind=1), "Try again with...: "))
    again = client.expect("ask/proposal", lambda params: params["state"] == "kept")

    assert "average" in str(again["hunks"])
    assert "Call it average." in model.requests[1].messages[-1]["content"]
    assert client.expect("ask/proposal", lambda params: params["state"] == "gone")["id"] == first["id"]
    client.close(unread=True)


def test_elsewhere_more_words_are_typed_into_a_chat(editor, model, config) -> None:
    config("edits: {review: proposal}\n")
    client = editor()
    keep_one(client, model)
    model.say(AVERAGE)

    client.run(titled(client.code_actions(URI, AT_MEAN), "Try again with...: "))
    chat = client.expect("window/showDocument")["uri"]
    client.until(lambda: chat in client.buffers)
    end = len(client.buffers[chat].text)
    client.edit(chat, end, end, "Call it average.\n")
    client.run(titled(client.code_actions(chat, client.range_of(chat, "Call it")), "Send this question"))

    while "ready to review" not in client.ended_progress():
        pass  # that of the question, unless it was there before the editor had made a progress
    assert "Call it average." in model.requests[1].messages[-1]["content"]
    assert "average" in str(proposed(client)["edit"])
    client.close(unread=True)


def test_the_last_edit_is_taken_back_and_asked_for_anew(editor, model) -> None:
    client = editor()
    client.open(URI, CODE)
    for answer in (ANSWER, AVERAGE):
        model.say(answer)
        if answer is ANSWER:
            client.run(document(client))
        else:
            client.run(titled(client.code_actions(URI, AT_MEAN), "Undo last answer and try again"))
        text_is(client, AFTER if answer is ANSWER else AFTER.replace("arithmetic mean", "average"))
        client.ended_progress()

    assert "arithmetic mean" not in model.requests[1].messages[-1]["content"]
    client.close(unread=True)


@pytest.mark.parametrize("command", ["ask.apply", "ask.diff", "ask.discard", "ask.check"])
def test_a_command_without_its_proposal_is_a_sentence(command, editor) -> None:
    client = editor()
    with pytest.raises(ServerError, match="proposal"):
        client.execute(command)
    client.close(unread=True)


@pytest.mark.parametrize("action", ["document", "explain", "complete"])
def test_a_range_beyond_the_document_is_a_sentence(action, editor, model) -> None:
    client = editor()
    client.open(URI, CODE)
    beyond = {"start": {"line": 900, "character": 5}, "end": {"line": 999, "character": 7}}

    assert isinstance(client.code_actions(URI, beyond), list)
    with pytest.raises(ServerError, match=r"Line 901 is outside numbers\.py, which has 11\. Ask for the code actions"):
        client.execute("ask.run", {"action": action, "uri": URI, "range": beyond})

    assert not model.requests
    assert client.buffers[URI].text == CODE
    client.close(unread=True)


@pytest.mark.parametrize("name", ["neovim-0.11.4", "vscode-1.100"])
def test_what_the_editor_made_by_itself_can_be_undone_as_well(name, editor, model, config) -> None:
    """The edit of the menu, and a preview that was accepted: neither was sent and waited for by us."""
    previews = name.startswith("vscode")
    config("" if previews else "edits: {review: proposal}\n")
    client = editor(name)
    model.say(ANSWER)
    client.open(URI, CODE)
    client.run(document(client, triggerKind=1))
    client.ended_progress()
    if not previews:
        client.apply_literal(proposed(client))
    text_is(client, AFTER)
    client.edit(URI, 0, 0, "# Mine.\n")
    for _ in range(2_000):
        entries = [each for each in client.code_actions(URI, AT_MEAN, triggerKind=1) if "Undo" in each["title"]]
        if entries:
            break
    assert not applies(client)

    client.run(entries[0])

    text_is(client, f"# Mine.\n{CODE}")
    client.expect("window/showMessage", lambda params: "Undone: Write documentation" in params["message"])
    client.close(unread=True)


def test_what_was_merged_with_can_be_undone_without_losing_it(editor, model, config) -> None:
    config("edits: {review: proposal}\n")
    client = editor()
    body = CODE.replace("    return sum", "    total = 0\n    count = 1\n    return sum")
    mean = body[body.index("def mean") : body.index("def median")]
    client.open(URI, body)
    model.say(f"```python\n{mean.replace('total = 0', 'total = 1')}```")
    client.run(titled(client.code_actions(URI, AT_MEAN), "Refactor"))
    client.ended_progress()
    at = body.index(" / len(values)")
    client.edit(URI, at, at, " * 1")
    client.apply_literal(proposed(client))
    mine = body.replace(" / len(values)", " * 1 / len(values)")
    text_is(client, mine.replace("total = 0", "total = 1"))
    for _ in range(2_000):
        if entries := [each for each in client.code_actions(URI, AT_MEAN) if each["title"] == "Undo last answer"]:
            break

    client.run(entries[0])

    text_is(client, mine)
    client.close(unread=True)


def test_a_preview_waits_for_the_one_before_it_and_is_made_for_what_that_left(editor, model) -> None:
    client = editor("vscode-1.100")
    client.silent_on.add("workspace/applyEdit")
    client.open(URI, CODE)
    median = CODE[CODE.index("def median") :].replace("(values):\n", "(values):\n    # The middle.\n", 1)
    at_median = {"start": {"line": 8, "character": 4}, "end": {"line": 8, "character": 4}}
    model.say(ANSWER)
    client.run(document(client, triggerKind=1))
    client.ended_progress()
    client.until(lambda: [each for each in client.seen if each.get("method") == "workspace/applyEdit"])
    model.say(f"```python\n{median}```")
    client.run(titled(client.code_actions(URI, at_median, triggerKind=1), "Refactor"))
    client.ended_progress()
    assert applies(client)  # asked later, answered later: by now a preview of the second would have been sent
    (first,) = [each for each in client.seen if each.get("method") == "workspace/applyEdit"]

    client.silent_on.clear()
    client.apply_literal({"edit": first["params"]["edit"]})
    client.send({"jsonrpc": "2.0", "id": first["id"], "result": {"applied": True}})

    text_is(client, AFTER.replace("def median(values):\n", "def median(values):\n    # The middle.\n"))
    _, second = [each["params"]["edit"] for each in client.seen if each.get("method") == "workspace/applyEdit"]
    assert second["documentChanges"][0]["textDocument"]["version"] == 2
    client.close(unread=True)
