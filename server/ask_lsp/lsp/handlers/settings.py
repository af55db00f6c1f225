"""initialized and workspace/didChangeConfiguration (LSP 3.17): the editor's own settings, which can only narrow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from ask_lsp.lsp.handlers import sync

if TYPE_CHECKING:
    from ask_lsp.lsp.server import AskServer

SECTION = "askLsp"
CONFIGURATION_LIMIT = 5.0


def from_initialize(options: Any) -> dict[str, Any]:
    """The settings in initializationOptions, bare or under our section; lenient, since `config/` checks them."""
    return _section(options)


async def initialized(server: AskServer, params: types.InitializedParams) -> None:
    """The editor is ready: begin to load, and ask for its settings."""
    client = server.editor.client
    if client.register_configuration:
        registration = types.Registration(id="ask-lsp-configuration", method=types.WORKSPACE_DID_CHANGE_CONFIGURATION)
        server.spawn(
            server.editor.request(
                types.CLIENT_REGISTER_CAPABILITY,
                types.RegistrationParams(registrations=[registration]),
                CONFIGURATION_LIMIT,
            )
        )
    await server.services()
    sync.parse_all(server)
    if client.configuration:
        await _pull(server)
    server.send_status()


async def changed(server: AskServer, params: types.DidChangeConfigurationParams) -> None:
    """The editor's settings have changed: some send them along, the others are asked."""
    if server.editor.client.configuration:
        await _pull(server)
    elif isinstance(params.settings, Mapping):
        await _take(server, _section(params.settings, bare=False))


async def _pull(server: AskServer) -> None:
    params = types.ConfigurationParams(items=[types.ConfigurationItem(section=SECTION)])
    answer = await server.editor.request(types.WORKSPACE_CONFIGURATION, params, CONFIGURATION_LIMIT)
    if isinstance(answer, (list, tuple)) and answer and isinstance(answer[0], (Mapping, type(None))):
        await _take(server, answer[0] or {})


async def _take(server: AskServer, values: Mapping[str, Any]) -> None:
    """Puts what the editor says now over what it said at its start; what it does not say any more is no longer so."""
    services = await server.services()
    await services.settings.set_editor({**server.editor_settings, **values})
    await server.apply_settings(services)


def _section(options: Any, *, bare: bool = True) -> dict[str, Any]:
    if not isinstance(options, Mapping):
        return {}
    for name in (SECTION, "ask-lsp"):
        if isinstance(options.get(name), Mapping):
            return dict(options[name])
    return dict(options) if bare else {}
