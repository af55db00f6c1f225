"""Processes of the editors that tests start, and how tests wait: by asking again until a state is there."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import psutil

LIMIT = 30.0
POLL = 0.02

Seen = TypeVar("Seen")


def until(
    state: Callable[[], Seen | None], what: str, limit: float = LIMIT, *, told: Callable[[], object] = lambda: ""
) -> Seen:
    """Waits for a state and returns it; an empty one is none. `told` is what a failure says of the editor."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if seen := state():
            return seen
        time.sleep(POLL)
    raise AssertionError(f"no {what} within {limit} s; {told()}")


def runs(process: psutil.Process) -> bool:
    """Whether a process still does something; one that ended and was not waited for does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def command_line(process: psutil.Process) -> list[str]:
    """What a process was started with; nothing for one that has ended."""
    try:
        return list(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def with_server(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of an editor that finds our server by its name: beside this Python, or where ASK_LSP_BIN says."""
    rest = dict(environment)
    folder = rest.pop("ASK_LSP_BIN", str(Path(sys.executable).parent))
    return {**rest, "PATH": f"{folder}{os.pathsep}{rest['PATH']}"}


def family(process: psutil.Process) -> list[psutil.Process]:
    """A process and all that it has started; none if it is gone."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def servers(process: psutil.Process) -> list[psutil.Process]:
    """The language servers among what a process has started."""
    found = [child for child in family(process)[1:] if runs(child) and "--stdio" in command_line(child)]
    return [child for child in found if not any(part.endswith("/wire.py") for part in command_line(child))]


def ended(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Waits for their end; those that do not end are killed, and returned."""
    waiting = list(processes)
    with contextlib.suppress(AssertionError):
        until(lambda: not any(runs(process) for process in waiting), "end")
    left = [process for process in waiting if runs(process)]
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    return left
