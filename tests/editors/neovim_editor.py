"""A real, headless Neovim with the configuration that clients/neovim shows, led as a person would: by keys.

What a test reads is Neovim's own state. Waiting means asking Neovim again until a state is there, or a limit is over.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pynvim
from processes import LIMIT, POLL, Seen, ended, family, servers, until, with_server

CLIENT = Path(__file__).parent.parent.parent / "clients" / "neovim" / "minimal.lua"
NVIM = Path(sys.executable).parent / "nvim"

# What a person gets to see: messages by vim.notify, and the answers that vim.ui.select wants.
_RECORD = """
_G.shown, _G.asked = {}, {}
vim.notify = function(text) table.insert(_G.shown, text) end
vim.ui.select = function(items, options, choose)
  table.insert(_G.asked, options.prompt)
  choose(nil)
end
"""
_BUFFERS = """
local found = {}
for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
  if vim.api.nvim_buf_is_loaded(buffer) then found[vim.api.nvim_buf_get_name(buffer)] = buffer end
end
return vim.empty_dict() and found
"""
_ATTACHED = "return #vim.lsp.get_clients({ name = 'ask-lsp', bufnr = ... })"
_LIST = """
local client = vim.lsp.get_clients({ name = 'ask-lsp' })[1]
local first, last = ...
local params = first and vim.lsp.util.make_given_range_params(first, last, 0, client.offset_encoding)
  or vim.lsp.util.make_range_params(0, client.offset_encoding)
params.context = { diagnostics = {}, triggerKind = 1 }
local titles = {}
for _, answer in pairs(vim.lsp.buf_request_sync(0, 'textDocument/codeAction', params, 10000)) do
  for _, action in ipairs(answer.result) do table.insert(titles, action.title) end
end
return titles
"""
_RUN = """
local title = ...
vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.title == title end })
"""
_HOVER = """
local client = vim.lsp.get_clients({ name = 'ask-lsp' })[1]
local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
local answer = vim.lsp.buf_request_sync(0, 'textDocument/hover', params, 10000)
local result = answer[client.id].result
return result and result ~= vim.NIL and result.contents.value or ''
"""
_COMMAND = """
local command, argument = unpack(...)
vim.lsp.get_clients({ name = 'ask-lsp' })[1]:exec_cmd({ title = '', command = command, arguments = argument })
"""


class Neovim:
    """One Neovim process, and the language server that it starts."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        # The client's configuration says `ask-lsp`, as everybody's does: it is found beside this Python.
        init = folder / "init.lua"
        quoted = str(CLIENT).replace("\\", "\\\\")
        init.write_text(f'vim.g.loaded_python3_provider = 0\n{_RECORD}\ndofile("{quoted}")\n', encoding="utf-8")
        socket = folder / "nvim.sock"
        arguments = [str(NVIM), "--headless", "--listen", str(socket), "--clean", "-n", "-i", "NONE", "-u", str(init)]
        self.process = psutil.Popen(
            arguments, env=with_server(environment), cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.nvim = self._attach(socket)

    @property
    def version(self) -> str:
        """What its row in the table is called."""
        return "Neovim {major}.{minor}.{patch}".format(**self.lua("return vim.version()"))

    def _attach(self, socket: Path) -> pynvim.Nvim:
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                return pynvim.attach("socket", path=str(socket))
            except OSError:
                assert time.monotonic() < deadline, "Neovim does not listen"
                assert self.process.poll() is None, "Neovim ended"
                time.sleep(POLL)

    # ---- life

    def servers(self) -> list[psutil.Process]:
        """The language servers that this Neovim runs."""
        return servers(self.process)

    def quit(self) -> None:
        """`:qa!`; fails if anything of it is left, and ends that."""
        mine = family(self.process)
        watchdog = threading.Timer(LIMIT, self.process.kill)
        watchdog.start()
        # Waiting for an answer that cannot come lets pynvim notice the end of the connection, and close its side.
        with contextlib.suppress(OSError, EOFError):
            self.nvim.command("qa!")
        self.nvim.close()
        watchdog.cancel()
        left = ended(mine)
        self.process.wait(LIMIT)
        assert not left, f"still running: {left}"

    # ---- what is there

    def until(self, state: Callable[[], Seen | None], what: str) -> Seen:
        """Waits for a state and returns it; an empty one is none."""
        return until(state, what, told=self._told)

    def _told(self) -> str:
        chat = self.chat()
        text = self.text(chat) if chat else None
        return f"shown: {self.shown()}; chat: {text}; here: {self.text(self.nvim.api.get_current_buf().handle)!r}"

    def lua(self, code: str, *arguments: Any) -> Any:
        return self.nvim.exec_lua(code, *arguments)

    def buffers(self) -> dict[str, int]:
        """The numbers of the loaded buffers, by file name."""
        return dict(self.lua(_BUFFERS))

    def text(self, buffer: int) -> str:
        return "\n".join(self.nvim.api.buf_get_lines(buffer, 0, -1, True))

    def here(self) -> tuple[int, int, list[int]]:
        """Window, buffer and cursor of the person."""
        window = self.nvim.api.get_current_win()
        buffer = self.nvim.api.get_current_buf()
        return window.handle, buffer.handle, self.nvim.api.win_get_cursor(0)

    def mode(self) -> str:
        return str(self.nvim.api.get_mode()["mode"])

    def shown(self) -> list[str]:
        """What vim.notify was given."""
        return list(self.lua("return _G.shown"))

    def chat(self) -> int | None:
        """The buffer of the chat file, once there is one that the server knows."""
        for name, buffer in self.buffers().items():
            if "/ask-lsp/chats/" in name and self.attached(buffer):
                return buffer
        return None

    def attached(self, buffer: int = 0) -> bool:
        return self.lua(_ATTACHED, buffer) == 1

    # ---- what a person does

    def edit(self, path: Path) -> int:
        """`:edit`, until the server has it."""
        self.nvim.command(f"edit {path}")
        self.until(self.attached, f"server for {path.name}")
        return int(self.nvim.api.get_current_buf().handle)

    def keys(self, keys: str) -> None:
        self.nvim.input(keys)

    def select_line(self, part: str) -> int:
        """Puts the cursor on the line that holds `part`, and selects it; returns its number, from 1."""
        lines = self.nvim.api.buf_get_lines(0, 0, -1, True)
        number = next(index for index, line in enumerate(lines, 1) if part in line)
        self.nvim.api.win_set_cursor(0, [number, 0])
        self.nvim.command("normal! V")
        return number

    def titles(self, *selection: list[int]) -> list[str]:
        """The titles of the code actions at the cursor, or for a selection: line from 1, column in bytes from 0."""
        return list(self.lua(_LIST, *selection))

    def pick(self, title: str) -> None:
        """Runs the code action of that title, on the selection if there is one."""
        self.lua(_RUN, title)

    def hover(self) -> str:
        """What hovering over the cursor shows."""
        return str(self.lua(_HOVER))

    def go_to(self, buffer: int) -> None:
        """Moves into the window that shows a buffer."""
        self.nvim.command(f"{self.nvim.call('bufwinnr', buffer)}wincmd w")

    def command(self, command: str, *arguments: Any) -> None:
        """workspace/executeCommand."""
        self.lua(_COMMAND, [command, list(arguments)])
