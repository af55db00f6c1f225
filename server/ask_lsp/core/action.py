"""Actions, and what they act on. An action is data: built-in ones and a user's own have the same shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from ask_lsp.core.text import Span

MAX_TITLE = 59


class Definition(NamedTuple):
    """A function, method, class or block around a place. `name` is empty for a block."""

    kind: str
    name: str
    span: Span

    @property
    def label(self) -> str:
        """What a title says: "function `mean`", or "block"."""
        return f"{self.kind} `{self.name}`" if self.name else self.kind


@dataclass(frozen=True)
class Problem:
    """A diagnostic, as a prompt needs it."""

    span: Span
    message: str
    code: str = ""
    source: str = ""


class Place(NamedTuple):
    """Where a template stands, for messages about it: `line` is the one-based line of its first line in `file`."""

    file: str
    line: int


@dataclass(frozen=True)
class Action:
    """Prompt template + context + where the answer goes.

    `needs` says when it is listed: `question` actions ask the user for words, `diagnostics` actions need a problem
    under the selection. One that is not `listed` is there for the server's own use, as the short one of hover.
    """

    id: str
    title: str
    kind: str
    prompt: str
    system: str = ""
    context: tuple[Literal["symbol", "diagnostics"], ...] = ()
    output: Literal["chat"] = "chat"
    languages: tuple[str, ...] = ()
    profile: str | None = None
    needs: Literal["nothing", "question", "diagnostics"] = "nothing"
    listed: bool = True
    prompt_at: Place | None = None
    system_at: Place | None = None

    def title_for(self, target: str, assistant: str) -> str:
        """The title with `{target}` and `{assistant}` filled in: one line, under 60 characters."""
        title = " ".join(self.title.replace("{assistant}", assistant).replace("{target}", target).split())
        return title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1] + "…"
