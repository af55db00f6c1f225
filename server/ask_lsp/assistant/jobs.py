"""Jobs: everything that talks to a model, each with an owner that can end it.

pygls cannot cancel a command's coroutine, and a cancelled request would leave its bookkeeping half done. So a job is a
task of ours, and cancelling it ends only what it waits for inside `guard`; what follows (closing a fence in the chat
file, ending the progress) still runs.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from ask_lsp.core.errors import AskError
from ask_lsp.core.uris import same_spelling

log = logging.getLogger(__name__)
T = TypeVar("T")

AGAIN = 1.0


class Cancelled(Exception):
    """The job was cancelled; not an error, and never shown as one."""


class Job:
    """One piece of work. `about` is the URI of the document that it is for."""

    def __init__(self, job_id: str, title: str, about: str) -> None:
        self.id = job_id
        self.title = title
        self.about = about
        self.chat_uri: str | None = None
        self.cancelled = False
        self.ended = asyncio.Event()
        self._inner: set[asyncio.Future[Any]] = set()

    async def guard(self, work: Coroutine[Any, Any, T]) -> T:
        """Awaits `work` so that `cancel` can end it. Raises Cancelled when that happened."""
        if self.cancelled:
            work.close()
            raise Cancelled
        task = asyncio.ensure_future(work)
        self._inner.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            if self.cancelled and task.cancelled():
                raise Cancelled from None
            raise
        finally:
            self._inner.discard(task)
            task.cancel()

    def cancel(self) -> None:
        """Ends what the job waits for, at once. Safe to call again."""
        self.cancelled = True
        for task in self._inner:
            task.cancel()
        if self._inner:  # some waits of Python 3.10 and 3.11 lose a cancel that comes as they end
            asyncio.get_running_loop().call_later(AGAIN, self.cancel)

    def concerns(self, uri: str) -> bool:
        """Whether this job is for that document, or writes into it."""
        return same_spelling(uri) in (same_spelling(self.about), same_spelling(self.chat_uri or ""))


class Jobs:
    """All jobs of this server. At most `limit` at once; the rest wait their turn."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._running: dict[str, tuple[Job, asyncio.Task[None]]] = {}
        self._session = secrets.token_hex(3)  # a client may hold ids of a server that is gone
        self._numbers = itertools.count(1)
        self._changed = changed
        self._working = 0
        self._freed = asyncio.Event()

    def start(self, title: str, about: str, work: Callable[[Job], Awaitable[None]]) -> Job:
        """Starts a job and returns at once. `work` reports its own failures; one that escapes is logged."""
        job = Job(f"job-{self._session}-{next(self._numbers)}", title, about)
        task = asyncio.ensure_future(self._run(job, work))
        self._running[job.id] = (job, task)
        self._changed()
        return job

    async def _run(self, job: Job, work: Callable[[Job], Awaitable[None]]) -> None:
        try:
            await work(job)
        except Cancelled:
            pass
        except AskError as error:
            log.warning("%s: %s", job.title, error)
        except Exception:
            log.exception("job %s failed", job.id)
        finally:
            self._running.pop(job.id, None)
            job.ended.set()
            self._changed()

    async def turn(self, job: Job, limit: int, waiting: Callable[[int], None]) -> None:
        """Waits until fewer than `limit` jobs are at work, then counts this one; `waiting` hears how many are at work.

        Pair it with `done`. Raises Cancelled.
        """
        while self._working >= limit:
            waiting(self._working)
            self._freed.clear()
            await job.guard(self._wait_freed())
        self._working += 1

    async def _wait_freed(self) -> None:
        await self._freed.wait()

    def done(self) -> None:
        """Gives the place of `turn` back."""
        self._working -= 1
        self._freed.set()

    def running(self, uri: str | None = None) -> list[Job]:
        """The jobs that have not ended, all or those that concern a document; oldest first."""
        return [job for job, _ in self._running.values() if uri is None or job.concerns(uri)]

    def get(self, job_id: str) -> Job | None:
        """The running job of that id."""
        found = self._running.get(job_id)
        return found[0] if found else None

    async def close(self, seconds: float) -> None:
        """Cancels every job, and waits that long for what they have to put in order."""
        tasks = [task for _, task in self._running.values()]
        for job, _ in list(self._running.values()):
            job.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
