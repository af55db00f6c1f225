//! Starts ask-lsp: the program that `lsp.ask-lsp.binary` of Zed's settings names, else the one on PATH.

use zed_extension_api::{self as zed, settings::LspSettings, LanguageServerId, Result};

struct AskLsp;

impl zed::Extension for AskLsp {
    fn new() -> Self {
        Self
    }

    fn language_server_command(
        &mut self,
        server: &LanguageServerId,
        worktree: &zed::Worktree,
    ) -> Result<zed::Command> {
        let binary = LspSettings::for_worktree(server.as_ref(), worktree)
            .ok()
            .and_then(|settings| settings.binary);
        let named = binary.as_ref().and_then(|binary| binary.path.clone());
        let arguments = binary.and_then(|binary| binary.arguments);
        Ok(zed::Command {
            command: named
                .or_else(|| worktree.which("ask-lsp"))
                .ok_or("ask-lsp is not on PATH. Run: ask-lsp setup zed")?,
            args: arguments.unwrap_or_else(|| vec!["--stdio".to_string()]),
            env: worktree.shell_env(),
        })
    }
}

zed::register_extension!(AskLsp);
