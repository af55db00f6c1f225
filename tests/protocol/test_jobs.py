"""Jobs: cancelling closes the connection at once, whoever cancels; the text so far stays."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lsp_client import ServerError, chat_files, titled
from openai_server import FakeOpenAI
from test_ask import finished_chat, open_code, the_chat

from ask_lsp.core import chat_format
from ask_lsp.lsp.parent import watch

PROMPT_DISCONNECT = 5.0  # seconds before a test gives up; the figure itself is in bench/


def begun(client, model: FakeOpenAI):
    """Asks, and waits until the first words are in the chat file; returns the job, the stream and the document."""
    held = model.hold()
    uri = open_code(client)
    job = client.run(titled(client.code_actions(uri, client.range_of(uri, "return sum(values)")), "Explain"))["job"]
    held.send("The first words ")
    return job, held, uri


def shows_first_words(client, state: Path) -> bool:
    return any("The first words" in the_chat(client, state) for _ in chat_files(state))


def by_command(client, job, uri):
    assert client.execute("ask.cancel", {"job": job}) == {"cancelled": [job]}


def by_command_without_arguments(client, job, uri):
    assert client.execute("ask.cancel") == {"cancelled": [job]}


def by_code_action(client, job, uri):
    range_ = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    client.run(titled(client.code_actions(uri, range_, triggerKind=2), "Cancel running request"))


def by_progress(client, job, uri):
    (token,) = client.progress
    client.notify("window/workDoneProgress/cancel", {"token": token})


@pytest.mark.parametrize("cancel", [by_command, by_command_without_arguments, by_code_action, by_progress])
def test_every_way_to_cancel_closes_the_connection_and_keeps_the_text(cancel, editor, model, state) -> None:
    client = editor("neovim-0.11.4")
    job, _, uri = begun(client, model)
    client.until(lambda: shows_first_words(client, state), "the first words")

    cancel(client, job, uri)
    model.wait_for_disconnect(timeout=PROMPT_DISCONNECT)
    chat = finished_chat(client, state)

    assert chat.turns[1].text.startswith("The first words")
    assert "Cancelled." in chat.turns[1].text
    assert client.ended_progress().startswith("Cancelled")
    client.close(unread=True)


def test_shutdown_ends_the_jobs_first_and_leaves_a_whole_chat_file(editor, model, state) -> None:
    """Shutdown while an answer is coming: no error, the connection is closed, and the file can be gone on with."""
    client = editor("kate-22.12")
    begun(client, model)
    client.until(lambda: shows_first_words(client, state), "the first words")

    assert client.close(unread=True) == 0
    model.wait_for_disconnect()

    (path,) = chat_files(state)
    chat = chat_format.parse(path.read_text())
    assert [turn.role for turn in chat.turns] == ["user", "assistant", "user"]


def test_the_end_of_input_ends_the_process_without_a_shutdown(editor, model, state) -> None:
    """An editor that is killed takes its server, and its requests, with it."""
    client = editor("kate-22.12")
    begun(client, model)
    model.wait_for_request()

    client.process.stdin.close()

    assert client.process.wait(10) == 1
    model.wait_for_disconnect()


def test_the_end_of_the_editors_process_ends_the_server_though_its_input_stays_open(editor, model) -> None:
    """A child of a killed editor, a terminal or a language server of its own, may have inherited our standard input."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        client = editor("kate-22.12", change=lambda params: params.update(processId=other.pid))
        begun(client, model)
        model.wait_for_request()

        other.kill()
        other.wait()

        assert client.process.wait(15) == 1
        model.wait_for_disconnect()


async def test_a_process_that_cannot_be_seen_from_here_ends_nothing() -> None:
    """An editor outside of the container that the server runs in has a number that means nothing inside."""
    with subprocess.Popen([sys.executable, "-c", ""]) as other:
        other.wait()

    assert not watch(other.pid, lambda: None)
    assert not watch(None, lambda: None)
    assert not watch(0, lambda: None)
    assert not watch(2**80, lambda: None)
    assert watch(os.getpid(), lambda: None)


