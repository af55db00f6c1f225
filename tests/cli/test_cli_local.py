"""`ask-lsp local`: what cannot be done is a sentence."""

from __future__ import annotations

from pathlib import Path


def test_serve_says_where_it_may_not_write(ask_lsp, tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    (tmp_path / "data").write_text("a file where a folder is needed")

    ran = ask_lsp("local", "serve", "model.gguf", ASK_LSP_DATA=str(tmp_path / "data"))

    assert (ran.code, ran.out) == (1, "")
    assert "cannot be written" in ran.err
    assert "ASK_LSP_DATA" in ran.err
    assert "Traceback" not in ran.err


def test_serve_names_a_model_that_is_not_there(ask_lsp) -> None:
    ran = ask_lsp("local", "serve", "nowhere.gguf")

    assert (ran.code, ran.out) == (1, "")
    assert "There is no file" in ran.err


def test_status_says_what_is_missing_and_how_to_get_it(ask_lsp) -> None:
    ran = ask_lsp("local", "status")

    assert ran.code == 1
    assert "model:   not pulled" in ran.out
    assert "ask-lsp local pull" in ran.err


def test_an_unknown_command_is_a_wrong_command_line(ask_lsp) -> None:
    assert ask_lsp("locla").code == 2
    assert ask_lsp("local").code == 2
    assert ask_lsp("--nonsense").code == 2
