"""Ends a server whose editor has gone, also where a child of the editor's still holds our standard input open.

LSP 3.17, initialize: "If the parent process is not alive then the server should exit".
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

EVERY = 3.0
"""Seconds between two looks; each is one system call."""


def watch(process_id: int | None, gone: Callable[[], None]) -> bool:
    """Calls `gone` once when that process has ended. False if it is not watched.

    One that is not there to begin with is not: the number may be from another container, or another machine.
    """
    if process_id is None or process_id <= 0 or not _lives(process_id):
        return False
    loop = asyncio.get_running_loop()

    def look() -> None:
        if _lives(process_id):
            loop.call_later(EVERY, look)
        else:
            gone()

    loop.call_later(EVERY, look)
    return True


if sys.platform == "win32":

    def _lives(process_id: int) -> bool:
        # os.kill would end it there, whatever the signal.
        import ctypes

        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(0x0010_0000, False, process_id)  # SYNCHRONIZE
        if not handle:
            return bool(kernel.GetLastError() == 5)  # ERROR_ACCESS_DENIED: there is one
        try:
            return bool(kernel.WaitForSingleObject(handle, 0) == 0x102)  # WAIT_TIMEOUT: not ended
        finally:
            kernel.CloseHandle(handle)

else:

    def _lives(process_id: int) -> bool:
        try:
            os.kill(process_id, 0)
        except PermissionError:
            return True
        except (OSError, OverflowError):
            return False
        return True
