--- Chat files: the conversations that the server writes, on disk until one is open, from then on into the buffer.

local api = vim.api

local M = {}

--- Whether a buffer is one: its first line carries the server's marker.
---@param bufnr integer
---@return boolean
function M.is_chat(bufnr)
  local first = api.nvim_buf_get_lines(bufnr, 0, 1, false)[1]
  return first ~= nil and first:find("<!%-%- ask:%x+ chat") ~= nil
end

--- The loaded buffer of a file, by its URI; names may hold anything that Vim takes for a pattern.
---@param uri string
---@return integer?
function M.loaded(uri)
  for _, bufnr in ipairs(api.nvim_list_bufs()) do
    if api.nvim_buf_is_loaded(bufnr) and vim.bo[bufnr].buftype == "" and vim.uri_from_bufnr(bufnr) == uri then
      return bufnr
    end
  end
end

--- From now on the buffer is what counts. What the server wrote on disk while the file was being opened comes as an edit
--- too; with 'autoread' it would stand there twice.
---@param bufnr integer
function M.claim(bufnr)
  vim.bo[bufnr].autoread = false
  api.nvim_create_autocmd("FileChangedShell", {
    group = api.nvim_create_augroup("ask_lsp.chat." .. bufnr, {}),
    buffer = bufnr,
    callback = function()
      vim.v.fcs_choice = ""
    end,
  })
end

--- Shows one, where answers are shown.
---@param chat string URI
---@param options { focus?: boolean, at_end?: boolean }
function M.open(chat, options)
  local bufnr = vim.uri_to_bufnr(chat)
  vim.bo[bufnr].buflisted = true
  -- Loaded by the window, not before: Neovim looks at the disk again when a loaded buffer gets one.
  local window = require("ask_lsp.answer").show(bufnr, "Chat")
  vim.fn.bufload(bufnr)
  M.claim(bufnr)
  if options.at_end then
    api.nvim_win_set_cursor(window, { api.nvim_buf_line_count(bufnr), 0 })
  end
  if options.focus then
    api.nvim_set_current_win(window)
  end
end

return M
