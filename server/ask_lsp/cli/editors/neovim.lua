vim.lsp.config("ask-lsp", {
  cmd = { ${command}, "--stdio" },
  filetypes = {
    ${languages},
  },
})
vim.lsp.enable("ask-lsp")
