"""What of this editor may be sent: its workspace folders, verdicts on documents, trust, and what was allowed once.

Verdicts are found out off the loop when a document is opened or a rule changes, so that a menu only has to look; the
gate judges again at each send, and that decides.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from ask_lsp.assistant.sending import Consent
from ask_lsp.core.errors import AskError, CapReached
from ask_lsp.core.privacy import ALLOWED, Verdict
from ask_lsp.core.uris import judged_path, path_of, root_of
from ask_lsp.lsp.documents import Document

if TYPE_CHECKING:
    from ask_lsp.assistant.services import Services
    from ask_lsp.core.settings import Settings
    from ask_lsp.lsp.server import AskServer

log = logging.getLogger(__name__)

WATCHED = ("**/.gitignore", "**/.askignore", "**/.git/info/exclude", "**/.ask-lsp.yaml")
REGISTER_LIMIT = 5.0
TRUST_LIMIT = 600.0
_TRUST, _NO = "Trust", "Not now"


class Safety:
    """One for each editor."""

    def __init__(self, server: AskServer, params: types.InitializeParams | None) -> None:
        self._server = server
        self._folders = _named(_folders(params) if params else ())
        self._ignored_once: set[str] = set()
        self.over_once = False
        self.cap_reached = False
        self._asked: set[str] = set()

    # ---- workspaces

    @property
    def roots(self) -> tuple[Path, ...]:
        """The workspace folders, as the editor names them."""
        return tuple(dict.fromkeys(self._folders.values()))

    async def folders_changed(self, event: types.WorkspaceFoldersChangeEvent) -> None:
        """workspace/didChangeWorkspaceFolders."""
        gone = {path_of(folder.uri) for folder in event.removed}
        new = [path for folder in event.added if (path := path_of(folder.uri)) is not None]
        self._folders = _named([*(root for root in self.roots if root not in gone), *new])
        services = await self._server.services()
        services.outbox.roots = self.roots
        await self.rules_changed()

    def root_of(self, document: Document) -> Path | None:
        """The workspace folder of a document, which the editor may name otherwise than the folder."""
        return root_of(_names(judged_path(document.uri), document.path), self._folders)

    def root_of_file(self, path: Path | None) -> Path | None:
        """The workspace folder of a file that need not be open."""
        return root_of(_names(path, path and path.resolve()), self._folders)

    def settings(self, services: Services, document: Document) -> Settings | None:
        """The settings for a document as they were last read; from memory alone."""
        return services.settings.loaded(self.root_of(document)) or services.settings.loaded()

    # ---- verdicts

    async def begin(self, services: Services) -> None:
        """Judges what is open, has rule files watched, and asks about trust; once, when the services are there."""
        services.outbox.roots = self.roots
        if self._server.editor.client.register_watchers:
            watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in WATCHED]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
            registration = types.Registration(
                id="ask-lsp-rules", method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES, register_options=options
            )
            params = types.RegistrationParams(registrations=[registration])
            self._server.spawn(self._server.editor.request(types.CLIENT_REGISTER_CAPABILITY, params, REGISTER_LIMIT))
        await self.rules_changed()

    async def judge(self, document: Document) -> None:
        """Finds out whether a document may be sent."""
        services = await self._server.services()
        settings = await services.settings.current(self.root_of(document))
        document.verdict = await services.outbox.verdict(judged_path(document.uri), self.roots, settings)

    async def judge_all(self) -> None:
        """Judges every open document anew."""
        await asyncio.gather(*(self.judge(each) for each in self._server.documents if not self._server.is_chat(each)))

    async def saved(self, path: Path) -> None:
        """A didSave: of a file with rules, perhaps."""
        services = await self._server.services()
        if services.outbox.is_ignore_file(path):
            await self.rules_changed()

    async def rules_changed(self) -> None:
        """Judges anew, and asks about trust if what a workspace wants is new."""
        services = await self._server.services()
        await self.judge_all()
        await self._ask_for_trust(services)

    def verdict(self, document: Document) -> Verdict:
        """What is known about a document; one that was allowed once is allowed."""
        if document.verdict is None or (document.verdict.kind == "ignored" and document.uri in self._ignored_once):
            return ALLOWED
        return document.verdict

    # ---- once

    def allow_once(self, uri: str | None) -> None:
        """Lets the next ask about a document that .gitignore leaves out pass; without one, the next ask pass a cap."""
        if uri is None:
            self.over_once, self.cap_reached = True, False
        else:
            self._ignored_once.add(uri)

    def consent(self, uri: str, *, use: bool = True) -> Consent:
        """What was allowed by hand for an ask about a document; with `use` it is used up."""
        document = self._server.documents.get(uri)
        root = self.root_of(document) if document else None
        consent = Consent(self.roots, root, uri in self._ignored_once, self.over_once)
        if use:
            self._ignored_once.discard(uri)
            self.over_once = False
        return consent

    def note(self, error: AskError) -> None:
        """Remembers that a cap was reached, so that the menu offers to pass it once."""
        self.cap_reached = self.cap_reached or isinstance(error, CapReached)

    # ---- trust

    async def _ask_for_trust(self, services: Services) -> None:
        for root in self.roots:
            await services.settings.current(root)
            self._server.tell_problems(services)
            wanted = services.settings.untrusted(root)
            if wanted is None or wanted.refused or wanted.digest in self._asked:
                continue
            self._asked.add(wanted.digest)
            if not self._server.editor.client.ask_message:
                self._server.editor.message(f"{wanted.wants} Run ask.trust to let that count.")
                continue
            question = f"Trust this workspace? {wanted.wants}"
            answer = await self._server.editor.choose(question, (_TRUST, _NO), TRUST_LIMIT)
            if answer in (_TRUST, _NO):
                await self.decide(services, root, wanted.digest, trusted=answer == _TRUST)

    async def decide(self, services: Services, root: Path, digest: str, *, trusted: bool) -> None:
        """Keeps a decision about a workspace's own file, and lets it count."""
        await services.trust.remember(root, digest, trusted)
        await services.settings.current(root)


def _names(*paths: Path | None) -> list[Path]:
    return [path for path in paths if path is not None]


def _named(roots: Iterable[Path]) -> dict[Path, Path]:
    """Every name of these folders, with the one that the editor told."""
    told = dict.fromkeys(roots)
    return {**{root.resolve(): root for root in told}, **{root: root for root in told}}


def _folders(params: types.InitializeParams) -> tuple[Path, ...]:
    """The folders that `initialize` names (LSP 3.17: workspaceFolders, else rootUri, else rootPath)."""
    uris = [folder.uri for folder in params.workspace_folders or ()]
    if not uris and params.root_uri:
        uris = [params.root_uri]
    paths = [path for uri in uris if (path := path_of(uri)) is not None]
    if not paths and params.root_path:
        paths = [Path(params.root_path)]
    return tuple(dict.fromkeys(paths))
