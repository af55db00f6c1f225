"""The main job, end to end, as an editor does it: `make demo`.

Starts the language server as a subprocess, opens a file, lists the code actions of a selection, asks a question, prints
the answer as it comes, explains a function, and hovers over it. With OPENAI_API_KEY set ChatGPT answers, otherwise the
embedded model. Nothing is kept: chats and settings live in a temporary directory.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
import tempfile
import textwrap
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pygls.lsp.client import LanguageClient

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
CODE = HERE / "statistics_report.py"
DATA = REPOSITORY / ".cache" / "ask-lsp"
MODEL = DATA / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"

SELECTED = "median"
QUESTION = "What does this function return, and what happens to the list that is passed in?"
EXPLAINED = "mean"

REPLY_LIMIT = 20.0
ANSWER_LIMIT = 300.0
END_LIMIT = 10.0
T = TypeVar("T")


class DemoFailed(Exception):
    """The demo cannot go on; the text is one sentence or two for the reader."""


def main() -> int:
    """Runs the demo; 0 if everything was shown, else 1 and a sentence on stderr."""
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a model says what it likes, any console takes it
    try:
        uses_openai = bool(os.environ.get("OPENAI_API_KEY", "").strip())
        check_parts(uses_openai)
        asyncio.run(demonstrate(uses_openai))
    except DemoFailed as failure:
        print(f"\nThe demo stopped: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe demo was interrupted.", file=sys.stderr)
        return 130
    print_editor_lines(uses_openai)
    return 0


def check_parts(uses_openai: bool) -> None:
    """Raises DemoFailed for the first part that is missing."""
    for package in ("ask_lsp", "pygls"):
        if importlib.util.find_spec(package) is None:
            raise DemoFailed(f"the Python package {package} is not installed here. Run: make demo")
    if not CODE.is_file():
        raise DemoFailed(f"{CODE} is missing. Get it back with: git checkout examples")
    if uses_openai:
        return
    if importlib.util.find_spec("xllamacpp") is None:
        raise DemoFailed("the embedded model's package xllamacpp is missing. Run make demo, or set OPENAI_API_KEY.")
    if not MODEL.is_file():
        raise DemoFailed(f"the embedded model is not at {MODEL}. Run make demo, or set OPENAI_API_KEY.")


async def demonstrate(uses_openai: bool) -> None:
    """The conversation of one editor with one server."""
    with tempfile.TemporaryDirectory(prefix="ask-lsp-demo-") as folder:
        editor = Editor()
        try:
            await editor.start(server_environment(Path(folder), uses_openai))
            await show(editor, uses_openai)
            await editor.end()
        finally:
            await editor.kill()


def server_environment(folder: Path, uses_openai: bool) -> dict[str, str]:
    """The environment of the server: the reader's own, but for where settings and state are."""
    settings: dict[str, Any] = {"hover": "cached"}
    if not uses_openai:
        # The same words each time, and an end to the rambling that so small a model tends to.
        parameters = {"temperature": 0, "seed": 1, "repeat_penalty": 1.1}
        settings |= {"profile": "local", "profiles": {"local": {"parameters": parameters}}}
    config = folder / "config.yaml"
    config.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
    config.chmod(0o600)
    environment = dict(os.environ)
    environment.pop("ASK_LSP_PROFILE", None)
    environment |= {"ASK_LSP_CONFIG": str(config), "XDG_STATE_HOME": str(folder)}
    if not uses_openai:
        environment.pop("ASK_LSP_MODEL", None)
        environment |= {"ASK_LSP_DATA": str(DATA)}
    return environment


