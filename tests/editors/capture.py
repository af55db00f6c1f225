"""What the real editors of this machine announce in `initialize`, against what tests/protocol/caps holds.

.venv/bin/python tests/editors/capture.py           # the differences
.venv/bin/python tests/editors/capture.py --write   # and puts them there; files of editors that are not here stay
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CAPS = HERE.parent / "protocol" / "caps"
sys.path[:0] = [str(HERE), str(HERE.parent / "fakes")]

import emacs_editor  # noqa: E402
import kate_editor  # noqa: E402
import vim_editor  # noqa: E402
import vscode_parts  # noqa: E402
import wire  # noqa: E402
from neovim_editor import Neovim  # noqa: E402
from processes import until  # noqa: E402
from scenarios import CODE, Editor  # noqa: E402


class Place:
    """A home and a project for one editor, and a server on its PATH that writes down what it hears."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.server = wire.install(folder / "bin", self.log)
        home = folder / "home"
        home.mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_DATA_HOME": str(home / "data"),
            "LANG": "C.UTF-8",
            "ASK_LSP_BIN": str(self.server.parent),
        }
        self.project = folder / "proj"
        self.project.mkdir()
        self.code = self.project / "numbers.py"
        self.code.write_text(CODE, encoding="utf-8")

    def announced(self) -> dict[str, Any]:
        """The parameters of `initialize`, with what is this machine's own replaced."""
        first = until(lambda: wire.messages(self.log, "editor"), "initialize")[0]
        text = json.dumps(first["params"], ensure_ascii=False)
        for mine in (str(self.project), str(self.folder)):
            text = text.replace(mine, "/workspace/proj")
        params: dict[str, Any] = json.loads(text)
        params["processId"] = None
        return params


def neovim(place: Place) -> str:
    started = Neovim(place.environment, place.folder)
    try:
        started.edit(place.code)
        return _name(started.version)
    finally:
        started.quit()


def vscode(place: Place) -> str:
    from vscode_rig import Person

    person = Person(place.folder / "person")
    with person.window({"askLsp.path": str(place.server)}) as window:
        window.edit(person.code())
        version = str(window.api("return vscode.version"))
    return f"vscode-{'.'.join(version.split('.')[:2])}"


def _editor(start: Callable[[Place], Editor]) -> Callable[[Place], str]:
    def run(place: Place) -> str:
        with closing(start(place)) as started:
            started.edit(place.code)
            return _name(started.version)

    return run


def _name(version: str) -> str:
    """“Emacs 28.2 with eglot 1.9” is emacs28-eglot-1.9."""
    first, _, second = version.partition(" with ")
    name, number = first.lower().split(" ", 1)
    return f"{name}{number.split('.')[0]}-{second.lower().replace(' ', '-')}" if second else f"{name}-{number}"


EDITORS: dict[str, tuple[Callable[[], str], Callable[[Place], str]]] = {
    "Neovim": (lambda: "", neovim),
    "VS Code": (vscode_parts.missing, vscode),
    "eglot": (
        emacs_editor.missing,
        _editor(lambda place: emacs_editor.Emacs(place.environment, place.folder, "eglot")),
    ),
    "lsp-mode": (
        emacs_editor.missing,
        _editor(lambda place: emacs_editor.Emacs(place.environment, place.folder, "lsp-mode")),
    ),
    "ALE": (vim_editor.missing, _editor(lambda place: vim_editor.Vim(place.environment, place.folder))),
    "Kate": (kate_editor.missing, _editor(lambda place: kate_editor.Kate(place.environment, place.folder))),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("editors", nargs="*", metavar="EDITOR", help=f"some of: {', '.join(EDITORS)}")
    parser.add_argument("--write", action="store_true", help="replace what tests/protocol/caps holds of them")
    options = parser.parse_args()
    if unknown := set(options.editors) - set(EDITORS):
        parser.error(f"not known: {', '.join(sorted(unknown))}")
    for title in options.editors or EDITORS:
        missing, run = EDITORS[title]
        if reason := missing():
            print(f"{title} is not here, and its capture stays: {reason}")
            continue
        with tempfile.TemporaryDirectory(prefix="capture") as folder:
            place = Place(Path(folder))
            name = run(place)
            _compare(name, json.dumps(place.announced(), indent=1, sort_keys=True) + "\n", write=options.write)
    return 0


def _compare(name: str, text: str, *, write: bool) -> None:
    path = CAPS / f"{name}.json"
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = difflib.unified_diff(kept.splitlines(), text.splitlines(), f"{name} (kept)", f"{name} (now)", lineterm="")
    print("\n".join(lines) or f"{name} is as it was")
    if write:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
