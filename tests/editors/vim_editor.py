"""A real Vim with ALE in a terminal. Keys go through the terminal; what is there, Vim tells over a channel."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from processes import with_server
from scenarios import CHAT, Editor
from terminal import Terminal

PACKAGES = ("vim-nox", "vim-ale", "tmux")
ALE = Path("/usr/share/vim-ale")

# What a person has in their vimrc, behind two lines for the tests.
INIT = """
set nocompatible noswapfile viminfo= nomore hidden encoding=utf-8
let g:tests = ch_open('127.0.0.1:{port}', {{'mode': 'json'}})
filetype plugin indent on
set runtimepath^={ale}
let g:ale_linters = {{'python': ['ask-lsp'], 'markdown': ['ask-lsp']}}
let g:ale_linters_explicit = 1
let g:ale_lsp_show_message_severity = 'information'
function! AskRoot(buffer) abort
  return fnamemodify(bufname(a:buffer), ':p:h')
endfunction
function! AskDefine() abort
  for language in ['python', 'markdown']
    call ale#linter#Define(language, {{'name': 'ask-lsp', 'lsp': 'stdio', 'executable': 'ask-lsp',
      \\ 'command': '%e --stdio', 'project_root': function('AskRoot')}})
  endfor
endfunction
autocmd VimEnter * call AskDefine()
"""
_ENTRY = re.compile(r"^(\d+)\) (.+)$", re.MULTILINE)
_PROMPT = "Type number and <Enter>"


def missing() -> str:
    """Why Vim with ALE cannot be run here, and what to do; empty if it can."""
    if shutil.which("vim") and shutil.which("tmux") and ALE.is_dir():
        told = subprocess.run(["vim", "--version"], capture_output=True, text=True, check=False).stdout
        if "+channel" in told and "+job" in told:
            return ""
    return f"Vim with ALE is not complete here; apt-get install {' '.join(PACKAGES)}"


class Vim(Editor):
    """One Vim, which connects to the test, so that it can be asked."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._numbers = itertools.count(1)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.settimeout(30)
            init = folder / "vimrc"
            init.write_text(INIT.format(port=listening.getsockname()[1], ale=ALE), encoding="utf-8")
            self.terminal = Terminal(["vim", "-u", str(init)], with_server(environment), folder)
            self.process = self.terminal.process
            try:
                self._connection = listening.accept()[0]
            except BaseException:
                self.terminal.close()
                raise
        self._connection.settimeout(30)
        self._lines = self._connection.makefile("rb")
        number = str(self.value("v:versionlong"))
        ale = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", "vim-ale"], capture_output=True, text=True, check=True
        )
        self.version = f"Vim {number[0]}.{int(number[1:3])} with ALE {ale.stdout.rpartition('.')[0]}"

    def value(self, expression: str) -> object:
        """The value of an expression."""
        number = -next(self._numbers)
        self._connection.sendall(json.dumps(["expr", expression, number]).encode() + b"\n")
        return json.loads(self._lines.readline())[1]

    # ---- what a person does

    def _normal(self) -> None:
        """Into normal mode, from wherever: a message that is longer than the screen is wide wants Enter."""
        self.terminal.keys("Enter" if self.value("mode(1)")[0] == "r" else "Escape")
        self.until(lambda: self.value("mode(1)") == "n", "normal mode")

    def _command(self, line: str) -> None:
        """An Ex command, about the selection if there is one."""
        if str(self.value("mode()")).lower() != "v":
            self._normal()
        self.terminal.type(":")
        self.until(lambda: self.value("mode()") == "c", "command line")
        self.terminal.type(line)
        self.terminal.keys("Enter")

    def edit(self, path: Path) -> None:
        self._command(f"edit {path}")
        self.until(lambda: self.value("expand('%:p')") == str(path), path.name)
        self.until(self.servers, "server")

    def put(self, part: str) -> None:
        self._normal()
        self.value("cursor(1, 1)")
        assert self.value(f"search({json.dumps(chr(92) + 'V' + part, ensure_ascii=False)}, 'c')")

    def select(self, part: str) -> None:
        self.put(part)
        self.terminal.type("0v$h")
        self.until(lambda: self.value("mode()") == "v", "visual mode")

    def stand_in_the_function(self) -> None:
        """ALE always passes a selection along, the word under the cursor, so the function has to be selected."""
        self.put("def mean")
        self.terminal.type("Vj")
        self.until(lambda: self.value("mode()") == "V", "visual mode")

    def _menu(self) -> dict[str, str]:
        """Opens the menu; its numbers, by title."""
        self._command("ALECodeAction")
        self.until(lambda: _PROMPT in self.terminal.screen(), "menu")
        return {title.strip(): number for number, title in _ENTRY.findall(self.terminal.screen())}

    def titles(self) -> list[str]:
        titles = self._menu()
        self.terminal.keys("Enter")
        self._normal()
        return list(titles)

    def pick(self, title: str) -> None:
        number = next(number for each, number in self._menu().items() if each.startswith(title))
        self.terminal.type(number)
        self.terminal.keys("Enter")
        self._normal()

    def type(self, text: str) -> None:
        if self.value("mode()") != "i":
            self.terminal.type("i" if self.value("col('.')") == 1 and self.value("col('$')") > 1 else "a")
            self.until(lambda: self.value("mode()") == "i", "insert mode")
        self.terminal.type(text)

    def undo(self) -> None:
        self._normal()
        self.terminal.type("u")

    def go_to_the_end(self) -> None:
        self._normal()
        self.terminal.type("G$")

    def open_answer(self) -> None:
        self.edit(self.named())

    def restart(self) -> None:
        """ALE starts one whenever it wants something of it."""
        self._command("ALELint")

    def leave(self) -> None:
        self.terminal.remember()
        self._command("qa!")

    # ---- what is there

    def named(self) -> Path:
        """ALE has a window of its own for a message that is longer than the screen is wide."""
        return Path(self.until(lambda: CHAT.findall(self._shown()), "name of the chat")[-1])

    def _shown(self) -> str:
        window = self.value("getbufline('ALEPreviewWindow', 1, '$')")
        return "\n".join((*window, str(self.value("execute('messages')")), self._last_line()))

    def _last_line(self) -> str:
        return (self.terminal.screen().rstrip("\n").splitlines() or [""])[-1].strip()

    def _text(self, name: str) -> str:
        lines = self.value(f"getbufline(bufnr('{name}'), 1, '$')")
        return "".join(f"{line}\n" for line in lines)

    def text(self) -> str:
        return self._text("numbers.py")

    def answer(self) -> str:
        return self._text("ask-lsp/chats")

    def hover(self, part: str) -> str:
        self.put(part)
        self._command("ALEHover")
        return self.until(lambda: (line := self._last_line()) and not line.startswith((":", '"')) and line, "hover")

    def told(self) -> str:
        return self.terminal.screen()

    def close(self) -> None:
        self._lines.close()
        self._connection.close()
        self.terminal.close()
