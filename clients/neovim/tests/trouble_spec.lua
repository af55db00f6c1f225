-- What goes wrong: no server, another version, a crash, buffers and files of an unusual kind, wrong options.

local kit = require("kit")
local api = vim.api

local CODE = "def mean(values):\n    return sum(values) / len(values)\n"
local model = kit.model()
local ask_lsp = require("ask_lsp")
local client = require("ask_lsp.client")

local function attached(bufnr)
  return client.get(bufnr)
end

local function wait_for_answer(part)
  return kit.wait(function()
    local bufnr = kit.answer()
    return bufnr and kit.text(bufnr):find(part, 1, true) and bufnr
  end, "answer with " .. part)
end

local function stop()
  for _, each in ipairs(vim.lsp.get_clients()) do
    each:stop(true)
    kit.wait(function()
      return each.rpc.is_closing() and #vim.lsp.get_clients() == 0
    end, "end of the server")
  end
end

--- A server that says only what it is, in this process.
---@param experimental? table
local function other_server(experimental)
  return function(dispatchers)
    local closing = false
    return {
      request = function(method, _, callback)
        if method == "initialize" then
          callback(nil, {
            capabilities = { experimental = experimental },
            serverInfo = { name = "ask-lsp", version = "0.0.9" },
          })
        else
          callback(nil, vim.NIL)
        end
        return true, 1
      end,
      notify = function(method)
        if method == "exit" then
          closing = true
          dispatchers.on_exit(0, 0)
        end
        return true
      end,
      is_closing = function()
        return closing
      end,
      terminate = function()
        closing = true
        dispatchers.on_exit(0, 15)
      end,
    }
  end
end

