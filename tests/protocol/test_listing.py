"""The code-action menu: what is listed where, under which kind, and what it says."""

from __future__ import annotations

import pytest
from lsp_client import titled
from test_ask import CODE, open_code
from test_chat import ask_explain, chat_uri
from test_edits import ANSWER

POINT = {"start": {"line": 4, "character": 8}, "end": {"line": 4, "character": 8}}
PROBLEM = {
    "range": {"start": {"line": 4, "character": 4}, "end": {"line": 4, "character": 10}},
    "message": "Division by zero is possible",
    "severity": 2,
    "code": "E101",
    "source": "linter",
}


def titles(actions) -> list[str]:
    return [action["title"] for action in actions]


def test_an_empty_selection_means_the_enclosing_definition(editor) -> None:
    client = editor("vscode-1.100")
    uri = open_code(client)

    listed = titles(client.code_actions(uri, POINT, triggerKind=1))

    assert "Explain function `mean`" in listed
    assert "Ask ChatGPT about function `mean`" in listed
    assert len(listed) == 11


def test_a_selection_is_called_a_selection(editor) -> None:
    client = editor("vscode-1.100")
    uri = open_code(client)

    listed = titles(client.code_actions(uri, client.range_of(uri, "sum(values)"), triggerKind=2))

    assert listed[:2] == ["Ask ChatGPT about selection", "Explain selection"]


def test_nothing_is_offered_by_itself_where_nothing_is_selected(editor) -> None:
    """No light bulb on every line; but a problem may have one."""
    client = editor("vscode-1.100")
    uri = open_code(client)

    assert client.code_actions(uri, POINT, triggerKind=2) == []
    bound = client.code_actions(uri, POINT, [PROBLEM], triggerKind=2)

    assert titles(bound) == ["Fix: Division by zero is possible", "Explain this problem"]
    assert [each["kind"] for each in bound] == ["quickfix", "quickfix"]
    assert [each["diagnostics"] for each in bound] == [[PROBLEM], [PROBLEM]]


def test_a_chat_has_no_light_bulb_where_nothing_is_selected(editor, model, state) -> None:
    client = editor("vscode-1.100")
    held = model.hold()
    ask_explain(client)
    held.send("One. ")
    uri = chat_uri(client, state)

    assert titles(client.code_actions(uri, POINT, triggerKind=2)) == ["Cancel the answer"]
    held.finish()
    client.ended_progress()
    client.until(lambda: client.code_actions(uri, POINT, triggerKind=2) == [], "no job")
    assert titles(client.code_actions(uri, POINT, triggerKind=1)) == [
        "Send this question",
        "Preview what would be sent",
    ]
    client.close(unread=True)


def test_problems_elsewhere_are_no_reason_for_a_light_bulb_here(editor) -> None:
    """Fixing all in the file is offered where one of them is, or to somebody who asks."""
    client = editor("vscode-1.100")
    uri = open_code(client)
    others = [{**PROBLEM, "message": f"Another {number}"} for number in range(2)]
    client.code_actions(uri, POINT, others, triggerKind=2)
    here = {**PROBLEM, "range": client.range_of(uri, "def mean")}
    where = here["range"]

    assert client.code_actions(uri, {**where, "end": where["start"]}, triggerKind=2) == []
    assert client.code_actions(uri, {**where, "end": where["start"]}, [here], triggerKind=2, only=["quickfix"])
    assert "Fix all 3 problems in this file" in titles(client.code_actions(uri, where, [here], triggerKind=2))
    assert "Fix all 2 problems in this file" in titles(client.code_actions(uri, where, triggerKind=1))


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (["quickfix"], {"quickfix"}),
        (["refactor"], {"refactor.rewrite"}),
        (["refactor.rewrite"], {"refactor.rewrite"}),
        (["ask"], {"ask"}),
        (["source"], set()),
        (["refactor.extract"], set()),
        ([""], {"ask", "quickfix", "refactor.rewrite"}),
    ],
)
def test_only_is_honoured(editor, only, kinds) -> None:
    client = editor("vscode-1.100")
    uri = open_code(client)

    listed = client.code_actions(uri, POINT, [PROBLEM], only=only, triggerKind=1)

    assert {action["kind"] for action in listed} == kinds
    assert not any(action.get("isPreferred") for action in listed)


def test_the_assistant_may_have_another_name_and_actions_may_be_hidden_added_and_overridden(editor, config) -> None:
    config(
        "assistant_name: Claude\n"
        "actions:\n"
        "  tests: false\n"
        "  explain: {title: 'What is {target}?'}\n"
        "  haiku: {title: 'Haiku about {target}', prompt: 'Write a haiku about {{ target }}.'}\n"
    )
    client = editor("vscode-1.100")
    uri = open_code(client)

    listed = titles(client.code_actions(uri, POINT, triggerKind=1))

    assert "Ask Claude about function `mean`" in listed
    assert "What is function `mean`?" in listed
    assert listed[-2:] == ["Haiku about function `mean`", "Preview what would be sent"]
    assert not any("tests" in title.lower() for title in listed)


