--- The language client: its configuration, and how it is found, started and asked.

local notify = require("ask_lsp.notify")

local api = vim.api

local M = {}

M.NAME = "ask_lsp"
M.PROTOCOL = 1
local START_LIMIT = 20000 -- ms, for a cold disk

local told_missing = false

---@param name string a command of docs/protocol.md
---@return fun(command: lsp.Command, context: { bufnr: integer, client_id: integer })
local function by_jobs(name)
  return function(command, context)
    require("ask_lsp.jobs").from_menu(name, command, context)
  end
end

---@param module string
---@param name string
---@return lsp.Handler
local function lazily(module, name)
  return function(...)
    return require("ask_lsp." .. module)[name](...)
  end
end

--- What setup() adds to lsp/ask_lsp.lua.
---@return vim.lsp.Config
function M.config()
  local options = require("ask_lsp.config").get()
  api.nvim_create_autocmd("LspAttach", {
    group = api.nvim_create_augroup("ask_lsp.attach", {}),
    callback = function(arguments)
      local client = vim.lsp.get_client_by_id(arguments.data.client_id)
      if client and client.name == M.NAME then
        local chat = require("ask_lsp.chat")
        if chat.is_chat(arguments.buf) then
          chat.claim(arguments.buf)
        else
          require("ask_lsp.changes").watch(arguments.buf)
        end
      end
    end,
  })
  return {
    cmd = options.cmd,
    filetypes = options.filetypes,
    settings = next(options.settings) and { askLsp = options.settings } or nil,
    capabilities = {
      experimental = { askLsp = { protocol = M.PROTOCOL } },
      -- Neovim takes versioned edits without saying so. Said, the server's edits of chat files carry a version as well,
      -- and none lands beside what is being typed there.
      workspace = { workspaceEdit = { documentChanges = true } },
    },
    handlers = {
      ["ask/answer"] = lazily("jobs", "on_answer"),
      ["ask/status"] = lazily("status", "handle"),
      ["ask/proposal"] = lazily("proposals", "on_proposal"),
      ["ask/input"] = lazily("jobs", "on_input"),
      ["workspace/applyEdit"] = lazily("edits", "apply"),
      ["window/showMessage"] = M.on_message,
    },
    commands = { ["ask.run"] = by_jobs("ask.run"), ["ask.send"] = by_jobs("ask.send") },
    on_init = M.on_init,
    on_exit = function(code, signal, client_id)
      -- Before Neovim forgets them; everything else has to wait until it may be done.
      local client = vim.lsp.get_client_by_id(client_id)
      local buffers = client and vim.tbl_keys(client.attached_buffers) or {}
      vim.schedule(function()
        require("ask_lsp.life").ended(client, buffers, code, signal)
      end)
    end,
  }
end

--- Starts it for the files that are open, and for those that come. Without a server it says so, once.
function M.enable()
  if not M.is_installed() then
    if not told_missing then
      told_missing = true
      notify.warn(M.missing())
    end
    return
  end
  vim.lsp.enable(M.NAME)
  if vim.v.vim_did_enter == 0 then
    -- Until then Neovim leaves the buffers alone that have their file type already, and one of them brought us here.
    vim.cmd.doautoall("nvim.lsp.enable FileType")
  end
end

---@return boolean
function M.is_installed()
  return vim.fn.executable(require("ask_lsp.config").get().cmd[1]) == 1
end

--- The sentence for when there is no server.
---@return string
function M.missing()
  local program = require("ask_lsp.config").get().cmd[1]
  return ("%s is not on Neovim's PATH. Install it (pipx install ask-lsp) or name it by setup{ cmd = ... }, then "):format(
    program
  ) .. ":AskRestart. :checkhealth ask_lsp says more."
end

--- Whether it sends ask/answer and the like.
---@param of vim.lsp.Client
---@return boolean
function M.speaks_protocol(of)
  return vim.tbl_get(of.server_capabilities, "experimental", "askLsp", "protocol") ~= nil
end

