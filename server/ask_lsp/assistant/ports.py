"""What the use cases need of the outside, as protocols. `compose` puts the real adapters in.

All of it is async where it may touch a disk, a process or the network; adapters keep that off the event loop.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ask_lsp.core.action import Action, Definition
from ask_lsp.core.conversation import Event, Message, Usage
from ask_lsp.core.directives import Directive
from ask_lsp.core.profile import Profile
from ask_lsp.core.proposal import Proposal
from ask_lsp.core.settings import Settings
from ask_lsp.core.syntax import SyntaxCheck
from ask_lsp.core.text import Point, Snapshot, Span


class Closable(Protocol):
    """Something that may hold a connection, a file or a process."""

    async def aclose(self) -> None:
        """Closes what it holds."""
        ...


class Models(Protocol):
    """Every way to get an answer. The one function through which messages leave."""

    def stream(
        self, profile: Profile, messages: Sequence[Message], prediction: str | None = None
    ) -> AsyncGenerator[Event, None]:
        """The answer as events, ending with `Finished`. `prediction` is text that much of the answer will repeat.

        Closing the generator (`aclose`, or cancelling the task that reads it) closes the HTTP response. Raises AskError
        subclasses only, at the first step or any later one.
        """
        ...

    async def aclose(self) -> None:
        """Closes connections and stops what was started."""
        ...


class SettingsKeeper(Protocol):
    """Loads and holds the settings; the last good ones stay when a file is wrong."""

    async def current(self) -> Settings:
        """The settings in force, read again if the user's file has changed since. Never raises for a wrong file."""
        ...

    def loaded(self) -> Settings | None:
        """The settings as last read, without looking anywhere; None before the first load has ended."""
        ...

    async def set_editor(self, values: Mapping[str, Any]) -> None:
        """Takes settings from the editor (a layer of its own, which may only narrow), replacing the former ones."""
        ...

    async def select_profile(self, name: str) -> Profile:
        """Makes a profile the active one until the server ends. Raises SettingsError for an unknown name."""
        ...

    def take_problems(self) -> list[str]:
        """Sentences about what is wrong with the settings, each given once."""
        ...


class Prompts(Protocol):
    """Renders templates."""

    async def render(self, action: Action, values: Mapping[str, Any]) -> tuple[str, str]:
        """The system prompt and the question of an action. Raises SettingsError that names file and line."""
        ...

    async def form(self, name: str, values: Mapping[str, Any]) -> str:
        """What a model is told about the form of its answer."""
        ...


class Chats(Protocol):
    """Conversations as Markdown files, and the journal that keeps an answer whatever becomes of its file."""

    @property
    def directory(self) -> Path:
        """Where chat files live; exists from the first `create` on."""
        ...

    async def create(self, title: str, text: str) -> Path:
        """Writes a new chat file (0600) whose name begins with the date and a slug of `title`."""
        ...

    async def append(self, path: Path, text: str) -> None:
        """Appends to a chat file that no editor has open. UTF-8, no newline translation."""
        ...

    async def insert(self, path: Path, offset: int, text: str) -> None:
        """Puts text into a chat file that no editor has open, which then has \\n for every line end."""
        ...

    async def read(self, path: Path) -> str:
        """The file as it is on disk. Raises RequestRefused when it cannot be read."""
        ...

    def owns(self, path: Path) -> bool:
        """Whether the real path (symlinks followed) is a file in our chats directory."""
        ...

    async def journal_begin(self, path: Path, job: str) -> int:
        """Opens a journal entry for one answer and returns its id."""
        ...

    async def journal(self, entry: int, text: str) -> None:
        """Replaces the text of a journal entry by what the answer is so far."""
        ...

    async def journal_end(self, entry: int) -> None:
        """Marks an entry as safely in its file."""
        ...

    async def recover(self, leave: Callable[[Path], bool]) -> list[Path]:
        """Completes the chat files of entries whose process has died, and returns those files.

        Files for which `leave` is true (an editor has them open) keep for another time.
        """
        ...

    async def aclose(self) -> None:
        """Closes what it holds."""
        ...


