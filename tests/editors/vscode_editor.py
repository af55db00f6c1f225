"""A real VS Code (code-server) in a real browser, with the extension as users get it: the .vsix, installed.

What a person does is done by keys and clicks in the page; what is there is read through the VS Code API, by a small
extension of the tests (vscode_probe). Waiting means asking again until a state is there, or a limit is over.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psutil
from processes import Seen, ended, family, runs, servers, until
from vscode_parts import ENTRY, HERE, MODULES, PICTURES, QUIET, Lines
from vscode_queries import ACTIONS, CURSOR, FOCUSED, INPUT, MENU, OPEN, PUT, SELECT, TEXT

LIMIT = 40.0


class VSCode:
    """One window, its server side, and the browser that shows it."""

    def __init__(
        self,
        environment: Mapping[str, str],
        folder: Path,
        workspace: Path,
        extensions: Path,
        settings: Mapping[str, Any],
        *,
        trusted: bool = True,
    ) -> None:
        self.workspace = workspace
        self._socket = folder / "probe.sock"
        data = folder / "data"
        (data / "User").mkdir(parents=True, exist_ok=True)
        (data / "User" / "settings.json").write_text(json.dumps({**QUIET, **settings}), encoding="utf-8")
        self._log = (folder / "code-server.log").open("w+", encoding="utf-8")
        command = [
            *("node", str(ENTRY), "--auth", "none", "--bind-addr", "127.0.0.1:0", "--disable-telemetry"),
            *("--disable-update-check", "--disable-getting-started-override", "--user-data-dir", str(data)),
            *("--extensions-dir", str(extensions)),
            *(["--disable-workspace-trust"] if trusted else []),
        ]
        self.process = psutil.Popen(
            command, env={**environment, "ASK_LSP_PROBE": str(self._socket)}, cwd=folder,
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.address = self.until(self._listening, "address of code-server")
        self.browser = psutil.Popen(
            ["node", str(HERE / "vscode_driver.mjs"), str(MODULES), str(shutil.which("chromium"))],
            env=dict(environment), cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._page = Lines(self.browser.stdin, self.browser.stdout)
        self._probe_streams: tuple[IO[str] | socket.socket, ...] = ()
        try:
            self.open_page()
        except BaseException:
            self.quit()
            raise

    def _listening(self) -> str | None:
        assert self.process.poll() is None, self.said()
        lines = [line for line in self.said().splitlines() if "HTTP server listening on " in line]
        return lines[0].rpartition(" ")[2].rstrip("/") if lines else None

    def said(self) -> str:
        """What code-server has printed."""
        return Path(self._log.name).read_text(encoding="utf-8")

    # ---- life

    def open_page(self) -> None:
        """Opens the workspace in the browser, until its extensions run."""
        self._socket.unlink(missing_ok=True)
        self.page("await page.goto(given)", f"{self.address}/?folder={quote(str(self.workspace))}")
        self.page("await page.waitForSelector('.monaco-workbench .part.statusbar')")
        connection = self.until(self._connected, "extension host")
        stream = connection.makefile("rw", encoding="utf-8")
        self._probe_streams = (stream, connection)
        self._probe = Lines(stream, stream)

    def _connected(self) -> socket.socket | None:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(LIMIT)
        try:
            connection.connect(str(self._socket))
        except OSError:  # nobody listens there yet
            connection.close()
            return None
        return connection

    def servers(self) -> list[psutil.Process]:
        """The language servers that run here."""
        return servers(self.process)

    def quit(self) -> list[psutil.Process]:
        """Closes the browser and ends code-server as its user would; returns what is left, which it then ends."""
        mine, browser = family(self.process), family(self.browser)
        for stream in (*self._probe_streams, self.browser.stdin):
            with contextlib.suppress(OSError):
                stream.close()
        with contextlib.suppress(psutil.TimeoutExpired):
            self.browser.wait(20)
        self.browser.stdout.close()
        self.process.terminate()
        alive = ended(mine)
        for process in browser:
            if runs(process):
                process.kill()
        self.process.wait(10)
        self._log.close()
        return alive

    # ---- what is there

    def until(self, state: Callable[[], Seen | None], what: str, limit: float = LIMIT) -> Seen:
        """Waits for a state and returns it; an empty one is none."""
        try:
            return until(state, what, limit)
        except AssertionError:
            with contextlib.suppress(Exception):
                self.picture(f"failed-{what}")
            raise

    def api(self, code: str, given: Any = None) -> Any:
        """Asks the VS Code API: `code` is the body of an async function with `vscode` and `given`."""
        return self._probe.ask(code, given)

    def page(self, code: str, given: Any = None) -> Any:
        """Does something in the browser: `code` is the body of an async function with `page` and `given`."""
        return self._page.ask(code, given)

    def text(self, uri: str) -> str | None:
        """The text of the newest document in a tab whose URI, without escapes, has `uri` in it."""
        found: str | None = self.api(TEXT, uri)
        return found

    def answer(self) -> str:
        """The text of the newest answer view, empty for none."""
        return self.text("ask-lsp-answer:") or ""

    def tabs(self) -> list[str]:
        return list(self.api("return vscode.window.tabGroups.all.flatMap(g => g.tabs).map(t => t.label)"))

    def cursor(self) -> Any:
        """Who has the focus, and where the cursor is there."""
        return self.api(CURSOR)

    def notices(self) -> list[str]:
        """The notifications that are shown."""
        script = "return page.locator('.notification-list-item-message').allTextContents()"
        return list(self.page(script))

    def all_notices(self) -> list[str]:
        """Also those that are not shown by themselves: VS Code holds back more than three within 0.8 s."""
        self.api("await vscode.commands.executeCommand('notifications.showList')")
        return self.notices()

    def buttons(self) -> list[str]:
        """The buttons of all notifications that are shown."""
        script = "return page.locator('.notification-list-item-buttons-container .monaco-button').allTextContents()"
        return list(self.page(script))

    def status(self) -> str:
        """What the status bar item says."""
        return str(self.page("return page.locator('[id=\"ask-lsp.ask-lsp.ask-lsp\"]').getAttribute('aria-label')"))

    def lenses(self) -> list[str]:
        """The code lenses that are shown."""
        return list(self.page("return page.locator('.codelens-decoration a').allTextContents()"))

    def titles(self) -> list[str]:
        """The code actions for the selection of the active editor."""
        return list(self.api(ACTIONS))

    def picture(self, name: str) -> Path:
        """A screenshot, kept as an artifact."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"vscode-{name.replace(' ', '-')}.png"
        self.page("await page.screenshot({ path: given })", str(path))
        return path

    # ---- what a person does

    def edit(self, path: Path) -> None:
        """Opens a file in the first column, until the server has it."""
        self.api(OPEN, str(path))
        self.until(lambda: self.titles(), f"code actions in {path.name}")

    def show(self, path: Path) -> None:
        """Puts a file that is open to the front."""
        self.api(OPEN, str(path))

    def select(self, part: str) -> None:
        """Selects a part of the active document that is there once, and puts the focus on it."""
        line = self.api(SELECT, part)
        self._until_shown(f"Ln {line + 1}, ", "selected)")

    def put(self, line: int, character: int) -> None:
        """Puts the cursor there, without a selection, and the focus on it."""
        self.api(PUT, [line, character])
        self._until_shown(f"Ln {line + 1}, Col {character + 1}")

    def _until_shown(self, *parts: str) -> None:
        """The API is ahead of the page: a key that is pressed before the page has followed means something else."""
        place = "return page.locator('[id=\"status.editor.selection\"]').innerText()"
        self.until(lambda: all(part in self.page(place) for part in parts), "cursor in the page")

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page("await page.keyboard.press(given)", key)

    def type(self, text: str) -> None:
        self.page("await page.keyboard.type(given, { delay: 5 })", text)

    def asked_to_type(self) -> str:
        """What the input box that is open says, empty if none is."""
        return str(self.page(INPUT))

    def say(self, words: str) -> None:
        """Types into the input box, once it is there, and sends it."""
        self.until(self.asked_to_type, "input box")
        self.type(words)
        self.keys("Enter")

    def pick(self, title: str) -> None:
        """Chooses from the lightbulb menu, by keys."""
        self.until(lambda: self._menu_with(title), f"{title} in the menu")
        for _ in self.page(MENU):
            if title in self.page(FOCUSED):
                break
            self.keys("ArrowDown")
        assert title in self.page(FOCUSED)
        self.keys("Enter")

    def _menu_with(self, title: str) -> bool:
        """Opens the menu, again if it has closed: VS Code closes it when anything below it is drawn anew."""
        if not self.page(MENU):
            self.keys("Control+.")
            with contextlib.suppress(AssertionError):
                self.page("await page.waitForSelector('.action-widget .monaco-list-row', { timeout: 3000 })")
        return any(title in each for each in self.page(MENU))

    def click(self, selector: str) -> None:
        self.page("await page.locator(given).first().click()", selector)

    def press(self, notice_button: str) -> None:
        """A button of a notification."""
        self.click(f".notifications-toasts .monaco-button:has-text('{notice_button}')")

    def command(self, name: str, *given: Any) -> None:
        """Runs a command without waiting for its end, as the palette would."""
        self.api("void vscode.commands.executeCommand(...given)", [name, *given])

    def clean(self) -> None:
        """Closes every editor and notification, without saving."""
        self.keys("Escape", "Escape")
        self.api("""
          for (const notebook of vscode.workspace.notebookDocuments) {
            await notebook.save();
          }
          for (const document of vscode.workspace.textDocuments) {
            if (document.isDirty) {
              await vscode.window.showTextDocument(document);
              await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
            }
          }
          await vscode.commands.executeCommand("workbench.action.closeAllEditors");
          await vscode.commands.executeCommand("notifications.clearAll");
        """)
