-- Questions and answers, against the real server.

local kit = require("kit")
local api = vim.api

local CODE =
  '"""Numbers."""\n\n\ndef mean(values):\n    return sum(values) / len(values)\n\n\ndef two():\n    return "日本語 👍🏽", 2\n'

local model = kit.model()
require("ask_lsp").setup({})

local function ask(command)
  local bufnr = kit.open("numbers.py", CODE)
  vim.cmd(command)
  return bufnr
end

local function answered(part)
  return kit.wait(function()
    local bufnr = kit.answer()
    return bufnr and kit.text(bufnr):find(part, 1, true) and bufnr
  end, "answer with " .. part)
end

local function ended(window)
  kit.wait(function()
    local _, shown = kit.answer()
    return vim.wo[window or shown].winbar:find("asks on", 1, true)
  end, "end of the answer")
end

kit.test("a question about a range is answered beside it, and nobody's cursor moves", function()
  model.tell({ hold = true })
  local bufnr = ask("4,5Ask What if it is empty?")
  api.nvim_win_set_cursor(0, { 2, 0 })
  local before = api.nvim_get_current_win()
  model.tell({ send = "It **raises** " })
  local answer = answered("It **raises**")
  kit.eq(
    { before, { 2, 0 }, bufnr },
    { api.nvim_get_current_win(), api.nvim_win_get_cursor(0), api.nvim_get_current_buf() }
  )
  kit.eq("# What if it is empty?", kit.lines(answer)[1])
  model.tell({ send = "ZeroDivisionError." })
  model.tell({ finish = true })
  answered("It **raises** ZeroDivisionError.")
  ended()
  kit.eq("markdown", vim.bo[answer].filetype)
  kit.ok(vim.treesitter.highlighter.active[answer], "no treesitter")
  kit.eq(false, vim.bo[answer].modifiable)
  local sent = model.requests()
  local question = sent[#sent][#sent[#sent]].content
  kit.ok(
    question:find("def mean(values):\n    return sum", 1, true) and not question:find("def two", 1, true),
    question
  )
end)

kit.test("the spinner stands at the target while it runs, and follows it", function()
  local namespace = api.nvim_create_namespace("ask_lsp.spinner")
  model.tell({ hold = true })
  local bufnr = ask("4,5AskExplain")
  local function rows()
    return vim.tbl_map(function(mark)
      return mark[2]
    end, api.nvim_buf_get_extmarks(bufnr, namespace, 0, -1, {}))
  end
  kit.wait(function()
    return vim.deep_equal(rows(), { 3 })
  end, "spinner")
  api.nvim_buf_set_lines(bufnr, 0, 0, true, { "import os" })
  kit.wait(function()
    return vim.deep_equal(rows(), { 4 })
  end, "spinner that follows")
  model.tell({ send = "Yes." })
  model.tell({ finish = true })
  kit.wait(function()
    return #rows() == 0
  end, "end of the spinner")
  vim.cmd("silent undo")
end)

kit.test("without a question it is asked for by vim.ui.input, and leaving it asks nothing", function()
  local before = #model.requests()
  kit.typed = { false }
  ask("4,5Ask")
  kit.eq({ "Ask about numbers.py:4-5: " }, kit.prompts)
  model.tell({ say = "Because." })
  kit.typed = { "Why?" }
  vim.cmd("4,5Ask")
  answered("Because.")
  ended()
  kit.eq(before + 1, #model.requests())
end)

kit.test("the operator takes a motion, and the selection by columns behind characters of any width", function()
  model.tell({ say = "Two." })
  kit.typed = { "What is it?" }
  ask("normal 9G")
  vim.fn.search("👍")
  vim.cmd('normal gAf"') -- up to and including the quote
  answered("Two.")
  ended()
  local sent = model.requests()
  local question = sent[#sent][#sent[#sent]].content
  kit.ok(question:find('\n👍🏽"\n', 1, true), question)
end)

kit.test("who reads further up is left alone, and who is at the end follows", function()
  model.tell({ hold = true })
  ask("4,5AskExplain")
  model.tell({ send = ("line\n"):rep(200) })
  answered("line\nline")
  local bufnr, window = kit.answer()
  kit.eq(api.nvim_buf_line_count(bufnr), api.nvim_win_get_cursor(window)[1])
  api.nvim_win_set_cursor(window, { 20, 0 })
  local view = api.nvim_win_call(window, vim.fn.winsaveview)
  model.tell({ send = ("more\n"):rep(200) })
  answered("more\nmore")
  kit.eq(view, api.nvim_win_call(window, vim.fn.winsaveview))
  model.tell({ finish = true })
  ended()
end)

kit.test("a follow-up goes into the same conversation and the same window", function()
  model.tell({ say = "The first answer." })
  ask("4,5AskExplain")
  local answer = answered("The first answer.")
  ended()
  local _, window = kit.answer()
  model.tell({ say = "The second answer." })
  kit.typed = { "And now?" }
  api.nvim_set_current_win(window)
  vim.fn.feedkeys("i", "xt")
  answered("# And now?\n\nThe second answer.")
  ended()
  kit.eq(answer, kit.answer())
  local sent = model.requests()
  kit.eq("And now?", sent[#sent][#sent[#sent]].content)
  kit.eq("The first answer.", sent[#sent][#sent[#sent] - 1].content)
  model.tell({ say = "A third." })
  vim.cmd("AskChat Once more")
  answered("# Once more\n\nA third.")
  ended()
end)

kit.test("q closes the answer, AskChat brings it back, gf goes to the code", function()
  model.tell({ say = "See [mean](numbers.py:5)." })
  ask("4,5AskExplain")
  answered("See")
  ended()
  local code = api.nvim_get_current_win()
  vim.cmd.AskChat()
  local bufnr, window = kit.answer()
  kit.eq(window, api.nvim_get_current_win())
  vim.fn.search("numbers.py:4")
  vim.fn.feedkeys("gf", "xt")
  kit.eq({ code, 4 }, { api.nvim_get_current_win(), api.nvim_win_get_cursor(0)[1] })
  api.nvim_set_current_win(window)
  vim.fn.feedkeys("q", "xt")
  kit.eq(nil, (kit.answer()))
  kit.ok(api.nvim_buf_is_loaded(bufnr), "the answer is gone")
  vim.cmd.AskChat()
  kit.eq(bufnr, (kit.answer()))
end)

kit.test("AskStop ends it, and what had come stays", function()
  model.tell({ hold = true })
  ask("4,5AskExplain")
  model.tell({ send = "The beginning " })
  answered("The beginning")
  vim.cmd.AskStop()
  kit.wait(function()
    local _, window = kit.answer()
    return vim.wo[window].winbar:find("Cancelled", 1, true)
  end, "cancel")
  answered("The beginning")
end)

kit.test("ask/input of the server is asked by vim.ui.input; leaving it ends the job", function()
  ask("normal 5G")
  local function pick(title)
    vim.lsp.buf.code_action({
      apply = true,
      filter = function(action)
        return action.title:find(title, 1, true) ~= nil
      end,
    })
  end
  kit.typed = { false }
  pick("Ask ChatGPT")
  kit.wait(function()
    return #kit.prompts == 1 and require("ask_lsp.jobs").running() == 0
  end, "end of the job")
  model.tell({ say = "From the menu." })
  kit.typed = { "How?" }
  pick("Ask ChatGPT")
  answered("From the menu.")
  ended()
end)

kit.test("a failure is said and stands below what had come", function()
  local bufnr = ask("4,5Ask")
  kit.config("api_key: test-key-0123456789\nmodel: fake-model\nbase_url: http://127.0.0.1:9/v1\nlimits: {retries: 0}\n")
  vim.cmd("4,5AskExplain")
  kit.wait(function()
    return kit.heard("127.0.0.1")
  end, "sentence")
  kit.eq({}, api.nvim_buf_get_extmarks(bufnr, api.nvim_create_namespace("ask_lsp.spinner"), 0, -1, {}))
end)
