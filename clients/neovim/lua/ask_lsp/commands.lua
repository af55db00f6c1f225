--- What the commands and the operator do.

local client = require("ask_lsp.client")
local notify = require("ask_lsp.notify")

local api = vim.api

local M = {}

---@return ask_lsp.Target
local function place(arguments)
  local target = require("ask_lsp.target")
  local bufnr = api.nvim_get_current_buf()
  if arguments.range == 0 then
    return target.cursor()
  end
  local start, stop = api.nvim_buf_get_mark(bufnr, "<"), api.nvim_buf_get_mark(bufnr, ">")
  -- A range is lines. Typed out of visual mode (`:'<,'>Ask`) it means what is selected.
  local out_of_visual = vim.fn.histget(":", -1):match("^%s*'<,'>%s*Ask")
  if out_of_visual and start[1] == arguments.line1 and stop[1] == arguments.line2 then
    return target.marks(bufnr, start, stop, vim.fn.visualmode())
  end
  return target.lines(bufnr, arguments.line1, arguments.line2)
end

--- Runs an action at a place.
---@param at ask_lsp.Target
---@param command string
---@param action string
---@param question? string
local function run(at, command, action, question)
  client.with(at.bufnr, function(of)
    require("ask_lsp.jobs").start(of, command, {
      action = action,
      uri = vim.uri_from_bufnr(at.bufnr),
      range = at:lsp_range(of.offset_encoding),
      question = question,
    }, at.bufnr, { title = question or (action == "explain" and "Explain") or nil, target = at })
  end)
end

--- Asks for the words, then about the place.
---@param at ask_lsp.Target
local function ask_for_words(at)
  local why = client.unfit(at.bufnr)
  if why then
    return notify.warn(why) -- before anybody has typed for nothing
  end
  vim.ui.input({ prompt = ("Ask about %s: "):format(at:label()) }, function(question)
    if question and vim.trim(question) ~= "" then
      run(at, "ask.run", "ask", question)
    else
      at:drop() -- whoever leaves the input wants nothing
    end
  end)
end

--- :[range]Ask [question]
function M.ask(arguments)
  local at = place(arguments)
  if arguments.args ~= "" then
    run(at, "ask.run", "ask", arguments.args)
  else
    ask_for_words(at)
  end
end

--- :[range]AskExplain
function M.explain(arguments)
  run(place(arguments), "ask.run", "explain")
end

--- :[range]AskPreview [question]
function M.preview(arguments)
  local question = arguments.args ~= "" and arguments.args or nil
  run(place(arguments), "ask.preview", question and "ask" or "explain", question)
end

--- 'operatorfunc'
---@param kind "line"|"char"|"block"
function M.operator(kind)
  local bufnr = api.nvim_get_current_buf()
  local start, stop = api.nvim_buf_get_mark(bufnr, "["), api.nvim_buf_get_mark(bufnr, "]")
  ask_for_words(require("ask_lsp.target").marks(bufnr, start, stop, kind))
end

--- Runs a command on the client that is there.
---@param command string
---@param arguments? table
---@param callback? fun(result: any?)
function M.execute(command, arguments, callback)
  local of = client.get(0) or client.get()
  if of then
    client.execute(of, command, arguments, nil, callback)
  else
    notify.warn("The server does not run. Open a file that it is for, or ask about one by :Ask.")
  end
end

--- :AskStop[!]
function M.stop(arguments)
  local jobs = require("ask_lsp.jobs")
  local job = not arguments.bang and jobs.of_buffer(api.nvim_get_current_buf())
  local of = client.get()
  -- Without the protocol nobody tells us what runs.
  if not arguments.bang and not job and of and client.speaks_protocol(of) then
    return notify.info("Nothing is running.")
  end
  M.execute("ask.cancel", job and { job = job.id } or nil)
end

---@param chat string URI
---@param of vim.lsp.Client
---@param view? ask_lsp.Answer
---@param question? string to be put at the end of the chat first
local function send(chat, of, view, question)
  local bufnr = require("ask_lsp.chat").loaded(chat)
  require("ask_lsp.jobs").start(of, "ask.send", { uri = chat, question = question }, bufnr or 0, { view = view })
end

--- Asks on in a conversation.
---@param chat string URI
---@param question? string asked for where it is left out
function M.follow_up(chat, question)
  if not question then
    vim.ui.input({ prompt = "Ask on: " }, function(typed)
      if typed and vim.trim(typed) ~= "" then
        M.follow_up(chat, typed)
      end
    end)
    return
  end
  local of = client.get()
  if not of then
    return notify.error("The server does not run. :AskRestart starts it, then ask again.")
  elseif require("ask_lsp.jobs").is_running(chat) then
    return notify.warn("This answer is still coming. Wait for it, or :AskStop.")
  end
  local view = require("ask_lsp.answer").of(chat)
  if view then
    view:ask(question)
  end
  send(chat, of, view, question)
end

--- :AskChat [question]
function M.chat(arguments)
  local answer = require("ask_lsp.answer")
  local bufnr = api.nvim_get_current_buf()
  local of = client.get(bufnr)
  local here = require("ask_lsp.chat").is_chat(bufnr)
  local chat = here and vim.uri_from_bufnr(bufnr) or require("ask_lsp.jobs").last_chat()
  if arguments.args == "" and here and of then
    return send(chat, of)
  elseif not chat then
    return notify.warn("There is no chat yet in this session. :Ask begins one.")
  elseif arguments.args ~= "" then
    return M.follow_up(chat, arguments.args)
  end
  local view = answer.of(chat)
  if view then
    api.nvim_set_current_win(answer.show(view.bufnr, "Answer"))
    view:remark()
  else
    require("ask_lsp.chat").open(chat, { focus = true, at_end = true })
  end
end

--- :AskProposals [what]
function M.proposals(arguments)
  require("ask_lsp.proposals").command(arguments.args)
end

--- :AskProfile [name]
function M.profile(arguments)
  local status = require("ask_lsp.status").get()
  if arguments.args ~= "" then
    M.execute("ask.profile", { name = arguments.args })
  elseif status and status.profiles then
    vim.ui.select(status.profiles, { prompt = "Who answers?" }, function(name)
      if name then
        M.execute("ask.profile", { name = name })
      end
    end)
  else
    M.execute("ask.profile")
  end
end

--- :AskRetry [more words]
function M.retry(arguments)
  local question = arguments.args ~= "" and arguments.args or nil
  local proposal = require("ask_lsp.proposals").here()
  require("ask_lsp.jobs").expect(proposal and proposal:about() or {})
  M.execute("ask.retry", { proposal = proposal and proposal.id, question = question })
end

--- :AskUndo
function M.undo()
  M.execute("ask.undo")
end

--- :AskRestart
function M.restart()
  require("ask_lsp.life").restart()
end

--- Completion of arguments.
---@param what "proposals"|"profile"
---@param typed string
---@return string[]
function M.complete(what, typed)
  local words
  if what == "proposals" then
    words = require("ask_lsp.proposals").words()
  else
    local status = require("ask_lsp.status").get()
    words = status and status.profiles or { "default", "echo", "local" }
    if status and not vim.list_contains(words, status.profile) then
      table.insert(words, status.profile)
    end
  end
  return vim.tbl_filter(function(word)
    return vim.startswith(word, typed)
  end, words)
end

return M
