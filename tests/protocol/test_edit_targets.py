"""Which text an edit is about: whole lines where lines are inserted, enough of it that an answer is possible at all."""

from __future__ import annotations

from typing import Any

import pytest
from lsp_client import titled
from openai_server import FakeOpenAI
from test_edit_kinds import TESTS, block, open_source
from test_edits import AT_MEAN, URI


def at(line: int, character: int) -> dict[str, Any]:
    return {"start": {"line": line, "character": character}, "end": {"line": line, "character": character}}


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("insert_before", "function f() {\n  log();\n  const x = foo() + 1;\n  return x;\n}\n"),
        ("insert_after", "function f() {\n  const x = foo() + 1;\n  log();\n  return x;\n}\n"),
    ],
)
def test_lines_are_inserted_beside_the_line_of_a_selection_and_never_into_it(
    output, expected, editor, model: FakeOpenAI, config
) -> None:
    """The model is still told which part of the line was picked."""
    config(f"actions: {{log: {{title: Log it, prompt: Log., output: {output}}}}}\n")
    uri = "file:///work/a.js"
    client = editor()
    client.open(uri, "function f() {\n  const x = foo() + 1;\n  return x;\n}\n", "javascript")
    model.say("```js\nlog();\n```")

    client.run(titled(client.code_actions(uri, client.range_of(uri, "foo()")), "Log it"))

    client.ended_progress()
    assert client.buffers[uri].text == expected
    assert "<code>\n```javascript\nfoo()\n```\n</code>" in model.requests[0].messages[-1]["content"]
    client.close(unread=True)


def test_a_lone_line_can_be_removed(editor, model) -> None:
    """Its neighbours are part of the target, so that the right answer is not an empty one."""
    function = "def f():\n    return 1"
    client = editor()
    client.open(URI, f"import os\n\n\n{function}\n\n\nimport re\n")
    for number, (line, name) in enumerate([(7, "re"), (0, "os")]):
        place = {"start": {"line": line, "character": 7}, "end": {"line": line, "character": 9}}
        problem = {"range": place, "message": f"`{name}` imported but unused", "severity": 2}
        model.say(block(function))
        client.run(titled(client.code_actions(URI, place, [problem], only=["quickfix"]), f"Fix: `{name}`"))

        assert "done in" in client.ended_progress()
        assert function in model.requests[number].messages[-1]["content"]
        assert f"import {name}" not in client.buffers[URI].text

    assert client.buffers[URI].text.strip() == function
    client.close(unread=True)


def test_a_file_of_tests_that_is_empty_gets_a_whole_text(editor, model, tmp_path) -> None:
    (tmp_path / "test_numbers.py").write_text("\n", encoding="utf-8")
    client = editor()
    uri = open_source(client, tmp_path)
    model.say(block(TESTS))

    client.run(titled(client.code_actions(uri, AT_MEAN), "Write tests"))

    assert "done in test_numbers.py" in client.ended_progress()
    assert client.buffers[(tmp_path / "test_numbers.py").as_uri()].text == f"{TESTS}\n"
    assert "every import" in model.requests[0].messages[0]["content"]
    client.close(unread=True)


NESTED = {
    "python": (
        "class A:\n    def f(self, x):\n        if x:\n        return 2\n",
        at(2, 13),
        "            for y in x:\n                print(y)",
        "class A:\n    def f(self, x):\n        if x:\n"
        "            for y in x:\n                print(y)\n        return 2\n",
    ),
    "javascript": (
        "function f(x) {\n  if (x) {\n    while (x) {\n    }\n  }\n}\n",
        at(2, 15),
        "      x -= 1;\n      g(x);",
        "function f(x) {\n  if (x) {\n    while (x) {\n      x -= 1;\n      g(x);\n    }\n  }\n}\n",
    ),
}


@pytest.mark.parametrize("language", NESTED)
def test_one_level_is_what_the_file_has_and_not_how_deep_the_line_is(language, editor, model) -> None:
    code, cursor, answer, expected = NESTED[language]
    client = editor()
    client.open(URI, code, language)
    model.say(f"```\n{answer}\n```")

    client.run(titled(client.code_actions(URI, cursor), "Complete here"))

    client.ended_progress()
    assert client.buffers[URI].text == expected
    client.close(unread=True)
