"""The same question, asked again: about its place as that is by now; what it replaces stays until it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsp_client import LspClient, titled
from openai_server import FakeOpenAI
from test_edit_kinds import TYPE, ZERO, block, open_source
from test_edits import ANSWER, AT_MEAN, CODE, URI, proposed, text_is
from test_proposal_places import eventually, listed

AVERAGE = ANSWER.replace("arithmetic mean", "average")


def at(line: int, character: int = 0) -> dict[str, Any]:
    return {side: {"line": line, "character": character} for side in ("start", "end")}


def ask(client: LspClient, title: str, where: dict[str, Any], uri: str = URI, problems: list[Any] | None = None) -> str:
    client.run(titled(client.code_actions(uri, where, problems), title))
    return client.ended_progress()


@pytest.fixture
def client(editor, config) -> LspClient:
    """An editor that keeps every edit."""
    config("edits: {review: proposal}\n")
    return editor()


def sent(model: FakeOpenAI, number: int) -> str:
    model.wait_for_request(number)
    return str(model.requests[number - 1].messages[-1]["content"])


def test_the_old_one_stays_until_there_is_a_new_one(client, model: FakeOpenAI) -> None:
    client.open(URI, CODE)
    model.say(ANSWER)
    ask(client, "Write documentation for", AT_MEAN)
    (old,) = listed(client, AT_MEAN)
    model.wrong_key()

    ask(client, "Try again: ", AT_MEAN)

    assert listed(client, AT_MEAN) == [old]
    model.say(AVERAGE)
    ask(client, "Try again: ", AT_MEAN)
    eventually(
        lambda: ["average" in str(each["edit"]) for each in listed(client, AT_MEAN)] == [True], "only the new one"
    )
    client.close(unread=True)


def test_typed_into_a_chat_it_takes_the_place_of_the_old_one_as_well(client, model) -> None:
    client.open(URI, CODE)
    model.say(ANSWER)
    ask(client, "Write documentation for", AT_MEAN)
    client.run(titled(client.code_actions(URI, AT_MEAN), "Try again with..."))
    chat = client.expect("window/showDocument")["uri"]
    client.until(lambda: chat in client.buffers)
    assert "arithmetic" in str(proposed(client)["edit"])
    end = len(client.buffers[chat].text)
    client.edit(chat, end, end, "Call it average.\n")
    model.say(AVERAGE)

    client.run(titled(client.code_actions(chat, client.range_of(chat, "Call it")), "Send this question"))

    eventually(
        lambda: ["average" in str(each["edit"]) for each in listed(client, AT_MEAN)] == [True], "only the new one"
    )
    client.close(unread=True)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_fix_is_still_about_its_problem_at_the_line_where_that_is(restarted, client, editor, model) -> None:
    client.open(URI, CODE)
    model.say(ANSWER)
    ask(client, "Fix: Division", AT_MEAN, URI, [ZERO, TYPE])
    text = f"import os\n{CODE}".replace("(values):\n    return sum", "(values):\n    # Mine.\n    return sum")
    client.edit_all(URI, [(0, 0, "import os\n"), (i := CODE.index("    return sum"), i, "    # Mine.\n")])
    if restarted:
        client.close(unread=True)
        client = editor()
        client.open(URI, text)
        eventually(lambda: listed(client, at(6)), "found again")
    assert client.buffers[URI].text == text
    model.say(ANSWER)

    ask(client, "Try again: ", at(6))

    words = sent(model, 2)
    assert "- line 7: Division by zero is possible (checker E4)" in words
    assert "no type" not in words
    assert "# Mine." in words
    assert "Fix: Division by zero is possible" in listed(client, at(6))[0]["title"]
    client.close(unread=True)


def test_a_comment_that_asked_is_still_the_instruction_and_still_goes(client, model) -> None:
    code = CODE.replace("def mean", "# say what it is ask!\ndef mean")
    client.open(URI, code)
    model.say(ANSWER)
    ask(client, "Do: ", at(3, 5))
    proposal = titled(client.code_actions(URI, at(4)), "Discard: ")["command"]["arguments"][0]["proposal"]
    model.say(AVERAGE)

    client.execute("ask.retry", {"proposal": proposal, "question": "Call it average."})

    words = sent(model, 2)
    assert "ask!" not in words
    assert words.count("say what it is") == 1
    assert "Call it average." in words
    client.ended_progress()
    client.apply_literal(titled(client.code_actions(URI, at(4)), "Apply: "))
    assert "ask!" not in client.buffers[URI].text
    assert "average" in client.buffers[URI].text
    client.close(unread=True)


def test_a_completion_goes_on_at_the_cursor_again(client, model) -> None:
    code = f"{CODE}\n\ndef total(values):\n    return su\n"
    client.open(URI, code)
    model.say(block("m(value)"))
    ask(client, "Complete here", at(13, 13))
    client.edit(URI, 0, 0, "import os\n")
    model.say(block("m(values)"))

    ask(client, "Try again: ", at(14, 13))

    assert "return su<cursor/>" in sent(model, 2)
    client.apply_literal(eventually(lambda: listed(client, at(14)), "listed")[0])
    text_is(client, "import os\n" + code.replace("return su\n", "return sum(values)\n"))
    client.close(unread=True)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("there", ["", "def test_old():\n    assert True\n"])
def test_tests_are_about_the_code_and_not_about_the_tests(there, restarted, client, editor, model, tmp_path) -> None:
    """For a new file, and for one that they are added to; also where the code was changed since."""
    tests = tmp_path / "test_numbers.py"
    if there:
        tests.write_text(there, encoding="utf-8")
    uri = open_source(client, tmp_path)
    model.say(block("def test_mean():\n    assert mean([1, 3]) == 2"))
    ask(client, "Write tests", AT_MEAN, uri)
    client.edit(uri, 0, 0, "import os\n")
    inside = client.buffers[uri].text.index("    return sum")
    client.edit(uri, inside, inside, "    # Mine.\n")
    if restarted:
        client.save(uri)
        client.close(unread=True)
        client = editor()
        uri = client.open_file(tmp_path / "numbers.py", "python")
        client.code_actions(uri, AT_MEAN)
    client.execute("ask.proposals")
    page = client.expect("window/showDocument", lambda params: "proposals" in params["uri"])["uri"]
    text = Path(page.removeprefix("file://")).read_text(encoding="utf-8")
    (proposal,) = [word for word in text.split("`") if len(word) == 8 and word.isalnum()]
    model.say(block("def test_mean_of_two():\n    assert mean([1, 3]) == 2"))

    client.execute("ask.retry", {"proposal": proposal})

    words = sent(model, 2)
    assert "def mean(values):\n    # Mine.\n    return sum" in words
    assert words.count("def test_old") == (1 if there else 0)
    assert "ready to review" in client.ended_progress()
    assert not (tmp_path / "test_test_numbers.py").exists()
    client.close(unread=True)


def test_where_its_code_is_not_open_there_is_a_sentence(client, editor, model, tmp_path) -> None:
    (tmp_path / "test_numbers.py").write_text("def test_old():\n    assert True\n", encoding="utf-8")
    uri = open_source(client, tmp_path)
    model.say(block("def test_mean():\n    assert mean([1, 3]) == 2"))
    ask(client, "Write tests", AT_MEAN, uri)
    client.close_document(uri)
    tests = (tmp_path / "test_numbers.py").as_uri()

    client.run(titled(client.code_actions(tests, at(1)), "Try again: "))

    client.expect("window/showMessage", lambda params: "numbers.py, which is not open. Open it" in params["message"])
    assert listed(client, at(1), tests)
    client.close(unread=True)


def test_what_was_undone_is_asked_for_with_the_edges_that_it_had(editor, model) -> None:
    code = "from functools import cache\n\n\n@cache\ndef f(a):\n    return a\n"
    client = editor()
    client.open(URI, code)
    model.say(block("def f(a):\n    return a"))
    ask(client, "Refactor", at(5, 5))
    text_is(client, code.replace("@cache\n", ""))
    model.say(block("@cache\ndef f(a):\n    return 2 * a"))

    client.execute("ask.retry")

    assert "@cache\ndef f(a):" in sent(model, 2)
    text_is(client, code.replace("return a", "return 2 * a"))
    client.ended_progress()
    client.close(unread=True)
