--- Proposed edits (ask/proposal): which there are, how they are shown, taken, and turned down, whole or hunk by hunk.

local client = require("ask_lsp.client")
local difftab = require("ask_lsp.difftab")
local edits = require("ask_lsp.edits")
local hunks = require("ask_lsp.hunks")
local inline = require("ask_lsp.inline")
local notify = require("ask_lsp.notify")

local api = vim.api

local M = {}

---@class ask_lsp.Proposal
---@field id string
---@field uri string
---@field title string
---@field reason string
---@field bufnr? integer while its file is open
---@field open ask_lsp.Hunk[] that were neither taken nor turned down
---@field rejected table<string, true>
---@field shown boolean
local Proposal = {}
Proposal.__index = Proposal

---@type table<string, ask_lsp.Proposal>
local known = {}

---@param uri string
---@param of vim.lsp.Client
---@return integer?
local function buffer_of(uri, of)
  for bufnr in pairs(of.attached_buffers) do
    if api.nvim_buf_is_loaded(bufnr) and vim.uri_from_bufnr(bufnr) == uri then
      return bufnr
    end
  end
end

--- All of them, in the order of their places.
---@return ask_lsp.Proposal[]
function M.all()
  local all = vim.tbl_values(known)
  table.sort(all, function(one, other)
    if one.uri ~= other.uri then
      return one.uri < other.uri
    end
    local row, other_row = one:row(), other:row()
    return row == other_row and one.id < other.id or row < other_row
  end)
  return all
end

