"""The settings as everything but `config/` sees them: values, already checked and merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ask_lsp.core.action import Action
from ask_lsp.core.errors import SettingsError
from ask_lsp.core.profile import Profile

HoverMode = Literal["off", "cached", "ask"]
Review = Literal["apply", "preview", "proposal"]


@dataclass(frozen=True)
class Settings:
    """What is in force now.

    `profiles` always holds `default`, `local` and `echo`; `active` is one of its names. `hover_chosen` says whether
    anybody chose the hover mode, or it is only the default. `hover_wait` is in seconds. `language` is a name or tag
    that a model understands, or `auto`.
    """

    profiles: Mapping[str, Profile]
    active: str
    actions: tuple[Action, ...]
    assistant_name: str = "ChatGPT"
    language: str = "auto"
    hover: HoverMode = "cached"
    hover_chosen: bool = False
    hover_wait: float = 0.1
    hover_profile: str | None = None
    edits_review: Review | None = None
    max_jobs: int = 4
    log_level: str = "info"
    position_encoding: str | None = None
    warnings: tuple[str, ...] = field(default=())

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
