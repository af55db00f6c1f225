"""What the connected editor can do, resolved once at `initialize` into plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsprotocol import types

DELIBERATE_HOVER = ("neovim", "vim", "helix", "kakoune", "kak-lsp")


@dataclass(frozen=True)
class Client:
    """The editor, as far as it matters to us.

    `deliberate_hover`: hover is a key that somebody presses, not the mouse passing by.
    """

    name: str = ""
    progress: bool = False
    show_document: bool = False
    ask_message: bool = False
    document_changes: bool = False
    code_action_literals: bool = False
    tags_generated: bool = False
    hover_markdown: bool = False
    configuration: bool = False
    register_configuration: bool = False
    register_watchers: bool = False
    protocol: int = 0
    deliberate_hover: bool = False
    asks_before_edits: bool = False
    locale: str | None = None

    @property
    def is_neovim(self) -> bool:
        """Neovim has ways of its own that it does not announce."""
        return self.name.startswith("neovim")

    @property
    def versioned_edits(self) -> bool:
        """Whether edits may name a version. Neovim honours them without declaring documentChanges (since 0.5)."""
        return self.document_changes or self.is_neovim


def resolve(params: types.InitializeParams) -> Client:
    """Reads the capabilities. Missing means no; what is not asked here is not used anywhere."""
    capabilities = params.capabilities
    window = capabilities.window
    workspace = capabilities.workspace
    text = capabilities.text_document
    action = text.code_action if text else None
    hover = text.hover if text else None
    name = (params.client_info.name if params.client_info else "").lower()
    generated = action.tag_support.value_set if action and action.tag_support else ()
    return Client(
        name=name,
        progress=bool(window and window.work_done_progress),
        show_document=bool(window and window.show_document and window.show_document.support),
        ask_message=bool(window and window.show_message),
        document_changes=bool(workspace and workspace.workspace_edit and workspace.workspace_edit.document_changes),
        code_action_literals=bool(action and action.code_action_literal_support),
        tags_generated=types.CodeActionTag.LlmGenerated in generated,
        hover_markdown=bool(hover and types.MarkupKind.Markdown in (hover.content_format or ())),
        configuration=bool(workspace and workspace.configuration),
        register_configuration=bool(
            workspace and workspace.did_change_configuration and workspace.did_change_configuration.dynamic_registration
        ),
        register_watchers=bool(
            workspace and workspace.did_change_watched_files and workspace.did_change_watched_files.dynamic_registration
        ),
        protocol=_protocol(capabilities.experimental),
        asks_before_edits=bool(
            workspace
            and workspace.workspace_edit
            and workspace.workspace_edit.change_annotation_support
            and action
            and action.honors_change_annotations
        ),
        deliberate_hover=any(name.startswith(editor) for editor in DELIBERATE_HOVER),
        locale=params.locale,
    )


def _protocol(experimental: Any) -> int:
    """The version of our own messages that the client speaks (docs/protocol.md); 0 for none."""
    announced = experimental.get("askLsp") if isinstance(experimental, dict) else getattr(experimental, "askLsp", None)
    version = announced.get("protocol") if isinstance(announced, dict) else getattr(announced, "protocol", 0)
    return 1 if isinstance(version, int) and version >= 1 else 0
