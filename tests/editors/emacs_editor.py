"""A real Emacs in a terminal, with eglot or lsp-mode. Keys go through the terminal; emacsclient tells what is there."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from processes import until, with_server
from scenarios import CHAT, Editor
from terminal import Terminal

PACKAGES = ("emacs-nox", "elpa-eglot", "elpa-lsp-mode", "elpa-markdown-mode", "tmux")
SOURCES = Path("/usr/share/emacs/site-lisp/elpa-src")

_EARLY = "(setq native-comp-deferred-compilation nil)\n"
_QUIET = """
(setq inhibit-startup-screen t make-backup-files nil auto-save-default nil create-lockfiles nil
      confirm-kill-processes nil
      server-socket-dir "{sockets}")
(require 'server)
(server-start)
(defun tests-json (value) (let ((coding-system-for-write 'utf-8)) (json-encode value)))
(defun tests-buffer (part)
  (seq-find (lambda (b) (string-match-p (regexp-quote part) (or (buffer-file-name b) ""))) (buffer-list)))
(defun tests-text (part)
  (let ((b (tests-buffer part))) (if b (with-current-buffer b (save-restriction (widen) (buffer-string))) "")))
"""
# What a person has in their init file.
INIT = {
    "eglot": """
(require 'eglot)
(add-to-list 'eglot-server-programs '((python-mode markdown-mode) . ("ask-lsp" "--stdio")))
(setq eglot-confirm-server-initiated-edits nil)
(add-hook 'python-mode-hook #'eglot-ensure)
(add-hook 'markdown-mode-hook #'eglot-ensure)
""",
    "lsp-mode": """
(require 'lsp-mode)
(setq lsp-auto-guess-root t lsp-auto-execute-action nil)
(lsp-register-client
 (make-lsp-client :new-connection (lsp-stdio-connection '("ask-lsp" "--stdio"))
                  :major-modes '(python-mode markdown-mode) :add-on? t :multi-root t :server-id 'ask-lsp))
(add-hook 'python-mode-hook #'lsp)
(add-hook 'markdown-mode-hook #'lsp)
""",
}
_ATTACHED = {
    "eglot": "(and (eglot-current-server) t)",
    "lsp-mode": "(and lsp--buffer-workspaces (eq (lsp--workspace-status (car lsp--buffer-workspaces)) 'initialized) t)",
}
_MENU = {"eglot": "eglot-code-actions", "lsp-mode": "lsp-execute-code-action"}
_HELP = '(and (get-buffer "*lsp-help*") (with-current-buffer "*lsp-help*" (buffer-string)))'


def missing() -> str:
    """Why Emacs cannot be run here, and what to do; empty if it can."""
    there = all(shutil.which(program) for program in ("emacs", "emacsclient", "tmux"))
    if there and any(SOURCES.glob("eglot-*")) and any(SOURCES.glob("lsp-mode-*")):
        return ""
    return f"Emacs is not complete here; apt-get install {' '.join(PACKAGES)}"


class Emacs(Editor):
    """One Emacs with one of its two LSP clients."""

    def __init__(self, environment: Mapping[str, str], folder: Path, client: str) -> None:
        self.client = client
        self._sockets = Path(tempfile.mkdtemp(prefix="emacs"))
        settings = Path(environment["HOME"]) / ".emacs.d"
        settings.mkdir()
        (settings / "early-init.el").write_text(_EARLY, encoding="utf-8")
        (settings / "init.el").write_text(_QUIET.format(sockets=self._sockets) + INIT[client], encoding="utf-8")
        self._environment = with_server(environment)
        self.terminal = Terminal(["emacs", "-nw"], self._environment, folder)
        self.process = self.terminal.process
        until(lambda: (self._sockets / "server").exists(), "server of Emacs", told=self.terminal.screen)
        source = next(SOURCES.glob(f"{client}-*")).name.removeprefix(f"{client}-")
        self.version = f"Emacs {self.lisp('emacs-version')} with {client} {'.'.join(source.split('.')[:2])}"

    def lisp(self, code: str) -> object:
        """The value of an expression in the buffer that is shown."""
        wrapped = f"(tests-json (with-current-buffer (window-buffer (selected-window)) {code}))"
        command = ["emacsclient", "-s", str(self._sockets / "server"), "--eval", wrapped]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(json.loads(done.stdout))

    # ---- what a person does

    def edit(self, path: Path) -> None:
        self.terminal.keys("C-x", "C-f")
        self.until(lambda: "Find file" in self.terminal.screen(), "prompt")
        self.terminal.keys("C-a", "C-k")
        self.terminal.type(str(path))
        self.terminal.keys("Enter")
        self.until(lambda: self.lisp("(buffer-file-name)") == str(path), path.name)
        self.until(lambda: self.lisp(_ATTACHED[self.client]), f"server for {path.name}")

    def command(self, name: str) -> None:
        """M-x."""
        self.terminal.keys("M-x")
        self.until(lambda: "M-x" in self.terminal.screen(), "prompt")
        self.terminal.type(name)
        self.terminal.keys("Enter")

    def put(self, part: str) -> None:
        self.lisp(f"(progn (goto-char (point-min)) (search-forward {json.dumps(part, ensure_ascii=False)})"
                  " (goto-char (match-beginning 0)) (set-window-point nil (point)) (deactivate-mark) t)")  # fmt: skip
        self.terminal.keys("Right", "Left")  # what follows the cursor does so behind a command only

    def select(self, part: str) -> None:
        self.put(part)
        self.terminal.keys("C-a", "C-Space", "C-e")
        self.until(lambda: self.lisp("(region-active-p)"), "selection")

    def _menu(self) -> list[str]:
        self.command(_MENU[self.client])
        self.until(lambda: self.lisp("(and (active-minibuffer-window) minibuffer-completion-table t)"), "menu")
        return list(self.lisp('(all-completions "" minibuffer-completion-table)'))

    def _closed(self) -> None:
        self.until(lambda: self.lisp("(not (active-minibuffer-window))"), "end of the menu")

    def titles(self) -> list[str]:
        titles = self._menu()
        self.terminal.keys("Escape", "Escape", "Escape")  # not C-g, which would end what emacsclient asks as well
        self._closed()
        return titles

    def pick(self, title: str) -> None:
        self.until(lambda: self._picked(title), f"{title} in the menu")

    def _picked(self, title: str) -> bool:
        """Chooses it if it is there; an entry may come a moment later, when the server has seen the last changes."""
        whole = next((each for each in self._menu() if each.startswith(title)), None)
        self.terminal.keys(*(["Escape"] * 3 if whole is None else []))
        if whole is not None:
            self.terminal.type(whole)
            self.terminal.keys("Enter")
        self._closed()
        return whole is not None

    def type(self, text: str) -> None:
        self.terminal.type(text)

    def undo(self) -> None:
        self.terminal.keys("C-_")

    def go_to_the_end(self) -> None:
        self.terminal.keys("M->")

    def open_answer(self) -> None:
        self.edit(self.named())

    def restart(self) -> None:
        """eglot starts one anew if the last one has lived for some seconds, else by a command; lsp-mode asks."""
        if self.client == "eglot":
            self.command("eglot")
        else:
            self.until(lambda: "restart it" in self.terminal.screen(), "question")
            self.terminal.type("y")
        self.until(lambda: self.lisp(_ATTACHED[self.client]), "server")

    def leave(self) -> None:
        self.terminal.remember()
        self.command("kill-emacs")

    # ---- what is there

    def named(self) -> Path:
        messages = '(with-current-buffer "*Messages*" (buffer-string))'
        return Path(self.until(lambda: CHAT.findall(str(self.lisp(messages))), "message with the name of the chat")[-1])

    def text(self) -> str:
        return str(self.lisp('(tests-text "/numbers.py")'))

    def answer(self) -> str:
        return str(self.lisp('(tests-text "/ask-lsp/chats/")'))

    def hover(self, part: str) -> str:
        """eglot shows it in the echo area by itself; lsp-mode there one line, and all of it in a window."""
        self.put(part)
        if self.client == "eglot":
            return str(self.until(lambda: self.lisp("(current-message)"), "hover"))
        self.command("lsp-describe-thing-at-point")
        return str(self.until(lambda: self.lisp(_HELP), "hover"))

    def told(self) -> str:
        return self.terminal.screen()

    def close(self) -> None:
        self.terminal.close()
        shutil.rmtree(self._sockets, ignore_errors=True)
