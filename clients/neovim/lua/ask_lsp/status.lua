--- What the server says about itself (ask/status), and how it looks in a statusline.

local M = {}

---@class ask_lsp.Status
---@field profile string
---@field busy integer jobs that run or wait
---@field spentToday number USD
---@field error? string the last failure, until an answer succeeds
---@field profiles? string[] all there are, from servers that say so

---@type ask_lsp.Status?
local status

--- ask/status.
---@type lsp.Handler
function M.handle(_, params)
  if params.error == vim.NIL then
    params.error = nil
  end
  status = params
  vim.cmd.redrawstatus({ bang = true })
end

---@return ask_lsp.Status?
function M.get()
  return status
end

--- The server is gone.
function M.clear()
  status = nil
  vim.cmd.redrawstatus({ bang = true })
end

---@return string
function M.line()
  if not status then
    return ""
  end
  local parts = { status.profile }
  if status.busy > 0 then
    table.insert(parts, status.busy > 1 and ("… %d"):format(status.busy) or "…")
  end
  if status.spentToday > 0 then
    table.insert(parts, (status.spentToday < 0.01 and "$%.4f" or "$%.2f"):format(status.spentToday))
  end
  local proposals = package.loaded["ask_lsp.proposals"] and #package.loaded["ask_lsp.proposals"].all() or 0
  if proposals > 0 then
    table.insert(parts, ("%d to review"):format(proposals))
  end
  if status.error then
    table.insert(parts, "!")
  end
  -- Some statusline plugins evaluate what they are given.
  return (table.concat(parts, " "):gsub("%%", "%%%%"))
end

return M