def test_a_users_action_is_sent_as_its_template_says(editor, config, model, state) -> None:
    config("actions:\n  haiku: {title: 'Haiku', prompt: 'A haiku on {{ target }} of {{ file }}, {{ language }}.'}\n")
    client = editor("vscode-1.100")
    uri = open_code(client)
    model.say("Sum and divide")

    client.run(titled(client.code_actions(uri, POINT, triggerKind=1), "Haiku"))

    sent = model.wait_for_request().messages[-1]["content"]
    assert sent.startswith("A haiku on function `mean` of numbers.py, python.")
    client.ended_progress()
    client.close(unread=True)


def test_the_problem_goes_along(editor, model) -> None:
    client = editor("vscode-1.100")
    uri = open_code(client)
    model.say("It says so.")

    client.run(titled(client.code_actions(uri, POINT, [PROBLEM], triggerKind=1), "Explain this problem"))

    sent = model.wait_for_request().messages[-1]["content"]
    assert "Division by zero is possible" in sent
    assert "E101" in sent
    client.ended_progress()
    client.close(unread=True)


def test_a_document_that_is_not_open_has_no_actions(editor) -> None:
    client = editor()

    assert client.code_actions("file:///etc/hostname", POINT) == []


def test_an_empty_document_has_no_actions_for_nothing(editor) -> None:
    client = editor()
    uri = client.open("file:///empty.py", "")
    nowhere = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}

    assert client.code_actions(uri, nowhere, triggerKind=1) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_the_selected_characters_are_the_ones_that_are_sent(encoding, editor, model) -> None:
    """Whatever the encoding, a selection behind emoji, CJK and combining marks is quoted to the letter."""

    def only(params) -> None:
        params["capabilities"].setdefault("general", {})["positionEncodings"] = [encoding]

    client = editor("neovim-0.11.4", change=only)
    assert client.encoding == encoding
    text = CODE + "\nlabel = '😀漢字e\u0301 <' + name + '> 🎉'\u2028 # \x0c \x85 tail\r\nnext_line = 1\r\n"
    uri = client.open("untitled:Untitled-1", text)
    model.say("Yes.")
    wanted = "name + '> 🎉'"

    client.run(titled(client.code_actions(uri, client.range_of(uri, wanted)), "Find problems"))

    sent = model.wait_for_request().messages[-1]["content"]
    assert f"\n{wanted}\n```" in sent
    client.ended_progress()
    client.close(unread=True)


def test_a_run_without_place_acts_on_the_last_menu_as_the_text_is_now(editor, model) -> None:
    """Helix types the command by hand: the place is that of its last code-action request, moved with the text."""
    client = editor("neovim-0.11.4")
    uri = open_code(client)
    client.code_actions(uri, client.range_of(uri, "ordered = sorted(values)"))
    client.edit(uri, 0, 0, "# one\n# two 😀\n")
    model.say("Yes.")

    client.execute("ask.run", {"action": "ask", "question": "Why sorted?"})

    sent = model.wait_for_request().messages[-1]["content"]
    assert "ordered = sorted(values)\n```" in sent
    assert "Why sorted?" in sent
    client.ended_progress()
    client.close(unread=True)


def test_a_range_of_an_earlier_version_is_mapped_and_an_unknown_version_refused(editor, model) -> None:
    client = editor("neovim-0.11.4")
    uri = open_code(client)
    range_ = client.range_of(uri, "ordered = sorted(values)")
    client.edit(uri, 0, 0, "# one\n")
    client.edit(uri, 0, 0, "# zero\n")
    model.say("Yes.")

    client.execute("ask.run", {"action": "explain", "uri": uri, "range": range_, "version": 1})

    assert "ordered = sorted(values)\n```" in model.wait_for_request().messages[-1]["content"]
    client.ended_progress()
    with pytest.raises(Exception, match="no longer known"):
        client.execute("ask.run", {"action": "explain", "uri": uri, "range": range_, "version": 77})
    client.close(unread=True)


@pytest.mark.parametrize("review", ["apply", "proposal"])
def test_an_edit_that_was_made_lights_no_bulb_and_one_that_waits_does(review, editor, model, config) -> None:
    """What is bound to a place is offered there; that something could be undone is not news on every line of it."""
    config(f"edits: {{review: {review}}}\n")
    client = editor("neovim-0.11.4")
    uri = open_code(client)
    model.say(ANSWER)
    client.run(titled(client.code_actions(uri, POINT), "Write documentation"))
    client.ended_progress()

    unasked = titles(client.code_actions(uri, POINT, triggerKind=2))
    asked = titles(client.code_actions(uri, POINT, triggerKind=1))

    if review == "apply":
        assert unasked == []
        assert "Undo last answer" in asked
        selected = client.code_actions(uri, client.range_of(uri, "sum(values)"), triggerKind=2)
        assert "Undo last answer" in titles(selected)
    else:
        assert unasked[0] == "Apply: Write documentation for function `mean`"
        assert unasked[0] in asked
    client.close(unread=True)