def test_closing_the_document_does_not_end_the_job(editor, model, state) -> None:
    client = editor("kate-22.12")
    _, held, uri = begun(client, model)
    client.until(lambda: shows_first_words(client, state), "the first words")

    client.close_document(uri)
    held.send("and the last.")
    held.finish()

    assert finished_chat(client, state).turns[1].text.strip() == "The first words and the last."
    client.close(unread=True)


def test_a_command_returns_while_the_model_is_silent(editor, model, state) -> None:
    client = editor("neovim-0.11.4")
    model.silent()
    uri = open_code(client)

    job = client.run(titled(client.code_actions(uri, client.range_of(uri, "return sum(values)")), "Explain"))["job"]
    model.wait_for_request()

    assert client.execute("ask.cancel", {"job": job}) == {"cancelled": [job]}
    model.wait_for_disconnect()
    client.ended_progress()
    client.close(unread=True)


def test_a_fifth_job_waits_and_says_so(editor, model, state, config) -> None:
    client = editor("neovim-0.11.4")
    uri = open_code(client)
    held = [model.hold() for _ in range(5)]
    for _ in range(5):
        client.execute("ask.run", {"uri": uri, "action": "explain"})
    model.wait_for_request(4)

    def says_queued() -> bool:
        return any("queued" in str(value.get("message")) for values in client.progress.values() for value in values)

    client.until(says_queued, "a progress that says it is queued")
    assert len(model.requests) == 4

    held[0].send("one ")
    held[0].finish()
    model.wait_for_request(5)
    client.execute("ask.cancel")
    client.close(unread=True)


def test_a_job_that_is_cancelled_in_the_queue_says_that_and_no_more(editor, model, state, config) -> None:
    config("max_jobs: 1\n")
    client = editor("vscode-1.100")
    _, held, uri = begun(client, model)
    queued = client.execute("ask.run", {"uri": uri, "action": "explain"})["job"]
    client.until(lambda: any("queued" in str(values[-1]) for values in client.progress.values() if values), "a queue")

    client.execute("ask.cancel", {"job": queued})

    assert client.ended_progress() == "Cancelled."
    held.finish()
    client.ended_progress()
    client.close(unread=True)


@pytest.mark.parametrize("headers", [True, False])
def test_the_progress_counts_while_the_model_is_silent(headers, editor, model) -> None:
    client = editor("neovim-0.11.4")
    _ = model.hold() if headers else model.silent()
    uri = open_code(client)
    client.execute("ask.run", {"uri": uri, "action": "explain"})

    def counts() -> bool:
        said = {str(value.get("message")) for values in client.progress.values() for value in values}
        return len([each for each in said if each.startswith("waiting for the model ")]) >= 3

    client.until(counts, "a progress that counts")
    client.execute("ask.cancel")
    client.ended_progress()
    client.close(unread=True)


def test_the_progress_counts_tokens_not_deltas(editor, model) -> None:
    client = editor("neovim-0.11.4")
    held = model.hold()
    uri = open_code(client)
    client.execute("ask.run", {"uri": uri, "action": "explain"})

    def says(pattern: str) -> bool:
        said = (str(value.get("message")) for values in client.progress.values() for value in values)
        return any(re.fullmatch(pattern, each) for each in said)

    held.send("It")
    client.until(lambda: says("1 token"), "one token")

    def goes_on() -> bool:
        held.send(" adds them up" * 30)
        return says(r"\d{2,} tokens")

    client.until(goes_on, "many tokens in a few pieces")
    client.execute("ask.cancel")
    client.ended_progress()
    client.close(unread=True)


def broken(module: str, name: str) -> list[str]:
    """A server with a mistake in it."""
    text = (
        f"import {module} as broken\n"
        "async def fails(*given, **named): raise LookupError('a secret')\n"
        f"broken.{name} = fails\n"
        "from ask_lsp.__main__ import main\n"
        "main()\n"
    )
    return [sys.executable, "-c", text, "--stdio"]


