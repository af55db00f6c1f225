"""Every kind of edit that can be asked for: what is listed, what the model is told, and where the answer goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsp_client import LspClient, titled
from openai_server import FakeOpenAI
from test_edits import AFTER, ANSWER, AT_MEAN, CODE, URI, text_is

AT_MEDIAN = {"start": {"line": 9, "character": 4}, "end": {"line": 9, "character": 4}}


def problem(line: int, message: str) -> dict[str, Any]:
    place = {"start": {"line": line, "character": 4}, "end": {"line": line, "character": 10}}
    return {"range": place, "message": message, "severity": 1, "source": "checker", "code": f"E{line}"}


ZERO = problem(4, "Division by zero is possible")
TYPE = problem(4, "Values have no type")
EMPTY = problem(9, "Index out of range")


def block(code: str) -> str:
    return f"```python\n{code}\n```\n"


def announce(params: dict[str, Any]) -> None:
    params["capabilities"]["experimental"] = {"askLsp": {"protocol": 1}}


def test_a_fix_is_for_one_problem_for_all_here_or_for_the_file(editor, model: FakeOpenAI) -> None:
    """Each bound to its own, none preferred; what was reported elsewhere before counts for the file."""
    client = editor()
    client.open(URI, CODE)
    client.code_actions(URI, AT_MEDIAN, [EMPTY])

    listed = client.code_actions(URI, AT_MEAN, [ZERO, TYPE], only=["quickfix"])

    assert [(each["title"], [bound["code"] for bound in each["diagnostics"]]) for each in listed] == [
        ("Fix: Division by zero is possible", ["E4"]),
        ("Fix: Values have no type", ["E4"]),
        ("Fix all 2 problems here", ["E4", "E4"]),
        ("Fix all 3 problems in this file", ["E4", "E4", "E9"]),
        ("Explain this problem", ["E4", "E4"]),
    ]
    assert not any(each.get("isPreferred") for each in listed)
    fixed = "def mean(values):\n    return sum(values) / len(values) if values else 0.0"
    model.say(block(fixed))
    client.run(listed[0])
    client.until(lambda: "if values else 0.0" in client.buffers[URI].text)
    sent = model.requests[0].messages[-1]["content"]
    assert "- line 5: Division by zero is possible (checker E4)" in sent
    assert "no type" not in sent
    client.ended_progress()
    client.close(unread=True)


def test_a_problem_is_told_at_the_line_where_it_is_by_now(editor, model) -> None:
    """The menu was opened, then something was typed above, then the entry was picked."""
    client = editor()
    client.open(URI, CODE)
    entry = titled(client.code_actions(URI, AT_MEAN, [ZERO]), "Fix: ")
    client.edit(URI, 0, 0, "import os\nimport re\n")
    model.say(block("def mean(values):\n    return sum(values) / len(values) if values else 0.0"))

    client.run(entry)

    client.ended_progress()
    assert "- line 7: Division by zero is possible" in model.requests[0].messages[-1]["content"]
    client.close(unread=True)


def test_fixing_the_file_shows_it_before_it_is_made_in_several_places(editor, model) -> None:
    client = editor()
    client.open(URI, CODE)
    client.code_actions(URI, AT_MEDIAN, [EMPTY])
    entry = titled(client.code_actions(URI, AT_MEAN, [ZERO]), "Fix all 2 problems in this file")
    changed = CODE.replace("len(values)", "max(1, len(values))").replace("ordered[len", "ordered and ordered[len")
    model.say(block(changed))
    client.run(entry)

    assert "several places" in client.ended_progress()
    assert client.buffers[URI].text == CODE
    client.apply_literal(titled(client.code_actions(URI, AT_MEAN), "Apply: "))
    assert client.buffers[URI].text == changed
    client.close(unread=True)


def test_generated_edits_are_tagged_where_tags_are_taken(editor) -> None:
    def takes_tags(params: dict[str, Any]) -> None:
        params["capabilities"]["textDocument"]["codeAction"]["tagSupport"] = {"valueSet": [1]}

    client = editor("vscode-1.100", change=takes_tags)
    client.open(URI, CODE)

    listed = client.code_actions(URI, AT_MEAN, [ZERO], triggerKind=1)

    assert all(each["tags"] == [1] for each in listed)
    client.close(unread=True)


@pytest.mark.parametrize("line", ["# say what it is ask!\n", "    # say what it is ASK!\n"])
def test_a_comment_that_asks_goes_away_with_the_edit(line, editor, model) -> None:
    client = editor()
    where = "def mean" if not line.startswith(" ") else "    return sum"
    at = CODE.index(where)
    client.open(URI, CODE[:at] + line + CODE[at:])
    model.say(ANSWER)
    cursor = {"line": 3, "character": 2} if not line.startswith(" ") else {"line": 5, "character": 6}
    listed = client.code_actions(URI, {"start": cursor, "end": cursor})

    client.run(titled(listed, "Do: "))

    text_is(client, AFTER)
    sent = model.requests[0].messages[-1]["content"]
    assert "say what it is" in sent
    assert "ask!" not in sent.lower()
    client.ended_progress()
    client.close(unread=True)


def test_a_comment_with_a_question_is_answered_in_the_chat_and_stays(editor, model) -> None:
    client = editor()
    asking = CODE.replace("def mean", "# why not statistics.mean ask?\ndef mean")
    client.open(URI, asking)
    model.say("It would do.")

    client.run(titled(client.code_actions(URI, AT_MEAN), "Answer: why not statistics.mean"))

    client.ended_progress()
    assert client.buffers[URI].text == asking
    assert "why not statistics.mean" in model.requests[0].messages[-1]["content"]
    client.close(unread=True)


def test_what_looks_like_such_a_comment_and_is_none_is_refused_when_it_is_run(editor, model) -> None:
    client = editor()
    client.open(URI, 'TEXT = """\n# use a dict ask!\n"""\n')
    cursor = {"line": 1, "character": 3}
    client.execute(
        "ask.run", {"action": "rewrite", "uri": URI, "range": {"start": cursor, "end": cursor}, "directive": True}
    )

    client.expect("window/showMessage", lambda params: "no comment here" in params["message"])
    assert not model.requests
    client.close(unread=True)


