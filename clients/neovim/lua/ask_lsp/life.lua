--- What happens when the server ends: by itself, by a crash, or because somebody wants it started again.

local client = require("ask_lsp.client")
local notify = require("ask_lsp.notify")

local api = vim.api

local M = {}

---@type table<integer, boolean> clients that are meant to end
local ending = {}
local was_restarted = false

--- Starts it for these buffers, and calls back when the first one has it.
---@param buffers integer[]
---@param callback fun()
local function start(buffers, callback)
  local loaded = vim.tbl_filter(api.nvim_buf_is_loaded, buffers)
  for number, bufnr in ipairs(loaded) do
    client.attach(bufnr, number == 1 and callback or function() end)
  end
end

--- A server has ended.
---@param of vim.lsp.Client?
---@param buffers integer[] that it had
---@param code integer
---@param signal integer
function M.ended(of, buffers, code, signal)
  local lost = of and require("ask_lsp.jobs").lost(of.id) or 0
  require("ask_lsp.status").clear()
  local meant = (of and ending[of.id]) or signal == 15 or (code == 0 and signal == 0)
  if meant or vim.v.exiting ~= vim.NIL then
    return
  end
  local kept = lost > 0 and " What had come of the answer stays." or ""
  if not of or not of.initialized then
    notify.error("The server ended at its start. :checkhealth ask_lsp says more, :LspLog has its words.")
  elseif was_restarted or not require("ask_lsp.config").get().restart then
    notify.error("The server ended." .. kept .. " :AskRestart starts it again; :checkhealth ask_lsp says more.")
  else
    was_restarted = true
    start(buffers, function()
      notify.warn("The server ended, and was started again." .. kept)
    end)
  end
end

--- :AskRestart.
function M.restart()
  was_restarted = false
  local of = client.get()
  local buffers = of and vim.tbl_keys(of.attached_buffers) or { api.nvim_get_current_buf() }
  if of then
    ending[of.id] = true
    of:stop()
    -- A server that hangs gets no more time than a person would wait.
    vim.wait(3000, function()
      return of.rpc.is_closing()
    end, 20)
    of:stop(true)
  end
  vim.schedule(function()
    if not client.is_installed() then
      return notify.error(client.missing())
    elseif require("ask_lsp").is_set_up then
      client.enable()
    end
    local fit = vim.tbl_filter(function(bufnr)
      return api.nvim_buf_is_loaded(bufnr) and not client.unfit(bufnr)
    end, buffers)
    start(fit, function()
      notify.info("ask-lsp was started.")
    end)
  end)
end

return M
