"""The Neovim plugin (clients/neovim): its own specs, and what only real keys can show: undo, typing, hunks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from neovim_editor import NVIM, Neovim
from openai_server import FakeOpenAI, Held
from processes import LIMIT, runs

ROW = "neovim-plugin"

ROOT = Path(__file__).parent.parent.parent
PLUGIN = ROOT / "clients" / "neovim"
SPECS = sorted((PLUGIN / "tests").glob("*_spec.lua"))
SPEC_LIMIT = 300

CODE = '''"""Numbers."""


def mean(values):
    total = sum(values)
    count = len(values)
    return total / count


def two():
    return 2
'''
DOCUMENTED = '''def mean(values):
    """The arithmetic mean."""
    total = sum(values)
    count = len(values)
    return float(total / count)'''
FIRST = '    """The arithmetic mean."""'
SECOND = "    return float(total / count)"
ANSWER = f"```python\n{DOCUMENTED}\n```\n"
AFTER = CODE.replace("def mean(values):\n", f"def mean(values):\n{FIRST}\n").replace("    return total / count", SECOND)
TITLE = "Simplify function `mean`"


class PluginNeovim(Neovim):
    """A Neovim with the plugin on its path, and this tree's server under the name that everybody's settings have."""

    def __init__(self, environment: dict[str, str], folder: Path, options: str = "{}") -> None:
        programs = folder / "bin"
        programs.mkdir()
        server = programs / "ask-lsp"
        # Not by -m, which would import from the folder that Neovim is in: there is a numbers.py in it.
        start = f"import sys; sys.path[0] = '{ROOT}/server'; from ask_lsp.__main__ import main; sys.exit(main())"
        server.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{start}" "$@"\n')
        server.chmod(0o755)
        init = folder / "init.lua"
        init.write_text(
            "vim.g.loaded_python3_provider = 0\n"
            f"vim.opt.runtimepath:prepend([[{PLUGIN}]])\n"
            "_G.shown = {}\n"
            "vim.notify = function(text) table.insert(_G.shown, text) end\n"
            f"require('ask_lsp').setup({options})\n",
            encoding="utf-8",
        )
        socket = folder / "nvim.sock"
        self.process = psutil.Popen(
            [str(NVIM), "--headless", "--listen", str(socket), "--clean", "-n", "-i", "NONE", "-u", str(init)],
            env={**environment, "PATH": f"{programs}{os.pathsep}{environment['PATH']}"}, cwd=folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.nvim = self._attach(socket)

    def attached(self, buffer: int = 0) -> bool:
        return self.lua("return #vim.lsp.get_clients({ name = 'ask_lsp', bufnr = ... })", buffer) == 1

    def answer(self) -> str:
        """What the window of the answer shows; empty if there is none."""
        for window in self.nvim.windows:
            if window.vars.get("ask_lsp_answer") == window.buffer.handle:
                return self.text(window.buffer.handle)
        return ""

    def hunks(self) -> int:
        """How many hunks of proposals are open."""
        return sum(self.lua("return vim.tbl_map(function(p) return #p.open end, require('ask_lsp.proposals').all())"))


@pytest.fixture
def neovim(home: dict[str, str], config: object, tmp_path: Path, record_property) -> Iterator[PluginNeovim]:
    """A Neovim whose plugin and server talk to the fake model."""
    started = PluginNeovim(home, tmp_path)
    record_property("version", f"{started.version} with the plugin")
    try:
        yield started
    finally:
        if runs(started.process):
            started.quit()


@pytest.fixture
def buffer(neovim: PluginNeovim, tmp_path: Path) -> int:
    path = tmp_path / "numbers.py"
    path.write_text(CODE, encoding="utf-8")
    number = neovim.edit(path)
    neovim.nvim.api.win_set_cursor(0, [5, 4])
    return number


def text(neovim: Neovim, buffer: int) -> str:
    return neovim.text(buffer) + "\n"


def asked(neovim: Neovim, model: FakeOpenAI) -> Held:
    """Asks for an edit, and returns the answer to lead."""
    held = model.hold()
    neovim.pick(TITLE)
    model.wait_for_request(timeout=LIMIT)
    return held


def tell(held: Held, answer: str = ANSWER) -> None:
    held.send(answer)
    held.finish()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_specs(spec: Path) -> None:
    """What the plugin's own specs hold, each in a Neovim of its own."""
    result = subprocess.run(
        [str(NVIM), "-l", str(PLUGIN / "tests" / "run.lua"), spec.name],
        env={**os.environ, "ASK_LSP_PYTHON": sys.executable}, capture_output=True, text=True, timeout=SPEC_LIMIT,
    )  # fmt: skip

    assert result.returncode == 0, result.stdout + result.stderr
    assert "passed" in result.stdout


