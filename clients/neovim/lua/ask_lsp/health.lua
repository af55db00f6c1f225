--- `:checkhealth ask_lsp`

local M = {}

local LIMIT = 20000 -- ms

---@param arguments string[]
---@return vim.SystemCompleted?
local function run(arguments)
  local ok, process = pcall(vim.system, arguments, { text = true })
  return ok and process:wait(LIMIT) or nil
end

local function check_neovim()
  vim.health.start("Neovim")
  local version = tostring(vim.version())
  if vim.fn.has("nvim-0.11") == 1 then
    vim.health.ok(version)
  else
    vim.health.error(version .. " is too old", "Install Neovim 0.11 or newer.")
  end
  for _, language in ipairs({ "markdown", "markdown_inline" }) do
    if vim.treesitter.language.add(language) then
      vim.health.ok("treesitter parser: " .. language)
    else
      vim.health.warn("no treesitter parser: " .. language, "Answers have plain highlighting. :TSInstall " .. language)
    end
  end
end

---@param program string
---@return boolean
local function check_server(program)
  vim.health.start("Server")
  local path = vim.fn.exepath(program)
  if path == "" then
    vim.health.error(program .. " is not on Neovim's PATH", {
      "Install it: pipx install ask-lsp, or: uv tool install ask-lsp",
      "Or name it: require('ask_lsp').setup{ cmd = { '/path/to/ask-lsp', '--stdio' } }",
      "Neovim started from the desktop may have another PATH than your shell.",
    })
    return false
  end
  local answer = run({ path, "--version" })
  if not answer or answer.code ~= 0 then
    local why = answer and vim.trim(answer.stderr or "") or "it does not run"
    vim.health.error(path .. " --version fails: " .. why, "Install it again: pipx reinstall ask-lsp")
    return false
  end
  vim.health.ok(("%s (%s)"):format(vim.trim(answer.stdout), path))
  return true
end

local function check_client()
  vim.health.start("Client")
  if not require("ask_lsp").is_set_up then
    vim.health.warn("setup() was not called", "Without it answers open as chat files: require('ask_lsp').setup{}")
  end
  local client = require("ask_lsp.client").get()
  if not client then
    vim.health.warn("not running", "It starts with the first file of its types; :Ask starts it in any file.")
    return
  end
  local names = {}
  for bufnr in pairs(client.attached_buffers) do
    table.insert(names, vim.fn.fnamemodify(vim.api.nvim_buf_get_name(bufnr), ":~:."))
  end
  table.sort(names)
  vim.health.ok(("running, attached to %d: %s"):format(#names, table.concat(names, ", ")))
  local version = vim.tbl_get(client.server_info or {}, "version") or "?"
  if require("ask_lsp.client").speaks_protocol(client) then
    vim.health.ok(("version %s, protocol %d"):format(version, client.server_capabilities.experimental.askLsp.protocol))
  elseif require("ask_lsp").is_set_up then
    vim.health.error(("version %s is older than this plugin"):format(version), "Update it: pipx upgrade ask-lsp")
  end
end

---@param program string
local function check_settings(program)
  vim.health.start("Settings and key (ask-lsp doctor --offline)")
  local answer = run({ program, "doctor", "--json", "--offline" })
  local ok, report = pcall(vim.json.decode, answer and answer.stdout or "")
  if not ok or type(report) ~= "table" or type(report.findings) ~= "table" then
    vim.health.error("no report", "Run it in a terminal: ask-lsp doctor")
    return
  end
  for _, finding in ipairs(report.findings) do
    local say = ({ ok = vim.health.ok, warn = vim.health.warn })[finding.state] or vim.health.error
    say(("%s: %s"):format(finding.what, finding.says))
  end
  vim.health.info("A question is sent only by: ask-lsp doctor")
end

function M.check()
  local program = require("ask_lsp.config").get().cmd[1]
  check_neovim()
  local found = check_server(program)
  check_client()
  if found then
    check_settings(program)
  end
end

return M
