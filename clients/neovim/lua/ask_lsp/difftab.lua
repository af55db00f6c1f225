--- A proposal in a tab of its own: the file at the left, as it is, and at the right what it would be. Vim's own diff keys
--- work (`do`, `dp`, `]c`), and so do those of a proposal.

local api = vim.api

local M = {}

---@type table<string, integer> scratch buffers by proposal
local shown = {}

---@param proposal ask_lsp.Proposal
---@return string[]
local function proposed(proposal)
  local lines = api.nvim_buf_get_lines(proposal.bufnr, 0, -1, false)
  for number = #proposal.open, 1, -1 do
    local hunk = proposal.open[number]
    local row = hunk:row()
    if row then
      local rest = vim.list_slice(lines, row + #hunk.old + 1)
      lines = vim.list_extend(vim.list_extend(vim.list_slice(lines, 1, row), hunk.new), rest)
    end
  end
  return lines
end

---@param proposal ask_lsp.Proposal
local function fill(proposal)
  local bufnr = shown[proposal.id]
  vim.bo[bufnr].modifiable = true
  api.nvim_buf_set_lines(bufnr, 0, -1, false, proposed(proposal))
  vim.bo[bufnr].modifiable = false
end

--- Opens it, and goes there.
---@param proposal ask_lsp.Proposal
function M.open(proposal)
  local row = proposal.open[1] and proposal.open[1]:row() or 0
  vim.cmd("tab split")
  api.nvim_win_set_buf(0, proposal.bufnr)
  local left = api.nvim_get_current_win()
  local bufnr = api.nvim_create_buf(false, true)
  shown[proposal.id] = bufnr
  api.nvim_buf_set_name(bufnr, ("ask-lsp://proposal/%s"):format(proposal.id))
  vim.bo[bufnr].bufhidden = "wipe"
  fill(proposal)
  vim.bo[bufnr].filetype = vim.bo[proposal.bufnr].filetype
  local right = api.nvim_open_win(bufnr, false, { split = "right", win = left })
  for _, window in ipairs({ left, right }) do
    api.nvim_win_call(window, vim.cmd.diffthis)
  end
  api.nvim_set_option_value("winbar", proposal.title:gsub("%%", "%%%%"), { win = right, scope = "local" })
  api.nvim_win_set_cursor(left, { math.min(row + 1, api.nvim_buf_line_count(proposal.bufnr)), 0 })
  vim.keymap.set("n", "q", function()
    M.close(proposal.id)
  end, { buffer = bufnr, nowait = true, desc = "Close the diff" })
end

--- Brings it up to date.
---@param proposal ask_lsp.Proposal
function M.update(proposal)
  local bufnr = shown[proposal.id]
  if bufnr and api.nvim_buf_is_valid(bufnr) then
    fill(proposal)
  end
end

--- Closes it; the file stays in the other tab.
---@param id string
function M.close(id)
  local bufnr = shown[id]
  shown[id] = nil
  for _, window in ipairs(bufnr and vim.fn.win_findbuf(bufnr) or {}) do
    local tab = api.nvim_win_get_tabpage(window)
    for _, each in ipairs(api.nvim_tabpage_list_wins(tab)) do
      api.nvim_win_call(each, vim.cmd.diffoff)
    end
    if #api.nvim_list_tabpages() > 1 then
      vim.cmd.tabclose(api.nvim_tabpage_get_number(tab))
    else
      api.nvim_win_close(window, true)
    end
  end
end

return M
