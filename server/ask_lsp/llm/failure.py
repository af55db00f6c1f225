"""What every sentence about a failed request needs: whom it was sent to, and a way to quote without leaking a key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ask_lsp.core.errors import AskError
from ask_lsp.core.passing import passing
from ask_lsp.core.profile import Limits, Profile
from ask_lsp.core.secret import Secret
from ask_lsp.llm.endpoint import Endpoint, endpoint_of

QUOTE_LENGTH = 200
_KEYLIKE = re.compile(r"\b(?:sk|pk|rk|gsk|xai|key|api|Bearer)[-_ ][\w*.…•-]{6,}|\S*\*{3,}\S*", re.IGNORECASE)
_HIDDEN = "(hidden)"


@dataclass(frozen=True)
class Target:
    """Where a request goes, as far as sentences about it need to know. `proxy` is host and port of the one in use."""

    profile: str
    endpoint: Endpoint
    model: str
    limits: Limits = field(default_factory=Limits)
    key: Secret | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    proxy: str | None = None

    @classmethod
    def of(cls, profile: Profile, key: Secret | None, proxy: str | None = None) -> Target:
        """The target of a profile. Raises SettingsError for a base_url that is none."""
        endpoint = endpoint_of(profile.base_url, profile.name)
        return cls(profile.name, endpoint, profile.model, profile.limits, key, profile.headers, proxy)

    @property
    def place(self) -> str:
        """What people call the endpoint."""
        return self.endpoint.place


class Failure(NamedTuple):
    """An error, and whether sending the same again may help: `reason` says why in two words, `after` in how many
    seconds the endpoint asked us to (None: it did not say). A model that is `loading` may take minutes for it."""

    error: AskError
    retry: bool = False
    reason: str = ""
    after: float | None = None
    loading: bool = False


def scrub(text: str, target: Target) -> str:
    """A provider's words, fit to quote: one line, at most 200 characters, nothing live in it or like a key.

    Providers repeat part of the key in their messages, some of them with stars in the middle.
    """
    line = " ".join(text.split())
    for secret in (target.key, *target.headers.values()):
        value = secret.reveal() if secret else ""
        if len(value) >= 4:
            line = line.replace(value, _HIDDEN)
        if len(value) >= 12:
            line = re.sub(rf"\S*{re.escape(value[:6])}\S*", _HIDDEN, line)
    line = passing(_KEYLIKE.sub(_HIDDEN, line))
    return line if len(line) <= QUOTE_LENGTH else line[: QUOTE_LENGTH - 1] + "…"


def seconds_text(seconds: float) -> str:
    """A stretch of time for people: `35 s`, `10 min`, `2.5 h`."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"
