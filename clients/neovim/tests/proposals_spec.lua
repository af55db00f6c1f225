-- Edits as proposals: shown in the text, taken and turned down whole or hunk by hunk, each one step of undo.

local kit = require("kit")
local api = vim.api

local CODE =
  '"""Numbers."""\n\n\ndef mean(values):\n    total = sum(values)\n    count = len(values)\n    return total / count\n\n\ndef two():\n    return 2\n'
local NEW =
  'def mean(values):\n    """The arithmetic mean."""\n    total = sum(values)\n    count = len(values)\n    return float(total / count)'
local ANSWER = "```python\n" .. NEW .. "\n```\n"
local FIRST = '    """The arithmetic mean."""'
local SECOND = "    return float(total / count)"

local model = kit.model()
require("ask_lsp").setup({})
local inline = api.nvim_create_namespace("ask_lsp.inline")
local proposals = require("ask_lsp.proposals")
local round = 0

---@return ask_lsp.Proposal
local function proposed(hunks)
  return kit.wait(function()
    local all = proposals.all()
    return #all == 1 and #all[1].open == hunks and all[1]
  end, ("proposal with %d hunks"):format(hunks))
end

local function asked(answer)
  round = round + 1
  local bufnr = kit.open(("numbers%d.py"):format(round), CODE)
  model.tell({ say = answer or ANSWER })
  vim.cmd("normal! 5G")
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      return action.title:find("Simplify", 1, true) ~= nil
    end,
  })
  return bufnr
end

local function gone()
  kit.wait(function()
    return #proposals.all() == 0
  end, "end of the proposal")
end

local function text(bufnr)
  return kit.text(bufnr) .. "\n"
end

kit.test("it is shown in the text, which stays as it is", function()
  local bufnr = asked()
  proposed(2)
  kit.eq(CODE, text(bufnr))
  local marks = api.nvim_buf_get_extmarks(bufnr, inline, 0, -1, { details = true })
  local virtual = {}
  for _, mark in ipairs(marks) do
    for _, line in ipairs(mark[4].virt_lines or {}) do
      table.insert(virtual, vim.trim(line[1][1]))
    end
  end
  kit.ok(vim.list_contains(virtual, vim.trim(FIRST)), vim.inspect(virtual))
  kit.ok(vim.list_contains(virtual, vim.trim(SECOND)), vim.inspect(virtual))
  kit.eq(nil, (kit.answer()), "answer window")
  vim.fn.feedkeys("ghR", "xt")
  gone()
  kit.eq({}, api.nvim_buf_get_extmarks(bufnr, inline, 0, -1, {}))
  kit.eq(CODE, text(bufnr))
  kit.eq("", vim.fn.maparg("ghR", "n"))
end)

kit.test("accepted it is made by the server, and one u takes it back", function()
  local bufnr = asked()
  proposed(2)
  vim.fn.feedkeys("ghA", "xt")
  kit.wait(function()
    return text(bufnr) == CODE:gsub("def mean.-\n\n\n", function()
      return NEW .. "\n\n\n"
    end)
  end, "edited text")
  gone()
  vim.cmd("silent undo")
  kit.eq(CODE, text(bufnr))
end)

kit.test("one hunk is taken, the other follows its lines and is turned down", function()
  local bufnr = asked()
  local proposal = proposed(2)
  vim.fn.feedkeys("gg]h]h", "xt")
  kit.eq(7, api.nvim_win_get_cursor(0)[1])
  vim.fn.feedkeys("gha", "xt")
  kit.eq(SECOND, kit.lines(bufnr)[7])
  kit.eq("    total = sum(values)", kit.lines(bufnr)[5])
  proposed(1)
  api.nvim_buf_set_lines(bufnr, 0, 0, true, { "import os" })
  vim.fn.feedkeys("]h", "xt")
  kit.eq(6, api.nvim_win_get_cursor(0)[1])
  vim.fn.feedkeys("ghr", "xt")
  gone()
  kit.eq("import os\n" .. CODE:gsub("    return total / count", SECOND), text(bufnr))
end)

kit.test("both hunks taken one by one leave nothing behind, and each is one u", function()
  local bufnr = asked()
  proposed(2)
  vim.fn.feedkeys("gg]hgha", "xt")
  kit.eq(FIRST, kit.lines(bufnr)[5])
  proposed(1)
  vim.fn.feedkeys("]hgha", "xt")
  gone()
  vim.cmd("silent undo")
  kit.eq({ FIRST, "    return total / count" }, { kit.lines(bufnr)[5], kit.lines(bufnr)[8] })
  vim.cmd("silent undo")
  kit.eq(CODE, text(bufnr))
end)