def test_a_rewrite_is_typed_into_what_the_client_has_for_it(editor, model) -> None:
    client = editor("vscode-1.100", change=announce)
    client.answers["ask/input"] = lambda params: {"value": "Say what it is."}
    client.open(URI, CODE)
    model.say(ANSWER)
    client.run(titled(client.code_actions(URI, AT_MEAN, triggerKind=1), "Rewrite function `mean`..."))

    kept = client.expect("ask/proposal")

    client.execute("ask.apply", kept["id"])
    text_is(client, AFTER)
    assert "Say what it is." in model.requests[0].messages[-1]["content"]
    client.close(unread=True)


def test_elsewhere_a_rewrite_is_typed_into_a_chat_and_lands_all_the_same(editor, model) -> None:
    client = editor()
    client.open(URI, CODE)
    model.say(ANSWER)
    client.run(titled(client.code_actions(URI, AT_MEAN), "Rewrite function `mean`..."))
    chat = client.expect("window/showDocument")["uri"]
    assert client.ended_progress() == "Type your question in the chat."
    end = len(client.buffers[chat].text)
    client.edit(chat, end, end, "Say what it is.\n")
    client.edit(URI, 0, 0, "import os\n")

    client.run(titled(client.code_actions(chat, client.range_of(chat, "Say what")), "Send this question"))

    text_is(client, "import os\n" + AFTER)
    assert "Say what it is." in model.requests[0].messages[-1]["content"]
    client.ended_progress()
    client.close(unread=True)


def test_completing_goes_on_at_the_cursor(editor, model) -> None:
    client = editor()
    begun = CODE + "\n\ndef total(values):\n    return su\n"
    client.open(URI, begun)
    cursor = client.range_of(URI, "return su\n")["end"]
    line = {"line": cursor["line"] - 1, "character": len("    return su")}
    model.say(block("m(values)"))

    client.run(titled(client.code_actions(URI, {"start": line, "end": line}), "Complete here"))

    text_is(client, begun.replace("return su\n", "return sum(values)\n"))
    assert "    return su<cursor/>" in model.requests[0].messages[-1]["content"]
    assert "prediction" not in model.requests[0].body
    client.ended_progress()
    client.close(unread=True)


