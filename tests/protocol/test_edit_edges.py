"""What is typed at the edge of a target while its answer comes: it is never mixed with the answer, and never lost."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from lsp_client import LspClient, ServerError, titled
from openai_server import FakeOpenAI
from test_edit_kinds import TESTS, block, open_source
from test_edits import ANSWER, AT_MEAN, CODE, URI, document, text_is
from test_proposal_places import eventually, listed, titles

LAST = "    return sum(values) / len(values)"
MINE = "actions:\n  mine: {title: Mine, prompt: Do it., output: insert_after}\n"


def at(line: int, column: int) -> dict[str, Any]:
    place = {"line": line, "character": column}
    return {"start": place, "end": place}


def while_it_is_typed(
    client: LspClient,
    model: FakeOpenAI,
    entry: dict[str, Any],
    answer: str,
    *keys: tuple[int, int, str],
    uri: str = URI,
) -> str:
    """How the request ends when these keys are typed before its answer comes."""
    held = model.hold()
    client.run(entry)
    model.wait_for_request()
    for start, end, text in keys:
        client.edit(uri, start, end, text)
    held.send(answer)
    held.finish()
    return client.ended_progress()


def test_who_types_on_at_the_cursor_keeps_what_was_typed(editor, model: FakeOpenAI) -> None:
    """The completion is for a line that is another by then: a proposal, whose lines were changed."""
    text = f"{CODE}\n\ndef total(values):\n    return su\n"
    client = editor()
    client.open(URI, text)
    end = text.rindex("su\n") + 2

    sentence = while_it_is_typed(
        client, model, titled(client.code_actions(URI, at(13, 13)), "Complete here"), block("m(values)"),
        (end, end, "m"), (end + 1, end + 1, "(v"),
    )  # fmt: skip

    assert "not applied" in sentence
    assert client.buffers[URI].text == text.replace("return su\n", "return sum(v\n")
    client.close(unread=True)


def test_new_lines_below_go_below_what_was_typed_at_the_end_of_the_last_line(editor, model, config) -> None:
    config(MINE)
    client = editor()
    client.open(URI, CODE)
    end = CODE.index(LAST) + len(LAST)

    sentence = while_it_is_typed(
        client, model, titled(client.code_actions(URI, AT_MEAN), "Mine"), block("# After."), (end, end, " + 2")
    )

    assert "done in" in sentence
    assert client.buffers[URI].text == CODE.replace(LAST, f"{LAST} + 2\n# After.")
    client.execute("ask.undo")
    text_is(client, CODE.replace(LAST, f"{LAST} + 2"))
    client.close(unread=True)


def test_a_kept_edit_goes_below_what_is_typed_there_later(editor, model, config) -> None:
    """By its literal edit too; and it leaves the menu with it."""
    config(f"edits: {{review: proposal}}\n{MINE}")
    client = editor()
    client.open(URI, CODE)
    model.say(block("# After."))
    client.run(titled(client.code_actions(URI, AT_MEAN), "Mine"))
    client.ended_progress()
    end = CODE.index(LAST) + len(LAST)
    client.edit(URI, end, end, " + 2")

    client.apply_literal(listed(client, AT_MEAN)[0])

    assert client.buffers[URI].text == CODE.replace(LAST, f"{LAST} + 2\n# After.")
    eventually(lambda: not listed(client, AT_MEAN), "gone")
    client.close(unread=True)


def test_new_lines_above_go_above_what_was_typed_before_the_first_one(editor, model: FakeOpenAI) -> None:
    text = "def mean(values):\n    return 1\n"
    client = editor()
    client.open(URI, text)

    while_it_is_typed(
        client,
        model,
        titled(client.code_actions(URI, at(0, 4)), "Refactor"),
        block(f"@cache\n{text}"),
        (0, 0, "async "),
    )

    assert client.buffers[URI].text == f"@cache\nasync {text}"
    client.close(unread=True)


def test_a_line_that_is_changed_by_both_is_left_to_the_person(editor, model: FakeOpenAI) -> None:
    client = editor()
    client.open(URI, CODE)
    end = CODE.index(LAST) + len(LAST)
    answer = block(f"def mean(values):\n    total = sum(values)\n{LAST.replace('sum(values)', 'total')}")

    sentence = while_it_is_typed(
        client, model, titled(client.code_actions(URI, AT_MEAN), "Refactor"), answer, (end, end, "  # mine")
    )

    assert "not applied" in sentence
    assert client.buffers[URI].text == CODE.replace(LAST, f"{LAST}  # mine")
    client.close(unread=True)


@pytest.mark.parametrize(
    ("text", "line", "first", "last"),
    [
        ("a = 1\n\nb = 2\n", 1, "a", "b"),
        ("def f(a):\n    b = 1\n\n    c = 2\n    return c\n", 2, "    b = 1", "    c = 2"),
    ],
    ids=["between two lines", "in a function"],
)
def test_a_blank_line_that_is_gone_is_no_place(text, line, first, last, editor, model: FakeOpenAI) -> None:
    """Deleted with its neighbour: what follows is another line, and nothing is put before it."""
    client = editor()
    client.open(URI, text)
    start, end = text.index(first), text.index(last)
    indent = " " * (len(first) - len(first.lstrip()))

    sentence = while_it_is_typed(
        client,
        model,
        titled(client.code_actions(URI, at(line, 0)), "Complete here"),
        block(f"{indent}x = 3"),
        (start, end, ""),
    )

    assert "not applied" in sentence
    assert client.buffers[URI].text == text[:start] + text[end:]
    client.close(unread=True)


def test_a_file_of_tests_is_not_mixed_with_what_is_typed_in_it(editor, model, tmp_path: Path) -> None:
    """In an empty one, and behind the last line."""
    there = tmp_path / "test_numbers.py"
    there.write_text("", encoding="utf-8")
    client = editor()
    source, tests = open_source(client, tmp_path), client.open_file(there, "python")
    entry = titled(client.code_actions(source, AT_MEAN), "Write tests")

    while_it_is_typed(client, model, entry, block(TESTS), (0, 0, "import pytest"), uri=tests)
    assert client.buffers[tests].text == "import pytest"

    client.edit(tests, 0, len("import pytest"), "def test_old():\n    assert True\n")
    end = len("def test_old():\n    assert True")
    more = "def test_mean():\n    assert mean([1, 3]) == 2"
    while_it_is_typed(client, model, entry, block(more), (end, end, " is not False"), uri=tests)
    assert client.buffers[tests].text == f"def test_old():\n    assert True is not False\n\n\n{more}\n"
    client.close(unread=True)


def test_an_answer_keeps_its_own_indentation_on_an_empty_line(editor, model: FakeOpenAI) -> None:
    client = editor()
    text = "function f(a) {\n  let b = 1;\n\n  return b;\n}\n"
    client.open(URI, text, "javascript")
    model.say("```javascript\n  b += a;\n  b += 2;\n```")

    client.run(titled(client.code_actions(URI, at(2, 0)), "Complete here"))

    assert "done in" in client.ended_progress()
    assert client.buffers[URI].text == text.replace("\n\n", "\n  b += a;\n  b += 2;\n")
    client.close(unread=True)


@pytest.mark.parametrize("name", ["neovim-0.11.4", "emacs28-lsp-mode-8.0"])
def test_a_key_in_a_line_that_was_to_go_does_not_make_it_gone(name, editor, model: FakeOpenAI) -> None:
    """A yes is only a word, whether the edit came too late for the editor or was not made at all."""
    text = "def f(a):\n    pass\n    return a\n"
    end = text.index("pass") + 4
    client = editor(name)
    client.late = name.startswith("neovim")

    def says_yes(params: Any) -> bool | dict[str, Any]:
        client.edit(URI, end - 1, end, "")
        if client.late:
            threading.Timer(0.05, client.send_late).start()
            return True
        return {"applied": True}

    if client.late:
        client.applies_edits = says_yes
    else:
        client.answers["workspace/applyEdit"] = says_yes
    model.say(block("def f(a):\n    return a"))
    client.open(URI, text)
    client.run(titled(client.code_actions(URI, at(0, 4)), "Simplify"))

    sentence = client.ended_progress()
    assert "done" not in sentence
    assert client.buffers[URI].text == text.replace("pass", "pas")
    eventually(lambda: [each for each in titles(client, at(0, 4)) if each.startswith("Discard: ")], "kept")
    client.close(unread=True)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([block("def f(a):\n    return a + 1")], "It changes lines beside those that it was asked about."),
        ([block("import re")] * 2, "`f` would be gone, which nobody selected"),
    ],
    ids=["changed", "gone"],
)
def test_a_fix_of_one_line_does_not_change_its_neighbour_unasked(answers, expected, editor, model: FakeOpenAI) -> None:
    """It is there so that the line may go; an answer that rewrites it is looked at first, one without it refused."""
    text = "import os\n\n\ndef f(a):\n    return a\n"
    client = editor()
    client.open(URI, text)
    line = client.range_of(URI, "import os")
    problem = {"range": line, "message": "unused import", "source": "ruff", "code": "F401", "severity": 2}
    for _ in answers:
        model.say(answers[0])
    client.run(titled(client.code_actions(URI, line, diagnostics=[problem]), "Fix: unused import"))

    assert expected in client.ended_progress()
    assert client.buffers[URI].text == text
    client.close(unread=True)


def test_a_buffer_that_nobody_saved_yet_is_the_file(editor, model, tmp_path: Path) -> None:
    """Nothing is written under it."""
    client = editor()
    source = open_source(client, tmp_path)
    path = tmp_path / "test_numbers.py"
    uri = path.as_uri()
    client.open(uri, "# Mine.\n")
    model.say(block("def test_mean():\n    assert mean([1, 3]) == 2"))

    client.run(titled(client.code_actions(source, AT_MEAN), "Write tests"))

    assert "done in test_numbers.py" in client.ended_progress()
    assert client.buffers[uri].text.startswith("# Mine.\n")
    assert "test_mean" in client.buffers[uri].text
    assert not path.exists()
    client.close(unread=True)


def test_an_answer_that_made_a_file_is_not_undone_in_another(editor, model, tmp_path: Path) -> None:
    client = editor()
    source = open_source(client, tmp_path)
    model.say(ANSWER)
    client.run(titled(client.code_actions(source, AT_MEAN), "Write documentation"))
    client.ended_progress()
    text = client.buffers[source].text
    model.say(block(TESTS))
    client.run(titled(client.code_actions(source, AT_MEAN), "Write tests"))
    client.ended_progress()

    with pytest.raises(ServerError, match=r"made .*test_numbers\.py\. Delete that file"):
        client.execute("ask.undo")

    assert client.buffers[source].text == text
    client.close(unread=True)


def test_what_was_typed_in_the_target_before_it_was_closed_does_not_hide_the_answer(editor, model) -> None:
    client = editor()
    client.open(URI, CODE)
    held = model.hold()
    client.run(document(client))
    model.wait_for_request()
    at_last = CODE.index("len(values)\n")
    client.edit(URI, at_last, at_last, "1.0 * ")
    now = client.buffers[URI].text
    client.close_document(URI)
    held.send(ANSWER)
    held.finish()
    client.ended_progress()

    client.open(URI, now, version=9)

    assert eventually(lambda: listed(client, AT_MEAN), "listed")
    client.close(unread=True)


def test_a_second_didopen_takes_the_proposals_along(editor, model, config) -> None:
    config("edits: {review: proposal}\n")
    client = editor()
    client.open(URI, CODE)
    model.say(ANSWER)
    client.run(document(client))
    client.ended_progress()

    client.open(URI, CODE, version=9)

    assert eventually(lambda: listed(client, AT_MEAN), "listed")
    client.close(unread=True)


def test_a_proposal_is_at_its_place_also_after_the_server_was_killed(editor, model, config) -> None:
    """Somebody had typed there: that was taken down when it came, not at the end."""
    config("edits: {review: proposal}\n")
    client = editor()
    client.open(URI, CODE)
    model.say(ANSWER)
    client.run(document(client))
    client.ended_progress()
    at_last = CODE.index("len(values)\n")
    client.edit(URI, at_last, at_last, "1.0 * ")
    now = client.buffers[URI].text
    client.until(lambda: any("kept where 1 proposals are" in line for line in client.stderr), "saved")
    client.kill()

    again = editor()
    again.open(URI, now, version=3)

    assert eventually(lambda: listed(again, AT_MEAN), "listed")
    again.close(unread=True)


def test_a_word_that_begins_like_the_new_one_is_not_the_new_one(editor, model, config) -> None:
    config("edits: {review: proposal}\n")
    text = "def f():\n    x = 1\n    return x\n"
    client = editor()
    client.open(URI, text)
    line = client.range_of(URI, "    x = 1")
    model.say(block("    x = 10"))
    client.run(titled(client.code_actions(URI, line), "Simplify"))
    client.ended_progress()
    end = text.index("x = 1\n") + 5

    client.edit(URI, end, end, "000")
    client.edit(URI, 0, 0, "# Mine.\n")

    client.until(lambda: any("kept where 1 proposals are" in line for line in client.stderr), "looked at")
    below = {side: {**line[side], "line": 2} for side in line}
    assert [each for each in titles(client, below) if each.startswith("Discard: ")]
    assert not [each for each in titles(client, below) if each.startswith("Undo")]
    client.close(unread=True)
