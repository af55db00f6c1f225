--- `gf` on a link of an answer: to the file and line it names, in a window that shows code.

local api = vim.api

local M = {}

--- The link under a column of a line.
---@param line string
---@param column integer in bytes, from 1
---@return string? target
local function link_at(line, column)
  local from = 1
  while true do
    local first, last, uri = line:find("%[[^%[%]]*%]%(<?([^()<>]*)>?%)", from)
    if not first then
      return
    elseif column >= first and column <= last then
      return uri
    end
    from = last + 1
  end
end

--- File and line of a link, or of words such as `mean.py:3`.
---@param text string
---@return string path
---@return integer? line
local function place_of(text)
  local path, fragment = text:match("^([^#]*)#?(.*)$")
  local line = tonumber(fragment:match("^L(%d+)"))
  if path:match("^file:") then
    return vim.uri_to_fname(path), line
  end
  local name, number = path:match("^(.-):(%d+)[%d:-]*$")
  return vim.uri_decode(name or path), line or tonumber(number)
end

---@return integer? window that shows a file
local function code_window()
  local windows = api.nvim_tabpage_list_wins(0)
  table.insert(windows, 1, vim.fn.win_getid(vim.fn.winnr("#")))
  for _, window in ipairs(windows) do
    if
      window ~= 0
      and not require("ask_lsp.answer").is_answer(window)
      and api.nvim_win_get_config(window).relative == ""
    then
      if vim.bo[api.nvim_win_get_buf(window)].buftype == "" then
        return window
      end
    end
  end
end

--- Follows the link under the cursor; where there is none, `gf` does what it always does.
function M.follow()
  local column = api.nvim_win_get_cursor(0)[2] + 1
  local text = link_at(api.nvim_get_current_line(), column)
  if not text then
    local word = vim.fn.expand("<cWORD>"):gsub("^[`'\"(]+", ""):gsub("[`'\"),.]+$", "")
    local path = place_of(word)
    text = vim.uv.fs_stat(path) and word or nil
  end
  if text and text:match("^%a[%w+.-]+:") and not text:match("^file:") and not text:match("^%a:[/\\]") then
    vim.ui.open(text)
    return
  end
  local path, line
  if text then
    path, line = place_of(text)
  end
  if not path or not vim.uv.fs_stat(path) then
    local ok = pcall(vim.cmd.normal, { "gf", bang = true })
    return ok or require("ask_lsp.notify").warn("There is no file under the cursor.")
  end
  local window = code_window()
  if window then
    api.nvim_set_current_win(window)
  else
    vim.cmd.new()
  end
  local bufnr = vim.fn.bufadd(path)
  vim.bo[bufnr].buflisted = true
  vim.cmd("normal! m'")
  api.nvim_win_set_buf(0, bufnr)
  if line then
    api.nvim_win_set_cursor(0, { math.min(line, api.nvim_buf_line_count(bufnr)), 0 })
    vim.cmd("normal! zz")
  end
end

return M
