"""Every command but serving: reads the command line and runs one.

Exit codes, the same for all: 0 done; 1 it failed, the sentence on stderr says why; 2 the command line is wrong;
3 the settings or the key are; 130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import sys

from ask_lsp import __version__
from ask_lsp.cli import ask, config, doctor, key, local, log, preview, setup, usage
from ask_lsp.core.errors import AskError, SettingsError
from ask_lsp.core.visible import visible

EPILOG = "Exit codes: 0 done, 1 failed (stderr says why), 2 wrong command line, 3 settings or key, 130 interrupted."


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    made = argparse.ArgumentParser(
        prog="ask-lsp",
        description="Ask ChatGPT, or any OpenAI-compatible model, about code. Without a command it serves an editor.",
        epilog=EPILOG,
    )
    made.add_argument("--version", action="version", version=f"ask-lsp {__version__}")
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
    serve = commands.add_parser("serve", help="serve an editor on standard input and output (the default)")
    serve.add_argument("--stdio", action="store_true", help="accepted, and the only way")
    for command in (ask, preview, config, setup, doctor, key, local, usage, log):
        command.register(commands)
    return made


def run(arguments: list[str]) -> int:
    """Runs one command; returns its exit code. argparse itself exits with 2."""
    if arguments and arguments[0] not in ("-h", "--help", "--version") and arguments[0].startswith("--"):
        print(f"ask-lsp: {arguments[0]} is not known here. Editors start it as: ask-lsp --stdio", file=sys.stderr)
        return 2
    parsed = parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a model says what it likes, and any console or pipe takes it
    try:
        code: int = parsed.func(parsed)
    except SettingsError as error:
        print(f"ask-lsp: {visible(str(error))}", file=sys.stderr)
        return 3
    except AskError as error:
        print(f"ask-lsp: {visible(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has enough; Python would complain when it flushes at the end.
        sys.stdout = None
        return 0
    return code
