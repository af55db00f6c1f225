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

--- Puts the next question at the end.
---@param chat string URI
---@param question string
---@return string? problem
function M.write_question(chat, question)
  local bufnr = M.loaded(chat)
  if bufnr then
    -- The server reads the buffer of a file that is open.
    local last = api.nvim_buf_line_count(bufnr)
    local behind = api.nvim_buf_get_lines(bufnr, last - 1, last, true)[1] == "" and last - 1 or last
    api.nvim_buf_set_lines(bufnr, behind, -1, false, { question })
    return
  end
  local file, problem = io.open(vim.uri_to_fname(chat), "ab")
  if not file then
    return problem
  end
  file:write(question)
  file:close()
end

return M
