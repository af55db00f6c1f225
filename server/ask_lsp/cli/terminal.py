"""An answer on a terminal: laid out Markdown, each finished block printed once, the block that is coming shown live.

What is live has to fit into the window: whatever has scrolled out of it cannot be taken back.
"""

from __future__ import annotations

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
        # Cleared at the end, when the block is printed whole.
        self._live = Live(console=self._console, refresh_per_second=REFRESHES, transient=True)
        self._live.start()

    def add(self, text: str) -> None:
        """Takes a piece."""
        self._coming += text
        lines = split_lines(self._coming)
        at = _begin_of_last_block("".join(lines[:-1])) if "\n" in text else 0
        if at:
            self._print("".join(lines[:at]))
            self._coming = "".join(lines[at:])
        self._live.update(_End(self._coming))

    def close(self) -> None:
        """Ends the live display and prints the last block."""
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