@pytest.mark.cell("edit")
def test_an_edit_during_insert_mode_is_a_step_of_its_own(
    neovim: PluginNeovim, model: FakeOpenAI, config, buffer
) -> None:
    """Three times `u`: what was typed after it, the edit, what was typed before. <C-r> brings them back one by one."""
    config("edits: {review: apply}\n")
    held = asked(neovim, model)
    neovim.keys("ggO# typed")
    neovim.until(lambda: "# typed" in text(neovim, buffer), "typed text")
    tell(held)
    neovim.until(lambda: text(neovim, buffer) == f"# typed\n{AFTER}", "edited text")
    assert neovim.mode() == "i"

    neovim.keys(" on<CR># and on<Esc>")
    neovim.until(lambda: text(neovim, buffer) == f"# typed on\n# and on\n{AFTER}", "text typed after it")

    neovim.keys("u")
    neovim.until(lambda: text(neovim, buffer) == f"# typed\n{AFTER}", "text before the later keys")
    neovim.keys("u")
    neovim.until(lambda: text(neovim, buffer) == f"# typed\n{CODE}", "text before the edit")
    neovim.keys("u")
    neovim.until(lambda: text(neovim, buffer) == CODE, "text before the earlier keys")
    neovim.keys("<C-r><C-r>")
    neovim.until(lambda: text(neovim, buffer) == f"# typed\n{AFTER}", "edited text again")


def test_an_edit_right_behind_a_command_is_not_joined_with_it(
    neovim: PluginNeovim, model: FakeOpenAI, config, buffer
) -> None:
    """Neovim joins what happens before the next key with the last command; `u` would take back both."""
    config("edits: {review: apply}\n")
    held = asked(neovim, model)
    neovim.keys("Gdd")
    neovim.until(lambda: "return 2" not in text(neovim, buffer), "deleted line")
    tell(held)
    neovim.until(lambda: FIRST in text(neovim, buffer), "edited text")

    neovim.keys("u")

    neovim.until(lambda: text(neovim, buffer) == CODE.replace("    return 2\n", ""), "text before the edit")


def test_an_edit_during_completion_leaves_the_menu_and_is_a_step_of_its_own(
    neovim: PluginNeovim, model: FakeOpenAI, config, buffer
) -> None:
    config("edits: {review: apply}\n")
    held = asked(neovim, model)
    neovim.keys("Got<C-n>")  # total, two
    neovim.until(lambda: neovim.nvim.call("pumvisible"), "menu of completion")
    word = neovim.nvim.current.line
    tell(held)
    neovim.until(lambda: FIRST in text(neovim, buffer), "edited text")
    assert neovim.nvim.call("pumvisible")
    neovim.keys("<C-y> = 1<Esc>")
    neovim.until(lambda: text(neovim, buffer) == f"{AFTER}{word} = 1\n", "completed text")

    neovim.keys("uu")

    neovim.until(lambda: text(neovim, buffer) == f"{CODE}{word}\n", "text before the edit")


