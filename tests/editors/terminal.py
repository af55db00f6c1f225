"""A program in a terminal of its own (tmux), led by keys as a person would, whose screen can be read."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
from processes import ended, family, runs, until


class Terminal:
    """One tmux server with one window, and the program in it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], cwd: Path) -> None:
        # Not in the folder of the test: the path of a socket may have 107 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="tty"))
        self._environment = {**environment, "TERM": "xterm-256color"}
        self._cwd = cwd
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "130", "-y", "45", *command)
        self._tmux("set-option", "-g", "escape-time", "0")
        ids = self._tmux("display-message", "-p", "#{pid} #{pane_pid}").split()
        self._server, self.process = (psutil.Process(int(each)) for each in ids)

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self._folder / "tmux"), *arguments]
        done = subprocess.run(
            command, env=self._environment, cwd=self._cwd, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def type(self, text: str) -> None:
        """These characters, as keys."""
        self._tmux("send-keys", "-l", "--", text)

    def keys(self, *names: str) -> None:
        """Keys by tmux's names: Escape, Enter, C-x, M-x."""
        self._tmux("send-keys", *names)

    def screen(self) -> str:
        """What stands on the screen."""
        return self._tmux("capture-pane", "-p") if runs(self._server) else ""

    def wait(self) -> list[psutil.Process]:
        """Waits for the end of the program by itself; returns what is left of it, which is ended then."""
        left = ended(self._mine)
        self.close()
        return left

    def remember(self) -> None:
        """Notes what runs here now, for `wait`: who started a process cannot be seen any more when that one is gone."""
        self._mine = family(self.process)

    def close(self) -> None:
        """Ends whatever is still there."""
        for process in (*family(self.process), *family(self._server)):
            if runs(process):
                process.kill()
        until(lambda: not runs(self._server), "end of tmux")
        shutil.rmtree(self._folder, ignore_errors=True)
