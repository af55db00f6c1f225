"""workspace/executeCommand while its code may still be loading, which takes a tenth of a second after `initialized`."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from ask_lsp.core.errors import AskError
from ask_lsp.lsp.extensions import WITH_PROGRESS

if TYPE_CHECKING:
    from ask_lsp.lsp.progress import Progress
    from ask_lsp.lsp.server import AskServer


def execute(server: AskServer, command: str, arguments: list[Any]) -> Generator[Any, Any, Any]:
    """Runs a command, in the steps in which pygls takes generators: a single one, once everything is there.

    Before that the progress begins first, and the loop stays free. Raises RequestRefused for wrong arguments.
    """
    early: Progress | None = None
    ending = "Cancelled."
    try:
        if server.ready() is None:
            early = server.progresses.begin_early() if command in WITH_PROGRESS else None
            yield _load, (), {}
        from ask_lsp.lsp.handlers import execute_command

        result = execute_command.handle(server, command, arguments)
        early = None  # the job has it
        return result
    except AskError as error:
        ending = str(error)
        raise
    finally:
        if early is not None:
            server.progresses.give_up(early, ending)


async def _load() -> None:
    await asyncio.to_thread(_import)


def _import() -> None:
    import ask_lsp.lsp.handlers.execute_command
    import ask_lsp.lsp.present.opening
    import ask_lsp.lsp.present.view
    import ask_lsp.lsp.safety  # noqa: F401
