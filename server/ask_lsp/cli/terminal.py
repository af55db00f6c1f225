"""An answer on a terminal: laid out Markdown, each finished block printed once, the block that is coming shown live.

What is live has to fit into the window: whatever has scrolled out of it cannot be taken back.
"""

from __future__ import annotations

import asyncio

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.markdown import Markdown
from rich.segment import Segment

from ask_lsp.core.text import split_lines

REFRESHES = 8


class TerminalAnswer:
    """Takes an answer piece by piece; `close` prints what is left."""

    def __init__(self) -> None:
        self._coming = ""
        self._any = False
        self._console = Console()
        # Cleared at the end, when the block is printed whole. Drawn by us: a thread that draws while we print leaves
        # lines behind, because the two do not agree on how many there are.
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._live.start()
        self._drawing: asyncio.TimerHandle | None = None

    def add(self, text: str) -> None:
        """Takes a piece."""
        self._coming += text
        lines = split_lines(self._coming)
        at = _begin_of_last_block("".join(lines[:-1])) if "\n" in text else 0
        if at:
            self._coming = "".join(lines[at:])
            self._live.update(_End(self._coming), refresh=True)
            self._print("".join(lines[:at]))
        else:
            self._live.update(_End(self._coming))
        if self._drawing is None:
            self._drawing = asyncio.get_running_loop().call_later(1 / REFRESHES, self._draw)

    def _draw(self) -> None:
        self._drawing = None
        self._live.refresh()

    def close(self) -> None:
        """Ends the live display and prints the last block."""
        if self._drawing is not None:
            self._drawing.cancel()
        self._live.update("")
        self._live.stop()
        self._print(self._coming)
        self._coming = ""

    def _print(self, block: str) -> None:
        if block.strip():
            if self._any:
                self._console.print()
            self._any = True
            self._console.print(Markdown(block))


class _End:
    """The last lines of a block, as many as the window takes."""

    def __init__(self, block: str) -> None:
        self._block = block

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        most = max(1, console.size.height - 2)
        for line in console.render_lines(Markdown(self._block), options.update(height=None), pad=False)[-most:]:
            yield from line
            yield Segment.line()


def _begin_of_last_block(text: str) -> int:
    """The number of the line with which the last block begins: what is before it does not change any more."""
    begins = [token.map[0] for token in Markdown(text).parsed if token.level == 0 and token.map]
    return begins[-1] if begins else 0
