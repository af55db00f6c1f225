--- Questions on their way: which place each is about, and what the server says about it (ask/answer, ask/input).

local answer = require("ask_lsp.answer")
local client = require("ask_lsp.client")
local notify = require("ask_lsp.notify")
local spinner = require("ask_lsp.spinner")
local target = require("ask_lsp.target")

local api = vim.api

local M = {}

---@class ask_lsp.Job
---@field id string
---@field client_id integer
---@field title? string what was asked
---@field target? ask_lsp.Target
---@field spinner? ask_lsp.Spinner
---@field chat? string URI
---@field view? ask_lsp.Answer
---@field came boolean whether any of the answer has come
---@field ended boolean

---@class ask_lsp.About
---@field title? string
---@field target? ask_lsp.Target
---@field view? ask_lsp.Answer

---@type table<string, ask_lsp.Job> by client and id: a server that was started again counts from one
local jobs = {}
local order = {} ---@type ask_lsp.Job[] that run, oldest first
local last_chat ---@type string?
local expected ---@type ask_lsp.About? what the next job that nobody has told us about is about

---@param id string
---@param client_id integer
---@return ask_lsp.Job
---@return boolean is_new
local function job_of(id, client_id)
  local key = client_id .. " " .. id
  local job = jobs[key]
  if job then
    return job, false
  end
  job = { id = id, client_id = client_id, came = false, ended = false }
  jobs[key] = job
  table.insert(order, job)
  return job, true
end

---@param job ask_lsp.Job
---@param about ask_lsp.About
local function tell(job, about)
  job.title, job.target, job.view = job.title or about.title, about.target, job.view or about.view
  if job.ended then
    return job.target and job.target:drop()
  elseif job.target then
    job.spinner = spinner.start(job.target)
  end
end

---@param job ask_lsp.Job
local function finish(job)
  job.ended = true
  if job.spinner then
    job.spinner:stop()
  end
  if job.target then
    job.target:drop()
  end
  order = vim.tbl_filter(function(each)
    return each ~= job
  end, order)
  -- The answer to the command may still be to come: it must find the job ended, not begin one.
  vim.defer_fn(function()
    jobs[job.client_id .. " " .. job.id] = nil
  end, 60000)
end

--- Runs a command that starts a job.
---@param of vim.lsp.Client
---@param command string
---@param arguments table
---@param bufnr integer
---@param about ask_lsp.About
function M.start(of, command, arguments, bufnr, about)
  client.execute(of, command, arguments, bufnr, function(result)
    if type(result) == "table" and result.job and client.speaks_protocol(of) then
      tell(job_of(result.job, of.id), about)
    elseif about.target then
      about.target:drop()
    end
  end)
end

--- The next job that the server starts by itself is about this: ask.retry starts one without saying so.
---@param about ask_lsp.About
function M.expect(about)
  expected = about
end

--- ask.run and ask.send when they are picked in the menu of code actions.
---@param name string
---@param command lsp.Command
---@param context { bufnr: integer, client_id: integer }
function M.from_menu(name, command, context)
  local of = vim.lsp.get_client_by_id(context.client_id)
  local arguments = (command.arguments or {})[1]
  if not of then
    return
  end
  local about = { title = command.title ~= "" and command.title or nil }
  local bufnr = context.bufnr
  if type(arguments) == "table" and arguments.range and api.nvim_buf_is_loaded(bufnr) then
    if arguments.uri == vim.uri_from_bufnr(bufnr) then
      about.target = target.range(bufnr, arguments.range, of.offset_encoding)
    end
  end
  M.start(of, name, arguments, bufnr, about)
end

---@param job ask_lsp.Job
---@param delta string
local function stream(job, delta)
  job.came = true
  if job.view then
    job.view:append(delta)
  end
end

--- The chat is there: now it is known that the answer is for reading, and where it goes.
---@param job ask_lsp.Job
---@param chat string
local function show(job, chat)
  job.chat, last_chat = chat, chat
  -- An edit whose answer could not be used names its chat at the end, behind all pieces of two answers. Its sentence
  -- says that the chat has them; a window with both in a row would help nobody.
  if not job.view and not job.came then
    job.view = answer.open(chat, job.title, job.target)
  end
end

---@type table<string, fun(job: ask_lsp.Job, params: table)>
local by_state = {
  waiting = function(job, params)
    if job.spinner and params.note then
      job.spinner:say(params.note)
    end
    if job.view and params.note then
      job.view:remark(params.note)
    end
  end,
  streaming = function(job, params)
    if params.delta then
      stream(job, params.delta)
    end
    if params.chat then
      show(job, params.chat)
    end
  end,
  question = function(job, params)
    finish(job)
    require("ask_lsp.chat").open(params.chat, { focus = true, at_end = true })
    notify.info("Type the question at the end, then :AskChat sends it.")
  end,
  done = function(job, params)
    finish(job)
    if job.view then
      job.view:finish(params.note)
    elseif params.note and not params.chat then
      notify.info(params.note) -- an edit
    end
  end,
  cancelled = function(job)
    finish(job)
    if job.view then
      job.view:finish("Cancelled.")
    end
  end,
  failed = function(job, params)
    finish(job)
    if job.view then
      job.view:fail(params.error)
    end
    notify.error(params.error)
  end,
}

--- ask/answer.
---@type lsp.Handler
function M.on_answer(_, params, context)
  local job, is_new = job_of(params.job, context.client_id)
  if is_new and expected then
    tell(job, expected)
    expected = nil
  end
  job.chat = params.chat or job.chat
  last_chat = params.chat or last_chat
  local handle = by_state[params.state]
  if handle and not job.ended then
    handle(job, params)
  end
end

--- ask/input: a question, typed wherever the user likes to type.
---@type lsp.Handler
function M.on_input(_, params, context)
  local waiting = assert(coroutine.running())
  vim.ui.input({ prompt = params.prompt .. ": " }, function(value)
    -- vim.ui.input may answer before it returns, and nobody may be resumed who does not wait yet.
    vim.schedule(function()
      local of = vim.lsp.get_client_by_id(context.client_id)
      if value == nil and of then
        -- Whoever leaves the input wants nothing; an empty question opens a chat to type a longer one into.
        client.execute(of, "ask.cancel", { job = params.job })
      end
      coroutine.resume(waiting, value and { value = value } or vim.NIL)
    end)
  end)
  return coroutine.yield()
end

--- The job to stop: that of the answer or the file in this buffer, else the newest.
---@param bufnr integer
---@return ask_lsp.Job?
function M.of_buffer(bufnr)
  for number = #order, 1, -1 do
    local job = order[number]
    if (job.view and job.view.bufnr == bufnr) or (job.target and job.target.bufnr == bufnr) then
      return job
    end
  end
  return order[#order]
end

---@return integer how many run
function M.running()
  return #order
end

--- Whether an answer of that conversation is on its way.
---@param chat string URI
---@return boolean
function M.is_running(chat)
  return vim.iter(order):any(function(job)
    return job.chat == chat
  end)
end

--- The chat that was last heard of.
---@return string? URI
function M.last_chat()
  return last_chat
end

--- The server is gone, and its jobs with it. What had come stays.
---@param client_id integer
---@return integer how many were lost
function M.lost(client_id)
  local lost = 0
  for _, job in ipairs(vim.list_slice(order)) do
    if job.client_id == client_id then
      lost = lost + 1
      finish(job)
      if job.view then
        job.view:fail("The server ended here. What had come is kept; :AskChat asks on.")
      end
    end
  end
  return lost
end

return M
