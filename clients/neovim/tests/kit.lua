--- What specs are written with: `kit.test`, waiting for a state, a model to lead, and a person's ui.

local api = vim.api

local M = {}
local tests = {}
local LIMIT = 20000

--- Sentences that vim.notify was given.
M.said = {} ---@type string[]
--- What the next vim.ui.input gets: a text, or false for a person who leaves it. And how it was asked.
M.typed = {} ---@type (string|false)[]
M.prompts = {} ---@type string[]
--- Which items the next vim.ui.select choose, by a part of their text.
M.chosen = {} ---@type string[]

vim.notify = function(text)
  table.insert(M.said, text)
end
vim.ui.input = function(options, confirm)
  table.insert(M.prompts, options.prompt)
  local answer = table.remove(M.typed, 1)
  confirm(answer or nil)
end
vim.ui.select = function(items, options, choose)
  table.insert(M.prompts, options.prompt)
  local wanted = table.remove(M.chosen, 1)
  for index, item in ipairs(items) do
    local text = options.format_item and options.format_item(item) or tostring(item)
    if wanted and text:find(wanted, 1, true) then
      return choose(item, index)
    end
  end
  choose(nil)
end

---@param name string
---@param run fun()
function M.test(name, run)
  table.insert(tests, { name, run })
end

---@generic T
---@param state fun(): T
---@param what string
---@return T
function M.wait(state, what)
  local seen
  vim.wait(LIMIT, function()
    seen = state()
    return seen
  end, 10)
  if not seen then
    local said = table.concat(M.said, " | ")
    local tail = vim.list_slice(M.lines(0), math.max(1, #M.lines(0) - 15))
    error(("no %s; said: %s; here: %s"):format(what, said, table.concat(tail, "\n")), 2)
  end
  return seen
end

function M.eq(expected, actual, what)
  if not vim.deep_equal(expected, actual) then
    error(("%s: expected %s, is %s"):format(what or "differs", vim.inspect(expected), vim.inspect(actual)), 2)
  end
end

function M.ok(value, what)
  if not value then
    error((what or "not true") .. "; said: " .. table.concat(M.said, " | "), 2)
  end
end

---@param bufnr integer
---@return string[]
function M.lines(bufnr)
  return api.nvim_buf_get_lines(bufnr, 0, -1, false)
end

---@param bufnr integer
---@return string
function M.text(bufnr)
  return table.concat(M.lines(bufnr), "\n")
end

---@param part string
---@return boolean
function M.heard(part)
  return vim.iter(M.said):any(function(text)
    return text:find(part, 1, true) ~= nil
  end)
end

--- The settings file.
---@param text string
function M.config(text)
  M.write(vim.env.XDG_CONFIG_HOME .. "/ask-lsp/config.yaml", text, 384)
end

--- Opens a file, until the server has it.
---@param name string
---@param text string
---@return integer bufnr
function M.open(name, text)
  local path = M.home .. "/work/" .. name
  M.write(path, text)
  vim.cmd.edit({ path, magic = { file = false, bar = false } })
  local bufnr = api.nvim_get_current_buf()
  M.wait(function()
    return #vim.lsp.get_clients({ name = "ask_lsp", bufnr = bufnr }) == 1
  end, "server for " .. name)
  return bufnr
end

--- The window and buffer of the answer.
---@return integer? bufnr
---@return integer? window
function M.answer()
  for _, window in ipairs(api.nvim_list_wins()) do
    if vim.w[window].ask_lsp_answer == api.nvim_win_get_buf(window) then
      return api.nvim_win_get_buf(window), window
    end
  end
end

local model

--- A model server; its settings are written.
---@param more? string
function M.model(more)
  local out = {}
  model = vim.system({ vim.env.ASK_LSP_PYTHON, M.root .. "/clients/neovim/tests/fake_model.py" }, {
    stdin = true,
    stdout = function(_, data)
      for line in (data or ""):gmatch("[^\n]+") do
        table.insert(out, vim.json.decode(line))
      end
    end,
  })
  local function read()
    return table.remove(out, 1)
  end
  M.config(
    ("api_key: test-key-0123456789\nmodel: fake-model\nbase_url: %s\n"):format(M.wait(read, "model").base_url)
      .. (more or "")
  )
  return {
    ---@param what table
    tell = function(what)
      model:write(vim.json.encode(what) .. "\n")
    end,
    requests = function()
      model:write('{"requests": true}\n')
      return M.wait(read, "requests").requests
    end,
  }
end

--- Runs what was declared; returns how many failed.
---@param name string
---@return integer
function M.run(name)
  local failed = 0
  for _, test in ipairs(tests) do
    M.said, M.typed, M.prompts, M.chosen = {}, {}, {}, {}
    local ok, problem = xpcall(test[2], debug.traceback)
    if not ok then
      failed = failed + 1
      io.write(("FAILED %s: %s\n%s\n"):format(name, test[1], problem))
    end
    vim.cmd("silent! tabonly! | silent! only!")
    api.nvim_win_set_buf(0, api.nvim_create_buf(true, false))
  end
  io.write(("%s: %d of %d passed\n"):format(name, #tests - failed, #tests))
  return failed
end

function M.close()
  for _, client in ipairs(vim.lsp.get_clients()) do
    client:stop()
    vim.wait(5000, function()
      return client.rpc.is_closing()
    end, 10)
  end
  if model then
    model:kill(15)
  end
end

return M
