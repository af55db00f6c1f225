-- What `vim.lsp.enable("ask_lsp")` starts. Alone it needs nothing else of this plugin: answers then open as chat files.
-- Neovim reads this file when the first buffer of these types is opened, so whether setup() was called is known by then.
---@type vim.lsp.Config
local config = {
  cmd = { "ask-lsp", "--stdio" },
  -- "markdown", because answers are written into Markdown files, and the next question is asked from there.
  filetypes = vim.split(
    "markdown python javascript javascriptreact typescript typescriptreact go rust java c cpp cs ruby php sh lua",
    " "
  ),
}
local plugin = package.loaded["ask_lsp"]
if plugin and plugin.is_set_up then
  config = vim.tbl_deep_extend("force", config, require("ask_lsp.client").config())
end
return config
