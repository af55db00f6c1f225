"""`ask-lsp serve`: the language server on standard input and output."""

from __future__ import annotations

import logging
import os
import sys


def run(arguments: list[str]) -> int:
    """Serves until the editor is done. Exit code 0 after a proper shutdown, 1 without, 2 for a wrong argument."""
    unknown = [given for given in arguments if given not in ("serve", "--stdio")]
    if unknown:
        print(
            f"ask-lsp serve: {unknown[0]} is not known here. It speaks on standard input and output only (--stdio).",
            file=sys.stderr,
        )
        return 2
    from ask_lsp import compose
    from ask_lsp.lsp.stdio import take_stdout

    stdout = take_stdout()
    code = compose.serve(stdout)
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)  # threads that still read, and libraries' exit hooks, may not keep a finished server alive