OUTPUTS = {
    "replace": ("def mean(values):\n    return 0", CODE.replace("return sum(values) / len(values)", "return 0")),
    "insert_before": ("# Before.", CODE.replace("def mean", "# Before.\ndef mean")),
    "insert_after": ("# After.", CODE.replace("/ len(values)\n", "/ len(values)\n# After.\n")),
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_an_action_of_ones_own_may_change_code(output, editor, model, config) -> None:
    answer, expected = OUTPUTS[output]
    config(f"actions:\n  mine: {{title: 'Mine', prompt: 'Do mine to {{{{ target }}}}.', output: {output}}}\n")
    client = editor()
    client.open(URI, CODE)
    model.say(block(answer))

    client.run(titled(client.code_actions(URI, AT_MEAN), "Mine"))

    text_is(client, expected)
    sent = model.requests[0].messages
    assert "Do mine to function `mean`." in sent[1]["content"]
    assert "One fenced code block" in sent[0]["content"]
    client.ended_progress()
    client.close(unread=True)


def open_source(client: LspClient, folder: Path) -> str:
    (folder / "numbers.py").write_text(CODE, encoding="utf-8")
    return client.open_file(folder / "numbers.py", "python")


TESTS = "from numbers import mean\n\n\ndef test_mean():\n    assert mean([1, 3]) == 2"


@pytest.mark.parametrize(("folder", "expected"), [("", "test_numbers.py"), ("tests", "tests/test_numbers.py")])
def test_tests_are_a_new_file_where_the_project_has_them(folder, expected, editor, model, tmp_path) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    client = editor()
    uri = open_source(client, tmp_path)
    model.say(block(TESTS))

    client.run(titled(client.code_actions(uri, AT_MEAN), "Write tests"))

    assert "written to" in client.ended_progress()
    assert (tmp_path / expected).read_text(encoding="utf-8") == TESTS + "\n"
    assert client.expect("window/showDocument")["uri"] == (tmp_path / expected).as_uri()
    assert client.buffers[uri].text == CODE
    client.close(unread=True)


def test_tests_that_are_there_get_more_by_an_edit_and_never_on_disk(editor, model, tmp_path) -> None:
    there = "def test_old():\n    assert True\n"
    (tmp_path / "test_numbers.py").write_text(there, encoding="utf-8")
    client = editor()
    uri = open_source(client, tmp_path)
    model.say(block("def test_mean():\n    assert mean([1, 3]) == 2"))

    client.run(titled(client.code_actions(uri, AT_MEAN), "Write tests"))

    tests = client.expect("window/showDocument")["uri"]
    client.until(lambda: "def test_mean" in client.buffers[tests].text)
    assert client.buffers[tests].text.startswith(there)
    assert client.buffers[tests].text.endswith("\ndef test_mean():\n    assert mean([1, 3]) == 2\n")
    assert (tmp_path / "test_numbers.py").read_text(encoding="utf-8") == there
    client.ended_progress()
    client.close(unread=True)


def test_tests_that_no_editor_can_open_are_kept(editor, model, tmp_path) -> None:
    there = "def test_old():\n    assert True\n"
    (tmp_path / "test_numbers.py").write_text(there, encoding="utf-8")
    client = editor("vim9-vim-lsp")
    uri = open_source(client, tmp_path)
    model.say(block("def test_mean():\n    assert mean([1, 3]) == 2"))
    client.run(titled(client.code_actions(uri, AT_MEAN), "Write tests"))
    client.expect("window/showMessage", lambda params: "ready to review in test_numbers.py" in params["message"])
    assert (tmp_path / "test_numbers.py").read_text(encoding="utf-8") == there

    tests = client.open_file(tmp_path / "test_numbers.py", "python")
    at = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 0}}
    for _ in range(300):
        entries = [each for each in client.code_actions(tests, at) if each["title"].startswith("Apply: ")]
        if entries:
            break
    client.apply_literal(entries[0])
    assert client.buffers[tests].text.startswith(there)
    assert "def test_mean" in client.buffers[tests].text
    client.close(unread=True)


def test_a_named_file_is_made_and_never_over_another(editor, model, config, tmp_path) -> None:
    config("actions:\n  notes: {title: Notes, prompt: Write., output: new_file, file: '{stem}_notes.md'}\n")
    client = editor()
    uri = open_source(client, tmp_path)
    model.say("```markdown\n# Notes\n```")
    client.run(titled(client.code_actions(uri, AT_MEAN), "Notes"))
    client.ended_progress()
    notes = tmp_path / "numbers_notes.md"
    assert notes.read_text(encoding="utf-8") == "# Notes\n"
    notes.write_text("mine", encoding="utf-8")

    client.run(titled(client.code_actions(uri, AT_MEAN), "Notes"))

    client.expect("window/showMessage", lambda params: "exists already" in params["message"])
    assert notes.read_text(encoding="utf-8") == "mine"
    assert len(model.requests) == 1
    client.close(unread=True)


def test_a_long_file_is_changed_by_blocks_that_are_searched(editor, model) -> None:
    client = editor()
    long = "".join(f"def f{number}(x):\n    return x + {number}\n\n\n" for number in range(150)).rstrip("\n") + "\n"
    client.open(URI, long)
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": len(long.splitlines()), "character": 0}}
    model.say("```\n<<<<<<< SEARCH\n    return x + 77\n=======\n    return 77 + x\n>>>>>>> REPLACE\n```")

    client.run(titled(client.code_actions(URI, everything), "Refactor selection"))

    text_is(client, long.replace("return x + 77\n", "return 77 + x\n"))
    assert "<<<<<<< SEARCH" in model.requests[0].messages[0]["content"]
    client.ended_progress()
    client.close(unread=True)


def test_a_prediction_is_sent_where_the_profile_wants_it_and_forgotten_where_it_is_refused(
    editor, model, config
) -> None:
    config("prediction: true\n")
    client = editor()
    client.open(URI, CODE)
    refused = "Unsupported parameter: 'prediction' is not supported with this model."
    model.fail(400, refused)
    model.say(ANSWER)
    client.run(titled(client.code_actions(URI, AT_MEAN), "Write documentation"))

    text_is(client, AFTER)

    first, second = (request.body for request in model.requests)
    assert first["prediction"]["type"] == "content"
    assert first["prediction"]["content"].startswith("def mean(values):\n")
    assert "prediction" not in second
    client.ended_progress()
    client.close(unread=True)


def test_an_edit_of_a_document_that_was_never_opened_is_refused(editor, model) -> None:
    from lsp_client import ServerError

    client = editor()
    with pytest.raises(ServerError, match="is not open in the editor"):
        client.execute("ask.run", {"action": "refactor", "uri": "file:///work/other.py", "range": AT_MEAN})
    client.close(unread=True)
