--- How people handle proposals: the keys while one is shown, `:AskProposals` and its words, and its menu.

local notify = require("ask_lsp.notify")

local api = vim.api

local M = {}

---@return table
local function proposals()
  return require("ask_lsp.proposals")
end

--- The cursor moves to the hunk that comes next, around the end of the buffer.
---@param back boolean
local function move(back)
  local line, rows = api.nvim_win_get_cursor(0)[1], {}
  for _, proposal in ipairs(proposals().all()) do
    if proposal.bufnr == api.nvim_get_current_buf() then
      for _, hunk in ipairs(proposal.open) do
        table.insert(rows, math.min((hunk:row() or 0) + 1, api.nvim_buf_line_count(0)))
      end
    end
  end
  table.sort(rows)
  if #rows == 0 then
    return notify.info("No proposal in this file. :AskProposals lists all.")
  end
  local found = back and rows[#rows] or rows[1]
  for number = back and #rows or 1, back and 1 or #rows, back and -1 or 1 do
    if (back and rows[number] < line) or (not back and rows[number] > line) then
      found = rows[number]
      break
    end
  end
  vim.cmd("normal! m'")
  api.nvim_win_set_cursor(0, { found, 0 })
end

---@param run fun(proposal: ask_lsp.Proposal, hunk?: ask_lsp.Hunk)
---@param wants_hunk? boolean
---@return fun()
local function at_cursor(run, wants_hunk)
  return function()
    local proposal, hunk = proposals().here(true)
    if not proposal then
      notify.info("No proposal in this file. :AskProposals lists all.")
    elseif wants_hunk and not hunk then
      notify.info("No hunk under the cursor: go to one first.")
    else
      run(proposal, hunk)
    end
  end
end

---@type table<string, fun()> by the names that setup{ keys } and :AskProposals use
local actions = {
  accept_hunk = at_cursor(function(proposal, hunk)
    proposal:accept_hunk(hunk --[[@as ask_lsp.Hunk]])
  end, true),
  reject_hunk = at_cursor(function(proposal, hunk)
    proposal:reject_hunk(hunk --[[@as ask_lsp.Hunk]])
  end, true),
  accept = at_cursor(function(proposal)
    proposal:accept()
  end),
  reject = at_cursor(function(proposal)
    proposal:reject()
  end),
  diff = at_cursor(function(proposal)
    proposal:diff()
  end),
  next = function()
    move(false)
  end,
  previous = function()
    move(true)
  end,
  all = function()
    require("ask_lsp.commands").execute("ask.proposals")
  end,
}

---@type table<integer, string[]> the keys that are ours now, by buffer
local mapped = {}

--- Maps the keys of a buffer while a proposal is shown there, and gives them back.
---@param bufnr integer
---@param wanted boolean
function M.set(bufnr, wanted)
  if wanted == (mapped[bufnr] ~= nil) then
    return
  end
  for _, keys in ipairs(mapped[bufnr] or {}) do
    pcall(vim.keymap.del, "n", keys, { buffer = bufnr })
  end
  mapped[bufnr] = nil
  if not wanted then
    return
  end
  mapped[bufnr] = {}
  for name, keys in pairs(require("ask_lsp.config").get().keys) do
    if keys and actions[name] then
      -- Somebody else's key of this buffer stays theirs; :AskProposals does the same.
      local taken = api.nvim_buf_call(bufnr, function()
        return vim.fn.maparg(keys, "n", false, true).buffer == 1
      end)
      if not taken then
        vim.keymap.set("n", keys, actions[name], { buffer = bufnr, desc = "Proposal: " .. name:gsub("_", " ") })
        table.insert(mapped[bufnr], keys)
      end
    end
  end
end

---@param proposal ask_lsp.Proposal
---@param more? table
local function again(proposal, more)
  require("ask_lsp.jobs").expect(proposal:about())
  proposal:execute("ask.retry", more)
end

local choices = {
  { "Go to it", "go_to" },
  { "Accept", "accept" },
  { "Reject", "reject" },
  { "Show the difference", "diff" },
  { "Try again", again },
  { "Try again with...", again, { ask = true } },
}

---@param proposal ask_lsp.Proposal
local function choose_what(proposal)
  vim.ui.select(choices, {
    prompt = proposal.title,
    format_item = function(choice)
      return choice[1]
    end,
  }, function(choice)
    if choice then
      local run = type(choice[2]) == "string" and proposal[choice[2]] or choice[2]
      run(proposal, choice[3])
    end
  end)
end

--- :AskProposals [word]
---@param word string
function M.command(word)
  if word ~= "" then
    local action = actions[word]
    return action and action() or action or notify.warn(("There is no :AskProposals %s."):format(word))
  end
  local all = proposals().all()
  if #all == 0 then
    notify.info("No proposals in this session. :AskProposals all shows those of files that are not open.")
  elseif #all == 1 then
    choose_what(all[1])
  else
    vim.ui.select(all, {
      prompt = "Proposals",
      format_item = function(proposal)
        local name = vim.fs.basename(vim.uri_to_fname(proposal.uri))
        return ("%s - %s:%d"):format(proposal.title, name, proposal:row() + 1)
      end,
    }, function(proposal)
      if proposal then
        choose_what(proposal)
      end
    end)
  end
end

---@return string[]
function M.words()
  local words = vim.tbl_keys(actions)
  table.sort(words)
  return words
end

return M