@pytest.mark.parametrize("name", ["ask_about", "making_of", "send_chat"])
def test_a_mistake_of_our_own_ends_the_progress_with_a_sentence(name, editor, model, state) -> None:
    client = editor("neovim-0.11.4", command=broken("ask_lsp.lsp.handlers.execute_command", name))
    uri = open_code(client)
    if name == "send_chat":
        path = state / "ask-lsp" / "chats" / "a.md"
        path.parent.mkdir(parents=True)
        turns = (chat_format.Turn("user", "Why?"),)
        path.write_text(chat_format.render(chat_format.Chat("0123456789abcdef01234567", "A chat", turns)))
        client.execute("ask.send", {"uri": path.as_uri()})
    else:
        client.execute("ask.run", {"uri": uri, "action": "explain" if name == "ask_about" else "refactor"})

    assert client.ended_progress() == "ask-lsp had an internal error; its log has the details (command ask.log)."
    message = client.expect("window/showMessage", lambda params: "internal error" in params["message"])
    assert "secret" not in str(message)
    assert client.execute("ask.cancel") == {"cancelled": []}
    client.close(unread=True)


def test_a_cancel_of_what_has_ended_does_nothing(editor) -> None:
    client = editor()

    assert client.execute("ask.cancel", {"job": "job-77"}) == {"cancelled": []}
    client.notify("window/workDoneProgress/cancel", {"token": "nobody"})
    assert client.execute("ask.cancel") == {"cancelled": []}


def gated(gate: Path, module: str) -> list[str]:
    """A server in which loading that module, or calling a function of it, waits for somebody to write into `gate`."""
    text = (
        "import importlib.abc, sys\n"
        f"def wait(): open({str(gate)!r}).close()\n"
        "class Gate(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r}: wait()\n"
        "sys.meta_path.insert(0, Gate())\n"
        "from ask_lsp.__main__ import main\n"
        "main()\n"
    )
    return [sys.executable, "-c", text, "--stdio"]


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are those of POSIX")
@pytest.mark.parametrize(
    ("module", "answers"), [("ask_lsp.config.keys", True), ("ask_lsp.lsp.handlers.execute_command", False)]
)
def test_progress_begins_while_what_it_needs_is_still_loading(module, answers, editor, model, tmp_path, state) -> None:
    """So it begins within 100 ms of a command that comes right behind `initialized`."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    client = editor("neovim-0.11.4", command=gated(gate, module))
    uri = open_code(client)
    asked = {"command": "ask.run", "arguments": [{"uri": uri, "action": "explain"}]}

    number = client.begin("workspace/executeCommand", asked)

    client.until(lambda: any(values for values in client.progress.values()), "a progress")
    if answers:
        assert client.wait(number)["job"]
    os.close(os.open(gate, os.O_WRONLY))
    if not answers:
        assert client.wait(number)["job"]
    assert client.ended_progress().startswith("fake-model answered")
    assert len(finished_chat(client, state).turns) == 3
    assert not client.progress
    client.close(unread=True)


def test_a_command_that_is_refused_while_loading_ends_its_progress(editor) -> None:
    client = editor("neovim-0.11.4")

    with pytest.raises(ServerError, match="must be text"):
        client.execute("ask.run", {"action": 7})
    client.until(lambda: all(not each or each[-1]["kind"] == "end" for each in client.progress.values()), "its end")
    client.close(unread=True)


def test_progress_begins_before_the_model_says_anything(editor, model) -> None:
    client = editor("neovim-0.11.4")
    model.silent()
    uri = open_code(client)
    started = time.monotonic()
    client.execute("ask.run", {"uri": uri, "action": "explain"})

    client.until(lambda: any(values for values in client.progress.values()), "a progress")

    assert time.monotonic() - started < 5
    client.close(unread=True)
