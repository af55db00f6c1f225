"""Makes terminal.png, the picture of the README: `python docs/images/make_picture.py`.

A real Neovim with the real server, in tmux. The answer is scripted (tests/fakes/openai_server.py), so that the picture
can be made again without a key. Needs `make test`'s tools, tmux, librsvg2-bin, pngquant and fonts-dejavu.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

IMAGES = Path(__file__).resolve().parent
REPOSITORY = IMAGES.parent.parent
sys.path.insert(0, str(REPOSITORY / "tests" / "fakes"))

from openai_server import FakeOpenAI  # noqa: E402 - found by the line above

COLUMNS, ROWS = 132, 36
LIMIT = 20.0
ANSWER = """\
It raises `ZeroDivisionError`: with no values `len(values)` is 0.

Decide what an empty group means for your report. If it should simply not count, say so at the top:

```python
if not values:
    return float("nan")
```

`median` has the same gap, and it also sorts the caller's list in place; `sorted(values)` would not.
"""
QUESTION = "What if values is empty?"
PAINTS = TerminalTheme(
    (24, 26, 31), (214, 216, 220),
    [(60, 63, 70), (224, 108, 117), (152, 195, 121), (229, 192, 123), (97, 175, 239), (198, 120, 221), (86, 182, 194),
     (214, 216, 220)],
)  # fmt: skip


def main() -> int:
    """Writes the picture."""
    with tempfile.TemporaryDirectory() as folder, FakeOpenAI() as model:
        terminal = Terminal(Path(folder), model.base_url)
        try:
            terminal.start()
            model.say(ANSWER, chunks=12)
            terminal.keys(":vsplit", "Enter", ":6", "Enter", "V4jgra")
            menu = terminal.until(lambda screen: "cancels):" in screen)
            assert "Ask ChatGPT about selection" in menu
            terminal.pick("1")
            terminal.until(lambda screen: "role=user" in screen)
            terminal.keys(f"Go{QUESTION}", "Escape")
            terminal.until(lambda screen: "-- INSERT --" not in screen)
            terminal.keys("gra")
            terminal.until(lambda screen: "Send this question" in screen and "cancels):" in screen)
            terminal.pick("1")
            terminal.until(lambda screen: "would not." in screen and "answered" in screen)
            terminal.keys("G", "zb")
            terminal.until(lambda screen: "would not." in screen)
            draw(terminal.screen(colours=True))
        finally:
            terminal.end()
    return 0


class Terminal:
    """Neovim in a tmux of its own."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self._socket = str(folder / "tmux")
        self._code = folder / "project" / "statistics_report.py"
        self._code.parent.mkdir()
        self._code.write_bytes((REPOSITORY / "examples" / self._code.name).read_bytes())
        config = folder / "config.yaml"
        settings = {"api_key": "sk-picture", "model": "gpt-5.4-mini", "base_url": base_url}
        config.write_text(json.dumps(settings))
        config.chmod(0o600)
        command = Path(sys.executable).parent / "ask-lsp"
        self._init = folder / "init.lua"
        self._init.write_text(
            "vim.o.number, vim.o.swapfile, vim.o.shadafile, vim.o.laststatus = true, false, 'NONE', 2\n"
            "vim.o.termguicolors, vim.o.wrap, vim.o.linebreak, vim.o.cmdheight = true, true, true, 1\n"
            'vim.o.statusline = \' %t %= %{get(g:, "said", "")} \'\n'
            "vim.o.conceallevel, vim.o.background = 2, 'dark'\n"
            "vim.o.splitright = true\n"
            "vim.api.nvim_create_autocmd('FileType', { pattern = 'markdown', callback = function()\n"
            "  vim.treesitter.start()\n"
            "end })\n"
            "vim.lsp.config('ask-lsp', {"
            f"cmd = {{ '{command}', '--stdio' }}, filetypes = {{ 'python', 'markdown' }} }})\n"
            "vim.lsp.enable('ask-lsp')\n"
            "local function say(text) vim.g.said = text vim.cmd.redrawstatus({ bang = true }) end\n"
            "vim.api.nvim_create_autocmd('LspAttach', { callback = function() say('server ready') end })\n"
            "vim.api.nvim_create_autocmd('LspProgress', { callback = function(event)\n"
            "  say('ask-lsp: ' .. (event.data.params.value.message or ''))\n"
            "end })\n"
        )
        self._environment = {
            **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
            "XDG_STATE_HOME": str(folder), "ASK_LSP_CONFIG": str(config), "TERM": "xterm-256color", "LANG": "C.UTF-8",
            "COLORTERM": "truecolor",
        }  # fmt: skip

    def start(self) -> None:
        nvim = Path(sys.executable).parent / "nvim"
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        editor = [str(nvim), "--clean", "-u", str(self._init), self._code.name]
        self._tmux("new-session", "-d", "-c", str(self._code.parent), *size, *editor)
        self._tmux("set", "-g", "status", "off")
        self.until(lambda screen: "def mean" in screen and "server ready" in screen)

    def end(self) -> None:
        self._tmux("kill-server")

    def keys(self, *keys: str) -> None:
        for key in keys:
            self._tmux("send-keys", key)

    def pick(self, number: str) -> None:
        """Answers the menu. Neovim throws away what was typed before it was ready, so look at what it took."""
        self.keys(number)
        self.until(lambda screen: f"cancels): {number}" in screen)
        self.keys("Enter")

    def screen(self, *, colours: bool = False) -> str:
        return self._tmux("capture-pane", "-p", *(["-e"] if colours else []))

    def until(self, condition: Callable[[str], bool]) -> str:
        deadline = time.monotonic() + LIMIT
        while not condition(screen := self.screen()):
            if time.monotonic() > deadline:
                raise SystemExit(f"The screen never came to this:\n{screen}")
            time.sleep(0.05)
        return screen

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, "-f", "/dev/null", *arguments],
            env=self._environment, capture_output=True, text=True, check=True, timeout=LIMIT,
        )  # fmt: skip
        return done.stdout


def draw(screen: str) -> None:
    """Lays the screen out as a picture."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(screen.rstrip("\n")), no_wrap=True, crop=True)
    svg = console.export_svg(title="statistics_report.py - Neovim", theme=PAINTS, font_aspect_ratio=0.602)
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")
    svg = svg.replace("<svg ", '<svg xml:space="preserve" ', 1)  # rsvg would drop the indentation
    target = IMAGES / "terminal.png"
    png = subprocess.run(["rsvg-convert", "-w", "1280"], input=svg.encode(), capture_output=True, check=True).stdout
    small = subprocess.run(["pngquant", "32", "-"], input=png, capture_output=True, check=True, timeout=LIMIT).stdout
    target.write_bytes(small)
    sys.stdout.write(f"{target}: {target.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    sys.exit(main())