async def show(editor: Editor, uses_openai: bool) -> None:
    """Every step of the demo."""
    who = (
        "ChatGPT, with your OPENAI_API_KEY" if uses_openai else "a small embedded model on this machine, without a key"
    )
    say(f"This is ask-lsp: a language server that answers questions about code. Here it asks {who}.")
    text = CODE.read_text(encoding="utf-8")
    uri = editor.open(CODE, text)

    selection = lines_of(text, f"def {SELECTED}")
    heading(f"You select lines {selection[0] + 1} to {selection[1]} of examples/{CODE.name}")
    print(textwrap.indent("\n".join(text.split("\n")[selection[0] : selection[1]]), "    "))

    heading("Your editor's code actions then offer")
    actions = await editor.code_actions(uri, (selection[0], 0), (selection[1], 0))
    if not actions:
        raise DemoFailed("the server offered no code action. Please report this as a bug.")
    for action in actions:
        print(f"    {action.title}")

    asking = actions[0]
    heading(f"{asking.title}: “{QUESTION}”")
    arguments = dict(as_json(asking.arguments[0]))
    await editor.run(asking.command, {**arguments, "question": QUESTION})
    if not uses_openai:
        note("The embedded model has 135 million parameters: it is quick, and often wrong.")

    row = next(number for number, line in enumerate(text.split("\n")) if line.startswith(f"def {EXPLAINED}"))
    explain = next(
        (each for each in await editor.code_actions(uri, (row, 5), (row, 5)) if each.title.startswith("Explain")), None
    )
    if explain is None:
        raise DemoFailed(f"the server did not offer to explain {EXPLAINED}. Please report this as a bug.")
    heading(f"With the cursor on `{EXPLAINED}` and nothing selected: {explain.title}")
    await editor.run(explain.command, as_json(explain.arguments[0]))

    began = time.monotonic()
    hover = await editor.hover(uri, row, 5)
    took = (time.monotonic() - began) * 1000
    if hover is None:
        raise DemoFailed("the hover was empty although the explanation had been remembered. Please report this.")
    heading(f"A hover over `{EXPLAINED}` now shows it again, from memory, in {took:.0f} ms")
    print(shortened(hover.contents.value))


def lines_of(text: str, start: str) -> tuple[int, int]:
    """First line of a definition at the left margin, and the line behind its last."""
    lines = text.split("\n")
    first = next(number for number, line in enumerate(lines) if line.startswith(start))
    last = first + 1
    while last < len(lines) and (not lines[last] or lines[last][0].isspace()):
        last += 1
    while not lines[last - 1].strip():
        last -= 1
    return first, last


