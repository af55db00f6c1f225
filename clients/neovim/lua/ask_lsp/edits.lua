--- Edits in the user's buffers: each is one step of undo, whatever is being typed at that moment.

local api = vim.api

local M = {}

--- Ends the undo block of a buffer.
---@param bufnr integer
local function close_block(bufnr)
  api.nvim_buf_call(bufnr, function()
    -- By the global value: a local one would make the buffer have a value of its own (:help undo-break).
    vim.cmd("let &g:undolevels = &g:undolevels")
  end)
end

--- In front of the keys that wait, so that they stay in order.
local function break_insert()
  api.nvim_feedkeys(vim.keycode("<C-g>u"), "ni", false)
end

--- Closing the block is not enough in insert mode: what is typed next would not be saved for undo any more. i_CTRL-G_u
--- does both.
---@param bufnr integer
local function split_insert(bufnr)
  if api.nvim_get_current_buf() ~= bufnr then
    return
  end
  local mode = api.nvim_get_mode().mode
  if mode == "i" or mode == "R" then
    break_insert()
  elseif mode == "ic" or mode == "Rc" then
    -- Now the keys would end the completion under the user's fingers, and behind an <Esc> they would mean undo.
    api.nvim_create_autocmd("CompleteDone", {
      buffer = bufnr,
      once = true,
      callback = function()
        if vim.v.event.reason == "accept" or vim.v.event.reason == "cancel" then
          return break_insert()
        end
        vim.schedule(function()
          if api.nvim_get_mode().mode == "i" then
            break_insert()
          end
        end)
      end,
    })
  end
end

--- Does something to a buffer that `u` takes back at once, and that takes back nothing else. Raises what `change` raises.
---@param bufnr integer
---@param change fun()
function M.as_one_step(bufnr, change)
  close_block(bufnr)
  local ok, problem = pcall(change)
  close_block(bufnr)
  split_insert(bufnr)
  if not ok then
    error(problem, 0)
  end
end

---@param edit lsp.WorkspaceEdit
---@return table<integer, integer|false> versions by buffer
local function touched(edit)
  local found = {}
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.textDocument then
      local version = change.textDocument.version
      found[vim.uri_to_bufnr(change.textDocument.uri)] = type(version) == "number" and version
    end
  end
  for uri in pairs(edit.changes or {}) do
    found[vim.uri_to_bufnr(uri)] = false
  end
  return found
end

--- workspace/applyEdit. Unlike Neovim's own it says when it refused an edit that came too late.
---@type lsp.Handler
function M.apply(_, params, context)
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
  local buffers = touched(params.edit)
  for bufnr, version in pairs(buffers) do
    vim.fn.bufload(bufnr)
    if version and vim.lsp.util.buf_versions[bufnr] > version then
      return { applied = false, failureReason = "the text was changed since" }
    end
    if not vim.bo[bufnr].modifiable then
      return { applied = false, failureReason = "the buffer is not modifiable" }
    end
  end
  local function apply()
    vim.lsp.util.apply_workspace_edit(params.edit, client.offset_encoding)
  end
  for bufnr in pairs(buffers) do
    local inner = apply
    apply = function()
      M.as_one_step(bufnr, inner)
    end
  end
  local ok, problem = pcall(apply)
  return { applied = ok, failureReason = not ok and tostring(problem) or nil }
end

return M
