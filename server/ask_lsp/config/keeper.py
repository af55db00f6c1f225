"""Holds the settings in force: reads the user's file when it has changed, keeps the last good ones when it is wrong.

For a workspace with a file of its own there are settings narrowed by that.

All reading is done in a thread. The libraries that it needs are imported there too, so that making a Keeper costs
nothing before the first reply to the editor.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ask_lsp.config.env import Environment, forget_variable, user_file
from ask_lsp.core.profile import Profile
from ask_lsp.core.settings import WORKSPACE_FILE, Settings, UntrustedWorkspace

if TYPE_CHECKING:
    from ask_lsp.config.load import FileReader, UserFile
    from ask_lsp.config.workspace import WorkspaceFile

MOST_WORKSPACES = 64
_Signature = tuple[str, int, int, int, int] | None


class Decisions(Protocol):
    """What the user has decided about the files of workspaces."""

    def decision(self, root: Path, digest: str) -> bool | None:
        """Whether exactly this content is trusted; None for nothing yet."""
        ...


@dataclass
class _Workspace:
    """A workspace, with what its file was when last looked at and the settings that follow from it."""

    root: Path
    signature: _Signature = None
    file: WorkspaceFile | None = None
    decision: bool | None = None
    settings: Settings | None = None
    untrusted: UntrustedWorkspace | None = None


class Keeper:
    """The port `SettingsKeeper`.

    `built_in_actions` is a YAML file in the format of the user's; `check_template` gives the faults of a template as
    (line, sentence) and is called in a thread. Without `trust` no workspace is trusted.
    """

    def __init__(
        self,
        environment: Environment,
        built_in_actions: Path,
        check_template: Callable[[str], list[tuple[int, str]]],
        trust: Decisions | None = None,
    ) -> None:
        self._environment = environment
        self._built_in_actions = built_in_actions
        self._check_template = check_template
        self._trust = trust
        self._lock = threading.Lock()
        self._reader: FileReader | None = None
        self._file: UserFile | None = None
        self._file_is_good = False
        self._file_problems: list[str] = []
        self._signature: _Signature = None
        self._editor: dict[str, Any] = {}
        self._selected: str | None = None
        self._settings: Settings | None = None
        self._workspaces: dict[Path, _Workspace] = {}
        self._standing: dict[Path | None, list[str]] = {}
        self._untold: list[str] = []

    async def current(self, root: Path | None = None) -> Settings:
        """The settings in force, read again if a file has changed since. Never raises for a wrong file.

        With the root of a workspace: as its own file narrows them.
        """
        return await asyncio.to_thread(self._refreshed, root)

    def loaded(self, root: Path | None = None) -> Settings | None:
        """The settings as last read, without looking anywhere; None before the first load (of that root) has ended."""
        if root is None:
            return self._settings
        workspace = self._workspaces.get(root)
        return workspace.settings if workspace else None

    def untrusted(self, root: Path) -> UntrustedWorkspace | None:
        """What the workspace's file, as last read, brings that does not count because it is not trusted."""
        workspace = self._workspaces.get(root)
        return workspace.untrusted if workspace else None

    async def set_editor(self, values: Mapping[str, Any]) -> None:
        """Takes settings from the editor, replacing the former ones; what they may not set becomes a problem."""
        await asyncio.to_thread(self._take_editor, dict(values))

    async def select_profile(self, name: str) -> Profile:
        """Makes a profile the active one for as long as it exists. Raises SettingsError for an unknown name."""
        return await asyncio.to_thread(self._select, name)

    def take_problems(self) -> list[str]:
        """Sentences about what is wrong now, each given once until it was right in between."""
        with self._lock:
            taken, self._untold = self._untold, []
            return taken

    def _refreshed(self, root: Path | None = None) -> Settings:
        with self._lock:
            path = user_file(self._environment)
            signature = _signature(path)
            if self._settings is None or signature != self._signature:
                self._signature = signature
                self._read(path)
                self._build()
            assert self._settings is not None
            return self._settings if root is None else self._of_workspace(root)

    def _of_workspace(self, root: Path) -> Settings:
        workspace = self._workspaces.get(root)
        signature = _signature(root / WORKSPACE_FILE)
        if workspace is None or signature != workspace.signature:
            from ask_lsp.config.workspace import read_workspace

            while root not in self._workspaces and len(self._workspaces) >= MOST_WORKSPACES:
                self._tell(oldest := next(iter(self._workspaces)), [])
                del self._workspaces[oldest]
            former = workspace.file if workspace else None
            workspace = _Workspace(root, signature, read_workspace(root, user_file(self._environment), former))
            workspace.decision = self._decision(workspace)
            self._narrow(workspace)
            self._workspaces[root] = workspace
        elif (decision := self._decision(workspace)) != workspace.decision:
            workspace.decision = decision
            self._narrow(workspace)
        assert workspace.settings is not None
        return workspace.settings

    def _decision(self, workspace: _Workspace) -> bool | None:
        file = workspace.file
        if self._trust is None or file is None or not (file.instructions or file.actions.values):
            return None
        return self._trust.decision(workspace.root, file.digest)

    def _narrow(self, workspace: _Workspace) -> None:
        from ask_lsp.config.narrowing import narrowed

        assert self._settings is not None
        assert self._file is not None
        if workspace.file is None:
            workspace.settings, workspace.untrusted = self._settings, None
            self._tell(workspace.root, [])
            return
        workspace.settings, problems, workspace.untrusted = narrowed(
            self._settings, workspace.file, self._file, workspace.decision, self._check_template
        )
        self._tell(workspace.root, problems)

    def _take_editor(self, values: dict[str, Any]) -> None:
        with self._lock:
            self._editor = values
            if self._settings is not None:
                self._build()

    def _select(self, name: str) -> Profile:
        profile = self._refreshed().profile(name)
        with self._lock:
            self._selected = name
            self._build()
        return profile

    def _read(self, path: Path) -> None:
        from ask_lsp.config.load import FileReader, WrongFile

        if self._reader is None:
            self._reader = FileReader(self._built_in_actions, self._check_template)
        self._file_problems = []
        try:
            self._file, self._file_is_good = self._reader.read(path), True
        except FileNotFoundError:
            self._file, self._file_is_good = self._reader.nothing(path), True
            if self._environment.config:
                self._file_problems = [f"ASK_LSP_CONFIG names {path}, which does not exist. Create it, or unset it."]
        except WrongFile as error:
            self._file_problems = error.sentences
            if not self._file_is_good:
                first = error.sentences[0]
                blocked = (
                    f"Nothing is sent before {path} is right, since it seems to say where to, or what: {first}"
                    if error.restricts
                    else None
                )
                self._file = self._reader.nothing(path, blocked)

    def _build(self) -> None:
        from ask_lsp.config.editor import read_editor
        from ask_lsp.config.layers import build_settings
        from ask_lsp.config.load import key_variables, known_profiles

        assert self._file is not None
        gone = []
        if self._selected is not None and self._selected not in known_profiles(self._file.config):
            gone = [f"The profile “{self._selected}” is gone from {self._file.path}. Choose another with ask.profile."]
            self._selected = None
        for name in key_variables(self._file.config):
            forget_variable(name)
        editor = read_editor(self._editor, self._file.path)
        self._settings, problems = build_settings(
            self._file, self._environment, editor, self._selected, tuple(self._file_problems)
        )
        self._tell(None, problems)
        self._untold += gone
        for workspace in self._workspaces.values():
            self._narrow(workspace)

    def _tell(self, about: Path | None, problems: list[str]) -> None:
        """Takes what is wrong now with one of the files; what is over need not be told any more."""
        before = self._standing.get(about, [])
        self._untold = [told for told in self._untold if told not in before or told in problems]
        self._untold += [problem for problem in problems if problem not in before]
        self._standing[about] = problems


def _signature(path: Path) -> _Signature:
    try:
        status = path.stat()
    except OSError:
        return None
    # The mode is part of it, because chmod is what we advise for a file that cannot be read.
    return str(path), status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode
