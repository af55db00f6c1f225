"""The composition root: the only file that knows everything. It imports an adapter when it is time for it."""

from __future__ import annotations

import contextlib
import gc
import logging
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ask_lsp.config.env import (
    PROXY_VARIABLES,
    Environment,
    home_folder,
    minimal_environment,
    take_environment,
    user_file,
    xdg_config_home,
)
from ask_lsp.config.folders import folder_of
from ask_lsp.config.position_encoding import forced_position_encoding

if TYPE_CHECKING:
    from ask_lsp.assistant.services import Services

_M_ARENA_MAX = -8  # mallopt(3)
_PINNED = ("pygls", "openai", "httpx2", "httpcore2", "asyncio")


def log_file(environment: Environment) -> Path:
    """The log of all servers."""
    return folder_of("state", environment) / "ask-lsp.log"


def start_logging() -> None:
    """Logs to stderr. What the libraries would log at INFO holds prompts and answers, so they are pinned."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in _PINNED:
        logging.getLogger(name).setLevel(logging.WARNING)


def log_to_file(environment: Environment, level: str) -> None:
    """Adds the file, and sets the level of our own loggers."""
    from ask_lsp.store.log_file import LogFile

    logging.getLogger("ask_lsp").setLevel(level.upper())
    if any(isinstance(handler, LogFile) for handler in logging.getLogger().handlers):
        return
    try:
        handler = LogFile(log_file(environment))
    except OSError as error:
        logging.getLogger(__name__).warning("no log file: %s", error.strerror)
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)


@contextlib.contextmanager
def _kept_for_good() -> Iterator[None]:
    """For imports: what they make stays, and looking through it for garbage would stop the loop, up to 70 ms a time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@_kept_for_good()
def load(environment: Environment) -> Services:
    """Makes the services. Takes a tenth of a second for its imports: call it in a thread."""
    from ask_lsp.assistant.sealing import SealedProposals
    from ask_lsp.assistant.sending import Outbox
    from ask_lsp.assistant.services import Services
    from ask_lsp.config.keeper import Keeper
    from ask_lsp.config.keys import Keys
    from ask_lsp.context.symbols import TreeSymbols
    from ask_lsp.llm.local import LocalModel
    from ask_lsp.llm.models import ModelRouter
    from ask_lsp.llm.openai_client import OpenAIClient
    from ask_lsp.privacy.allow import FileRules
    from ask_lsp.privacy.redact import SecretRedactor
    from ask_lsp.prompts import ACTIONS_FILE
    from ask_lsp.prompts.render import Renderer
    from ask_lsp.store.chats import FileChats
    from ask_lsp.store.db import Database
    from ask_lsp.store.files import LocalFiles
    from ask_lsp.store.ledger import SqliteLedger
    from ask_lsp.store.memory import SqliteMemory
    from ask_lsp.store.owner import Owner
    from ask_lsp.store.proposals import SqliteProposals
    from ask_lsp.store.trust import TrustFile

    state = folder_of("state", environment)
    database = Database(state)
    renderer = Renderer()
    keys = Keys(environment)
    proxies = {name: environment.text(name) or "" for name in PROXY_VARIABLES}
    local = LocalModel(folder_of("data", environment), minimal_environment(environment))
    models = ModelRouter(keys.resolve, OpenAIClient(proxies), local)
    trust = TrustFile(state)
    rules = FileRules(home_folder(), xdg_config_home(environment))
    outbox = Outbox(models, rules, SecretRedactor(), SqliteLedger(database, Owner(state / "running")))
    settings = Keeper(environment, ACTIONS_FILE, renderer.check, trust)
    return Services(
        outbox=outbox,
        settings=settings,
        prompts=renderer,
        chats=FileChats(state, database),
        memory=SqliteMemory(database),
        proposals=SealedProposals(SqliteProposals(database), outbox, settings),
        files=LocalFiles(state / "pages"),
        symbols=TreeSymbols(),
        trust=trust,
        keys=keys,
    )


@_kept_for_good()
def preload() -> None:
    """Imports what the first ask needs. Call it in a thread, once the editor has its first replies."""
    from ask_lsp.llm.openai_client import preload as preload_openai

    preload_openai()


def serve(stdout: int) -> int:
    """Serves one editor; returns the exit code."""
    _share_one_heap()
    environment = take_environment()
    start_logging()
    gc.disable()  # looking for garbage among classes that are just being made costs a tenth of the start
    from ask_lsp.lsp.places import Places
    from ask_lsp.lsp.server import AskServer

    gc.enable()

    def forced(editor: Mapping[str, Any]) -> str | None:
        return forced_position_encoding(environment, editor)

    state = folder_of("state", environment)
    places = Places(config=user_file(environment), log=log_file(environment), chats=(state / "chats").resolve())

    def apply_log_level(level: str) -> None:
        log_to_file(environment, level)

    def load_for_editor() -> Services:
        # For the server, which imports these at their first use.
        import ask_lsp.lsp.handlers.code_action
        import ask_lsp.lsp.handlers.execute_command
        import ask_lsp.lsp.handlers.hover
        import ask_lsp.lsp.present.transcript
        import ask_lsp.lsp.present.view  # noqa: F401

        return load(environment)

    server = AskServer(load_for_editor, preload, apply_log_level, places, forced, environment.locale)
    return server.serve(stdout)


def _share_one_heap() -> None:
    """One heap for all threads. glibc gives each its own, which keeps what it once held: a twelfth of our memory."""
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
