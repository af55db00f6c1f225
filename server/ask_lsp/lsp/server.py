"""The server of one connection: negotiates, keeps what the handlers share, and ends everything that it began.

Nothing here loads settings, models or databases before `initialized`; requests that need them wait for `services`. What
only an ask or a hover needs is imported when the services load, in a thread, so that the first reply comes sooner.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import converters, types
from pygls.io_ import run_async
from pygls.lsp.server import LanguageServer

from ask_lsp import __version__
from ask_lsp.assistant.jobs import Job, Jobs
from ask_lsp.core.text import Span
from ask_lsp.lsp.client import resolve
from ask_lsp.lsp.convert import negotiate
from ask_lsp.lsp.documents import Document, Documents, TrackedSpan
from ask_lsp.lsp.editor import Editor
from ask_lsp.lsp.elsewhere import Elsewhere
from ask_lsp.lsp.extensions import ACTION_KINDS, COMMANDS
from ask_lsp.lsp.handlers import settings, sync
from ask_lsp.lsp.limits import within
from ask_lsp.lsp.parent import watch
from ask_lsp.lsp.places import Places
from ask_lsp.lsp.problems import Problems
from ask_lsp.lsp.progress import Progresses
from ask_lsp.lsp.protocol import AskProtocol
from ask_lsp.lsp.stdio import Writer, open_stdin

if TYPE_CHECKING:
    from ask_lsp.assistant.explain import Explainer
    from ask_lsp.assistant.sending import Prepared
    from ask_lsp.assistant.services import Services
    from ask_lsp.lsp.desk import EditorDesk
    from ask_lsp.lsp.present.transcript import ChatTranscript, Transcripts
    from ask_lsp.lsp.present.view import AnswerView
    from ask_lsp.lsp.safety import Safety
    from ask_lsp.lsp.shelf import Shelf

log = logging.getLogger(__name__)

END_LIMIT = 2.0


class AskServer(LanguageServer):
    """Everything that belongs to one editor."""

    protocol: AskProtocol

    def __init__(
        self,
        load: Callable[[], Services],
        preload: Callable[[], None],
        apply_log_level: Callable[[str], None],
        places: Places,
        forced_encoding: Callable[[Mapping[str, Any]], str | None],
        environment_locale: str | None = None,
    ) -> None:
        super().__init__("ask-lsp", __version__, protocol_cls=AskProtocol, converter_factory=converters.get_converter)
        self.begun = False
        self.ended = False
        self.encoding = "utf-16"
        self.places = places
        self.documents = Documents()
        self.editor = Editor(self.protocol)
        self.progresses = Progresses(self.editor)
        self.jobs = Jobs(self.send_status)
        self.problems = Problems()
        self._desk: EditorDesk | None = None
        self._shelf: Shelf | None = None
        self._explainer: Explainer | None = None
        self._transcripts: Transcripts | None = None
        self.last_place: tuple[Document, TrackedSpan] | None = None
        self.asked_about_hover = False
        self._safety: Safety | None = None
        self._initialize: types.InitializeParams | None = None
        self.editor_settings: dict[str, Any] = {}
        self._load = load
        self._preload = preload
        self._apply_log_level = apply_log_level
        self._forced_encoding = forced_encoding
        self._environment_locale = environment_locale
        self._services: asyncio.Task[Services] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._trouble: str | None = None
        self.opened_chats: dict[Path, asyncio.Event] = {}
        self.elsewhere = Elsewhere(self)
        self._stop = threading.Event()
        self._loop_ended: asyncio.Event | None = None
        self._register()

    def serve(self, stdout: int) -> int:
        """Serves standard input and output until `exit` or the end of input; returns the exit code.

        Not by `asyncio.run`, which at the end waits for every thread: one that hangs would keep the process alive.
        """
        asyncio.new_event_loop().run_until_complete(self._serve(stdout))
        return 0 if self.ended else 1

    async def _serve(self, stdout: int) -> None:
        self._loop_ended = asyncio.Event()
        writer = Writer(stdout)
        self.protocol.set_writer(writer)
        stdin = open_stdin(self.protocol.refuse_header)
        main = asyncio.ensure_future(
            run_async(self._stop, stdin, self.protocol, logging.getLogger("pygls"), self.report_server_error)
        )
        leaving = asyncio.ensure_future(self._loop_ended.wait())
        try:
            await asyncio.wait({main, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            main.cancel()
            await self._end_work()
            writer.close()

    def stop(self) -> None:
        """Leaves the loop (exit)."""
        self._stop.set()
        if self._loop_ended is not None:
            self._loop_ended.set()

    async def end(self) -> None:
        """Ends every job (shutdown)."""
        self.ended = True
        await self._end_work()

    async def _end_work(self) -> None:
        if self._explainer is not None:
            self._explainer.cancel()
        await self.jobs.close(END_LIMIT)
        for task in list(self._tasks):
            task.cancel()
        services, self._services = self._services, None
        if services is not None and services.done() and not services.cancelled() and services.exception() is None:
            try:
                if self._shelf is not None:
                    await within(END_LIMIT, self._shelf.put_away(services.result()))
            except Exception:
                log.exception("the places of the proposals were not kept")
            try:
                await within(END_LIMIT, services.result().aclose())
            except Exception:
                log.exception("something did not close")

    def initialize(self, params: types.InitializeParams) -> types.InitializeResult:
        """Answers `initialize`: declares only what works."""
        self.begun = True
        watch(params.process_id, self.stop)
        self.editor.client = resolve(params)
        general = params.capabilities.general
        self.editor_settings = settings.from_initialize(params.initialization_options)
        offered = [getattr(each, "value", each) for each in (general.position_encodings if general else None) or ()]
        self._initialize = params
        self.encoding = negotiate(offered, self._forced_encoding(self.editor_settings))
        synced = types.TextDocumentSyncOptions(
            open_close=True, change=types.TextDocumentSyncKind.Incremental, save=types.SaveOptions(include_text=False)
        )
        capabilities = types.ServerCapabilities(
            position_encoding=self.encoding,
            text_document_sync=synced,
            code_action_provider=types.CodeActionOptions(code_action_kinds=list(ACTION_KINDS), resolve_provider=False),
            execute_command_provider=types.ExecuteCommandOptions(commands=list(COMMANDS)),
            hover_provider=True,
            workspace=types.WorkspaceOptions(
                workspace_folders=types.WorkspaceFoldersServerCapabilities(supported=True, change_notifications=True)
            ),
            experimental={"askLsp": {"protocol": 1}} if self.editor.client.protocol else None,
        )
        return types.InitializeResult(
            capabilities=capabilities, server_info=types.ServerInfo(name="ask-lsp", version=__version__)
        )

    def _register(self) -> None:
        self._handle(types.TEXT_DOCUMENT_CODE_ACTION, _code_action)
        self._handle(types.TEXT_DOCUMENT_HOVER, _hover)
        self._handle(types.INITIALIZED, settings.initialized)
        self._handle(types.WORKSPACE_DID_CHANGE_CONFIGURATION, settings.changed)
        self._handle(types.TEXT_DOCUMENT_DID_SAVE, sync.saved)
        self._handle(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, sync.watched)
        self._handle(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, sync.folders)

    def _handle(self, method: str, handler: Callable[[AskServer, Any], Awaitable[Any]]) -> None:
        async def bound(params: Any = None) -> Any:
            return await handler(self, params)

        self.feature(method)(bound)

    # ---- what handlers share

    async def services(self) -> Services:
        """The services, once they are loaded; loading begins with the first who asks."""
        if self._services is None:
            self._services = asyncio.ensure_future(self._loading())
        return await asyncio.shield(self._services)

    async def _loading(self) -> Services:
        services = await asyncio.to_thread(self._load)
        await services.settings.set_editor(self.editor_settings)
        await self.apply_settings(services)
        self.spawn(asyncio.to_thread(self._preload))
        self.spawn(self.shelf.load())
        self.spawn(self._recover(services))
        self.spawn(self.safety.begin(services))
        return services

    async def apply_settings(self, services: Services) -> None:
        """Puts into force what is not asked for each time, and tells what is wrong."""
        current = await services.settings.current()
        await asyncio.to_thread(self._apply_log_level, current.log_level)
        self.tell_problems(services)

    async def _recover(self, services: Services) -> None:
        for path in await services.chats.recover(lambda path: self.documents.at(path) is not None):
            log.info("completed %s, which an earlier session left unfinished", path.name)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Runs something in the background until it ends, or the server does."""
        task = asyncio.ensure_future(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def tell_problems(self, services: Services) -> None:
        """Shows what is wrong with the settings, each sentence once."""
        for sentence in services.settings.take_problems() + services.memory.take_problems():
            log.warning("%s", sentence)
            self.editor.message(sentence, types.MessageType.Warning)

    @property
    def desk(self) -> EditorDesk:
        """The editor, as far as edits go."""
        if self._desk is None:
            from ask_lsp.lsp.desk import EditorDesk

            self._desk = EditorDesk(self.editor, self.encoding)
        return self._desk

    @property
    def has_shelf(self) -> bool:
        """Whether anybody has asked for the proposals yet."""
        return self._shelf is not None

    @property
    def shelf(self) -> Shelf:
        """The proposals."""
        if self._shelf is None:
            from ask_lsp.lsp.shelf import Shelf

            self._shelf = Shelf(self.documents, self.desk, self.editor, self.services, self.spawn, self.encoding)
        return self._shelf

    @property
    def safety(self) -> Safety:
        """What of this editor may be sent."""
        if self._safety is None:
            from ask_lsp.lsp.safety import Safety

            self._safety = Safety(self, self._initialize)
        return self._safety

    @property
    def transcripts(self) -> Transcripts:
        """The answers that are being written into chat files."""
        if self._transcripts is None:
            from ask_lsp.lsp.present.transcript import Transcripts

            self._transcripts = Transcripts()
        return self._transcripts

    @property
    def explainer(self) -> Explainer:
        """What generates explanations for hovers."""
        if self._explainer is None:
            from ask_lsp.assistant.explain import Explainer

            self._explainer = Explainer(self.send_status)
        return self._explainer

    @property
    def locale(self) -> str | None:
        """The language of the user's editor, else of the environment."""
        return self.editor.client.locale or self._environment_locale

    def remember_place(self, document: Document, selection: Span) -> None:
        """Keeps where the menu was last asked for, for an ask.run typed without arguments."""
        self.last_place = (document, document.track(selection))

    def is_chat(self, document: Document) -> bool:
        """Whether a document is one of our chat files; no I/O."""
        return document.path is not None and self.places.chats in document.path.parents

    # ---- documents

    def ready(self) -> Services | None:
        """The services if they are there already."""
        task = self._services
        return task.result() if task and task.done() and not task.cancelled() and task.exception() is None else None

    async def recover(self) -> None:
        """Completes chat files that an earlier session, or a buffer that was thrown away, left unfinished."""
        await self._recover(await self.services())

    # ---- jobs and how they are shown

    def view(self, job: Job) -> AnswerView:
        """What the user will see of a job; its progress begins now."""
        from ask_lsp.lsp.present.opening import Opening
        from ask_lsp.lsp.present.view import AnswerView

        told, note = self._set_trouble, self.safety.note
        return AnswerView(self.editor, self.progresses.of(job), job, Opening(self), told, note)

    def transcript(self, path: Path, nonce: str, job: Job, prepared: Prepared) -> ChatTranscript:
        """Opens a transcript (assistant.answering.Writer)."""
        from ask_lsp.assistant.ask import recorded
        from ask_lsp.lsp.present.transcript import ChatTranscript

        services = self.ready()
        assert services is not None
        loaded = services.settings.loaded()
        label = loaded.assistant_name if loaded else ""
        attributes = {"model": prepared.planned.model, **recorded(prepared.sending.fresh)}
        made = ChatTranscript(
            path, nonce, job, label, attributes, services.chats, self.documents, self.editor, lambda: self.encoding
        )
        return self.transcripts.add(made)

    def _set_trouble(self, sentence: str | None) -> None:
        self._trouble = sentence
        self.send_status()

    def send_status(self) -> None:
        """ask/status, for clients that show one."""
        self.progresses.keep({job.id for job in self.jobs.running()})
        if self.editor.client.protocol and not self.ended:
            self.spawn(self._status())

    async def _status(self) -> None:
        services = await self.services()
        loaded = services.settings.loaded()
        status = {
            "profile": loaded.active if loaded else "default",
            "profiles": list(loaded.profiles) if loaded else [],
            "busy": len(self.jobs.running()) + int(self._explainer is not None and self._explainer.busy),
            "spentToday": round(await services.outbox.spent_today(), 6),
            "error": self._trouble,
        }
        self.editor.notify("ask/status", status)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Logs; users get sentences of ours, never a traceback. A message that is no JSON gets its answer."""
        if isinstance(error, RecursionError):
            self.protocol.refuse_unparsed("This message is nested too deeply.")
        elif isinstance(error, ValueError):
            self.protocol.refuse_unparsed()
        log.error("while handling a message: %s", type(error).__name__)


async def _code_action(server: AskServer, params: types.CodeActionParams) -> Any:
    await server.services()  # with them comes what a menu is made of
    from ask_lsp.lsp.handlers import code_action

    return await code_action.handle(server, params)


async def _hover(server: AskServer, params: types.HoverParams) -> types.Hover | None:
    from ask_lsp.lsp.handlers import hover

    return await hover.handle(server, params)


async def _logged(work: Coroutine[Any, Any, Any]) -> None:
    try:
        await work
    except Exception:
        log.exception("a background task failed")