class Editor:
    """The part of an editor that is needed here: an LSP client over standard input and output."""

    def __init__(self) -> None:
        from pygls.lsp.client import LanguageClient

        self._client: LanguageClient = LanguageClient("ask-lsp demo", "1")
        self._answers: dict[str, asyncio.Queue[Any]] = {}
        self._drain: asyncio.Task[None] | None = None
        self._last_words: list[str] = []
        # One message for every piece of an answer: docs/protocol.md.
        self._client.feature("ask/answer")(lambda params: self._answer(params))
        for ignored in ("ask/status", "window/logMessage"):
            self._client.feature(ignored)(lambda params: None)
        self._client.feature("window/showMessage")(lambda params: note(params.message))

    async def start(self, environment: dict[str, str]) -> None:
        from lsprotocol import types

        await self._client.start_io(sys.executable, "-m", "ask_lsp", "--stdio", env=environment)
        self._drain = asyncio.ensure_future(self._read_log())
        # No code action literals, so that the menu holds plain commands: lsprotocol reads literals wrongly on this side.
        action = types.CodeActionClientCapabilities()
        hover = types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown])
        capabilities = types.ClientCapabilities(
            text_document=types.TextDocumentClientCapabilities(code_action=action, hover=hover),
            experimental={"askLsp": {"protocol": 1}},
        )
        info = types.ClientInfo(name="ask-lsp demo")
        params = types.InitializeParams(
            capabilities=capabilities, process_id=os.getpid(), root_uri=None, client_info=info, locale="en"
        )
        await self._reply(self._client.initialize_async(params), "initialize")
        self._client.initialized(types.InitializedParams())

    def open(self, path: Path, text: str) -> str:
        from lsprotocol import types

        item = types.TextDocumentItem(uri=path.as_uri(), language_id="python", version=1, text=text)
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
        return item.uri

    async def code_actions(self, uri: str, start: tuple[int, int], end: tuple[int, int]) -> list[Any]:
        from lsprotocol import types

        params = types.CodeActionParams(
            text_document=types.TextDocumentIdentifier(uri=uri),
            range=types.Range(start=types.Position(*start), end=types.Position(*end)),
            context=types.CodeActionContext(diagnostics=[], trigger_kind=types.CodeActionTriggerKind.Invoked),
        )
        return list(await self._reply(self._client.text_document_code_action_async(params), "the code actions") or ())

    async def run(self, command: str, arguments: dict[str, Any]) -> None:
        """Runs a command and prints its answer as it comes. Raises DemoFailed with the server's sentence."""
        from lsprotocol import types

        params = types.ExecuteCommandParams(command=command, arguments=[arguments])
        job = as_json(await self._reply(self._client.workspace_execute_command_async(params), command))["job"]
        pieces = self._answers.setdefault(job, asyncio.Queue())
        paper = Paper()
        began = time.monotonic()
        while True:
            left = ANSWER_LIMIT - (time.monotonic() - began)
            piece = await self._limited(pieces.get(), left, "an answer")
            if piece["state"] == "streaming":
                paper.write(piece.get("delta", ""))
            elif piece["state"] == "waiting":
                paper.status(piece.get("note", ""))
            elif piece["state"] == "done":
                paper.end()
                return note(f"{piece.get('note', 'answered')}, in {time.monotonic() - began:.1f} s")
            else:
                paper.end()
                raise DemoFailed(piece.get("error") or f"the answer ended as “{piece['state']}”. Run it again.")

    async def hover(self, uri: str, line: int, character: int) -> Any:
        from lsprotocol import types

        params = types.HoverParams(
            text_document=types.TextDocumentIdentifier(uri=uri), position=types.Position(line, character)
        )
        return await self._reply(self._client.text_document_hover_async(params), "the hover")

    async def end(self) -> None:
        """Ends the server as an editor should; the embedded model goes with its last user."""
        await self._reply(self._client.shutdown_async(None), "shutdown")
        self._client.exit(None)
        await self._limited(self._client.stop(), END_LIMIT, "the end of the server")  # type: ignore[no-untyped-call]

    async def kill(self) -> None:
        """Leaves no server behind, whatever has happened before."""
        server = self._client._server
        if server is not None and server.returncode is None:
            server.kill()
            await server.wait()
        if self._drain is not None:
            await asyncio.wait({self._drain}, timeout=END_LIMIT)

    def _answer(self, params: Any) -> None:
        piece = as_json(params)
        self._answers.setdefault(piece["job"], asyncio.Queue()).put_nowait(piece)

    async def _reply(self, request: Awaitable[Any], what: str) -> Any:
        from pygls.exceptions import JsonRpcException

        try:
            return await self._limited(request, REPLY_LIMIT, what)
        except JsonRpcException as error:
            raise DemoFailed(error.message) from None
        except RuntimeError:  # pygls' word for a server that has ended
            raise DemoFailed(self._obituary()) from None

    async def _limited(self, work: Awaitable[T], seconds: float, what: str) -> T:
        try:
            return await asyncio.wait_for(work, max(seconds, 0.0))
        except asyncio.TimeoutError:
            raise DemoFailed(f"{what} did not come within {seconds:.0f} s. Try: ask-lsp doctor") from None

    async def _read_log(self) -> None:
        server = self._client._server
        assert server is not None and server.stderr is not None
        async for line in server.stderr:
            self._last_words = [*self._last_words[-4:], line.decode("utf-8", "replace").strip()]
        # The end of its log is the end of the server: nobody may wait for an answer any more.
        for pieces in self._answers.values():
            pieces.put_nowait({"state": "failed", "error": self._obituary()})

    def _obituary(self) -> str:
        last = self._last_words[-1] if self._last_words else "it said nothing"
        return f"the server ended by itself ({last}). Try: ask-lsp doctor"


