"""ask-lsp: a language server that answers questions about code."""

__version__ = "0.1.0"
