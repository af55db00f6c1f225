"""An entry of the code action menu, in the form that this client takes."""

from __future__ import annotations

from lsprotocol import types

from ask_lsp.lsp.client import Client

Entry = types.CodeAction | types.Command


def entry(
    client: Client,
    command: types.Command,
    kind: str,
    problems: list[types.Diagnostic] | None = None,
    edit: types.WorkspaceEdit | None = None,
) -> Entry:
    """A code action, or a bare command for a client that knows no literals (LSP 3.17, codeActionLiteralSupport).

    One that has an `edit` makes that, and runs no command.
    """
    if not client.code_action_literals:
        return command
    tags = [types.CodeActionTag.LlmGenerated] if client.tags_generated else None
    return types.CodeAction(
        title=command.title,
        kind=kind,
        command=None if edit is not None else command,
        diagnostics=problems,
        tags=tags,
        edit=edit,
    )