class Memory(Protocol):
    """Small things remembered across restarts and editors: explanations, choices, usage."""

    async def explanation(self, key: str) -> str | None:
        """A remembered explanation."""
        ...

    async def remember_explanation(self, key: str, text: str) -> None:
        """Keeps an explanation under a content hash, unless it is empty."""
        ...

    async def choice(self, name: str) -> str | None:
        """What the user once chose, if asked."""
        ...

    async def remember_choice(self, name: str, value: str) -> None:
        """Keeps a choice."""
        ...

    async def record_usage(self, profile: Profile, action: str, usage: Usage) -> None:
        """Adds a request's tokens, and their price where the profile knows it."""
        ...

    def take_problems(self) -> list[str]:
        """Sentences about a memory that does not work, each given once."""
        ...

    async def spent_today(self) -> float:
        """USD spent since local midnight, as far as prices are known."""
        ...

    async def aclose(self) -> None:
        """Closes what it holds."""
        ...


class Proposals(Protocol):
    """Edits that were not made, kept across restarts and seen by all editors."""

    async def add(self, proposal: Proposal) -> None:
        """Keeps a proposal, in the place of one with the same id."""
        ...

    async def update(self, proposals: Sequence[Proposal]) -> None:
        """Takes what is new about those that are still kept."""
        ...

    async def remove(self, proposal_id: str) -> bool:
        """Forgets one; False if there was none."""
        ...

    async def of_uri(self, uri: str) -> list[Proposal]:
        """Those for a document, newest first."""
        ...

    async def all(self) -> list[Proposal]:
        """All of them, newest first."""
        ...


class Files(Protocol):
    """The few things that we do with files of the user's."""

    async def exists(self, path: Path) -> bool:
        """Whether there is anything at that path, a folder included."""
        ...

    async def read(self, path: Path) -> str:
        """A text file as it is. Raises RequestRefused when it cannot be read, or is no UTF-8."""
        ...

    async def create(self, path: Path, text: str) -> None:
        """Makes a new file, and the folders to it. Raises RequestRefused if there is one, or it cannot be made."""
        ...

    async def page(self, name: str, text: str) -> Path:
        """Writes a page of ours to read (0600), in place of one of that name."""
        ...


class Symbols(Protocol):
    """Which definition is around a place."""

    def enclosing(self, snapshot: Snapshot, point: Point) -> Definition | None:
        """At once: from the tree if it has this version, else by indentation. Never parses."""
        ...

    async def enclosing_exact(self, snapshot: Snapshot, point: Point) -> Definition | None:
        """Parses off the loop if needed and the file is not too large."""
        ...

    def changed(self, uri: str, language: str, line_count: int, take: Callable[[], Snapshot]) -> None:
        """A document was opened or has changed: parse it soon. `take` gives its snapshot when the time has come."""
        ...

    async def check(
        self, language: str, uri: str, before: tuple[str, ...], after: tuple[str, ...], target: Span, replaced: Span
    ) -> SyntaxCheck:
        """What an edit does to the syntax of a document, given as all its lines before and after.

        `target` is the edited text in `before`, `replaced` what it has become in `after`. Never raises; not `checked`
        where the language has no grammar, or the edited text alone is too large.
        """
        ...

    async def comments_hold(self, snapshot: Snapshot, directive: Directive) -> bool:
        """Whether the tree, too, says that a directive is a comment; True where it cannot be asked. Never raises."""
        ...

    def named(self, snapshot: Snapshot, name: str, point: Point) -> Definition | None:
        """At once: the definition that `name`, standing at `point`, means in this document, as far as it can tell."""
        ...

    def closed(self, uri: str) -> None:
        """Forget a document."""
        ...

    async def aclose(self) -> None:
        """Closes what it holds."""
        ...
