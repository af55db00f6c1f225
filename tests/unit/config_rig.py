"""A settings file in a folder of its own, an environment that holds only what a test says, and a keeper over both."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ask_lsp.config.env import Environment, take_environment
from ask_lsp.config.keeper import Keeper
from ask_lsp.core.settings import Settings
from ask_lsp.prompts import ACTIONS_FILE
from ask_lsp.prompts.render import Renderer


class Rig:
    """`folder` plays the part of XDG_CONFIG_HOME/ask-lsp."""

    def __init__(self, tmp_path: Path, text: str | bytes | None = "", **environ: str) -> None:
        self.folder = tmp_path / "ask-lsp"
        self.folder.mkdir(exist_ok=True)
        self.path = self.folder / "config.yaml"
        self.environment: Environment = take_environment({"ASK_LSP_CONFIG": str(self.path), **environ})
        self.keeper = Keeper(self.environment, ACTIONS_FILE, Renderer().check)
        if text is not None:
            self.write(text)

    def write(self, text: str | bytes) -> None:
        """Saves as editors do, by renaming, so that even a file of the same length and second has changed."""
        data = text.encode() if isinstance(text, str) else text
        new = self.path.with_suffix(".new")
        new.write_bytes(data)
        new.chmod(0o600)
        if self.path.exists():
            # The inode of the old file must not be given to the new one.
            self.path.rename(self.path.with_suffix(f".{os.urandom(4).hex()}"))
        new.rename(self.path)

    async def settings(self, editor: Mapping[str, Any] | None = None) -> Settings:
        if editor is not None:
            await self.keeper.set_editor(editor)
        return await self.keeper.current()


async def problems_of(tmp_path: Path, text: str | bytes, **environ: str) -> list[str]:
    """What is said about a settings file of that content."""
    rig = Rig(tmp_path, text, **environ)
    await rig.settings()
    return rig.keeper.take_problems()
