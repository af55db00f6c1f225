"""The embedded model, end to end: a question of an editor, an answer in the chat file, and nothing left running.

Nothing is asserted about its words, which are often wrong.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from lsp_client import LspClient, chat_files, titled
from test_ask import open_code

from ask_lsp.core import chat_format

ENOUGH = 240.0  # seconds: longer than our own limit for its start, so that a failure says its reason in the chat


@pytest.mark.xdist_group("embedded")
def test_the_embedded_model_answers_an_editor_and_ends_with_it(
    home: dict[str, str], state: Path, tmp_path: Path, write_config: Callable[[str], Path]
) -> None:
    pulled = Path(os.environ["ASK_LSP_TEST_MODEL"])
    assert pulled.is_file(), "The model is missing; get it with: make test"
    data = tmp_path / "data"
    data.mkdir()
    (data / "models").symlink_to(pulled.parent)
    write_config("profiles:\n  short:\n    kind: local\n    max_output: 40\nprofile: short\n")
    keys = {"OPENAI_API_KEY": "sk-of-the-environment-1", "ASK_LSP_API_KEY": "sk-of-the-editor-2"}
    client = LspClient({**home, **keys, "ASK_LSP_DATA": str(data)}, "kate-22.12")
    try:
        client.initialize()
        uri = open_code(client)
        client.run(titled(client.code_actions(uri, client.range_of(uri, "return sum(values)")), "Explain"))

        def answer() -> str | None:
            for path in chat_files(state):
                chat = chat_format.parse(path.read_text(encoding="utf-8"))
                if chat.turns[-1].role == "user" and len(chat.turns) > 1:
                    return chat.turns[1].text.strip()
            return None

        assert client.until(answer, "an answer of the embedded model", seconds=ENOUGH)
        serving = models_in(data)
        assert len(serving) == 1
        assert client.close(unread=True) == 0
    finally:
        client.kill()

    _, alive = psutil.wait_procs(serving, ENOUGH)
    assert not alive


def models_in(data: Path) -> list[psutil.Process]:
    """The processes that serve a model out of this folder."""
    return [each for each in psutil.process_iter() if any(str(data) in word for word in command_of(each))]


def command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.xdist_group("embedded")
def test_an_edit_by_the_embedded_model_lands_or_is_refused_with_a_reason(
    home: dict[str, str], state: Path, tmp_path: Path, write_config: Callable[[str], Path]
) -> None:
    """The whole way: whatever it writes, the code is either changed and still parses, or untouched with a sentence."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "models").symlink_to(Path(os.environ["ASK_LSP_TEST_MODEL"]).parent)
    write_config("profiles:\n  short:\n    kind: local\n    max_output: 120\nprofile: short\n")
    client = LspClient({**home, "ASK_LSP_DATA": str(data)}, "neovim-0.11.4")
    try:
        client.initialize()
        uri = open_code(client)
        before = client.buffers[uri].text
        cursor = client.range_of(uri, "sum(values)")["start"]
        listed = client.code_actions(uri, {"start": cursor, "end": cursor})
        client.run(titled(listed, "Write documentation"))

        def told() -> list[str]:
            return [
                message["params"]["message"] for message in client.seen if message.get("method") == "window/showMessage"
            ]

        client.until(lambda: told() or client.buffers[uri].text != before, "an end", seconds=2 * ENOUGH)
        if client.buffers[uri].text == before:
            assert any(
                "Nothing was changed: " in line or "ready to review" in line or "kept" in line for line in told()
            )
        else:
            ast.parse(client.buffers[uri].text)
            assert "def mean" in client.buffers[uri].text
        assert client.close(unread=True) == 0
    finally:
        client.kill()
