--- Which lines of a buffer changed since a version, so that places which the server names for an older version are found
--- in the text as it is now. Neovim's LSP versions are changedticks.

local api = vim.api

local M = {}
local KEPT = 1000

---@class ask_lsp.Change
---@field tick integer
---@field first integer lines from 0, as on_lines tells them
---@field last integer
---@field now integer

---@type table<integer, { since: integer, trimmed?: boolean, [integer]: ask_lsp.Change }>
local logs = {}

--- Begins to listen. The text as it is now is what the server gets by didOpen.
---@param bufnr integer
function M.watch(bufnr)
  if logs[bufnr] then
    return
  end
  local function restart()
    logs[bufnr] = { since = api.nvim_buf_get_changedtick(bufnr) }
  end
  restart()
  api.nvim_buf_attach(bufnr, false, {
    on_lines = function(_, _, tick, first, last, now)
      local log = logs[bufnr]
      table.insert(log, { tick = tick, first = first, last = last, now = now })
      if #log > KEPT then
        log.since = table.remove(log, 1).tick
        log.trimmed = true
      end
    end,
    on_reload = restart,
    on_detach = function()
      logs[bufnr] = nil
    end,
  })
end

--- Where lines of an older version are now. Nil if they were changed themselves, or it is too long ago to know.
---@param bufnr integer
---@param version integer
---@param first integer
---@param last integer exclusive
---@return integer? moved how many lines down they are
function M.moved(bufnr, version, first, last)
  local log = logs[bufnr]
  -- Neovim opens a document with version 0, whatever its changedtick is.
  if not log or (version < log.since and (version ~= 0 or log.trimmed)) then
    return
  end
  local by = 0
  for _, change in ipairs(log) do
    if change.tick > version then
      if change.last <= first + by then
        by = by + change.now - change.last
      elseif change.first < last + by then
        return
      end
    end
  end
  return by
end

return M
