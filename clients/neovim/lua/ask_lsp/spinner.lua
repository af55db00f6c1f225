--- Says in virtual text behind a target that its answer is on the way, and how far it is. One timer moves all of them.

local api = vim.api

local M = {}
local namespace = api.nvim_create_namespace("ask_lsp.spinner")
local FRAMES = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" }
local EVERY = 100 -- ms

---@class ask_lsp.Spinner
---@field target ask_lsp.Target
---@field note string
---@field mark? integer
local Spinner = {}
Spinner.__index = Spinner

---@type table<ask_lsp.Spinner, true>
local running = {}
local timer ---@type uv.uv_timer_t?
local frame = 1

local function tick()
  frame = frame % #FRAMES + 1
  for spinner in pairs(running) do
    spinner:draw()
  end
end

---@param target ask_lsp.Target
---@return ask_lsp.Spinner
function M.start(target)
  local spinner = setmetatable({ target = target, note = "" }, Spinner)
  running[spinner] = true
  spinner:draw()
  if not timer then
    timer = assert(vim.uv.new_timer())
    timer:start(EVERY, EVERY, vim.schedule_wrap(tick))
  end
  return spinner
end

function Spinner:draw()
  local start = self.target:place()
  if start and running[self] then
    self.mark = api.nvim_buf_set_extmark(self.target.bufnr, namespace, start[1], 0, {
      id = self.mark,
      virt_text = { { " " .. FRAMES[frame] .. " " .. self.note, "DiagnosticVirtualTextInfo" } },
      virt_text_pos = "eol",
      hl_mode = "combine",
    })
  end
end

--- What is going on now.
---@param note string
function Spinner:say(note)
  self.note = note
end

function Spinner:stop()
  running[self] = nil
  if self.mark and api.nvim_buf_is_loaded(self.target.bufnr) then
    api.nvim_buf_del_extmark(self.target.bufnr, namespace, self.mark)
  end
  if timer and not next(running) then
    timer:stop()
    timer:close()
    timer = nil
  end
end

return M
