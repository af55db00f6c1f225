-- What stands around a question: where answers appear, diagnostics, profiles, the statusline, health, the bare server.

local kit = require("kit")
local api = vim.api

local CODE = "def mean(values):\n    return sum(values) / len(values)\n"
local ask_lsp = require("ask_lsp")

local function set_up(options)
  ask_lsp.setup(options)
end

local function wait_for_answer(part)
  return kit.wait(function()
    local bufnr = kit.answer()
    return bufnr and kit.text(bufnr):find(part, 1, true) and bufnr
  end, "answer with " .. part)
end

kit.config("profile: echo\nprices: {input: 1, output: 2}\n")

kit.test("before setup, vim.lsp.enable runs the bare server, and answers open as chat files", function()
  vim.lsp.enable("ask_lsp")
  local bufnr = kit.open("bare.py", CODE)
  kit.eq(nil, vim.lsp.get_clients({ name = "ask_lsp" })[1].server_capabilities.experimental)
  vim.cmd("1,2AskExplain")
  local chat = kit.wait(function()
    for _, each in ipairs(api.nvim_list_bufs()) do
      if
        api.nvim_buf_get_name(each):find("/ask-lsp/chats/", 1, true) and kit.text(each):find("You asked:", 1, true)
      then
        return each
      end
    end
  end, "chat file")
  kit.ok(#vim.fn.win_findbuf(chat) > 0)
  kit.eq(bufnr, api.nvim_get_current_buf())
  kit.eq({}, api.nvim_buf_get_extmarks(bufnr, api.nvim_create_namespace("ask_lsp.spinner"), 0, -1, {}))
  vim.lsp.enable("ask_lsp", false)
  kit.wait(function()
    return #vim.lsp.get_clients() == 0
  end, "end of the bare server")
  api.nvim_buf_delete(chat, { force = true })
end)

kit.test("lsp/ask_lsp.lua, copied alone, is what minimal.lua says", function()
  local bare = dofile(kit.root .. "/clients/neovim/lsp/ask_lsp.lua")
  local minimal
  local lsp = vim.lsp
  vim.lsp = {
    config = function(_, config)
      minimal = config
    end,
    enable = function() end,
  } -- stylua: ignore
  dofile(kit.root .. "/clients/neovim/minimal.lua")
  vim.lsp = lsp
  kit.eq(minimal, bare)
  set_up({})
  kit.eq(minimal.filetypes, require("ask_lsp.config").get().filetypes)
end)

kit.test("gA is mapped where it is free, and left alone where it is not", function()
  kit.eq("<Plug>(ask-operator)", vim.fn.maparg("gA", "n"))
  vim.keymap.del({ "n", "x" }, "gA")
  vim.keymap.set("n", "gA", "<Cmd>echo 1<CR>")
  set_up({})
  kit.eq("<Cmd>echo 1<CR>", vim.fn.maparg("gA", "n"))
  kit.eq("<Plug>(ask-operator)", vim.fn.maparg("gA", "x"))
  vim.keymap.del({ "n", "x" }, "gA")
end)

kit.test("diagnostics of all clients go into the menu, at their places", function()
  local bufnr = kit.open("wrong.py", "s = '日本語'; x = undefined\ny = 1\n")
  local namespace = api.nvim_create_namespace("another.linter")
  vim.diagnostic.set(namespace, bufnr, {
    { lnum = 0, col = 21, end_col = 30, message = "undefined name", severity = 1, source = "lint", code = "F821" },
    { lnum = 1, col = 0, message = "far away", severity = 2 },
  })
  local of = vim.lsp.get_clients({ name = "ask_lsp" })[1]
  local range = { start = { line = 0, character = 0 }, ["end"] = { line = 0, character = 3 } }
  local found = require("ask_lsp.diagnostics").at(bufnr, range, "utf-16")
  kit.eq(1, #found)
  kit.eq({ "undefined name", "F821", 15 }, { found[1].message, found[1].code, found[1].range.start.character })
  api.nvim_win_set_cursor(0, { 1, 0 })
  local titles = {}
  local params = vim.lsp.util.make_range_params(0, of.offset_encoding)
  params.context = { diagnostics = {}, triggerKind = 1 }
  for _, action in ipairs(of:request_sync("textDocument/codeAction", params, 10000, bufnr).result) do
    table.insert(titles, action.title)
  end
  kit.ok(table.concat(titles, "|"):find("undefined name", 1, true), vim.inspect(titles))
end)

kit.test("an answer in a float takes no focus either", function()
  set_up({ answer = "float" })
  kit.open("float.py", CODE)
  local before = api.nvim_get_current_win()
  vim.cmd("1,2AskExplain")
  wait_for_answer("You asked:")
  local _, window = kit.answer()
  kit.eq({ "editor", before }, { api.nvim_win_get_config(window).relative, api.nvim_get_current_win() })
  api.nvim_win_close(window, true)
end)

kit.test("an answer in the chat file itself", function()
  set_up({ answer = "chat" })
  kit.open("chat.py", CODE)
  local before = api.nvim_get_current_win()
  vim.cmd("1,2AskExplain")
  local chat = wait_for_answer("You asked:")
  kit.ok(api.nvim_buf_get_name(chat):find("/ask-lsp/chats/", 1, true))
  kit.eq(before, api.nvim_get_current_win())
  kit.wait(function()
    return require("ask_lsp.jobs").running() == 0 and kit.text(chat):match("role=user %-%->\n*$")
  end, "next question")
  vim.cmd("AskChat And then?")
  kit.wait(function()
    return kit.text(chat):find("And then%?.*You asked: And then%?")
  end, "second answer")
  -- Typed by hand, :AskChat in the chat sends it.
  kit.wait(function()
    return require("ask_lsp.jobs").running() == 0 and kit.text(chat):match("role=user %-%->\n*$")
  end, "next question")
  api.nvim_set_current_win(vim.fn.win_findbuf(chat)[1])
  api.nvim_buf_set_lines(chat, -1, -1, true, { "By hand?" })
  vim.cmd.AskChat()
  kit.wait(function()
    return kit.text(chat):find("You asked: By hand?", 1, true)
  end, "third answer")
end)

kit.test("an empty question opens a chat to type a longer one into", function()
  set_up({})
  kit.open("long.py", CODE)
  vim.cmd("normal! 1G")
  kit.typed = { "" }
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      return action.title:find("^Ask ChatGPT") ~= nil
    end,
  })
  kit.wait(function()
    return api.nvim_buf_get_name(0):find("/ask-lsp/chats/", 1, true)
  end, "chat")
  kit.ok(kit.heard(":AskChat sends it"))
end)