kit.test("without a server there is one sentence with the next step, however many files are opened", function()
  local path = vim.env.PATH
  vim.env.PATH = "/usr/bin:/bin"
  ask_lsp.setup({})
  for number = 1, 3 do
    kit.write(kit.home .. "/work/none" .. number .. ".py", CODE)
    vim.cmd.edit(kit.home .. "/work/none" .. number .. ".py")
    vim.wait(50)
  end
  kit.eq(1, #kit.said)
  kit.ok(kit.heard("pipx install ask-lsp") and kit.heard(":AskRestart"))
  vim.cmd("Ask Why?")
  kit.eq(2, #kit.said)
  vim.env.PATH = path
  vim.cmd.AskRestart()
  local bufnr = api.nvim_get_current_buf()
  kit.wait(function()
    return attached(bufnr)
  end, "server")
  stop()
end)

kit.test("wrong options are named, and the others count", function()
  ask_lsp.setup({
    anwser = "float",
    answer = "window",
    size = "big",
    keys = { operator = false, foo = "x" },
    split = "below",
  })
  kit.ok(kit.heard("there is no option “anwser”"))
  kit.ok(kit.heard("“answer” must be one of split, float, chat"))
  kit.ok(kit.heard("“size” must be a number"))
  kit.ok(kit.heard("“keys.foo”"))
  kit.eq({ "split", "below" }, { require("ask_lsp.config").get().answer, require("ask_lsp.config").get().split })
  ask_lsp.setup({})
end)

kit.test("a server without the protocol, and one of a newer one, are told apart", function()
  for _, case in ipairs({
    { nil, "the server (0.0.9) is older than this plugin", "pipx upgrade ask-lsp" },
    { { askLsp = { protocol = 2 } }, "this plugin is older than the server (0.0.9)", "Update the plugin" },
  }) do
    local config = vim.tbl_extend("force", client.config(), { name = "ask_lsp", cmd = other_server(case[1]) })
    local function never()
      return false
    end
    vim.lsp.start(config, { bufnr = 0, reuse_client = never })
    kit.wait(function()
      return kit.heard(case[2])
    end, case[2])
    kit.ok(kit.heard(case[3]))
    stop()
  end
end)

kit.test("a crash in the middle of an answer keeps the words, and the server is started again, once", function()
  local bufnr = kit.open("crash.py", CODE)
  for round = 1, 2 do
    kit.said = {}
    model.tell({ hold = true })
    vim.cmd("1,2AskExplain")
    model.tell({ send = "The beginning " })
    local answer = wait_for_answer("The beginning")
    local pids = vim.fn.systemlist({ "pgrep", "-P", tostring(vim.uv.os_getpid()), "-f", " --stdio" })
    kit.eq(1, #pids)
    vim.uv.kill(tonumber(pids[1]), "sigkill")
    kit.wait(function()
      return kit.text(answer):find("The server ended here", 1, true)
    end, "remark")
    kit.ok(kit.text(answer):find("The beginning", 1, true))
    kit.eq({}, api.nvim_buf_get_extmarks(bufnr, api.nvim_create_namespace("ask_lsp.spinner"), 0, -1, {}))
    if round == 1 then
      kit.wait(function()
        return kit.heard("was started again") and attached(bufnr)
      end, "second server")
      vim.cmd.only()
    else
      kit.wait(function()
        return kit.heard(":AskRestart")
      end, "sentence")
      kit.eq(nil, attached(bufnr))
    end
  end
  vim.cmd.AskRestart()
  kit.wait(function()
    return attached(bufnr)
  end, "third server")
end)

kit.test("paths with spaces, Chinese and percent signs", function()
  model.tell({ say = "Yes." })
  local name = "a b/100%25 数据 [x]/mean %41.py"
  local bufnr = kit.open(name, CODE)
  vim.cmd("1,2Ask Is it good?")
  local answer = wait_for_answer("Yes.")
  kit.ok(kit.lines(answer)[3]:find("[mean %41.py:1-2](file:///", 1, true), kit.lines(answer)[3])
  vim.cmd.AskChat()
  api.nvim_win_set_cursor(0, { 3, 3 })
  vim.fn.feedkeys("gf", "xt")
  kit.eq({ bufnr, 1 }, { api.nvim_get_current_buf(), api.nvim_win_get_cursor(0)[1] })
end)

kit.test("a buffer without a name, and one that is no file, say what to do", function()
  vim.cmd.enew()
  vim.cmd("Ask Why?")
  kit.ok(kit.heard("no name yet"))
  vim.cmd("silent help")
  kit.typed = { "Why?" }
  vim.cmd("Ask")
  kit.ok(kit.heard("shows no file"))
  kit.eq({}, kit.prompts)
end)

kit.test("a changed and read-only buffer, of a type that is not attached, can be asked about", function()
  model.tell({ say = "It is a note." })
  kit.write(kit.home .. "/work/todo.txt", "one\n")
  vim.cmd.edit(kit.home .. "/work/todo.txt")
  api.nvim_buf_set_lines(0, 0, -1, true, { "not saved" })
  vim.bo.readonly, vim.bo.modifiable = true, false
  vim.cmd("%Ask What is it?")
  wait_for_answer("It is a note.")
  local sent = model.requests()
  kit.ok(sent[#sent][#sent[#sent]].content:find("not saved", 1, true))
  vim.bo.modifiable, vim.bo.modified = true, false
end)

kit.test("100,000 lines are asked about at once", function()
  model.tell({ say = "Long." })
  local bufnr = kit.open("long.py", ("x = 1\n"):rep(100000))
  local began = vim.uv.hrtime()
  vim.cmd("99998,99999Ask How long?")
  kit.ok((vim.uv.hrtime() - began) / 1e6 < 200, "it stalls")
  wait_for_answer("Long.")
  began = vim.uv.hrtime()
  local hunks = require("ask_lsp.hunks").of(bufnr, {
    { range = { start = { line = 99990, character = 0 }, ["end"] = { line = 99991, character = 0 } }, newText = "y\n" },
  }, vim.lsp.util.buf_versions[bufnr], "utf-8")
  kit.eq(99990, hunks[1]:row())
  kit.ok((vim.uv.hrtime() - began) / 1e6 < 50, "it stalls")
end)

kit.test("an edit that is too late is refused, and said to be", function()
  local bufnr = kit.open("late.py", CODE)
  api.nvim_buf_set_lines(bufnr, 0, 0, true, { "import os" })
  local version = vim.lsp.util.buf_versions[bufnr]
  api.nvim_buf_set_lines(bufnr, 0, 0, true, { "import sys" })
  local range = { start = { line = 0, character = 0 }, ["end"] = { line = 0, character = 0 } }
  local function apply(to)
    return require("ask_lsp.edits").apply(nil, {
      edit = {
        documentChanges = {
          {
            textDocument = { uri = vim.uri_from_bufnr(bufnr), version = to },
            edits = { { range = range, newText = "# new\n" } },
          },
        },
      },
    }, { client_id = client.get().id, method = "workspace/applyEdit" })
  end
  kit.eq(false, apply(version).applied)
  kit.eq("import sys", kit.lines(bufnr)[1])
  kit.eq(true, apply(vim.lsp.util.buf_versions[bufnr]).applied)
  kit.eq("# new", kit.lines(bufnr)[1])
end)

kit.test("a server that knows no such command is named, with what to do", function()
  local bufnr = kit.open("old.py", CODE)
  client.execute(client.get(bufnr), "ask.fromTheFuture")
  kit.ok(kit.heard("does not know ask.fromTheFuture"))
end)
