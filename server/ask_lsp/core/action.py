"""Actions, and what they act on. An action is data: built-in ones and a user's own have the same shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ask_lsp.core.text import Span

MAX_TITLE = 59

Output = Literal["chat", "replace", "insert_before", "insert_after", "insert", "new_file"]
Needs = Literal["nothing", "question", "diagnostics", "each_diagnostic", "several_diagnostics"]


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
    under the selection, `several_diagnostics` two, and `each_diagnostic` is listed once for each of them. With the
    scope `file` it acts on the whole document. `file` names what a `new_file` action makes; "" for the project's tests.
    One that is not `listed` is there for the server's own use, as the short one of hover.
    """

    id: str
    title: str
    kind: str
    prompt: str
    system: str = ""
    context: tuple[Literal["symbol", "diagnostics"], ...] = ()
    output: Output = "chat"
    scope: Literal["selection", "file"] = "selection"
    file: str = ""
    languages: tuple[str, ...] = ()
    profile: str | None = None
    needs: Needs = "nothing"
    listed: bool = True
    prompt_at: Place | None = None
    system_at: Place | None = None

    @property
    def about_problems(self) -> bool:
        """Whether it is about reported problems, and so bound to them."""
        return self.needs in ("diagnostics", "each_diagnostic", "several_diagnostics")

    @property
    def edits(self) -> bool:
        """Whether its answer becomes an edit."""
        return self.output != "chat"

    def title_for(self, target: str, assistant: str, problems: Sequence[str] = ()) -> str:
        """The title on one line, under 60 characters, with {target}, {assistant}, {problem} and {count} filled in."""
        title = self.title.replace("{assistant}", assistant).replace("{count}", str(len(problems)))
        title = title.replace("{problem}", problems[0] if problems else "this problem")
        return shortened(title.replace("{target}", target))


def shortened(title: str) -> str:
    """A title on one line and under 60 characters, which is what editors can show."""
    title = " ".join(title.split())
    return title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1] + "…"
