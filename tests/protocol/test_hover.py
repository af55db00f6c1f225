"""Hover: what is remembered, at once, or nothing; a model is asked only if somebody chose that."""

from __future__ import annotations

import time

import pytest
from lsp_client import ServerError, titled
from test_ask import open_code

NAME = {"line": 3, "character": 5}


def test_nothing_is_asked_and_nothing_shown_by_default(editor, model) -> None:
    client = editor("vscode-1.100")
    uri = open_code(client)

    assert client.hover(uri, NAME) is None
    assert not model.requests


def test_explain_fills_what_hover_shows_and_a_change_of_the_code_empties_it(editor, model, home) -> None:
    client = editor("vscode-1.100")
    uri = open_code(client)
    model.say("It is the arithmetic mean.")
    client.run(titled(client.code_actions(uri, {"start": NAME, "end": NAME}, triggerKind=1), "Explain function `mean`"))
    client.ended_progress()

    hover = client.hover(uri, NAME)
    assert hover["contents"] == {"kind": "markdown", "value": "It is the arithmetic mean."}
    assert hover["range"] == {"start": {"line": 3, "character": 4}, "end": {"line": 3, "character": 8}}

    body = client.buffers[uri].text.index("len(values)")
    client.edit(uri, body, body + 3, "max")
    assert client.hover(uri, NAME) is None
    client.edit(uri, body, body + 3, "len")
    assert client.hover(uri, NAME)["contents"]["value"] == "It is the arithmetic mean."
    client.close(unread=True)


def test_what_was_explained_is_there_after_a_restart_and_in_another_editor(editor, model) -> None:
    first = editor("vscode-1.100")
    uri = open_code(first)
    model.say("It is the arithmetic mean.")
    first.run(titled(first.code_actions(uri, {"start": NAME, "end": NAME}, triggerKind=1), "Explain function `mean`"))
    first.ended_progress()
    first.close(unread=True)

    second = editor("emacs28-eglot-1.9")
    open_code(second)

    assert second.hover(uri, NAME)["contents"] == {"kind": "plaintext", "value": "It is the arithmetic mean."}


def test_ask_generates_says_that_it_is_coming_and_has_it_next_time(editor, model, config) -> None:
    config("hover: ask\n")
    client = editor("vscode-1.100")
    held = model.hold()
    uri = open_code(client)

    assert "on its way" in client.hover(uri, NAME)["contents"]["value"]
    model.wait_for_request()
    held.send("The mean.")
    held.finish()

    def there() -> bool:
        return client.hover(uri, NAME)["contents"]["value"] == "The mean."

    client.until(there, "the explanation")
    assert len(model.requests) == 1


def test_the_latest_hover_wins_and_ends_the_one_before(editor, model, config) -> None:
    config("hover: ask\n")
    client = editor("vscode-1.100")
    model.hold()
    model.hold()
    uri = open_code(client)

    client.hover(uri, NAME)
    model.wait_for_request()
    client.hover(uri, {"line": 7, "character": 5})

    assert "median" in str(model.wait_for_request(2).messages)
    model.wait_for_disconnect()


def test_cancelling_the_request_ends_the_generation(editor, model, config) -> None:
    config("hover: ask\nhover_wait: 10000\n")
    client = editor("vscode-1.100")
    model.silent()
    uri = open_code(client)
    number = client.begin("textDocument/hover", {"textDocument": {"uri": uri}, "position": NAME})
    model.wait_for_request()

    client.notify("$/cancelRequest", {"id": number})

    model.wait_for_disconnect()
    with pytest.raises(ServerError):
        client.wait(number)


def test_cancelling_one_of_two_requests_for_a_symbol_leaves_the_other(editor, model, config) -> None:
    """An editor with the file in two windows asks twice; the generation ends only when nobody waits for it."""
    config("hover: ask\nhover_wait: 10000\n")
    client = editor("vscode-1.100")
    model.silent()
    uri = open_code(client)
    params = {"textDocument": {"uri": uri}, "position": NAME}
    first = client.begin("textDocument/hover", params)
    model.wait_for_request()
    second = client.begin("textDocument/hover", params)
    for _ in range(10):  # until the second waits as well
        client.code_actions(uri, {"start": NAME, "end": NAME}, triggerKind=2)

    client.notify("$/cancelRequest", {"id": first})
    with pytest.raises(ServerError):
        client.wait(first)
    client.code_actions(uri, {"start": NAME, "end": NAME}, triggerKind=2)
    assert len(model.requests) == 1
    client.notify("$/cancelRequest", {"id": second})

    model.wait_for_disconnect()
    with pytest.raises(ServerError):  # not null: it still waited
        client.wait(second)


def test_a_failure_is_a_line_and_never_a_popup(editor, model, config) -> None:
    config("hover: ask\nhover_wait: 10000\n")
    client = editor("vscode-1.100")
    model.wrong_key()
    uri = open_code(client)

    value = client.hover(uri, NAME)["contents"]["value"]

    assert value.startswith("*No explanation:")


