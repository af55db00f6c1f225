"""Waiting with a limit, without losing a cancel.

`asyncio.wait_for` of Python 3.10 and 3.11 swallows a cancel that comes in the moment in which its future ends: a job
that was cancelled just as the editor answered would go on, and go on spending.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def within(seconds: float, work: Awaitable[T]) -> T:
    """What `work` gives. Raises asyncio.TimeoutError, and cancels it, after `seconds`."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.cancel()
        raise asyncio.TimeoutError
    return task.result()
