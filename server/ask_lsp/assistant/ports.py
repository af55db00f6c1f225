"""What the use cases need of the outside, as protocols. `compose` puts the real adapters in.

All of it is async where it may touch a disk, a process or the network; adapters keep that off the event loop.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ask_lsp.core.action import Action, Definition
from ask_lsp.core.conversation import Event, Message, Wire
from ask_lsp.core.directives import Directive
from ask_lsp.core.privacy import Route, Verdict
from ask_lsp.core.profile import Profile
from ask_lsp.core.proposal import Proposal
from ask_lsp.core.redaction import Redacted, RedactRules, Vault
from ask_lsp.core.settings import Settings, UntrustedWorkspace
from ask_lsp.core.spend import Caps, Cost, Outcome, Planned, Reservation
from ask_lsp.core.syntax import SyntaxCheck
from ask_lsp.core.text import Point, Snapshot, Span


class Closable(Protocol):
    """Something that may hold a connection, a file or a process."""

    async def aclose(self) -> None:
        """Closes what it holds."""
        ...


class Models(Protocol):
    """Every way to get an answer. Only `assistant/sending.py` calls `stream`: nothing leaves but through its gate."""

    def stream(
        self, profile: Profile, messages: Sequence[Message], prediction: str | None = None
    ) -> AsyncGenerator[Event, None]:
        """The answer as events, ending with `Finished`. `prediction` is text that much of the answer will repeat.

        Closing the generator (`aclose`, or cancelling the task that reads it) closes the HTTP response. Raises AskError
        subclasses only, at the first step or any later one.
        """
        ...

    async def wire(self, profile: Profile, messages: Sequence[Message], prediction: str | None = None) -> Wire:
        """Exactly what `stream` would send, and where to, without sending it or fetching a key.

        Raises AskError subclasses where `stream` would before it sends.
        """
        ...

    def heeds_limit(self, profile: Profile) -> bool:
        """Whether the endpoint is sent an output limit, as far as is known: some refuse it under every name."""
        ...

    async def aclose(self) -> None:
        """Closes connections and stops what was started."""
        ...


class Allow(Protocol):
    """Which files may be sent."""

    async def verdict(
        self, path: Path | None, roots: Sequence[Path], deny: Sequence[str] = (), ignore: Sequence[str] = ()
    ) -> Verdict:
        """Judges a file by the deny list, .gitignore and .askignore, off the loop; no path (untitled) is allowed.

        `deny` are further patterns of the user's, `ignore` those of the workspace.
        """
        ...

    def route(self, path: Path | None, roots: Sequence[Path], routes: Sequence[Route]) -> frozenset[str] | None:
        """The profiles that what is in this file may go to; None for any."""
        ...

    def is_ignore_file(self, path: Path) -> bool:
        """Whether a change of that file can change a verdict."""
        ...


class Redactor(Protocol):
    """Finds secrets."""

    async def redact(self, text: str, vault: Vault, rules: RedactRules, roots: Sequence[Path] = ()) -> Redacted:
        """The text with placeholders for secrets, which the vault remembers."""
        ...


class Ledger(Protocol):
    """What was sent and what it cost, shared by all editors of a person; and the caps on it."""

    async def estimate(self, origin: str, model: str, texts: Sequence[str]) -> tuple[int, int]:
        """How many pieces these texts have, and how many tokens that will be as far as is known of the model."""
        ...

    async def reserve(self, planned: Planned, caps: Caps, *, once: bool = False) -> Reservation:
        """Sets aside what a request may cost, before it is sent. Raises CapReached, unless `once` allows it."""
        ...

    async def preview(self, planned: Planned, caps: Caps, *, once: bool = False) -> Reservation:
        """What `reserve` would give now, without setting anything aside. Raises CapReached."""
        ...

    async def settle(self, reservation: Reservation, outcome: Outcome) -> Cost | None:
        """Puts what it was in the place of what was set aside, and returns it; None for what nobody has reserved."""
        ...

    async def spent_today(self) -> float:
        """USD spent or set aside since local midnight, as far as prices are known."""
        ...

    async def aclose(self) -> None:
        """Lets others know that nothing of this process is under way any more."""
        ...


class Trust(Protocol):
    """Which workspaces' own actions and instructions the user trusts, by the content of their file."""

    async def remember(self, root: Path, digest: str, trusted: bool) -> None:
        """Keeps a decision."""
        ...


class SettingsKeeper(Protocol):
    """Loads and holds the settings; the last good ones stay when a file is wrong."""

    async def current(self, root: Path | None = None) -> Settings:
        """The settings in force, narrowed by the workspace's own file if a `root` is given.

        Read again if a file has changed since. Never raises for a wrong file.
        """
        ...

    def loaded(self, root: Path | None = None) -> Settings | None:
        """The settings as last read, without looking anywhere; None before the first load has ended."""
        ...

    def untrusted(self, root: Path) -> UntrustedWorkspace | None:
        """What a workspace's own file wants that does not count before it is trusted."""
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

    async def is_written_elsewhere(self, path: Path) -> bool:
        """Whether another process that lives is writing an answer into the file, or has one that is not safe yet."""
        ...

    async def journal_begin(self, path: Path, job: str) -> int:
        """Opens a journal entry for one answer and returns its id."""
        ...

    async def journal(self, entry: int, text: str) -> bool:
        """Replaces the text of a journal entry by what the answer is so far. False if it could not be kept."""
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
    """Small things remembered across restarts and editors: explanations and choices."""

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

    def take_problems(self) -> list[str]:
        """Sentences about a memory that does not work, each given once."""
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


class UnsealedProposals(Proposals, Protocol):
    """Proposals that are kept with placeholders for secrets."""

    async def unseal(self, proposal: Proposal, text: str) -> Proposal:
        """A proposal with the values that the document, whose text is given, has where the target has placeholders."""
        ...


class Files(Protocol):
    """The few things that we do with files of the user's."""

    async def real(self, path: Path) -> Path:
        """That path with every symlink followed, whether there is anything or not."""
        ...

    async def exists(self, path: Path) -> bool:
        """Whether there is anything at that path, a folder included."""
        ...

    async def read(self, path: Path) -> str:
        """A text file as it is. Raises RequestRefused when it cannot be read, or is no UTF-8."""
        ...

    async def create(self, path: Path, text: str) -> None:
        """Makes a new file, and the folders to it. Follows no symlink: `path` is a real path.

        Raises RequestRefused if there is one, or it cannot be made.
        """
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
