-- Runs the specs: `nvim -l clients/neovim/tests/run.lua [word ...]`. Each file has a Neovim, a home and a server of its
-- own. ASK_LSP_PYTHON names the Python that has the server's dependencies, if it is not the one in .venv.

local here = vim.fs.dirname(vim.fs.abspath(debug.getinfo(1, "S").source:sub(2)))
local plugin, root = vim.fs.dirname(here), vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(here)))

local function python()
  local own = vim.fs.joinpath(root, ".venv", "bin", "python")
  return vim.env.ASK_LSP_PYTHON or (vim.uv.fs_stat(own) and own) or "python3"
end

---@param path string
---@param text string
---@param mode? integer
local function write(path, text, mode)
  vim.fn.mkdir(vim.fs.dirname(path), "p")
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  vim.uv.fs_chmod(path, mode or 420)
end

---@param spec string
---@return boolean
local function run_apart(spec)
  local home = vim.fn.tempname()
  -- The server of this tree, under the name that everybody's configuration has. Not by -m, which would import from the
  -- folder that Neovim is in.
  local start = ("import sys; sys.path[0] = '%s/server'; from ask_lsp.__main__ import main; sys.exit(main())"):format(
    root
  )
  write(home .. "/bin/ask-lsp", ('#!/bin/sh\nexec "%s" -c "%s" "$@"\n'):format(python(), start), 493)
  local env = { HOME = home, ASK_LSP_PYTHON = python(), PATH = home .. "/bin:" .. vim.env.PATH }
  for name, folder in pairs({ CONFIG = "config", STATE = "state", DATA = "data", CACHE = "cache" }) do
    env["XDG_" .. name .. "_HOME"] = home .. "/" .. folder
  end
  local command =
    { vim.v.progpath, "--clean", "-n", "-i", "NONE", "--headless", "-l", here .. "/run.lua", "--here", spec }
  local result = vim.system(command, { env = env, text = true, timeout = 180000 }):wait()
  io.write(result.stderr, result.stdout)
  vim.fn.delete(home, "rf")
  return result.code == 0
end

local function run_here(spec)
  vim.opt.runtimepath:prepend(plugin)
  package.path = here .. "/?.lua;" .. package.path
  vim.cmd.runtime("plugin/ask_lsp.lua")
  local kit = require("kit")
  kit.home, kit.root, kit.write = vim.env.HOME, root, write
  dofile(spec)
  local failed = kit.run(vim.fs.basename(spec))
  kit.close()
  os.exit(failed == 0 and 0 or 1)
end

if _G.arg[1] == "--here" then
  run_here(_G.arg[2])
else
  local failed = 0
  for name in vim.fs.dir(here) do
    local wanted = #_G.arg == 0
      or vim.iter(vim.list_slice(_G.arg)):any(function(word)
        return name:find(word, 1, true) ~= nil
      end)
    if name:match("_spec%.lua$") and wanted then
      failed = failed + (run_apart(vim.fs.joinpath(here, name)) and 0 or 1)
    end
  end
  os.exit(failed)
end