class Paper:
    """The terminal, while an answer comes."""

    def __init__(self) -> None:
        self._begun = False
        self._live = sys.stdout.isatty()

    def status(self, sentence: str) -> None:
        if self._live and not self._begun:
            print(f"\r\033[K\033[2m    {sentence} ...\033[0m", end="", flush=True)

    def write(self, text: str) -> None:
        if not self._begun:
            print("\r\033[K" if self._live else "", end="")
            self._begun = True
        print(text, end="", flush=True)

    def end(self) -> None:
        print("" if self._begun else "\r\033[K" if self._live else "", flush=True)


def as_json(value: Any) -> Any:
    """What pygls made of a JSON object, as plain dicts and lists again."""
    if hasattr(value, "_asdict"):
        return {name: as_json(each) for name, each in value._asdict().items()}
    if isinstance(value, dict):
        return {name: as_json(each) for name, each in value.items()}
    return [as_json(each) for each in value] if isinstance(value, list) else value


def say(sentence: str) -> None:
    print(textwrap.fill(sentence, 100))


def heading(sentence: str) -> None:
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
    print(f"\n{bold}> {sentence}{plain}\n", flush=True)


def note(sentence: str) -> None:
    dim, plain = ("\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "")
    print(f"{dim}({sentence}){plain}", flush=True)


def shortened(text: str) -> str:
    lines = text.strip().split("\n")
    shown = lines[:6]
    return textwrap.indent("\n".join(shown + (["..."] if len(lines) > len(shown) else [])), "    ")


def print_editor_lines(uses_openai: bool) -> None:
    """The lines that make the reader's own editor do the same."""
    script = "ask-lsp.exe" if os.name == "nt" else "ask-lsp"
    command = str(Path(sys.executable).parent / script)
    environment = {} if uses_openai else {"ASK_LSP_PROFILE": "local", "ASK_LSP_DATA": str(DATA)}
    quoted = json.dumps(command)
    lua = ", ".join(f"{name} = {json.dumps(value)}" for name, value in environment.items())
    toml = ", ".join(f"{name} = {json.dumps(value)}" for name, value in environment.items())
    heading("The same in your editor")
    if not uses_openai:
        say(
            "These lines use the embedded model. For real work leave out what names ASK_LSP_PROFILE and ASK_LSP_DATA, and "
            "give ask-lsp a key: set OPENAI_API_KEY, or write api_key and model into the file that "
            "`ask-lsp config --path` names."
        )
        print()
    print("Neovim 0.11 or newer, in init.lua; then `gra` on a selection, and `K` on a name:\n")
    print('    vim.lsp.config("ask-lsp", {')
    print(f'      cmd = {{ {quoted}, "--stdio" }},')
    if lua:
        print(f"      cmd_env = {{ {lua} }},")
    listed = textwrap.wrap(", ".join(json.dumps(name) for name in FILETYPES), 80)
    print("      filetypes = {")
    for line in listed:
        print(f"        {line}")
    print("      },")
    print("    })")
    print('    vim.lsp.enable("ask-lsp")\n')
    print("Helix, in ~/.config/helix/languages.toml; then Space a on a selection, and Space k on a name:\n")
    print("    [language-server.ask-lsp]")
    print(f'    command = {quoted}\n    args = ["--stdio"]')
    if toml:
        print(f"    environment = {{ {toml} }}")
    print('\n    [[language]]\n    name = "python"\n    language-servers = ["pylsp", "ask-lsp"]')
    print('\n    [[language]]\n    name = "markdown"\n    language-servers = ["ask-lsp"]\n')
    print("VS Code, with the extension “Generic LSP Client (v2)”, in settings.json; then the light bulb:\n")
    settings: dict[str, Any] = {
        "glspc.server.command": command,
        "glspc.server.commandArguments": ["--stdio"],
        "glspc.server.languageId": ["python", "markdown"],
    }
    if environment:
        settings["glspc.server.environmentVariables"] = environment
    for name, value in settings.items():
        print(f"    {json.dumps(name)}: {json.dumps(value)},")
    print("\nLet it serve Markdown too: conversations are Markdown files, and follow-up questions are asked there.")


FILETYPES = (
    "markdown", "python", "javascript", "javascriptreact", "typescript", "typescriptreact", "go", "rust", "java", "c",
    "cpp", "cs", "ruby", "php", "sh", "lua",
)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
