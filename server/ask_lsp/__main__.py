"""`ask-lsp` and `python -m ask_lsp`."""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> int:
    """Runs a command and returns its exit code. Serving is the default, and loads nothing that it does not need."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given or (given[0] in ("serve", "--stdio") and not {"-h", "--help"} & set(given)):
        from ask_lsp.cli.serve import run

        return run(given)
    from ask_lsp.cli.commands import run as run_command

    return run_command(given)


if __name__ == "__main__":
    sys.exit(main())
