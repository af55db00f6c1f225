"""Whatever a client sends, it gets an answer with a clear error, and the server lives."""

from __future__ import annotations

import json

import pytest
from lsp_client import LspClient, ServerError, titled
from test_ask import CODE, open_code

FIRST = {"line": 0, "character": 0}


def lives(client: LspClient) -> None:
    uri = client.open("file:///alive.py", CODE)
    assert client.code_actions(uri, client.range_of(uri, "sum(values)"))


def refused(client: LspClient, method: str, params) -> ServerError:
    with pytest.raises(ServerError) as caught:
        client.request(method, params)
    assert "Traceback" not in str(caught.value.error)
    assert "data" not in caught.value.error
    return caught.value


def answer_without_id(client: LspClient):
    return client.until(lambda: client._responses.pop(None, None), "an error without id")["error"]


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe{}", b"", b"nonsense"])
def test_what_is_not_json_is_answered_as_json_rpc_says(body, editor) -> None:
    client = editor()
    if body:
        client.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert answer_without_id(client)["code"] == -32700
    lives(client)


def framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize(
    ("sent", "code", "says"),
    [
        pytest.param(b"X-Long: " + b"a" * 200_000 + b"\r\n\r\n", -32700, "longer than 64 KB", id="a long header"),
        pytest.param(framed(b"[" * 200_000), -32700, "nested too deeply", id="deep nonsense"),
        pytest.param(
            framed(b'{"jsonrpc": "2.0", "id": NaN, "method": "shutdown"}'), -32600, "The id of a message", id="NaN"
        ),
        pytest.param(
            framed(b'{"jsonrpc": "2.0", "id": [1], "method": "shutdown"}'), -32600, "The id of a message", id="a list"
        ),
        pytest.param(
            framed(b'{"jsonrpc": "2.0", "id": ' + b"9" * 5000 + b', "method": "x"}'), -32700, "JSON", id="a huge number"
        ),
    ],
)
def test_what_no_client_should_send_is_answered_and_the_next_message_is_read(sent, code, says, editor) -> None:
    client = editor()

    client.send_bytes(sent)

    error = answer_without_id(client)
    assert error["code"] == code
    assert says in error["message"]
    lives(client)


@pytest.mark.parametrize("depth", [50, 400, 900, 5_000])
def test_a_deeply_nested_request_is_answered(depth, editor) -> None:
    """How deep is too deep depends on the Python; what could not even be read is answered without an id."""
    client = editor()
    nested = b"[" * depth + b"]" * depth
    params = b'{"command": "ask.run", "arguments": ' + nested + b"}"
    client.send_bytes(
        framed(b'{"jsonrpc": "2.0", "id": 77, "method": "workspace/executeCommand", "params": ' + params + b"}")
    )

    answer = client.until(lambda: client._responses.pop(77, None) or client._responses.pop(None, None), "an answer")

    assert answer["error"]["code"] in (-32602, -32700, -32803)
    lives(client)


def test_a_message_with_a_header_that_is_too_long_is_read_all_the_same(editor) -> None:
    client = editor()
    client._asked[901] = "shutdown"
    body = b'{"jsonrpc": "2.0", "id": 901, "method": "textDocument/unheardOf"}'

    client.send_bytes(b"X-Long: " + b"a" * 65_535 + b"\r\n" + framed(body))

    assert "longer than 64 KB" in answer_without_id(client)["message"]
    assert client.until(lambda: client._responses.pop(901, None), "an answer")["error"]["code"] == -32601


@pytest.mark.parametrize("message", [[], 7, "x", {"id": 1}, {"jsonrpc": "1.0", "id": 1, "method": "shutdown"}, None])
def test_what_is_no_message_is_refused(message, editor) -> None:
    client = editor()
    client._asked[1] = "nothing"
    client.send(message)
    number = message.get("id") if isinstance(message, dict) else None

    error = client.until(lambda: client._responses.pop(number, None), "an error")["error"]
    assert error["code"] == -32600
    lives(client)


def test_an_unknown_method_is_named(editor) -> None:
    client = editor()

    assert refused(client, "textDocument/unheardOf", {}).code == -32601
    client.notify("$/unheardOf", {})
    client.notify("textDocument/didUnheard", {"a": 1})
    lives(client)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/codeAction", None),
        ("textDocument/codeAction", {"textDocument": 7}),
        ("textDocument/hover", {"textDocument": {"uri": "file:///x"}, "position": {"line": "one"}}),
        ("workspace/executeCommand", {"arguments": []}),
        ("textDocument/hover", []),
    ],
)
def test_parameters_of_the_wrong_shape_are_invalid(method, params, editor) -> None:
    client = editor()

    assert refused(client, method, params).code == -32602
    lives(client)


