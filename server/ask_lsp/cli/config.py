"""`ask-lsp config`: the example settings file, where settings are looked for, and their JSON Schema.

Standard output holds data only, so that `ask-lsp config --example > "$(ask-lsp config --path)"` does what it says.
"""

from __future__ import annotations

import argparse
import shlex
import sys


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command; its `func` takes the parsed arguments and returns the exit code."""
    parser = subparsers.add_parser(
        "config",
        help="print the example settings file, its place, or its JSON Schema",
        description="Print the example settings file, where settings are looked for, or their JSON Schema.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--example", action="store_true", help="every setting with its default, as YAML")
    what.add_argument("--path", action="store_true", help="where the settings file is looked for")
    what.add_argument("--schema", action="store_true", help="the JSON Schema, for editors that check YAML")
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints what was asked for."""
    if arguments.path:
        return _print_path()
    if arguments.schema:
        import json

        from ask_lsp.config.schema import json_schema

        _write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
        return 0
    from ask_lsp.config.example import example_file

    _write(example_file())
    return 0


def _print_path() -> int:
    from ask_lsp.config.env import take_environment, user_file

    environment = take_environment()
    path = user_file(environment)
    _write(f"{path}\n")
    if environment.config:
        print("This is what ASK_LSP_CONFIG names.", file=sys.stderr)
    if path.exists():
        print("The file exists.", file=sys.stderr)
    else:
        folder, file = shlex.quote(str(path.parent)), shlex.quote(str(path))
        print("The file does not exist yet, which is fine. To make one:", file=sys.stderr)
        print(f"mkdir -p {folder} && ask-lsp config --example > {file}", file=sys.stderr)
    return 0


def _write(text: str) -> None:
    """UTF-8 whatever the console says: a redirected file is read back as UTF-8."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
