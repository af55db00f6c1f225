"""Where our state and data live by the custom of the operating system, known without importing anything heavy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from ask_lsp.config.env import Environment

_XDG = {"state": ("XDG_STATE_HOME", ".local/state"), "data": ("XDG_DATA_HOME", ".local/share")}


def folder_of(kind: Literal["state", "data"], environment: Environment) -> Path:
    """Our folder for `state` (chats, database, log) or `data` (models; ASK_LSP_DATA may name it). It need not exist."""
    if kind == "data" and (chosen := environment.text("ASK_LSP_DATA")):
        return Path(chosen).absolute()
    if os.name == "posix" and os.uname().sysname != "Darwin":
        # The XDG rule by hand: platformdirs follows the same one, but costs 10 ms before the first reply.
        variable, usual = _XDG[kind]
        named = environment.text(variable) or ""
        if named.startswith("/"):
            return Path(named) / "ask-lsp"
        try:
            return Path.home() / usual / "ask-lsp"
        except RuntimeError:  # a container whose user has no home
            return Path("/") / usual / "ask-lsp"
    import platformdirs

    if kind == "state":
        return platformdirs.user_state_path("ask-lsp", appauthor=False)
    return platformdirs.user_data_path("ask-lsp", appauthor=False)