@pytest.mark.parametrize(
    "method",
    ["textDocument/didOpen", "textDocument/didChange", "textDocument/didClose", "initialized", "$/cancelRequest"],
)
def test_a_notification_of_the_wrong_shape_does_no_harm(method, editor) -> None:
    client = editor()

    client.notify(method, {"nonsense": True})
    client.notify(method, None)

    lives(client)


def test_nothing_is_served_before_initialize_and_initialize_comes_once(editor) -> None:
    client = editor(initialize=False)

    assert refused(client, "textDocument/hover", {"textDocument": {"uri": "a"}, "position": {"line": 0}}).code == -32002
    client.notify("textDocument/didOpen", {"textDocument": {"uri": "a", "languageId": "x", "version": 1, "text": ""}})
    client.initialize()
    assert refused(client, "initialize", client.params).code == -32600
    lives(client)


def test_after_shutdown_only_exit_counts(editor) -> None:
    client = editor()
    client.request("shutdown", None)

    assert refused(client, "shutdown", None).code == -32600
    client.notify("exit", None)
    assert client.process.wait(10) == 0


def test_exit_without_shutdown_is_not_a_success(editor) -> None:
    client = editor()
    client.notify("exit", None)

    assert client.process.wait(10) == 1


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([7], "one object"),
        ([{}, {}], "one object"),
        ([{"action": 7}], "“action” must be text"),
        ([{"question": ["a"]}], "“question” must be text"),
        ([{"version": "one"}], "“version” must be a whole number"),
        ([{"version": True}], "“version” must be a whole number"),
        ([{"uri": "file:///never/opened.py"}], "opened.py is not open"),
        ([{"uri": "file:///etc/passwd"}], "passwd is not open"),
        ([{"uri": "file:///numbers.py", "range": [1, 2]}], "“range” must be an LSP range"),
        ([{"uri": "file:///numbers.py", "range": {"start": {"line": -1, "character": 0}}}], "“range” must be"),
        ([{"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}}], "needs the “uri”"),
        ([{"problems": "all"}], "“problems” must be"),
        ([{"uri": "file:///numbers.py", "version": 77}], "Version 77 of numbers.py is no longer known"),
        ([], "does not know where"),
    ],
)
def test_arguments_typed_by_hand_get_a_sentence(arguments, part, editor, model) -> None:
    client = editor()
    client.open("file:///numbers.py", CODE)

    params = {"command": "ask.run", "arguments": arguments}
    error = refused(client, "workspace/executeCommand", params)

    assert part in str(error)
    assert str(error).endswith(".")
    assert not model.requests
    lives(client)


def test_a_place_that_never_was_is_refused_whatever_the_version(editor, model) -> None:
    client = editor()
    uri = client.open("file:///numbers.py", CODE)
    client.code_actions(uri, {"start": FIRST, "end": FIRST})
    client.edit(uri, 0, 0, "# A line more.\n")
    far = {"line": CODE.count("\n") + 1, "character": 0}

    for arguments, part in (
        ({"version": 77}, "Version 77 of numbers.py is no longer known"),
        ({"uri": uri, "version": 1, "range": {"start": far, "end": far}}, f"Line {far['line'] + 1} is outside"),
        ({"uri": uri, "version": 7, "range": {"start": FIRST, "end": FIRST}}, "Version 7 of numbers.py is no longer"),
    ):
        error = refused(client, "workspace/executeCommand", {"command": "ask.run", "arguments": [arguments]})
        assert part in str(error)
    assert not model.requests


def test_an_unknown_command_names_the_known_ones(editor) -> None:
    client = editor()

    assert "ask.run" in str(refused(client, "workspace/executeCommand", {"command": "ask.everything"}))


def test_an_unknown_action_names_the_known_ones(editor, model) -> None:
    client = editor("vscode-1.100")
    uri = open_code(client)
    client.execute("ask.run", {"uri": uri, "action": "exlpain"})

    message = client.expect("window/showMessage")["message"]

    assert "There is no action “exlpain”" in message
    assert "explain" in message
    client.ended_progress()


def test_a_range_outside_of_the_document_is_clamped(editor, model) -> None:
    client = editor("vscode-1.100")
    uri = open_code(client)
    far = {"start": {"line": 8, "character": 0}, "end": {"line": 9999, "character": 9999}}
    model.say("Yes.")

    client.execute("ask.run", {"uri": uri, "action": "explain", "range": far})

    assert "return ordered" in model.wait_for_request().messages[-1]["content"]
    client.ended_progress()
    client.close(unread=True)


@pytest.mark.parametrize(
    "uri",
    [
        "file:///with%20space/a%25b.py",
        "file:///with space/a.py",
        "file://server/share/a.py",
        "untitled:Untitled-1",
        "file:///C%3A/Users/%E4%B8%AD/a.py",
        "vscode-notebook-cell:/a.ipynb#X12",
        "nonsense",
        "file:",
    ],
)
def test_every_kind_of_uri_can_be_asked_about(uri, editor, model) -> None:
    client = editor("kate-22.12")
    client.open(uri, CODE)
    model.say("Yes.")

    client.run(titled(client.code_actions(uri, client.range_of(uri, "sum(values)")), "Explain"))

    model.wait_for_request()
    client.expect("window/showMessage", lambda params: params["message"].startswith("Yes."))
    client.ended_progress()
    client.close(unread=True)


def test_a_nested_jsonrpc_key_is_just_data(editor) -> None:
    client = editor()
    weird = {"uri": "file:///x", "jsonrpc": "2.0", "id": 3, "method": "shutdown"}

    assert "is not open" in str(
        refused(client, "workspace/executeCommand", {"command": "ask.run", "arguments": [weird]})
    )
    lives(client)


def test_lone_surrogates_are_kept_in_the_document_and_replaced_where_they_would_break(editor, model, state) -> None:
    client = editor("kate-22.12")
    uri = "file:///odd.py"
    text = "name = '\ud800'\n"
    client.open(uri, text)
    model.say("Odd.")
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}

    client.execute("ask.run", {"uri": uri, "action": "explain", "range": whole})

    assert "name = '\ufffd'" in model.wait_for_request().messages[-1]["content"]
    client.ended_progress()
    client.close(unread=True)


