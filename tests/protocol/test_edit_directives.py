"""A comment that asks, in every kind of comment: offered, never sent by itself, and gone with the edit."""

from __future__ import annotations

import pytest
from lsp_client import titled
from openai_server import FakeOpenAI

LANGUAGES = {
    "python": ("# {}", "def f(a):\n    return a\n", "def f(a):\n    return a + 1\n"),
    "javascript": ("// {}", "function f(a) {\n  return a;\n}\n", "function f(a) {\n  return a + 1;\n}\n"),
    "c": ("/* {} */", "int f(int a) {\n  return a;\n}\n", "int f(int a) {\n  return a + 1;\n}\n"),
    "rust": ("// {}", "fn f(a: i32) -> i32 {\n    a\n}\n", "fn f(a: i32) -> i32 {\n    a + 1\n}\n"),
    "lua": ("-- {}", "function f(a)\n  return a\nend\n", "function f(a)\n  return a + 1\nend\n"),
    "go": ("// {}", "func f(a int) int {\n\treturn a\n}\n", "func f(a int) int {\n\treturn a + 1\n}\n"),
    "shellscript": ("# {}", "f() {\n  echo a\n}\n", "f() {\n  echo a b\n}\n"),
    "html": ("<!-- {} -->", "<p>\n  a\n</p>\n", "<p>\n  a b\n</p>\n"),
    "css": ("/* {} */", "p {\n  color: red;\n}\n", "p {\n  color: blue;\n}\n"),
}


@pytest.mark.parametrize("above", [True, False])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_comment_of_any_language_asks_and_goes_away(language, above, editor, model: FakeOpenAI) -> None:
    """With the cursor on it, or inside the selection."""
    form, code, new = LANGUAGES[language]
    head = "package p\n\n" if language == "go" else ""
    comment = form.format("make it more ask!") + "\n"
    uri = "file:///work/some.code"
    client = editor()
    tail = "\n\n" + form.format("the rest") + "\n"
    client.open(uri, head + comment + code + tail, language)
    start = {"line": head.count("\n"), "character": 0}
    last = {"line": start["line"] + code.count("\n"), "character": len(code.splitlines()[-1])}
    end = start if above else last
    model.say(f"```{language}\n{new}```")

    entry = titled(client.code_actions(uri, {"start": start, "end": end}), "Do: make it more")
    assert not model.requests
    client.run(entry)

    sentence = client.ended_progress()
    assert client.buffers[uri].text == head + new + tail, sentence
    sent = model.requests[0].messages[-1]["content"]
    assert "make it more" in sent
    assert "ask!" not in sent
    client.close(unread=True)


def test_comments_above_the_one_that_asks_are_no_part_of_it_and_stay(editor, model) -> None:
    uri = "file:///work/settings.py"
    client = editor()
    kept = "x = 1\n# Settings of the module, do not remove.\n"
    client.open(uri, f"{kept}# turn into a tuple ask!\nVALUES = [1, 2]\n")
    model.say("```python\nVALUES = (1, 2)\n```")

    client.run(titled(client.code_actions(uri, client.range_of(uri, "VALUES = [1, 2]")), "Do: turn into a tuple"))

    client.ended_progress()
    assert client.buffers[uri].text == f"{kept}VALUES = (1, 2)\n"
    assert model.requests[0].messages[-1]["content"].endswith("\n\nturn into a tuple")
    client.close(unread=True)


def test_who_has_hidden_rewriting_is_not_offered_what_would_need_it(editor, config) -> None:
    """A comment that asks is done by the action `rewrite`, one with a question by `ask`."""
    config("actions: {rewrite: false}\n")
    uri = "file:///work/settings.py"
    client = editor()
    client.open(uri, "# turn into a tuple ask!\nVALUES = [1, 2]\n\n# why two ask?\nx = 1\n")

    def offered(part: str) -> list[str]:
        titles = [each["title"] for each in client.code_actions(uri, client.range_of(uri, part))]
        return [title for title in titles if title.startswith(("Do: ", "Answer: "))]

    assert not offered("VALUES")
    assert offered("x = 1") == ["Answer: why two"]
    client.close(unread=True)
