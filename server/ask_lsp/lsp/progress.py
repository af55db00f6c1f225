"""Work-done progress (LSP 3.17, "Work Done Progress"), with the quirks of the protocol in one place.

The token is a fresh string for each job (Zed has no numeric ones, pygls refuses used ones). A token may be used only
once the editor has accepted it, so what is reported before then waits; `end` cannot be forgotten, because it closes.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Collection

from lsprotocol import types

from ask_lsp.assistant.jobs import Job
from ask_lsp.core.passing import passing
from ask_lsp.lsp.editor import Editor

CREATE_LIMIT = 5.0
TITLE = "ask-lsp"


class Progress:
    """The progress of one job. Silent where the editor declared none."""

    def __init__(self, editor: Editor, title: str) -> None:
        self.token = f"ask-lsp-{uuid.uuid4()}"
        self._editor = editor
        self._title = title
        self._message = ""
        self._begun = False
        self._ended = False
        self._creating = asyncio.ensure_future(self._create()) if editor.client.progress else None

    async def _create(self) -> None:
        params = types.WorkDoneProgressCreateParams(token=self.token)
        accepted = await self._editor.accepted(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params, CREATE_LIMIT)
        if accepted and not self._ended:
            self._begun = True
            self._say(types.WorkDoneProgressBegin(title=self._title, cancellable=True, message=self._message or None))

    def report(self, message: str) -> None:
        """Says what is going on now."""
        message = passing(message)
        if message != self._message and not self._ended:
            self._message = message
            if self._begun:
                self._say(types.WorkDoneProgressReport(message=message, cancellable=True))

    def end(self, message: str) -> None:
        """Ends it with a sentence; later calls do nothing."""
        if self._begun and not self._ended:
            self._say(types.WorkDoneProgressEnd(message=passing(message)))
        self._ended = True

    def _say(self, value: object) -> None:
        self._editor.notify(types.PROGRESS, types.ProgressParams(token=self.token, value=value))


class Progresses:
    """The progress of each job, and who is cancelled by it."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._jobs: dict[str, Job] = {}
        self._early: list[Progress] = []

    def begin_early(self) -> Progress:
        """Begins the progress of a job that cannot be started yet; the next job takes it over."""
        progress = Progress(self._editor, TITLE)
        self._early.append(progress)
        return progress

    def give_up(self, progress: Progress, message: str) -> None:
        """Ends an early one whose job will not come."""
        if progress in self._early:
            self._early.remove(progress)
            progress.end(message)

    def of(self, job: Job) -> Progress:
        """The progress of a job that is at work."""
        progress = self._early.pop(0) if self._early else Progress(self._editor, TITLE)
        self._jobs[progress.token] = job
        return progress

    def cancel(self, token: int | str) -> None:
        """window/workDoneProgress/cancel."""
        job = self._jobs.get(str(token))
        if job is not None:
            job.cancel()

    def keep(self, running: Collection[str]) -> None:
        """Forgets the jobs that have ended."""
        self._jobs = {token: job for token, job in self._jobs.items() if job.id in running}
