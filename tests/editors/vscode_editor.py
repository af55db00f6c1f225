"""A real VS Code (code-server) in a real browser, with the extension as users get it: the .vsix, installed.

What a person does is done by keys and clicks in the page; what is there is read through the VS Code API, by a small
extension of the tests (vscode_probe). Waiting means asking again until a state is there, or a limit is over.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

import psutil

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CACHE = Path(os.environ.get("ASK_LSP_EDITORS", ROOT / ".cache" / "editors")) / "vscode"
MODULES = CACHE / "node_modules"
ENTRY = MODULES / "code-server" / "out" / "node" / "entry.js"
CLIENT = ROOT / "clients" / "vscode"
PICTURES = ROOT / ".cache" / "editors" / "pictures"
LIMIT = 90.0
POLL = 0.05

Seen = TypeVar("Seen")


def missing() -> str:
    """Why VS Code cannot be run here, and what to do; empty if it can."""
    for program in ("node", "npm", "chromium", "rg"):
        if shutil.which(program) is None:
            return f"{program} is missing; run tests/editors/install_vscode.sh"
    if not any(CACHE.glob(".installed-*")):
        return f"code-server is not in {CACHE}; run tests/editors/install_vscode.sh"
    if not (CLIENT / "node_modules").is_dir() and not (CLIENT / "ask-lsp.vsix").exists():
        return "clients/vscode is not built; run there: npm ci && npm run package"
    return ""


def build() -> Path:
    """The .vsix of this tree, made anew if anything of it has changed since."""
    made = CLIENT / "ask-lsp.vsix"
    sources = [path for folder in ("src", "l10n", "scripts") for path in (CLIENT / folder).rglob("*") if path.is_file()]
    sources += CLIENT.glob("package*.json")
    if not made.exists() or any(path.stat().st_mtime > made.stat().st_mtime for path in sources):
        environment = {**os.environ, "PYTHON": sys.executable}
        run("npm", "run", "--silent", "package", environment=environment, cwd=CLIENT)
    return made


def install(extensions: Path, vsix: Path, environment: Mapping[str, str]) -> None:
    """Puts the extension and the probe into a folder of extensions."""
    probe = extensions.parent / "probe.vsix"
    with zipfile.ZipFile(probe, "w") as archive:
        for path in (HERE / "vscode_probe").iterdir():
            archive.write(path, f"extension/{path.name}")
    names = [argument for path in (probe, vsix) for argument in ("--install-extension", str(path))]
    run("node", str(ENTRY), "--extensions-dir", str(extensions), *names, environment=environment, cwd=extensions.parent)


def run(*command: str, environment: Mapping[str, str], cwd: Path) -> None:
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def runs(process: psutil.Process) -> bool:
    """Whether a process still does something; one that ended and was not waited for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Lines:
    """A partner that answers each line of JSON with one."""

    def __init__(self, to: IO[str], back: IO[str]) -> None:
        self._to, self._back = to, back

    def ask(self, code: str, given: Any = None) -> Any:
        self._to.write(json.dumps({"code": code, "given": given}) + "\n")
        self._to.flush()
        line = self._back.readline()
        assert line, "it has ended"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["value"]


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
        self.open_page()

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
        self.page("await page.goto(given)", f"{self.address}/?folder={self.workspace}")
        self.page("await page.waitForSelector('.monaco-workbench .part.statusbar')")
        self.until(self._socket.exists, "extension host")
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(str(self._socket))
        self._connection.settimeout(LIMIT)
        stream = self._connection.makefile("rw", encoding="utf-8")
        self._probe = Lines(stream, stream)

    def servers(self) -> list[psutil.Process]:
        """The language servers that run here."""
        children = [child for child in self.process.children(recursive=True) if runs(child)]
        return [child for child in children if "--stdio" in child.cmdline()]

    def quit(self) -> list[psutil.Process]:
        """Closes the browser and ends code-server as its user would; returns what is left, which it then ends."""
        mine = [self.process, *self.process.children(recursive=True)]
        browser = [self.browser, *self.browser.children(recursive=True)]
        self._connection.close()
        self.browser.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.browser.wait(20)
        self.process.terminate()
        deadline = time.monotonic() + 30
        while (alive := [process for process in mine if runs(process)]) and time.monotonic() < deadline:
            time.sleep(POLL)
        for process in (*alive, *(each for each in browser if runs(each))):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(10)
        self._log.close()
        return alive

    # ---- what is there

    def until(self, state: Callable[[], Seen | None], what: str, limit: float = LIMIT) -> Seen:
        """Waits for a state and returns it; an empty one is none."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if seen := state():
                return seen
            time.sleep(POLL)
        with contextlib.suppress(Exception):
            self.picture(f"failed-{what}")
        raise AssertionError(f"no {what} within {limit} s")

    def api(self, code: str, given: Any = None) -> Any:
        """Asks the VS Code API: `code` is the body of an async function with `vscode` and `given`."""
        return self._probe.ask(code, given)

    def page(self, code: str, given: Any = None) -> Any:
        """Does something in the browser: `code` is the body of an async function with `page` and `given`."""
        return self._page.ask(code, given)

    def text(self, uri: str) -> str | None:
        """The text of an open document; `uri` may be any part of its URI, without escapes."""
        found: str | None = self.api(_TEXT, uri)
        return found

    def answer(self) -> str:
        """The text of the newest answer view, empty for none."""
        return self.text("ask-lsp-answer:") or ""

    def tabs(self) -> list[str]:
        return list(self.api("return vscode.window.tabGroups.all.flatMap(g => g.tabs).map(t => t.label)"))

    def cursor(self) -> Any:
        """Who has the focus, and where the cursor is there."""
        return self.api(_CURSOR)

    def notices(self) -> list[str]:
        """The notifications that are shown."""
        script = "return page.locator('.notification-list-item-message').allTextContents()"
        return list(self.page(script))

    def status(self) -> str:
        """What the status bar item says."""
        return str(self.page("return page.locator('[id=\"ask-lsp.ask-lsp.ask-lsp\"]').getAttribute('aria-label')"))

    def lenses(self) -> list[str]:
        """The code lenses that are shown."""
        return list(self.page("return page.locator('.codelens-decoration a').allTextContents()"))

    def titles(self) -> list[str]:
        """The code actions for the selection of the active editor."""
        return list(self.api(_ACTIONS))

    def picture(self, name: str) -> Path:
        """A screenshot, kept as an artifact."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"vscode-{name.replace(' ', '-')}.png"
        self.page("await page.screenshot({ path: given })", str(path))
        return path

    # ---- what a person does

    def edit(self, path: Path) -> None:
        """Opens a file in the first column, until the server has it."""
        self.api(_OPEN, str(path))
        self.until(lambda: self.titles(), f"code actions in {path.name}")

    def select(self, part: str) -> None:
        """Selects a part of the active document that is there once, and puts the focus on it."""
        self.api(_SELECT, part)

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page("await page.keyboard.press(given)", key)

    def type(self, text: str) -> None:
        self.page("await page.keyboard.type(given, { delay: 5 })", text)

    def asked_to_type(self) -> str:
        """What the input box that is open says, empty if none is."""
        return str(self.page(_INPUT))

    def say(self, words: str) -> None:
        """Types into the input box, once it is there, and sends it."""
        self.until(self.asked_to_type, "input box")
        self.type(words)
        self.keys("Enter")

    def pick(self, title: str) -> None:
        """Chooses from the lightbulb menu, by keys."""
        self.keys("Control+.")
        self.until(lambda: any(title in each for each in self.page(_MENU)), f"{title} in the menu")
        for _ in self.page(_MENU):
            if title in self.page(_FOCUSED):
                break
            self.keys("ArrowDown")
        assert title in self.page(_FOCUSED)
        self.keys("Enter")

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
          for (const document of vscode.workspace.textDocuments) {
            if (document.isDirty) {
              await vscode.window.showTextDocument(document);
              await vscode.commands.executeCommand("workbench.action.files.revert");
            }
          }
          await vscode.commands.executeCommand("workbench.action.closeAllEditors");
          await vscode.commands.executeCommand("notifications.clearAll");
        """)


# Nothing that moves by itself, so that pictures and tests see the same each time.
QUIET = {
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.enableExperiments": False,
    "workbench.colorTheme": "Default Dark Modern",
    "security.workspace.trust.startupPrompt": "never",
    "extensions.autoUpdate": False,
    "extensions.ignoreRecommendations": True,
    "telemetry.telemetryLevel": "off",
    "files.autoSave": "off",
    "files.simpleDialog.enable": True,
    "editor.cursorBlinking": "solid",
    "editor.minimap.enabled": False,
    "editor.autoClosingBrackets": "never",
    "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
    "git.enabled": False,
    "chat.commandCenter.enabled": False,
}

_TEXT = """
const found = vscode.workspace.textDocuments.filter(d => !d.isClosed && d.uri.toString(true).includes(given));
return found.at(-1)?.getText();
"""
_CURSOR = """
const editor = vscode.window.activeTextEditor;
const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
return { tab: tab?.label, at: editor && [editor.selection.active.line, editor.selection.active.character] };
"""
_OPEN = """
await vscode.window.showTextDocument(vscode.Uri.file(given), { viewColumn: 1, preview: false });
"""
_SELECT = """
const editor = vscode.window.activeTextEditor;
const at = editor.document.getText().indexOf(given);
if (at < 0) throw new Error("not there: " + given);
editor.selection = new vscode.Selection(editor.document.positionAt(at), editor.document.positionAt(at + given.length));
await vscode.commands.executeCommand("workbench.action.focusActiveEditorGroup");
"""
_ACTIONS = """
const { document, selection } = vscode.window.activeTextEditor;
const found = await vscode.commands.executeCommand("vscode.executeCodeActionProvider", document.uri, selection);
return found.map(action => action.title);
"""
_INPUT = """
const box = page.locator(".quick-input-widget:visible");
return (await box.count()) > 0 ? await box.first().innerText() : "";
"""
_MENU = """
return page.locator(".action-widget .monaco-list-row.action .title").allTextContents();
"""
_FOCUSED = """
return (await page.locator(".action-widget .monaco-list-row.action.focused .title").allTextContents()).join();
"""
