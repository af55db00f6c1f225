"""The parts of a VS Code for the tests: where they lie, how they are built and installed, and talking to them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CACHE = Path(os.environ.get("ASK_LSP_EDITORS", ROOT / ".cache" / "editors")) / "vscode"
MODULES = CACHE / "node_modules"
ENTRY = MODULES / "code-server" / "out" / "node" / "entry.js"
CLIENT = ROOT / "clients" / "vscode"
PICTURES = ROOT / ".cache" / "editors" / "pictures"
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
