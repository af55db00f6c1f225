"""What is wrong with an answer keeps it out of the code: it is told to the model once, and to the user in the chat."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsp_client import chat_files, titled
from openai_server import FakeOpenAI
from test_edits import AFTER, ANSWER, AT_MEAN, CODE, URI, document, text_is

from ask_lsp.core import chat_format

BAD = {
    "no code": ("I would add a docstring.", "no code"),
    "placeholder": ("```python\ndef mean(values):\n    # ... rest unchanged\n```", "leaves out"),
    "syntax": ("```python\ndef mean(values):\n    return sum(values) / (len(values)\n```", "parse"),
    "identical": ("```python\ndef mean(values):\n    return sum(values) / len(values)\n```", "changes nothing"),
    "empty": ("```python\n```", "is empty"),
    "swallows": ('```python\ndef mean(values):\n    """The mean.\n    return 1\n```', "parse"),
    "cut fence": ("```python\ndef mean(values):\n    return sum(", "cut off"),
    "binary": ("```python\ndef mean(values):\n\x00\x01\x02\x00\n```", "not text"),
}


@pytest.mark.parametrize("name", BAD)
def test_an_answer_that_cannot_be_used_is_asked_for_once_more(name, editor, model: FakeOpenAI, state: Path) -> None:
    """The second try is told what was wrong; when it is right, it lands."""
    answer, reason = BAD[name]
    client = editor()
    model.say(answer)
    model.say(ANSWER)
    client.open(URI, CODE)
    client.run(document(client))

    text_is(client, AFTER)
    client.ended_progress()
    first, second = model.requests
    assert second.messages[: len(first.messages)] == first.messages
    assert [message["role"] for message in second.messages] == ["system", "user", "assistant", "user"]
    assert second.messages[-1]["content"].startswith("That answer cannot be used.")
    assert reason in second.messages[-1]["content"]
    (path,) = chat_files(state)
    chat = chat_format.parse(path.read_text(encoding="utf-8"))
    assert [turn.role for turn in chat.turns] == ["user", "assistant", "user", "assistant", "user"]
    assert "Not used: " in chat.turns[1].text
    client.close(unread=True)


@pytest.mark.parametrize("name", ["no code", "placeholder", "syntax"])
def test_twice_wrong_changes_nothing_and_the_chat_is_shown(name, editor, model, state) -> None:
    answer, _ = BAD[name]
    client = editor()
    model.say(answer)
    model.say(answer)
    client.open(URI, CODE)
    client.run(document(client))

    shown = client.expect("window/showDocument")
    client.expect("window/showMessage", lambda params: "Nothing was changed: " in params["message"])

    assert Path(shown["uri"].removeprefix("file://")).parent == state / "ask-lsp" / "chats"
    assert client.buffers[URI].text == CODE
    assert len(model.requests) == 2
    assert not [each for each in client.code_actions(URI, AT_MEAN) if each["title"].startswith("Apply")]
    client.close(unread=True)


def test_an_answer_cut_by_its_length_is_never_used_and_not_asked_for_again(editor, model, state) -> None:
    client = editor()
    model.say(ANSWER, finish="length")
    client.open(URI, CODE)
    client.run(document(client))

    client.expect("window/showMessage", lambda params: "output limit" in params["message"])

    assert client.buffers[URI].text == CODE
    assert len(model.requests) == 1
    client.close(unread=True)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("```python\ndef average(values):\n    return sum(values) / len(values)\n```", "`mean` would be gone"),
        (
            "```python\ndef total(values):\n    return sum(values)\n\n\ndef mean(values):\n    return 1\n```",
            "`total` would",
        ),
    ],
)
def test_what_a_person_should_see_first_is_never_made_unasked(answer, reason, editor, model, config) -> None:
    """A definition that goes away or comes along: kept, with the reason, even where edits are applied."""
    config("edits: {review: apply}\n")
    client = editor()
    model.say(answer)
    client.open(URI, CODE)
    client.run(titled(client.code_actions(URI, AT_MEAN), "Refactor"))

    assert reason in client.ended_progress()
    assert client.buffers[URI].text == CODE
    entry = titled(client.code_actions(URI, AT_MEAN), "Apply: ")
    client.apply_literal(entry)
    assert client.buffers[URI].text != CODE
    client.close(unread=True)


def test_an_answer_of_two_megabytes_is_examined_and_the_server_lives(editor, model) -> None:
    client = editor()
    client.open(URI, CODE)
    huge = "".join(f"    x{number} = {number}\n" for number in range(120_000))
    model.say(f"```python\ndef mean(values):\n{huge}    return sum(values) / len(values)\n```", chunks=20)
    client.run(document(client))

    sentence = client.ended_progress()

    assert "ready to review" in sentence or "Nothing was changed: " in sentence
    assert client.buffers[URI].text == CODE
    assert client.code_actions(URI, AT_MEAN)
    client.close(unread=True)


SHAPE = "let x = 1;\nclass Shape {\n  area() {}\n}\n/* */\n"


def test_a_definition_that_nobody_selected_does_not_disappear(editor, model, config, state: Path) -> None:
    """It still parses, and yet swallows what follows: asked for once more, and never made."""
    config("edits: {review: apply}\n")
    uri = "file:///work/shape.js"
    client = editor()
    client.open(uri, SHAPE, "javascript")
    model.say("```js\n/* let x = 1;\n```")
    model.say("```js\nlet x = 2;\n```")

    client.run(titled(client.code_actions(uri, client.range_of(uri, "let x = 1;")), "Refactor"))

    client.until(lambda: client.buffers[uri].text == SHAPE.replace("x = 1", "x = 2"), "the second answer")
    client.ended_progress()
    reason = "`Shape`, `Shape.area` would be gone, which nobody selected."
    assert reason in model.requests[1].messages[-1]["content"]
    (path,) = chat_files(state)
    assert f"Not used: {reason}" in path.read_text(encoding="utf-8")
    client.close(unread=True)


@pytest.mark.parametrize(("lines", "made"), [(40, True), (60, False)])
def test_an_answer_much_longer_than_the_target_is_looked_at_first(
    lines: int, made: bool, editor, model, config
) -> None:
    config("edits: {review: apply}\n")
    client = editor()
    client.open(URI, CODE)
    more = "".join(f"    x{number} = {number}\n" for number in range(lines))
    model.say(f"```python\ndef mean(values):\n{more}    return sum(values) / len(values)\n```")

    client.run(titled(client.code_actions(URI, AT_MEAN), "Refactor"))

    assert ("much longer than what it replaces" in client.ended_progress()) is not made
    assert (more in client.buffers[URI].text) is made
    assert bool([each for each in client.code_actions(URI, AT_MEAN) if each["title"].startswith("Apply: ")]) is not made
    client.close(unread=True)
