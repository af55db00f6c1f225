"""The commands about what is sent: showing it first, allowing something once, trusting a workspace, what was spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from ask_lsp.assistant.preview import page
from ask_lsp.assistant.sending import Prepared
from ask_lsp.core.action import shortened
from ask_lsp.core.errors import RequestRefused
from ask_lsp.lsp.documents import Document
from ask_lsp.lsp.extensions import ALLOW_ONCE, PREVIEW, TRUST, text_argument
from ask_lsp.lsp.menu import Entry, entry

if TYPE_CHECKING:
    from ask_lsp.assistant.jobs import Job
    from ask_lsp.lsp.server import AskServer


def refused(server: AskServer, document: Document) -> list[Entry] | None:
    """The one entry of a document that may not be sent, which says why; None where it may be."""
    verdict = server.safety.verdict(document)
    if verdict.allowed:
        return None
    arguments = [{"uri": document.uri}]
    if verdict.kind == "ignored":
        command = types.Command(
            title=shortened(f"Allow once: {verdict.reason}"), command=ALLOW_ONCE, arguments=arguments
        )
    else:
        command = types.Command(title=shortened(f"Not sent: {verdict.reason}"), command=PREVIEW, arguments=arguments)
    return [entry(server.editor.client, command, "ask")]


def over_cap(server: AskServer) -> list[Entry]:
    """The entry that lets one request pass a cap, once one was refused."""
    if not server.safety.cap_reached:
        return []
    command = types.Command(title="Allow once: the next request above a cap", command=ALLOW_ONCE, arguments=[])
    return [entry(server.editor.client, command, "ask")]


def allow_once(server: AskServer, arguments: list[Any]) -> None:
    """ask.allowOnce {uri?}: a file that .gitignore leaves out, or without a uri the next request above a cap."""
    uri = text_argument(arguments, ALLOW_ONCE, "uri")
    if uri is None:
        server.safety.allow_once(None)
        server.editor.message("The next request may go above a cap. Ask again.")
        return
    document = server.documents.get(uri)
    if document is None:
        raise RequestRefused("That document is not open. Open it, and allow it then.")
    verdict = document.verdict
    if verdict is not None and verdict.kind == "denied":
        raise RequestRefused(f"That cannot be allowed: {verdict.reason}. Ask about another file.")
    server.safety.allow_once(document.uri)
    server.editor.message("The next question about this file may be sent. Choose an action.")


def trust(server: AskServer, arguments: list[Any]) -> None:
    """ask.trust: lets the instructions and actions in the workspaces' own files count, as these are now."""
    if text_argument(arguments, TRUST, "uri"):
        raise RequestRefused("ask.trust takes no argument: it is about the workspace folders of this editor.")

    async def work(job: Job) -> None:
        services = await server.services()
        done = []
        for root in server.safety.roots:
            await services.settings.current(root)
            wanted = services.settings.untrusted(root)
            if wanted is not None:
                await server.safety.decide(services, root, wanted.digest, trusted=True)
                done.append(root.name)
        names = ", ".join(done)
        server.editor.message(f"Trusted: {names}." if done else "There is nothing to trust in this workspace.")

    server.jobs.start("trust", "", work)


def usage(server: AskServer, arguments: list[Any]) -> None:
    """ask.usage: what was spent today, and where to see more."""

    async def work(job: Job) -> None:
        services = await server.services()
        spent = await services.outbox.spent_today()
        server.editor.message(f"Spent today: ${spent:.2f}, as far as prices are known. More: ask-lsp usage.")

    server.jobs.start("usage", "", work)


async def show_preview(server: AskServer, prepared: Prepared) -> str:
    """Opens the page of what would be sent; returns the sentence that says where it is. Raises AskError subclasses."""
    services = await server.services()
    wire = await services.outbox.wire(prepared)
    path = await services.files.page("preview.md", page(prepared, wire))
    if await server.editor.show(path, focus=True):
        return "Nothing was sent: the preview shows what would be."
    return f"Nothing was sent. What would be: {path}"
