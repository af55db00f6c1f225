"""What is said next in the chat of an edit: it is about the text that stands there by now, and makes no second one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsp_client import LspClient, chat_files, titled
from openai_server import FakeOpenAI
from test_edit_kinds import block, open_source
from test_edits import AFTER, ANSWER, AT_MEAN, CODE, URI, document, proposed, text_is

from ask_lsp.assistant.ask import sources_of
from ask_lsp.core.chat_format import parse

CACHED = "from functools import cache\n\n\ndef f(a):\n    return a\n"
AT_F = {"start": {"line": 4, "character": 5}, "end": {"line": 4, "character": 5}}
SCAFFOLD = "{title: 'Scaffold...', prompt: '{{ question }}', needs: question, output: new_file, file: '{stem}_x.py'}"


@pytest.fixture
def say(state: Path):
    """Types a question into the newest chat and sends it; returns what the progress ends with."""

    def say(client: LspClient, question: str) -> str:
        *_, chat = chat_files(state)
        uri = next((uri for uri in client.buffers if uri == chat.as_uri()), "") or client.open_file(chat)
        end = len(client.buffers[uri].text)
        client.edit(uri, end, end, f"{question}\n")
        client.run(titled(client.code_actions(uri, client.range_of(uri, question)), "Send this question"))
        return client.ended_progress()

    return say


def ask(client: LspClient, title: str, where: dict[str, Any], uri: str = URI) -> str:
    client.run(titled(client.code_actions(uri, where), title))
    return client.ended_progress()


@pytest.mark.parametrize("review", ["apply", "proposal"])
def test_what_the_first_answer_put_at_the_edge_is_part_of_what_the_second_replaces(
    review, editor, model: FakeOpenAI, config, say
) -> None:
    """Whether it was applied by us, or by hand from the menu."""
    config(f"edits: {{review: {review}}}\n")
    client = editor()
    client.open(URI, CACHED)
    model.say(block("@cache\ndef f(a):\n    return a"))
    ask(client, "Refactor", AT_F)
    if review == "proposal":
        client.apply_literal(proposed(client))
    text_is(client, CACHED.replace("def f", "@cache\ndef f"))
    model.say(block("@cache\ndef f(a):\n    return 2 * a"))

    say(client, "Return 2 * a.")

    if review == "proposal":
        client.apply_literal(proposed(client))
    text_is(client, CACHED.replace("def f", "@cache\ndef f").replace("return a", "return 2 * a"))
    client.close(unread=True)


@pytest.mark.parametrize("output", ["insert_before", "insert_after"])
def test_what_was_inserted_gives_way_to_the_next_answer(output, editor, model, config, say) -> None:
    config(f"actions: {{mine: {{title: Mine, prompt: Add a helper., output: {output}}}}}\n")
    client = editor()
    client.open(URI, CODE)
    model.say(block("def helper():\n    return 1"))
    ask(client, "Mine", AT_MEAN)
    once = client.buffers[URI].text
    assert "return 1\n" in once
    model.say(block("def helper():\n    return 2"))
    client.edit(URI, 0, 0, "import os\n")

    say(client, "Return 2 instead.")

    assert client.buffers[URI].text == "import os\n" + once.replace("return 1\n", "return 2\n")
    client.close(unread=True)


@pytest.mark.parametrize("answer", ["m(map(float, values))", "    return sum(map(float, values))"])
def test_what_was_completed_is_completed_anew(answer, editor, model, say) -> None:
    client = editor()
    begun = f"{CODE}\n\ndef total(values):\n    return su\n"
    client.open(URI, begun)
    cursor = {"line": 13, "character": 13}
    model.say(block("m(values)"))
    ask(client, "Complete here", {"start": cursor, "end": cursor})
    model.say(block(answer))

    say(client, "Use float.")

    assert client.buffers[URI].text == begun.replace("return su\n", "return sum(map(float, values))\n")
    client.close(unread=True)


def test_what_was_changed_since_is_shown_to_the_model_and_kept(editor, model, config, say) -> None:
    """It is code like any other: the model sees it, and what it leaves alone stays."""
    config("actions: {mine: {title: Mine, prompt: Add a helper., output: insert_after}}\n")
    client = editor()
    client.open(URI, CODE)
    model.say(block("def helper():\n    return 1"))
    ask(client, "Mine", AT_MEAN)
    at = client.buffers[URI].text.index("return 1") + len("return 1")
    client.edit(URI, at, at, "0  # ten")
    mean = CODE[CODE.index("def mean") : CODE.index("\n\n\ndef median")]
    model.say(block(f"{mean}\n\n\ndef helper():\n    return 10.0  # ten"))

    say(client, "Return a float.")

    expected = CODE.replace(mean, f"{mean}\n\n\ndef helper():\n    return 10.0  # ten")
    assert client.buffers[URI].text == expected
    assert "    return 10  # ten" in model.requests[1].messages[0]["content"]
    client.close(unread=True)


def test_a_document_that_was_loaded_anew_is_still_what_the_chat_is_about(editor, model, say) -> None:
    client = editor()
    client.open(URI, CODE)
    model.say(ANSWER)
    client.run(document(client))
    text_is(client, AFTER)
    client.ended_progress()
    client.close_document(URI)
    client.open(URI, f"import os\n{AFTER}", version=5)
    model.say(ANSWER.replace("arithmetic mean", "average"))

    assert "done in" in say(client, "Call it average.")
    assert client.buffers[URI].text == f"import os\n{AFTER}".replace("arithmetic mean", "average")
    client.close(unread=True)


def test_an_answer_with_code_that_cannot_be_used_says_so_and_is_asked_for_once_more(editor, model, say) -> None:
    client = editor()
    client.open(URI, CODE)
    model.say(ANSWER)
    client.run(document(client))
    text_is(client, AFTER)
    client.ended_progress()
    model.say(block("def mean(values):\n    # ... rest unchanged"))
    model.say(ANSWER.replace("arithmetic mean", "average"))

    assert "done in" in say(client, "Shorter.")
    assert "leaves out code" in model.requests[2].messages[-1]["content"]
    text_is(client, AFTER.replace("arithmetic mean", "average"))
    for _ in range(2):
        model.say(block("def mean(values):\n    # ... rest unchanged"))
    assert "Nothing was changed: the answer leaves out code" in say(client, "Longer.")
    client.expect("window/showMessage", lambda params: "leaves out code" in params["message"])
    assert len(model.requests) == 5
    client.close(unread=True)


def test_words_for_a_new_file_make_the_file_and_leave_the_code_alone(editor, model, config, tmp_path, say) -> None:
    """The next ones change that file, not the code and not beside it."""
    config(f"actions:\n  scaffold: {SCAFFOLD}\n")
    client = editor()
    uri = open_source(client, tmp_path)
    ask(client, "Scaffold", AT_MEAN, uri)
    model.say(block("def mean(values):\n    print('hello')"))

    assert "written to" in say(client, "Make a file that prints hello.")

    made = tmp_path / "numbers_x.py"
    assert made.read_text(encoding="utf-8") == "def mean(values):\n    print('hello')\n"
    assert client.buffers[uri].text == CODE
    model.say(block("def mean(values):\n    print('hello you')"))
    say(client, "Greet me.")
    client.until(lambda: "hello you" in client.buffers[made.as_uri()].text)
    assert client.buffers[made.as_uri()].text == "def mean(values):\n    print('hello you')\n"
    assert client.buffers[uri].text == CODE
    client.close(unread=True)


def test_tests_that_were_added_give_way_to_the_next_answer(editor, model, tmp_path, say) -> None:
    there = "def test_old():\n    assert True\n"
    (tmp_path / "test_numbers.py").write_text(there, encoding="utf-8")
    client = editor()
    uri = open_source(client, tmp_path)
    model.say(block("def test_mean():\n    assert mean([1, 3]) == 2"))
    ask(client, "Write tests", AT_MEAN, uri)
    model.say(block("def test_mean():\n    assert mean([1.0, 3.0]) == 2.0"))

    say(client, "Use floats.")

    tests = client.buffers[(tmp_path / "test_numbers.py").as_uri()].text
    assert tests == f"{there}\n\ndef test_mean():\n    assert mean([1.0, 3.0]) == 2.0\n"
    assert client.buffers[uri].text == CODE
    client.close(unread=True)


def test_a_file_that_was_kept_and_then_made_is_changed_by_what_is_said_next(
    editor, model, config, tmp_path, say, state
) -> None:
    config("edits: {review: proposal}\n")
    client = editor()
    uri = open_source(client, tmp_path)
    model.say(block("def test_mean():\n    assert mean([1, 3]) == 2"))
    assert "ready to review" in ask(client, "Write tests", AT_MEAN, uri)
    made = tmp_path / "test_numbers.py"
    made.write_text("def test_mean():\n    assert mean([1, 3]) == 2\n", encoding="utf-8")
    client.open_file(made, "python")
    model.say(block("def test_mean():\n    assert mean([1.0, 3.0]) == 2.0"))

    assert "ready to review" in say(client, "Use floats.")

    (chat,) = chat_files(state)
    sources = [(source.path, source.turn) for source in sources_of(parse(client.buffers[chat.as_uri()].text))]
    assert sources == [(tmp_path / "numbers.py", 1), (made, 4)], "its text went along with the second answer"
    at = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 0}}
    applies = [each for each in client.code_actions(made.as_uri(), at) if each["title"].startswith("Apply: ")]
    client.apply_literal(applies[0])
    assert client.buffers[made.as_uri()].text == "def test_mean():\n    assert mean([1.0, 3.0]) == 2.0\n"
    client.close(unread=True)
