--- Sentences to the user, by vim.notify, so that notification plugins show them.

local M = {}

---@param text string
---@param level integer
local function notify(text, level)
  text = text:gsub("%s+", " ")
  -- Neovim's own vim.notify asks for <Enter> after a line that is too long: for a passing remark that is too much.
  local own = debug.getinfo(vim.notify, "S").source:find("vim/_editor", 1, true)
  if own and level < vim.log.levels.WARN and vim.fn.strdisplaywidth(text) > vim.v.echospace then
    text = vim.fn.strcharpart(text, 0, vim.v.echospace - 1) .. "…"
  end
  vim.notify(text, level, { title = "ask-lsp" })
end

---@param text string
function M.info(text)
  notify(text, vim.log.levels.INFO)
end

---@param text string
function M.warn(text)
  notify("ask-lsp: " .. text, vim.log.levels.WARN)
end

---@param text string
function M.error(text)
  notify("ask-lsp: " .. text, vim.log.levels.ERROR)
end

return M
