"""A real Kate on a display of its own (Xvfb), led by keys. What is there is read from what Kate tells its server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import psutil
import wire
from processes import LIMIT, family, runs, until, with_server
from scenarios import CHAT, CODE, Editor

PACKAGES = ("kate", "xvfb", "xdotool", "xclip", "dbus", "fonts-dejavu-core")
_SETTINGS = """
[Kate Plugins]
lspclientplugin=true

[lspclient]
AllowedServerCommandLines={server} --stdio
Messages=true

[General]
Startup Session=new
Show welcome view for new window=false
"""
_EDITOR = (500, 450)  # a place in the text


def missing() -> str:
    """Why Kate cannot be run here, and what to do; empty if it can."""
    if all(shutil.which(program) for program in ("kate", "Xvfb", "xdotool", "xclip", "dbus-daemon")):
        return ""
    return f"Kate is not complete here; apt-get install {' '.join(PACKAGES)}"


class Kate(Editor):
    """One Kate, with a display and a session bus that end with it."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.log = folder / "log"
        server = wire.install(folder / "bin", self.log)
        settings = Path(environment["XDG_CONFIG_HOME"])
        (settings / "kate" / "lspclient").mkdir(parents=True)
        (settings / "katerc").write_text(_SETTINGS.format(server=server), encoding="utf-8")
        servers = {
            language.lower(): {"command": [str(server), "--stdio"], "highlightingModeRegex": f"^{language}$"}
            for language in ("Python", "Markdown")
        }
        (settings / "kate" / "lspclient" / "settings.json").write_text(json.dumps({"servers": servers}))
        self._runtime = Path(tempfile.mkdtemp(prefix="kate"))
        self._folder = folder
        self._environment = {**with_server(environment), "XDG_RUNTIME_DIR": str(self._runtime)}
        self._around: list[psutil.Process] = []
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        told = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", "kate"], capture_output=True, text=True, check=True
        ).stdout
        self.version = f"Kate {'.'.join(told.rpartition(':')[2].split('.')[:2])}"

    def _start(self) -> None:
        display = self._beside("Xvfb", "-displayfd", "1", "-screen", "0", "1200x800x24", "-nolisten", "tcp", "-noreset")
        self._environment["DISPLAY"] = f":{display}"
        bus = self._beside("dbus-daemon", "--session", "--nofork", "--print-address")
        self._environment["DBUS_SESSION_BUS_ADDRESS"] = bus
        self.process = psutil.Popen(
            ["kate", "-n"], env=self._environment, cwd=self._folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._around.append(self.process)
        until(
            lambda: self._x("search", "--onlyvisible", "--class", "kate"), "window of Kate",
            told=lambda: f"its end: {self.process.poll()}",
        )  # fmt: skip

    def _beside(self, *command: str) -> str:
        """Starts what Kate needs; returns the line that says where it is."""
        process = psutil.Popen(
            command, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._around.append(process)
        with process.stdout as lines:
            return str(lines.readline().decode().strip())

    def _x(self, *arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments], env=self._environment, capture_output=True, text=True, timeout=LIMIT, check=False
        )
        return done.stdout

    def keys(self, *names: str) -> None:
        """Keys by xdotool's names."""
        self._x("key", "--delay", "40", *names)

    # ---- what is on the wire

    def _of_editor(self, method: str) -> list[dict]:
        return [each for each in wire.messages(self.log, "editor") if each.get("method") == method]

    def _answers(self, method: str) -> list:
        """The server's answers to the requests of that name that have one."""
        asked = {each["id"] for each in self._of_editor(method)}
        return [
            each.get("result")
            for each in wire.messages(self.log, "server")
            if "method" not in each and each.get("id") in asked
        ]

    def _text(self, part: str) -> str:
        """Kate tells the whole text at every change."""
        text = ""
        for each in wire.messages(self.log, "editor"):
            document = each.get("params", {}).get("textDocument", {}) if "method" in each else {}
            if part not in document.get("uri", ""):
                continue
            if each["method"] == "textDocument/didOpen":
                text = document["text"]
            elif each["method"] == "textDocument/didChange":
                text = each["params"]["contentChanges"][-1]["text"]
        return text

    # ---- what a person does

    def edit(self, path: Path) -> None:
        # A second call of the program hands its file to the first one.
        subprocess.run(
            ["kate", str(path)],
            env=self._environment, cwd=self._folder, timeout=LIMIT, check=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        opened = "textDocument/didOpen"
        self.until(
            lambda: [each for each in self._of_editor(opened) if path.name in each["params"]["textDocument"]["uri"]],
            f"server for {path.name}",
        )
        self._focus()

    def _focus(self) -> None:
        self._x("mousemove", *map(str, _EDITOR), "click", "1")

    def put(self, part: str) -> None:
        before = CODE[: CODE.index(part)]
        self.keys("Escape", "ctrl+Home")
        self.keys(*["Down"] * before.count("\n"), *["Right"] * len(before.rpartition("\n")[2]))

    def select(self, part: str) -> None:
        self.put(part)
        self.keys("shift+End")

    def stand_in_the_function(self) -> None:
        """Kate always passes a selection along, the line of the cursor, so the function has to be selected."""
        self.put("def mean")
        self.keys("shift+Down", "shift+End")

    def _menu(self) -> list[str]:
        """Opens the menu; its entries are what the server has answered, in that order."""
        before = len(self._answers("textDocument/codeAction"))
        self.keys("alt+l", "c")
        self.until(lambda: len(self._answers("textDocument/codeAction")) > before, "menu")
        return [each["title"] for each in self._answers("textDocument/codeAction")[-1]]

    def titles(self) -> list[str]:
        titles = self._menu()
        self.keys("Escape", "Escape", "Escape")
        return titles

    def pick(self, title: str) -> None:
        titles = self._menu()
        index = next(number for number, each in enumerate(titles) if each.startswith(title))
        self.keys(*["Down"] * (index + 1), "Return")

    def type(self, text: str) -> None:
        for part in re.split(r"([\U00010000-\U0010ffff]+)", text):
            if ord(part[:1] or " ") > 0xFFFF:  # no key types it: xdotool has none for these
                subprocess.run(
                    ["xclip", "-selection", "clipboard"], input=part, env=self._environment, text=True,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LIMIT, check=True,
                )  # fmt: skip
                self.keys("ctrl+v")
            elif part:
                self._x("type", "--delay", "40", "--", part)

    def undo(self) -> None:
        self.keys("ctrl+z")

    def go_to_the_end(self) -> None:
        self.keys("ctrl+End")

    def open_answer(self) -> None:
        self.edit(self.named())

    def restart(self) -> None:
        before = len(self._of_editor("textDocument/didOpen"))
        self.keys("alt+l", "l")
        self.until(lambda: len(self._of_editor("textDocument/didOpen")) > before, "file in another server")

    def leave(self) -> None:
        self.keys("ctrl+q")

    # ---- what is there

    def named(self) -> Path:
        return Path(self.until(lambda: CHAT.findall(self._said()), "message with the name of the chat")[-1])

    def _said(self) -> str:
        said = (each for each in wire.messages(self.log, "server") if each.get("method") == "window/showMessage")
        return "\n".join(each["params"]["message"] for each in said)

    def text(self) -> str:
        return self._text("numbers.py")

    def answer(self) -> str:
        return self._text("/ask-lsp/chats/")

    def hover(self, part: str) -> str:
        self.put(part)
        self.keys("alt+l", "y")
        (hover,) = self.until(lambda: [each for each in self._answers("textDocument/hover") if each], "hover")[-1:]
        return str(hover["contents"]["value"])

    def told(self) -> str:
        picture = os.environ.get("ASK_LSP_PICTURE")
        if picture:
            subprocess.run(["import", "-window", "root", picture], env=self._environment, check=False)
        return f"said: {self._said()}; code: {self.text()!r}; chat: {self.answer()!r}"

    def close(self) -> None:
        for process in [each for one in self._around for each in family(one)]:
            if runs(process):
                process.kill()
        for process in self._around:
            process.wait(LIMIT)
        shutil.rmtree(self._runtime, ignore_errors=True)
