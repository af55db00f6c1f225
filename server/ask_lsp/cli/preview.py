"""`ask-lsp preview`: exactly what `ask` would send, without sending it."""

from __future__ import annotations

import argparse
import asyncio
import sys

from ask_lsp.cli.ask import add_place, prepared_ask
from ask_lsp.core.visible import visible


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "preview",
        help="show exactly what `ask` would send, without sending it",
        description="Show exactly what `ask` would send: where to, messages, parameters, what is replaced, the price.",
    )
    add_place(parser)
    parser.add_argument(
        "--body",
        action="store_true",
        help="the request's body and nothing else: its bytes, or on a terminal with hidden characters named",
    )
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the page, or with --body the bytes."""
    return asyncio.run(_preview(arguments))


async def _preview(arguments: argparse.Namespace) -> int:
    from ask_lsp.assistant.preview import page

    async with prepared_ask(arguments) as (services, prepared):
        wire = await services.outbox.wire(prepared)
        if arguments.body:
            sys.stdout.buffer.write(visible(wire.body.decode()).encode() if sys.stdout.isatty() else wire.body)
        else:
            sys.stdout.write(page(prepared, wire))
    return 0