kit.test("what is typed above while it is on the way moves it; its own lines typed in make it wait", function()
  local bufnr = asked()
  local first = proposed(2)
  kit.eq(3, first:row() - 1)
  -- The same message for a version that is long gone: the change log knows the way.
  local version = vim.lsp.util.buf_versions[bufnr]
  local of = vim.lsp.get_clients({ name = "ask_lsp" })[1]
  local message = {
    id = first.id,
    uri = first.uri,
    title = first.title,
    reason = "",
    state = "kept",
    version = version,
    hunks = {
      {
        range = { start = { line = 4, character = 0 }, ["end"] = { line = 4, character = 0 } },
        newText = FIRST .. "\n",
      },
    },
  } -- stylua: ignore
  api.nvim_buf_set_lines(bufnr, 0, 0, true, { "import os", "import sys" })
  proposals.on_proposal(nil, message, { client_id = of.id, method = "ask/proposal" })
  kit.eq(1, #first.open)
  kit.eq(6, first.open[1]:row())
  api.nvim_buf_set_lines(bufnr, 6, 7, true, { "    total = 0" })
  proposals.on_proposal(nil, message, { client_id = of.id, method = "ask/proposal" })
  kit.eq({}, first.open)
  first:reject()
  gone()
end)

kit.test("a hunk at the first line, at the last, of a whole file", function()
  local bufnr = kit.open("ends.py", "a = 1\nb = 2\n")
  local hunks = require("ask_lsp.hunks")
  local function at(line, last, new)
    return {
      range = { start = { line = line, character = 0 }, ["end"] = { line = last, character = 0 } },
      newText = new,
    }
  end
  for _, case in ipairs({
    { { at(0, 0, "import os\n") }, "import os\na = 1\nb = 2" },
    { { at(2, 2, "c = 3\n") }, "a = 1\nb = 2\nc = 3" },
    { { at(0, 2, "z\n") }, "z" },
    { { at(1, 2, "") }, "a = 1" },
    { { at(0, 1, "A\n"), at(1, 2, "B\nC\n") }, "A\nB\nC" },
  }) do
    local found = hunks.of(bufnr, case[1], vim.lsp.util.buf_versions[bufnr], "utf-8")
    for number = #found, 1, -1 do
      found[number]:make()
    end
    kit.eq(case[2], kit.text(bufnr))
    vim.cmd("silent undo")
    kit.eq("a = 1\nb = 2", kit.text(bufnr))
  end
end)

kit.test("the diff tab shows both sides, takes hunks, and closes with q", function()
  local bufnr = asked()
  local proposal = proposed(2)
  local before = api.nvim_get_current_win()
  vim.fn.feedkeys("ghd", "xt")
  kit.eq(2, #api.nvim_list_tabpages())
  local windows = api.nvim_tabpage_list_wins(0)
  kit.eq({ true, true }, { vim.wo[windows[1]].diff, vim.wo[windows[2]].diff })
  kit.ok(kit.text(api.nvim_win_get_buf(windows[2])):find(NEW, 1, true), "no new text")
  vim.fn.feedkeys("gg]hgha", "xt")
  kit.eq(FIRST, kit.lines(bufnr)[5])
  proposed(1)
  api.nvim_set_current_win(windows[2])
  vim.fn.feedkeys("q", "xt")
  kit.eq({ 1, before, false }, { #api.nvim_list_tabpages(), api.nvim_get_current_win(), vim.wo.diff })
  proposal:reject()
  gone()
end)

kit.test("with preview = tab there is a hint, and no window opens by itself", function()
  require("ask_lsp").setup({ preview = "tab" })
  local bufnr = asked()
  local proposal = proposed(2)
  local marks = api.nvim_buf_get_extmarks(bufnr, inline, 0, -1, { details = true })
  kit.eq(1, #marks)
  kit.ok(marks[1][4].virt_text[1][1]:find("ghd diff", 1, true), vim.inspect(marks))
  kit.eq({ 1, 1 }, { #api.nvim_list_tabpages(), #api.nvim_list_wins() })
  require("ask_lsp").setup({})
  proposal:reject()
  gone()
end)

kit.test("AskProposals is a menu by vim.ui.select", function()
  local bufnr = asked()
  proposed(2)
  kit.chosen = { "Accept" }
  vim.cmd.AskProposals()
  kit.wait(function()
    return kit.lines(bufnr)[5] == FIRST
  end, "edited text")
  gone()
  vim.cmd.AskUndo()
  kit.wait(function()
    return text(bufnr) == CODE
  end, "text before")
  vim.cmd.AskProposals()
  kit.ok(kit.heard("No proposals"))
end)

kit.test("AskRetry at a proposal asks anew with more words", function()
  local bufnr = asked()
  proposed(2)
  model.tell({ say = "```python\n" .. NEW:gsub("arithmetic ", "") .. "\n```\n" })
  vim.cmd("normal gg]h")
  vim.cmd("AskRetry Shorter words")
  kit.wait(function()
    local all = proposals.all()
    return #all == 1 and all[1].open[1] and all[1].open[1].new[1] == '    """The mean."""'
  end, "second proposal")
  local sent = model.requests()
  kit.ok(sent[#sent][#sent[#sent]].content:find("Shorter words", 1, true))
  vim.fn.feedkeys("ghR", "xt")
  gone()
  kit.eq(CODE, text(bufnr))
end)

kit.test("a buffer that is not modifiable stays as it is, and the proposal stays too", function()
  local bufnr = asked()
  local proposal = proposed(2)
  vim.bo[bufnr].modifiable = false
  vim.fn.feedkeys("gg]hgha", "xt")
  kit.ok(kit.heard("not modifiable"))
  vim.fn.feedkeys("ghA", "xt")
  kit.wait(function()
    return kit.heard("not applied")
  end, "sentence")
  kit.eq(CODE, text(bufnr))
  vim.bo[bufnr].modifiable = true
  proposal:reject()
  gone()
end)
