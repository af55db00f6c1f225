"""The settings as everything but `config/` sees them: values, already checked and merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from ask_lsp.core.action import Action
from ask_lsp.core.errors import SettingsError
from ask_lsp.core.privacy import Route
from ask_lsp.core.profile import Profile
from ask_lsp.core.redaction import RedactRules
from ask_lsp.core.spend import Caps

WORKSPACE_FILE = ".ask-lsp.yaml"
"""The file in a workspace's root that may narrow the settings for it."""

HoverMode = Literal["off", "cached", "ask"]
Review = Literal["apply", "preview", "proposal"]


class UntrustedWorkspace(NamedTuple):
    """What the file of a workspace brings that counts only once it is trusted.

    `wants` is a sentence for the question; `digest` stands for exactly this content. `refused` says that the user has
    answered no to it already.
    """

    root: Path
    file: Path
    digest: str
    wants: str
    refused: bool = False


@dataclass(frozen=True)
class Settings:
    """What is in force now.

    `profiles` always holds `default`, `local` and `echo`; `active` is one of its names. `hover_chosen` says whether
    anybody chose the hover mode, or it is only the default; `hover_wished` that the editor's settings, which a
    repository can write, want hovering to send code, so that the user is asked. `hover_wait` is in seconds.
    `language` is a name or tag that a model understands, or `auto`. `selected` says that the user switched to the
    active profile by hand.

    `deny` are patterns of files that are never sent, beside the built-in ones; `ignore` and `instructions` come from
    the workspace's own file, the latter only when it is trusted. A route with a `base` is the workspace's: it may
    forbid, but must not lead to a profile on another machine that the user has not chosen.
    """

    profiles: Mapping[str, Profile]
    active: str
    actions: tuple[Action, ...]
    assistant_name: str = "ChatGPT"
    language: str = "auto"
    hover: HoverMode = "cached"
    hover_chosen: bool = False
    hover_wished: bool = False
    hover_wait: float = 0.1
    hover_profile: str | None = None
    edits_review: Review | None = None
    max_jobs: int = 4
    log_level: str = "info"
    position_encoding: str | None = None
    warnings: tuple[str, ...] = field(default=())
    selected: bool = False
    deny: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    redact: RedactRules = field(default_factory=RedactRules)
    routes: tuple[Route, ...] = ()
    caps: Caps = field(default_factory=Caps)
    log_prompts: bool = False
    instructions: str = ""

    def profile(self, name: str | None = None) -> Profile:
        """The profile of that name, or the active one.

        Raises SettingsError, naming the known ones, when there is none of that name.
        """
        wanted = name or self.active
        if wanted not in self.profiles:
            known = ", ".join(sorted(self.profiles))
            raise SettingsError(f"There is no profile “{wanted}”. Known: {known}. Run ask.openConfig to add one.")
        return self.profiles[wanted]

    def action(self, action_id: str) -> Action | None:
        """The action of that id, if there is one and it is not hidden."""
        return next((action for action in self.actions if action.id == action_id), None)
