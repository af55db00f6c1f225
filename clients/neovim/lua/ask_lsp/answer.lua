--- Answers, as they come: Markdown in a scratch buffer, in a split or a float that never takes the focus and never moves
--- under the eyes of who reads further up.

local api = vim.api

local M = {}
local EVERY = 30 -- ms between two writes: what comes faster is gathered
-- Lines beyond which Vim's own highlighting takes over: each change then makes treesitter look at thousands of code
-- blocks and paragraphs, which stalls the editor for 50 ms and more. Few answers are a tenth as long.
local LONG = 2000

---@class ask_lsp.Answer
---@field bufnr integer
---@field chat string URI of the conversation
---@field pending string[]
---@field timed boolean
---@field note string what the window says above the text
local Answer = {}
Answer.__index = Answer

---@type table<string, ask_lsp.Answer>
local by_chat = {}
local window ---@type integer? where answers are shown

--- The answers of a conversation, if they have a buffer.
---@param chat string?
---@return ask_lsp.Answer?
function M.of(chat)
  local view = chat and by_chat[chat]
  if view and not api.nvim_buf_is_loaded(view.bufnr) then
    -- :bdelete leaves the name behind, which the next one needs.
    pcall(api.nvim_buf_delete, view.bufnr, { force = true })
    by_chat[chat] = nil
    return
  end
  return view
end

--- Whether a window shows an answer. One in which somebody opened a file since is theirs again.
---@param candidate integer
---@return boolean
function M.is_answer(candidate)
  return vim.w[candidate].ask_lsp_answer == api.nvim_win_get_buf(candidate)
end

---@param bufnr integer
---@param label string
---@return vim.api.keyset.win_config
local function place(bufnr, label)
  local options = require("ask_lsp.config").get()
  local width, height = math.floor(vim.o.columns * options.size), math.floor(vim.o.lines * options.size)
  if options.answer == "float" then
    local has_border, border = pcall(function()
      return vim.o.winborder
    end)
    return {
      relative = "editor",
      anchor = "NE",
      row = 1,
      col = vim.o.columns - 1,
      width = math.max(width, 40),
      height = math.max(vim.o.lines - 6, 5),
      border = has_border and border ~= "" and border or "rounded",
      title = " " .. label .. " ",
      title_pos = "left",
      style = "minimal",
    }
  end
  local sideways = options.split == "right" or options.split == "left"
  return { split = options.split, win = -1, width = sideways and width or nil, height = not sideways and height or nil }
end

--- Shows a buffer where answers are shown, without going there.
---@param bufnr integer
---@param label string
---@return integer window
function M.show(bufnr, label)
  local shown = vim.fn.win_findbuf(bufnr)
  for _, candidate in ipairs(shown) do
    if api.nvim_win_get_tabpage(candidate) == api.nvim_get_current_tabpage() then
      return candidate
    end
  end
  if window and api.nvim_win_is_valid(window) and M.is_answer(window) then
    if api.nvim_win_get_tabpage(window) == api.nvim_get_current_tabpage() then
      api.nvim_win_set_buf(window, bufnr)
      vim.w[window].ask_lsp_answer = bufnr
      return window
    end
  end
  window = api.nvim_open_win(bufnr, false, place(bufnr, label))
  vim.w[window].ask_lsp_answer = bufnr
  for name, value in pairs({
    wrap = true,
    linebreak = true,
    breakindent = true,
    conceallevel = 2,
    concealcursor = "nc",
    number = false,
    relativenumber = false,
    signcolumn = "no",
    foldenable = false,
    spell = false,
    list = false,
  }) do
    api.nvim_set_option_value(name, value, { win = window, scope = "local" })
  end
  return window
end

---@param bufnr integer
---@param view ask_lsp.Answer
local function map_keys(bufnr, view)
  local function map(keys, what, run)
    vim.keymap.set("n", keys, run, { buffer = bufnr, nowait = true, silent = true, desc = what })
  end
  map("q", "Close the answer", function()
    if not pcall(api.nvim_win_close, 0, false) then
      vim.cmd.bprevious() -- it was the last window
    end
  end)
  map("gf", "Go to the file of this link", function()
    require("ask_lsp.links").follow()
  end)
  local function go_on()
    require("ask_lsp.commands").follow_up(view.chat)
  end
  map("<CR>", "Ask on", go_on)
  map("i", "Ask on", go_on)
end

