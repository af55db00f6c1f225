"""`ask-lsp setup`: the lines of every editor, put into its file and taken out again; what is not ours stays."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ask_lsp.cli import json_members, marked_block
from ask_lsp.cli.editor_recipes import RECIPES, languages, lines
from ask_lsp.core.errors import RequestRefused

ROOT = Path(__file__).parent.parent.parent
OWN = Path(sys.executable).parent / "ask-lsp"
WRITTEN = [name for name, recipe in RECIPES.items() if recipe.kind != "print"]
JSON = [name for name, recipe in RECIPES.items() if recipe.kind == "json"]
BLOCKS = [name for name, recipe in RECIPES.items() if recipe.kind == "block"]
PAGES = {
    "emacs-eglot": "emacs", "emacs-lsp-mode": "emacs", "vim-coc": "vim", "vim-lsp": "vim", "vim-ale": "vim",
    "vim-yegappan": "vim",
}  # fmt: skip
THEIRS = {"block": "something of mine\n", "json": '{\n  "mine": [1, 2,3],\n  "other": {}\n}\n'}


def place(ran) -> Path:
    """The file that the first line of the printed advice names."""
    return Path(ran.err.splitlines()[0].partition(": ")[2])


def put_there(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def copies(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.ask-lsp-*"))


@pytest.mark.parametrize("name", RECIPES)
def test_the_lines_name_this_program(name: str, ask_lsp, home: dict[str, str]) -> None:
    ran = ask_lsp("setup", name)

    assert ran.code == 0
    assert str(OWN) in ran.out
    assert "markdown" in ran.out or name in ("micro", "zed", "vscode", "lapce")
    assert "${" not in ran.out
    assert not [path for path in Path(home["HOME"]).rglob("*") if path.is_file() and "config.yaml" not in path.name]


def test_a_program_on_path_goes_by_its_name(ask_lsp, home: dict[str, str]) -> None:
    ran = ask_lsp("setup", "neovim", PATH=f"{OWN.parent}{os.pathsep}{home['PATH']}")

    assert 'cmd = { "ask-lsp", "--stdio" }' in ran.out


def test_another_program_of_that_name_on_path_is_not_taken_for_this_one(ask_lsp, tmp_path: Path) -> None:
    other = tmp_path / "bin" / "ask-lsp"
    put_there(other, "#!/bin/sh\n")
    other.chmod(0o755)

    ran = ask_lsp("setup", "neovim", PATH=str(other.parent))

    assert str(OWN) in ran.out


@pytest.mark.parametrize("name", WRITTEN)
def test_a_new_file_is_made_and_taken_away_again(name: str, ask_lsp) -> None:
    path = place(ask_lsp("setup", name))

    wrote = ask_lsp("setup", name, "--write", "--yes")

    assert wrote.code == 0, wrote.err
    assert f"+++ {path}" in wrote.out
    assert str(OWN) in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask()
    assert ask_lsp("setup", name, "--write", "--yes").err.endswith("Nothing was changed.\n")
    assert not copies(path)

    removed = ask_lsp("setup", name, "--remove", "--yes")

    assert removed.code == 0, removed.err
    assert not path.exists()
    (copy,) = copies(path)
    assert str(OWN) in copy.read_text()
    assert ask_lsp("setup", name, "--remove", "--yes").err.endswith("Nothing was changed.\n")


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
@pytest.mark.parametrize("name", WRITTEN)
def test_what_was_there_stays_to_the_byte(name: str, ending: str, ask_lsp) -> None:
    path = place(ask_lsp("setup", name))
    text = THEIRS[RECIPES[name].kind].rstrip("\n").replace("\n", ending or "\n") + ending
    put_there(path, text)
    path.chmod(0o640)

    assert ask_lsp("setup", name, "--write", "--yes").code == 0

    (copy,) = copies(path)
    assert copy.read_bytes().decode() == text
    assert stat.S_IMODE(copy.stat().st_mode) == stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.read_bytes() != text.encode()
    if ending == "\r\n":
        assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")

    assert ask_lsp("setup", name, "--remove", "--yes").code == 0

    assert path.read_bytes().decode() == text
    assert len(copies(path)) == 2


@pytest.mark.parametrize("name", ["neovim", "vim-coc"])
def test_a_link_stays_a_link(name: str, ask_lsp, tmp_path: Path) -> None:
    path, target = place(ask_lsp("setup", name)), tmp_path / "dotfiles" / "file"
    put_there(target, THEIRS[RECIPES[name].kind])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)

    assert ask_lsp("setup", name, "--write", "--yes").code == 0

    assert path.is_symlink()
    assert str(OWN) in target.read_text()
    assert ask_lsp("setup", name, "--remove", "--yes").code == 0
    assert path.is_symlink()
    assert target.read_text() == THEIRS[RECIPES[name].kind]


def test_nothing_is_changed_where_nobody_can_say_yes(ask_lsp) -> None:
    path = place(ask_lsp("setup", "helix"))

    ran = ask_lsp("setup", "helix", "--write", stdin=b"y\n")

    assert ran.code == 1
    assert "Say --yes" in ran.err
    assert not path.exists()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals of that kind")
@pytest.mark.parametrize(("said", "code"), [("y", 0), ("n", 1), ("", 1)])
def test_it_asks_before_it_writes(said: str, code: int, home: dict[str, str]) -> None:
    import subprocess

    ours, theirs = os.openpty()
    ran = subprocess.Popen(
        [sys.executable, "-m", "ask_lsp", "setup", "helix", "--write"],
        stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home,
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, f"{said}\n".encode())
    _, err = ran.communicate(timeout=60)
    os.close(ours)

    assert ran.returncode == code
    assert b"[y/N]" in err
    assert (Path(home["XDG_CONFIG_HOME"]) / "helix" / "languages.toml").exists() is (code == 0)


@pytest.mark.parametrize("name", JSON)
def test_json_with_comments_is_left_and_the_lines_are_printed(name: str, ask_lsp) -> None:
    path = place(ask_lsp("setup", name))
    text = '// mine\n{"a": 1,}\n'
    put_there(path, text)

    ran = ask_lsp("setup", name, "--write", "--yes")

    assert ran.code == 1
    assert "not plain JSON" in ran.err
    assert str(OWN) in ran.out
    assert path.read_text() == text
    assert not copies(path)


@pytest.mark.parametrize("name", BLOCKS)
def test_what_was_set_up_by_hand_is_not_set_up_twice(name: str, ask_lsp) -> None:
    path = place(ask_lsp("setup", name))
    text = 'mine\nuse("ask-lsp")\n'
    put_there(path, text)

    ran = ask_lsp("setup", name, "--write", "--yes")

    assert ran.code == 1
    assert "Line 2 names ask-lsp already" in ran.err
    assert path.read_text() == text


def test_two_ways_share_a_file(ask_lsp) -> None:
    path = place(ask_lsp("setup", "vim-lsp"))

    assert ask_lsp("setup", "vim-lsp", "--write", "--yes").code == 0
    only = path.read_text()
    assert ask_lsp("setup", "vim-ale", "--write", "--yes").code == 0
    assert ask_lsp("setup", "vim-ale", "--remove", "--yes").code == 0

    assert path.read_text() == only


def test_old_lines_are_replaced_where_they_stand(ask_lsp) -> None:
    path = place(ask_lsp("setup", "kakoune"))
    put_there(path, "mine\n")
    ask_lsp("setup", "kakoune", "--write", "--yes", "--languages", "go")
    path.write_text(path.read_text() + "also mine\n")

    ask_lsp("setup", "kakoune", "--write", "--yes", "--languages", "rust")

    text = path.read_text()
    assert "(?:markdown|rust)" in text
    assert "go" not in text
    assert text.endswith("also mine\n")
    ask_lsp("setup", "kakoune", "--remove", "--yes")
    assert path.read_text() == "mine\nalso mine\n"


@pytest.mark.parametrize("marks", ["# >>> ask-lsp helix >>>\n", "# <<< ask-lsp helix <<<\n# >>> ask-lsp helix >>>\n"])
def test_broken_marks_are_left_to_the_user(marks: str, ask_lsp) -> None:
    path = place(ask_lsp("setup", "helix"))
    put_there(path, marks)

    for option in ("--write", "--remove"):
        ran = ask_lsp("setup", "helix", option, "--yes")

        assert ran.code == 1
        assert "by hand" in ran.err
        assert path.read_text() == marks


def test_kate_keeps_the_servers_that_somebody_chose(ask_lsp) -> None:
    path = place(ask_lsp("setup", "kate"))
    put_there(path, '{"servers": {"python": {"command": ["pylsp"]}}}')

    ran = ask_lsp("setup", "kate", "--write", "--yes", "--languages", "python,go")

    assert ran.code == 0
    assert "keep it: python." in ran.err
    assert "lose the one that they have" in ran.err
    servers = json.loads(path.read_text())["servers"]
    assert servers["python"] == {"command": ["pylsp"]}
    assert servers["go"]["command"] == [str(OWN), "--stdio"]

    ask_lsp("setup", "kate", "--write", "--yes", "--languages", "rust")
    assert set(json.loads(path.read_text())["servers"]) == {"python", "rust", "markdown"}

    ask_lsp("setup", "kate", "--remove", "--yes")
    assert path.read_text() == '{"servers": {"python": {"command": ["pylsp"]}}}'


def test_helix_keeps_the_languages_that_somebody_configured(ask_lsp) -> None:
    path = place(ask_lsp("setup", "helix"))
    text = "[[language]]\nname = 'python'\nlanguage-servers = [\"pyright\"]\n"
    put_there(path, text)

    ran = ask_lsp("setup", "helix", "--write", "--yes")

    assert ran.code == 0
    assert "itself: python" in ran.err
    assert path.read_text().count("python") == 1
    assert 'name = "rust"' in path.read_text()


@pytest.mark.parametrize("text", ["language = [{name = 'go'}]\n", "language-server = {gopls = {command = 'gopls'}}\n"])
def test_helix_values_that_no_lines_can_add_to(text: str, ask_lsp) -> None:
    path = place(ask_lsp("setup", "helix"))
    put_there(path, text)

    assert ask_lsp("setup", "helix", "--write", "--yes").code == 1
    assert path.read_text() == text


@pytest.mark.parametrize("value", ['{"clients": []}', "[]", '{"a": 1} x', "{" * 3, '{"a":' * 100_000])
def test_json_of_another_shape_is_left(value: str, ask_lsp) -> None:
    path = place(ask_lsp("setup", "sublime"))
    put_there(path, value)

    for option in ("--write", "--remove"):
        ran = ask_lsp("setup", "sublime", option, "--yes")

        assert ran.code == 1
        assert "is left as it is" in ran.err
        assert "Traceback" not in ran.err
        assert path.read_text() == value


def test_what_is_no_text_file_is_left(ask_lsp) -> None:
    path = place(ask_lsp("setup", "vim-lsp"))
    put_there(path, "a\0b")
    assert ask_lsp("setup", "vim-lsp", "--write", "--yes").code == 1
    assert path.read_bytes() == b"a\0b"

    path.unlink()
    path.mkdir()
    ran = ask_lsp("setup", "vim-lsp", "--write", "--yes")
    assert ran.code == 1
    assert "is no file" in ran.err
    if Path("/dev/zero").exists():
        assert ask_lsp("setup", "vim-lsp", "--write", "--yes", "--file", "/dev/zero").code == 1


def test_bytes_that_are_no_utf8_stay(ask_lsp) -> None:
    path = place(ask_lsp("setup", "vim-lsp"))
    path.write_bytes(b'" caf\xe9\n')

    assert ask_lsp("setup", "vim-lsp", "--write", "--yes").code == 0
    assert path.read_bytes().startswith(b'" caf\xe9\n')
    assert ask_lsp("setup", "vim-lsp", "--remove", "--yes").code == 0
    assert path.read_bytes() == b'" caf\xe9\n'


def test_another_file_can_be_named(ask_lsp, tmp_path: Path) -> None:
    assert ask_lsp("setup", "vim-coc", "--write", "--yes", "--file", "there.json").code == 0

    assert "ask-lsp" in json.loads((tmp_path / "there.json").read_text())["languageserver"]


@pytest.mark.parametrize("name", ["vscode", "jetbrains", "lapce"])
@pytest.mark.parametrize("option", ["--write", "--remove"])
def test_an_editor_without_a_file_says_what_to_do(name: str, option: str, ask_lsp) -> None:
    ran = ask_lsp("setup", name, option, "--yes")

    assert ran.code == 1
    assert "Run it without" in ran.err


def test_wrong_words_are_refused(ask_lsp) -> None:
    assert ask_lsp("setup", "notepad").code == 2
    assert ask_lsp("setup", "helix", "--write", "--remove").code == 2
    ran = ask_lsp("setup", "helix", "--languages", "python,klingon")
    assert ran.code == 1
    assert "klingon" in ran.err


def test_emacs_file_is_the_one_that_emacs_reads(ask_lsp, home: dict[str, str]) -> None:
    folder, config = Path(home["HOME"]), Path(home["XDG_CONFIG_HOME"]) / "emacs" / "init.el"
    assert place(ask_lsp("setup", "emacs-eglot")) == folder / ".emacs.d" / "init.el"

    put_there(config, "")
    assert place(ask_lsp("setup", "emacs-eglot")) == config

    (folder / ".emacs.d").mkdir()
    assert place(ask_lsp("setup", "emacs-eglot")) == folder / ".emacs.d" / "init.el"

    put_there(folder / ".emacs", "")
    assert place(ask_lsp("setup", "emacs-eglot")) == folder / ".emacs"


@pytest.mark.parametrize("command", ["/a b/ask-lsp", "/it's/“x”/a\\b/ask-lsp", '/say "so"/ask-lsp'])
@pytest.mark.parametrize("name", JSON)
def test_json_lines_are_json_whatever_the_path(name: str, command: str) -> None:
    made = json.loads(lines(RECIPES[name], command, languages()))

    assert command in json.dumps(made, ensure_ascii=False).replace('\\"', '"').replace("\\\\", "\\")


def test_a_path_that_would_break_out_is_refused() -> None:
    for name, command in (("kakoune", "/a}b/ask-lsp"), ("neovim", "/a\nb/ask-lsp")):
        with pytest.raises(RequestRefused, match="cannot be written"):
            lines(RECIPES[name], command, languages())
    assert "'/it''s/ask-lsp'" in lines(RECIPES["vim-lsp"], "/it's/ask-lsp", languages())


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "vscode"])
def test_pages_quote_the_lines(name: str) -> None:
    """clients/*/README.md shows what `ask-lsp setup` prints where ask-lsp is on PATH."""
    page = ROOT / "clients" / PAGES.get(name, name) / "README.md"
    text = lines(RECIPES[name], "ask-lsp", languages())

    if name == "neovim":
        kept = (ROOT / "clients" / "neovim" / "minimal.lua").read_text(encoding="utf-8")
        text_of_file = "".join(line for line in kept.splitlines(keepends=True) if not line.startswith("--"))
        assert text == text_of_file
    assert f"\n{text}```\n" in page.read_text(encoding="utf-8")


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


TEXT = st.lists(st.sampled_from([*"ab\n\t #\"'{}é\f\x85", "\r\n"]), max_size=40).map("".join)


@given(TEXT, TEXT, TEXT)
def test_a_block_leaves_no_trace(text: str, ours: str, added: str) -> None:
    once = marked_block.put(text, "one", "#", "vim-ale")
    assert marked_block.put(once, "one", "#", "vim-ale") == once
    again = marked_block.put(once, ours, "#", "vim-ale")

    assert marked_block.take_out(again, "#", "vim-ale") == text
    if again.endswith("\n") and text:
        assert marked_block.take_out(again + added, "#", "vim-ale") == text + added


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, min_size=1, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(max_size=4), VALUES, max_size=4),
    st.sampled_from([None, 2, 4, "\t"]),
    st.booleans(),
    st.lists(st.sampled_from(["clients", "a", "b"]), max_size=2, unique=True),
)
def test_a_member_leaves_no_trace(value: dict[str, object], indent: int | str | None, crlf: bool, path) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False) + "\n"
    text = text.replace("\n", "\r\n") if crlf else text
    try:
        with_it = json_members.put(text, path, "ask-lsp", '{\n  "command": ["x"]\n}')
    except RequestRefused:  # something else stands at the path
        return
    found: object = json.loads(with_it)
    for name in path:
        assert isinstance(found, dict)
        found = found[name]
    assert isinstance(found, dict)
    assert found["ask-lsp"] == {"command": ["x"]}
    assert json_members.put(with_it, path, "ask-lsp", '{\n  "command": ["x"]\n}') == with_it

    assert json_members.take_out(with_it, path, "ask-lsp") == text