def test_a_hundred_thousand_lines_can_be_opened_edited_and_asked_about(editor, model) -> None:
    client = editor("vscode-1.100")
    uri = client.open("file:///long.py", "value = 1\n" * 100_000)
    client.edit(uri, 0, 0, "first = 0\n")
    model.say("Long.")
    near_end = {"start": {"line": 99_999, "character": 0}, "end": {"line": 99_999, "character": 9}}

    client.run(titled(client.code_actions(uri, near_end), "Explain selection"))

    assert "long.py:100000" in model.wait_for_request().messages[-1]["content"]
    client.ended_progress()
    client.close(unread=True)


def test_a_client_that_never_answers_anything_still_gets_its_answer(editor, model, state) -> None:
    """vim-lsp and ALE leave requests of a server unanswered."""
    client = editor("vscode-1.100")
    client.silent_on |= {"window/workDoneProgress/create", "window/showDocument", "workspace/configuration"}
    uri = open_code(client)
    model.say("Here it is.")

    client.execute("ask.run", {"uri": uri, "action": "explain"})

    client.expect("window/showMessage", lambda params: params["message"].startswith("Here it is."))
    client.close(unread=True)


def test_stdout_carries_nothing_but_messages_whatever_is_printed(home, config) -> None:
    """A stray print of a library goes to stderr."""
    import sys

    script = (
        "import sys; from ask_lsp.lsp import server; "
        "original = server.AskServer.initialize\n"
        "def noisy(self, params):\n"
        "    print('stray'); sys.stdout.write('more'); __import__('os').write(1, b'raw')\n"
        "    return original(self, params)\n"
        "server.AskServer.initialize = noisy\n"
        "from ask_lsp.__main__ import main; main(['--stdio'])"
    )
    client = LspClient(home, "kate-22.12", command=[sys.executable, "-c", script])
    try:
        client.initialize()
        lives(client)
        client.close()
        assert "stray" in "".join(client.stderr)
    finally:
        client.kill()


def test_the_bytes_of_a_message_may_come_in_any_pieces(editor) -> None:
    client = editor()
    client._asked[900] = "shutdown"
    body = json.dumps({"jsonrpc": "2.0", "id": 900, "method": "textDocument/unheardOf"}).encode()
    for byte in b"Content-Length: %d\r\nContent-Type: x\r\n\r\n" % len(body) + body:
        client.send_bytes(bytes([byte]))

    assert client.until(lambda: client._responses.pop(900, None), "an answer")["error"]["code"] == -32601