--- The running client of a buffer, or of any.
---@param bufnr? integer
---@return vim.lsp.Client?
function M.get(bufnr)
  for _, client in ipairs(vim.lsp.get_clients({ name = M.NAME, bufnr = bufnr })) do
    if not client:is_stopped() then
      return client
    end
  end
end

--- Attaches a buffer, starting the server where it does not run, and calls back when it is attached.
---@param bufnr integer
---@param callback fun(client: vim.lsp.Client)
function M.attach(bufnr, callback)
  api.nvim_create_autocmd("LspAttach", {
    buffer = bufnr,
    callback = function(arguments)
      local client = vim.lsp.get_client_by_id(arguments.data.client_id)
      if client and client.name == M.NAME then
        -- The buffer counts as attached only when the autocommands have run.
        vim.schedule(function()
          callback(client)
        end)
        return true
      end
    end,
  })
  vim.lsp.start(vim.lsp.config[M.NAME], { bufnr = bufnr })
end

--- Why nothing can be asked about a buffer, as a sentence; nil if it can.
---@param bufnr integer
---@return string?
function M.unfit(bufnr)
  if vim.bo[bufnr].buftype ~= "" then
    return "This window shows no file. Go to the code, and ask there."
  elseif api.nvim_buf_get_name(bufnr) == "" then
    -- All buffers without a name have the same URI.
    return "This buffer has no name yet. Give it one (:file NAME, which writes nothing), and ask again."
  end
end

--- Gives the client of a buffer, which is attached first where it is not: a question is worth that for any file type.
---@param bufnr integer
---@param callback fun(client: vim.lsp.Client)
function M.with(bufnr, callback)
  local why = M.unfit(bufnr)
  local client = M.get(bufnr)
  if why then
    return notify.warn(why)
  elseif client then
    return callback(client)
  elseif not M.is_installed() then
    return notify.error(M.missing())
  end
  local came = false
  M.attach(bufnr, function(attached)
    came = true
    callback(attached)
  end)
  vim.defer_fn(function()
    if not came then
      notify.error("The server does not answer. :AskRestart starts it again; :checkhealth ask_lsp says more.")
    end
  end, START_LIMIT)
end

--- workspace/executeCommand. What the server refuses is shown as it says it.
---@param client vim.lsp.Client
---@param command string
---@param arguments? table one object
---@param bufnr? integer whose changes have to be there before
---@param callback? fun(result: any?) nil when it was refused
function M.execute(client, command, arguments, bufnr, callback)
  local known = vim.tbl_get(client.server_capabilities, "executeCommandProvider", "commands") or {}
  if not vim.list_contains(known, command) then
    return notify.error(("This ask-lsp does not know %s yet. Update it: pipx upgrade ask-lsp."):format(command))
  end
  local params = { command = command, arguments = arguments and { arguments } or {} }
  client:request("workspace/executeCommand", params, function(err, result)
    if err then
      notify.error(err.message)
    end
    if callback then
      callback(not err and result or nil)
    end
  end, bufnr)
end

--- window/showMessage: these are sentences for people.
---@type lsp.Handler
function M.on_message(_, params)
  local say = ({ notify.error, notify.warn })[params.type] or notify.info
  say(params.message)
end

---@param client vim.lsp.Client
---@param result lsp.InitializeResult
function M.on_init(client, result)
  require("ask_lsp.diagnostics").add_to(client)
  local speaks = vim.tbl_get(result.capabilities, "experimental", "askLsp", "protocol")
  local version = vim.tbl_get(result, "serverInfo", "version") or "of unknown version"
  if type(speaks) ~= "number" then
    notify.warn(
      ("the server (%s) is older than this plugin: it does not speak its protocol. "):format(version)
        .. "Update it: pipx upgrade ask-lsp. Until then answers open as chat files."
    )
  elseif speaks > M.PROTOCOL then
    notify.warn(
      ("this plugin is older than the server (%s), which speaks protocol %d. Update the plugin."):format(
        version,
        speaks
      )
    )
  end
end

return M
