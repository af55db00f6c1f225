"""One thread that does blocking work in the order in which it was asked for, and never loses what it was given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class Worker:
    """Starts its thread at the first use; usable again after `aclose`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._executor: ThreadPoolExecutor | None = None

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Queues `work` behind all earlier work."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        return self._executor.submit(work)

    async def run(self, work: Callable[[], Result]) -> Result:
        """Queues `work` and waits for it. Who is cancelled stops waiting; the work is done all the same."""
        return await asyncio.shield(asyncio.wrap_future(self.submit(work)))

    async def aclose(self) -> None:
        """Waits for what is queued, and ends the thread."""
        executor, self._executor = self._executor, None
        if executor is not None:
            await asyncio.wrap_future(executor.submit(lambda: None))
            executor.shutdown(wait=False)
