--- The options of setup(): their defaults, and what is said about wrong ones.

local M = {}

---@class ask_lsp.Keys
---@field operator? string|false asks about a motion or the selection; mapped only where it is free
---@field accept_hunk? string|false while a proposal is shown: takes the hunk under the cursor
---@field reject_hunk? string|false
---@field accept? string|false takes all that is left of it
---@field reject? string|false
---@field next? string|false
---@field previous? string|false
---@field diff? string|false opens the proposal in a diff tab

---@class ask_lsp.Options
---@field cmd? string[] the server
---@field filetypes? string[] where it is attached by itself; :Ask attaches it elsewhere
---@field answer? "split"|"float"|"chat" where an answer appears; "chat" is the file of the conversation itself
---@field split? "right"|"left"|"above"|"below" which side
---@field size? number share of the screen that a split or float takes
---@field preview? "inline"|"tab" how a proposal is shown: in virtual lines, or in a diff tab that you open
---@field restart? boolean whether a server that crashed is started again, once
---@field keys? ask_lsp.Keys
---@field settings? table the server's settings, as far as editors may set them: docs/configuration.md

---@type ask_lsp.Options
local defaults = {
  cmd = { "ask-lsp", "--stdio" },
  filetypes = vim.split(
    "markdown python javascript javascriptreact typescript typescriptreact go rust java c cpp cs ruby php sh lua",
    " "
  ),
  answer = "split",
  split = "right",
  size = 0.4,
  preview = "inline",
  restart = true,
  keys = {
    operator = "gA",
    accept_hunk = "gha",
    reject_hunk = "ghr",
    accept = "ghA",
    reject = "ghR",
    next = "]h",
    previous = "[h",
    diff = "ghd",
  },
  settings = {},
}

local choices = {
  answer = { "split", "float", "chat" },
  split = { "right", "left", "above", "below" },
  preview = { "inline", "tab" },
}

local current = defaults

---@param options table
---@param known table
---@param prefix string
---@return string[] complaints
local function wrong(options, known, prefix)
  local complaints = {}
  for name, value in pairs(options) do
    local default, allowed = known[name], prefix == "" and choices[name]
    if default == nil then
      table.insert(complaints, ("there is no option “%s%s”"):format(prefix, name))
    elseif allowed and not vim.list_contains(allowed, value) then
      table.insert(complaints, ("“%s” must be one of %s"):format(name, table.concat(allowed, ", ")))
    elseif type(value) ~= type(default) and not (prefix == "keys." and value == false) then
      table.insert(complaints, ("“%s%s” must be a %s"):format(prefix, name, type(default)))
    elseif name == "keys" then
      vim.list_extend(complaints, wrong(value, default, "keys."))
    end
  end
  return complaints
end

--- Takes options into use. Wrong ones are told, and their defaults count.
---@param options ask_lsp.Options
function M.set(options)
  local complaints = wrong(options, defaults, "")
  if #complaints > 0 then
    table.sort(complaints)
    -- Reported, not raised: one typing error is no reason to be without the whole plugin.
    require("ask_lsp.notify").warn("setup{}: " .. table.concat(complaints, "; ") .. ". See :help ask_lsp-setup.")
    options = vim.deepcopy(options)
    for name, value in pairs(options) do
      if #wrong({ [name] = value }, defaults, "") > 0 then
        options[name] = nil
      end
    end
  end
  current = vim.tbl_deep_extend("force", defaults, options)
end

--- The options in force.
---@return ask_lsp.Options
function M.get()
  return current
end

return M