def test_an_empty_answer_is_no_explanation_and_is_not_remembered(editor, model, config, state) -> None:
    config("hover: ask\nhover_wait: 10000\n")
    client = editor("vscode-1.100")
    uri = open_code(client)
    here = {"start": NAME, "end": NAME}
    model.say("")
    client.run(titled(client.code_actions(uri, here, triggerKind=1), "Explain function `mean`"))
    assert client.ended_progress() == "“fake-model” answered nothing."
    model.say("")
    assert "answered nothing" in client.hover(uri, NAME)["contents"]["value"]
    model.say("The mean.")

    assert client.hover(uri, NAME)["contents"]["value"] == "The mean."
    client.close(unread=True)


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("rust", "macro_rules! square {\n    ($x:expr) => { $x * $x };\n}\n\nfn main() { square!(3); }\n", "square"),
        ("typescript", "function callback(n: number) {\n  return n\n}\n\ncallback?.(3)\n", "callback"),
        ("ruby", "def empty?\n  true\nend\n\ndef empty!\n  false\nend\n\nempty?\n", "empty?"),
    ],
)
def test_a_mark_behind_a_name_belongs_to_it_or_not(language, text, name, editor, model, config) -> None:
    config("hover: ask\nhover_wait: 10000\n")
    client = editor("vscode-1.100")
    uri = client.open("file:///work/marks", text, language)
    model.say("What it does.")
    where = client.range_of(uri, name, text.count(name) - 1)

    hover = client.until(lambda: client.hover(uri, where["start"]), "a hover")

    assert hover["range"] == where
    assert hover["contents"]["value"] == "What it does."


def test_a_hover_has_a_profile_of_its_own(editor, model, config) -> None:
    config(
        "hover: ask\nhover_wait: 10000\nhover_profile: quick\n"
        f"profiles:\n  quick: {{base_url: {model.base_url}, model: quick-model, api_key: quick-key}}\n"
    )
    client = editor("vscode-1.100")
    uri = open_code(client)
    model.say("The mean.", model="quick-model")

    assert client.hover(uri, NAME)["contents"]["value"] == "The mean."

    (request,) = model.requests
    assert (request.model, request.headers["authorization"]) == ("quick-model", "Bearer quick-key")
    client.execute("ask.run", {"uri": uri, "action": "find_problems"})
    assert model.wait_for_request(2).model == "fake-model"
    client.ended_progress()
    client.close(unread=True)


def test_off_counts_from_the_moment_it_is_saved(editor, config, model) -> None:
    config("hover: ask\n")
    client = editor("vscode-1.100")
    uri = open_code(client)
    client.code_actions(uri, {"start": NAME, "end": NAME})  # the settings are loaded

    config("hover: off\n")

    assert client.hover(uri, NAME) is None
    assert client.hover(uri, NAME) is None
    assert not model.requests


def test_off_shows_nothing(editor, config, model) -> None:
    config("hover: off\n")
    client = editor("neovim-0.11.4")
    uri = open_code(client)

    assert client.hover(uri, NAME) is None
    assert not model.requests


def test_where_hover_is_a_key_the_first_one_asks_once_and_the_answer_is_remembered(editor, model) -> None:
    client = editor("neovim-0.11.4")
    asked = []

    def yes(params):
        asked.append(params["message"])
        return {"title": "Yes"}

    client.answers["window/showMessageRequest"] = yes
    uri = open_code(client)
    assert client.hover(uri, NAME) is None
    client.until(lambda: asked, "the question")
    model.say("The mean.")

    def there() -> bool:
        hover = client.hover(uri, NAME)
        return bool(hover) and hover["contents"]["value"] == "The mean."

    client.until(there, "the explanation")
    assert asked == ["Explain on hover? (sends code)"]
    client.close(unread=True)

    again = editor("neovim-0.11.4")
    open_code(again)
    model.say("The median.")
    assert again.hover(uri, {"line": 7, "character": 5}) is not None


@pytest.mark.parametrize("answer", ["Yes", "No", None])
def test_where_the_editors_settings_want_it_the_user_is_asked_before_anything_is_sent(
    answer: str | None, editor, model
) -> None:
    """A repository can bring such settings. Once, also where hovering is no deliberate key."""

    def wants(params) -> None:
        params["initializationOptions"] = {"hover": "ask"}
        params["capabilities"]["workspace"].pop("configuration", None)

    client = editor("vscode-1.100", change=wants)
    asked = []

    def reply(params):
        asked.append(params["message"])
        return {"title": answer} if answer else None

    client.answers["window/showMessageRequest"] = reply
    uri = open_code(client)
    assert client.hover(uri, NAME) is None
    client.until(lambda: asked, "the question")
    assert not model.requests
    model.say("The mean.")

    if answer == "Yes":

        def there() -> bool:
            hover = client.hover(uri, NAME)
            return bool(hover) and hover["contents"]["value"] == "The mean."

        client.until(there, "the explanation")
    else:
        assert [client.hover(uri, NAME) for _ in range(20)] == [None] * 20
        assert not model.requests
    assert asked == ["Explain on hover? (sends code)"]
    client.close(unread=True)


def test_a_cached_hover_does_not_wait_for_a_model(editor, model) -> None:
    client = editor("vscode-1.100")
    uri = open_code(client)
    model.silent()
    client.execute("ask.run", {"uri": uri, "action": "find_problems"})
    model.wait_for_request()
    started = time.monotonic()

    assert client.hover(uri, NAME) is None
    assert time.monotonic() - started < 5
    client.execute("ask.cancel")
    client.ended_progress()
    client.close(unread=True)