kit.test("the statusline says profile and trouble; AskProfile changes it, with completion", function()
  kit.open("status.py", CODE)
  kit.wait(function()
    return ask_lsp.statusline():find("^echo")
  end, "status")
  kit.eq({ "echo" }, vim.fn.getcompletion("AskProfile e", "cmdline"))
  vim.cmd("AskProfile default")
  kit.wait(function()
    return ask_lsp.status().profile == "default"
  end, "profile")
  vim.cmd("AskProfile nope")
  kit.wait(function()
    return kit.heard("nope")
  end, "sentence")
  require("ask_lsp.status").handle(nil, { profile = "p%d", busy = 2, spentToday = 1.234, error = "No." })
  kit.eq("p%%d … 2 $1.23 !", ask_lsp.statusline())
  vim.cmd("AskProfile echo")
  kit.eq({ "accept", "accept_hunk", "all" }, vim.fn.getcompletion("AskProposals a", "cmdline"))
end)

kit.test("checkhealth says what is there and what to do", function()
  kit.open("health.py", CODE)
  vim.cmd("silent checkhealth ask_lsp")
  local report = kit.text(0)
  for _, part in ipairs({
    "0.11",
    "treesitter parser: markdown",
    "ask-lsp 0.",
    "protocol 1",
    "health.py",
    "profile: echo",
  }) do
    kit.ok(report:find(part, 1, true), part .. " is not in " .. report)
  end
  kit.ok(not report:find("ERROR", 1, true), report)
end)

kit.test("the help has its tags, and none twice", function()
  local folder = kit.home .. "/doc"
  kit.write(
    folder .. "/ask_lsp.txt",
    table.concat(vim.fn.readfile(kit.root .. "/clients/neovim/doc/ask_lsp.txt"), "\n") .. "\n"
  )
  vim.cmd.helptags(folder)
  local tags = table.concat(vim.fn.readfile(folder .. "/tags"), "\n")
  for name in pairs(api.nvim_get_commands({})) do
    kit.ok(not name:match("^Ask") or tags:find(":" .. name .. "\t", 1, true), name .. " has no help")
  end
  local help = kit.text(vim.fn.bufadd(folder .. "/ask_lsp.txt"))
  help = table.concat(vim.fn.readfile(folder .. "/ask_lsp.txt"), "\n")
  for name in pairs(require("ask_lsp.config").get()) do
    kit.ok(help:find(name, 1, true), "option " .. name .. " has no help")
  end
  for name in pairs(require("ask_lsp.config").get().keys) do
    kit.ok(help:find(name, 1, true), "key " .. name .. " has no help")
  end
  for line in help:gmatch("[^\n]+") do
    kit.ok(vim.fn.strdisplaywidth(line) <= 78, "too long: " .. line)
  end
end)
