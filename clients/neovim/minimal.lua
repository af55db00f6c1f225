-- ask-lsp in Neovim 0.11 or newer, without a plugin. "markdown" is in the list because answers are written into
-- Markdown files, and the next question is asked from there.
-- stylua: ignore
vim.lsp.config("ask-lsp", {
  cmd = { "ask-lsp", "--stdio" },
  filetypes = {
    "markdown", "python", "javascript", "javascriptreact", "typescript", "typescriptreact", "go", "rust", "java", "c",
    "cpp", "cs", "ruby", "php", "sh", "lua",
  },
})
vim.lsp.enable("ask-lsp")