@pytest.mark.cell("typing")
def test_an_answer_streams_while_keys_are_typed(neovim: PluginNeovim, model: FakeOpenAI, buffer) -> None:
    """No key is lost, and cursor, window and mode are the typist's."""
    held = model.hold()
    neovim.keys(":4,7Ask What if it is empty?<CR>")
    model.wait_for_request(timeout=LIMIT)
    neovim.keys("ggO")
    neovim.until(lambda: neovim.mode() == "i", "insert mode")
    window = neovim.here()[0]
    words = "".join(f"word{number} " for number in range(40))
    for number in range(40):
        held.send(f"word{number} ")
        neovim.keys("x")
    held.finish()

    neovim.until(lambda: words in neovim.answer(), "answer")

    neovim.until(lambda: text(neovim, buffer) == "x" * 40 + "\n" + CODE, "all keys")
    assert neovim.mode() == "i"
    assert neovim.here() == (window, buffer, [1, 40])
    assert neovim.shown() == []


@pytest.mark.cell("edit")
def test_hunks_are_accepted_one_by_one_by_keys(neovim: PluginNeovim, model: FakeOpenAI, buffer) -> None:
    """One is taken, one turned down; each `u` takes back one step."""
    tell(asked(neovim, model))
    neovim.until(lambda: neovim.hunks() == 2, "two hunks")
    assert text(neovim, buffer) == CODE

    neovim.keys("gg]h]hgha")
    neovim.until(lambda: SECOND in text(neovim, buffer), "second hunk")
    neovim.until(lambda: neovim.hunks() == 1, "one hunk")
    assert FIRST not in text(neovim, buffer)
    neovim.keys("]hghr")
    neovim.until(lambda: neovim.hunks() == 0, "no hunk")

    assert text(neovim, buffer) == CODE.replace("    return total / count", SECOND)
    neovim.keys("u")
    neovim.until(lambda: text(neovim, buffer) == CODE, "text before")


def test_a_proposal_finds_its_place_while_lines_are_typed_above(
    neovim: PluginNeovim, model: FakeOpenAI, buffer
) -> None:
    """It is shown where it belongs by then, and accepted there, in the middle of typing."""
    held = asked(neovim, model)
    neovim.keys("ggOimport a<CR>import b")
    tell(held)
    neovim.keys("<CR>import c<CR>")
    neovim.until(lambda: neovim.hunks() == 2, "two hunks")
    neovim.keys("import d<Esc>")

    neovim.keys(":AskProposals accept<CR>")

    typed = "import a\nimport b\nimport c\nimport d\n"
    neovim.until(lambda: text(neovim, buffer) == typed + AFTER, "edited text")
    neovim.keys("u")
    neovim.until(lambda: text(neovim, buffer) == typed + CODE, "text before the edit")


def test_the_statusline_says_what_goes_on(neovim: PluginNeovim, model: FakeOpenAI, config, buffer) -> None:
    """Profile, work, spend and proposals; as the screen shows them."""
    config("prices: {input: 100, output: 100}\n")
    neovim.nvim.options["statusline"] = "%{v:lua.require'ask_lsp'.statusline()}"

    def line() -> str:
        return str(neovim.nvim.api.eval_statusline(neovim.nvim.options["statusline"], {})["str"])

    held = asked(neovim, model)
    neovim.until(lambda: line() == "default …", "busy")
    tell(held)
    neovim.until(lambda: line().startswith("default $") and line().endswith("1 to review"), "spend and proposal")
    model.fail(401, "No.")
    neovim.keys(":4,7AskExplain<CR>")
    neovim.until(lambda: line().endswith("!"), "trouble")
    assert any("key" in sentence for sentence in neovim.shown())


@pytest.mark.cell("quit")
def test_quitting_in_the_middle_of_an_answer_leaves_nothing_behind(
    neovim: PluginNeovim, model: FakeOpenAI, buffer
) -> None:
    held = model.hold()
    neovim.keys(":4,7AskExplain<CR>")
    model.wait_for_request(timeout=LIMIT)
    held.send("The beginning ")
    neovim.until(lambda: "The beginning" in neovim.answer(), "answer")
    (server,) = neovim.servers()

    neovim.quit()

    assert not runs(server)
    model.wait_for_disconnect(timeout=LIMIT)
