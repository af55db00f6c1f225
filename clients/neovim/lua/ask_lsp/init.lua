--- ask-lsp in Neovim: ask about code, read the answer beside it, and review the edits it proposes.
--- `:help ask_lsp` tells users; this file is all that start-up runs.

local M = {}

--- Whether setup() was called; lsp/ask_lsp.lua wants to know.
M.is_set_up = false

--- Adds everything that the bare server cannot do, and starts the server with the first file that it is for.
---@param options? ask_lsp.Options
function M.setup(options)
  local config = require("ask_lsp.config")
  config.set(options or {})
  M.is_set_up = true
  -- vim.lsp takes milliseconds to load, so it waits for the first file.
  local group = vim.api.nvim_create_augroup("ask_lsp.setup", {})
  local function enable()
    vim.schedule(function()
      require("ask_lsp.client").enable()
    end)
  end
  if vim.v.vim_did_enter == 1 then
    enable()
  else
    local filetypes = config.get().filetypes
    vim.api.nvim_create_autocmd("FileType", { group = group, pattern = filetypes, once = true, callback = enable })
  end
  local operator = config.get().keys.operator
  if operator then
    for _, mode in ipairs({ "n", "x" }) do
      -- A key that the user has given away already stays theirs.
      if vim.fn.maparg(operator, mode) == "" then
        vim.keymap.set(mode, operator, "<Plug>(ask-operator)", { desc = "Ask about a motion or the selection" })
      end
    end
  end
end

--- For a statusline: profile, whether it works, today's spend, trouble, proposals. Empty before the server says.
---@return string
function M.statusline()
  local status = package.loaded["ask_lsp.status"]
  return status and status.line() or ""
end

--- What the server said last about itself, for a statusline of your own.
---@return ask_lsp.Status?
function M.status()
  local status = package.loaded["ask_lsp.status"]
  return status and status.get()
end

return M