---@param chat string
---@return ask_lsp.Answer
local function create(chat)
  local bufnr = api.nvim_create_buf(false, true)
  local view = setmetatable({ bufnr = bufnr, chat = chat, pending = {}, timed = false, note = "" }, Answer)
  api.nvim_buf_set_name(bufnr, "ask-lsp://" .. vim.fs.basename(vim.uri_to_fname(chat)))
  vim.bo[bufnr].bufhidden = "hide"
  vim.bo[bufnr].undolevels = -1
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].filetype = "markdown"
  -- No parser is no error: Vim's own syntax highlighting stays.
  pcall(vim.treesitter.start, bufnr, "markdown")
  map_keys(bufnr, view)
  by_chat[chat] = view
  return view
end

--- Where the answer of a conversation is shown from now on; nil where the chat file shows it by itself.
---@param chat string
---@param title? string
---@param target? ask_lsp.Target
---@return ask_lsp.Answer
function M.open(chat, title, target)
  local view = M.of(chat)
  local opened = require("ask_lsp.chat").loaded(chat)
  if not view and opened and #vim.fn.win_findbuf(opened) > 0 then
    return M.nowhere
  elseif require("ask_lsp.config").get().answer == "chat" then
    require("ask_lsp.chat").open(chat, {})
    return M.nowhere
  end
  if not view then
    view = create(chat)
    view:append("# " .. (title or "Answer") .. "\n\n")
    if target then
      local start = target:place()
      local uri = vim.uri_from_bufnr(target.bufnr) .. (start and "#L" .. start[1] + 1 or "")
      view:append(("[%s](%s)\n\n"):format(target:label(), uri))
    end
    view:write()
  end
  local shown = M.show(view.bufnr, title or "Answer")
  view:remark("…")
  api.nvim_win_set_cursor(shown, { api.nvim_buf_line_count(view.bufnr), 0 })
  return view
end

--- Takes a piece of the answer; it is written soon.
---@param text string
function Answer:append(text)
  table.insert(self.pending, text)
  if not self.timed then
    self.timed = true
    vim.defer_fn(function()
      self.timed = false
      self:write()
    end, EVERY)
  end
end

--- Writes what there is. Windows whose cursor is on the last line follow; others stay as they are.
function Answer:write()
  local text = table.concat(self.pending):gsub("\r", "")
  self.pending = {}
  if text == "" or not api.nvim_buf_is_loaded(self.bufnr) then
    return
  end
  local last = api.nvim_buf_line_count(self.bufnr)
  local following = vim.tbl_filter(function(candidate)
    return api.nvim_win_get_cursor(candidate)[1] == last
  end, vim.fn.win_findbuf(self.bufnr))
  local column = #api.nvim_buf_get_lines(self.bufnr, last - 1, last, true)[1]
  vim.bo[self.bufnr].modifiable = true
  api.nvim_buf_set_text(self.bufnr, last - 1, column, last - 1, column, vim.split(text, "\n", { plain = true }))
  vim.bo[self.bufnr].modifiable = false
  vim.bo[self.bufnr].modified = false
  local now = api.nvim_buf_line_count(self.bufnr)
  if now > LONG and vim.treesitter.highlighter.active[self.bufnr] then
    vim.treesitter.stop(self.bufnr)
  end
  local width = #api.nvim_buf_get_lines(self.bufnr, now - 1, now, true)[1]
  for _, candidate in ipairs(following) do
    api.nvim_win_set_cursor(candidate, { now, math.max(0, width - 1) })
  end
end

--- Says something above the text, where it is seen wherever the window is scrolled to.
---@param note? string
function Answer:remark(note)
  self.note = note or self.note
  for _, candidate in ipairs(vim.fn.win_findbuf(self.bufnr)) do
    if M.is_answer(candidate) then
      local text = self.note:gsub("%%", "%%%%"):gsub("%s+", " ")
      api.nvim_set_option_value("winbar", "%#Comment# " .. text .. "%<", { win = candidate, scope = "local" })
    end
  end
end

--- The next question of this conversation.
---@param question string
function Answer:ask(question)
  self:append(("\n\n# %s\n\n"):format(question))
  self:write()
  self:remark("…")
end

--- It is complete.
---@param note? string
function Answer:finish(note)
  self:write()
  self:remark("<CR> asks on, q closes. " .. (note or ""))
end

--- It ended early; what came stays.
---@param why string
function Answer:fail(why)
  self:append(("\n\n> **%s**\n"):format(why))
  self:finish()
end

--- For answers that show themselves: the chat file is open, and the server writes into it.
M.nowhere = setmetatable({ bufnr = -1, chat = "" }, {
  __index = function()
    return function() end
  end,
})

return M