---@param bufnr integer
local function draw(bufnr)
  if not api.nvim_buf_is_loaded(bufnr) then
    return
  end
  local here = vim.tbl_filter(function(proposal)
    return proposal.bufnr == bufnr and proposal.shown
  end, M.all())
  inline.draw(bufnr, here)
  require("ask_lsp.proposal_keys").set(bufnr, #here > 0)
end

--- ask/proposal.
---@type lsp.Handler
function M.on_proposal(_, params, context)
  local of = assert(vim.lsp.get_client_by_id(context.client_id))
  local proposal = known[params.id]
  if params.state == "gone" then
    known[params.id] = nil
    if proposal then
      proposal:clear()
      difftab.close(proposal.id)
    end
  else
    if not proposal then
      proposal = setmetatable({ id = params.id, open = {}, rejected = {} }, Proposal)
      known[params.id] = proposal
      -- One of an earlier session waits until somebody wants to see it.
      proposal.shown = require("ask_lsp.jobs").running() > 0
    end
    proposal.uri, proposal.title, proposal.reason = params.uri, params.title, params.reason
    proposal:update(of, params)
  end
  vim.cmd.redrawstatus({ bang = true })
end

---@param of vim.lsp.Client
---@param params table
function Proposal:update(of, params)
  self:clear()
  self.bufnr = buffer_of(self.uri, of)
  if not self.bufnr or type(params.version) ~= "number" then
    return
  end
  -- Nil: the text is being changed right there. The server sees that, and tells the place anew when it pauses.
  local found = hunks.of(self.bufnr, params.hunks, params.version, of.offset_encoding) or {}
  for _, hunk in ipairs(found) do
    if self.rejected[hunk:key()] then
      hunk:drop()
    else
      table.insert(self.open, hunk)
    end
  end
  draw(self.bufnr)
  difftab.update(self)
end

--- Takes its marks out of the buffer.
function Proposal:clear()
  for _, hunk in ipairs(self.open) do
    hunk:drop()
  end
  self.open = {}
  if self.bufnr then
    draw(self.bufnr)
  end
end

---@return integer row of its first hunk
function Proposal:row()
  return self.open[1] and self.open[1]:row() or 0
end

--- What another answer in its place is about.
---@return ask_lsp.About
function Proposal:about()
  local first = self.open[1]
  local row = first and first:row()
  if not row then
    return { title = self.title }
  end
  return { title = self.title, target = require("ask_lsp.target").lines(self.bufnr, row + 1, row + #first.old) }
end

---@param command string
---@param more? table
function Proposal:execute(command, more)
  local of = client.get(self.bufnr) or client.get()
  if of then
    client.execute(of, command, vim.tbl_extend("error", { proposal = self.id }, more or {}), self.bufnr)
  else
    notify.warn("The server does not run. :AskRestart starts it, and the proposal is shown again.")
  end
end

--- Makes some of its hunks, in one step of undo.
---@param wanted ask_lsp.Hunk[]
---@return boolean
function Proposal:make(wanted)
  if not vim.bo[self.bufnr].modifiable then
    notify.warn("This buffer is not modifiable. :set modifiable, and accept again.")
    return false
  end
  for _, hunk in ipairs(wanted) do
    if not hunk:fits() then
      notify.warn("These lines were changed since. Wait a moment for the hunk to follow, and accept again.")
      return false
    end
  end
  edits.as_one_step(self.bufnr, function()
    for number = #wanted, 1, -1 do
      wanted[number]:make()
    end
  end)
  return true
end

--- Accepts all that is left of it.
function Proposal:accept()
  if next(self.rejected) == nil and not self.taken then
    self:execute("ask.apply") -- merges, and can be undone by :AskUndo
  elseif self:make(self.open) then
    self:execute("ask.discard")
  end
end

function Proposal:reject()
  self:execute("ask.discard")
end

---@param hunk ask_lsp.Hunk
function Proposal:done_with(hunk)
  self.open = vim.tbl_filter(function(each)
    return each ~= hunk
  end, self.open)
  hunk:drop()
  draw(self.bufnr)
  difftab.update(self)
  if #self.open == 0 then
    -- With all of them made the server sees that by itself; told twice it would complain.
    if next(self.rejected) then
      self:execute("ask.discard")
    end
  end
end

---@param hunk ask_lsp.Hunk
function Proposal:accept_hunk(hunk)
  if self:make({ hunk }) then
    self.taken = true
    self:done_with(hunk)
  end
end

---@param hunk ask_lsp.Hunk
function Proposal:reject_hunk(hunk)
  self.rejected[hunk:key()] = true
  self:done_with(hunk)
end

--- Shows it in its file.
function Proposal:go_to()
  if not self.bufnr then
    local path = vim.uri_to_fname(self.uri)
    if not vim.uv.fs_stat(path) then
      return self:execute("ask.diff") -- a file that is to be made
    end
    vim.cmd.edit({ path, magic = { file = false, bar = false } })
    self.shown = true
    return
  end
  self.shown = true
  local window = vim.fn.win_findbuf(self.bufnr)[1]
  if window then
    api.nvim_set_current_win(window)
  else
    api.nvim_win_set_buf(0, self.bufnr)
  end
  if self.open[1] then
    vim.cmd("normal! m'")
    api.nvim_win_set_cursor(0, { math.min(self:row() + 1, api.nvim_buf_line_count(self.bufnr)), 0 })
  else
    notify.warn("Its place has changed too much. :AskProposals, and its difference shows what it wanted.")
  end
  draw(self.bufnr)
end

--- In a tab of its own, or the server's page where its place is not there.
function Proposal:diff()
  if self.bufnr and #self.open > 0 then
    difftab.open(self)
  else
    self:execute("ask.diff")
  end
end

--- The proposal and the hunk at the cursor; with `nearest` the first proposal of the buffer where there is none.
---@param nearest? boolean
---@return ask_lsp.Proposal?
---@return ask_lsp.Hunk?
function M.here(nearest)
  local bufnr, line = api.nvim_get_current_buf(), api.nvim_win_get_cursor(0)[1]
  local first
  for _, proposal in ipairs(M.all()) do
    if proposal.bufnr == bufnr then
      first = first or proposal
      for _, hunk in ipairs(proposal.open) do
        if hunk:covers(line) then
          return proposal, hunk
        end
      end
    end
  end
  if nearest then
    return first
  end
end

---@param word string
function M.command(word)
  require("ask_lsp.proposal_keys").command(word)
end

---@return string[]
function M.words()
  return require("ask_lsp.proposal_keys").words()
end

return M
