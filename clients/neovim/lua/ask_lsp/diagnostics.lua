--- Puts the diagnostics of all clients into code-action requests to ours. Neovim would pass only our own, of which there
--- are none, and the menu would have nothing to fix.

local target = require("ask_lsp.target")

local M = {}

---@param diagnostic vim.Diagnostic
---@param bufnr integer
---@param encoding string
---@return lsp.Diagnostic
local function to_lsp(diagnostic, bufnr, encoding)
  local last, last_column = diagnostic.end_lnum or diagnostic.lnum, diagnostic.end_col or diagnostic.col
  return {
    -- Where it is now: what the other client had been told may have moved since, and may count columns differently.
    range = {
      start = target.to_position(bufnr, diagnostic.lnum, diagnostic.col, encoding),
      ["end"] = target.to_position(bufnr, last, last_column, encoding),
    },
    severity = diagnostic.severity,
    code = diagnostic.code,
    source = diagnostic.source,
    message = diagnostic.message,
  }
end

--- The diagnostics that share a line with a range, as LSP has them.
---@param bufnr integer
---@param range lsp.Range
---@param encoding string
---@return lsp.Diagnostic[]
function M.at(bufnr, range, encoding)
  local first, last = range.start.line, range["end"].line
  if range["end"].character == 0 and last > first then
    last = last - 1
  end
  local found = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(bufnr)) do
    if diagnostic.lnum <= last and (diagnostic.end_lnum or diagnostic.lnum) >= first then
      table.insert(found, to_lsp(diagnostic, bufnr, encoding))
    end
  end
  return found
end

--- From now on the client's code-action requests carry them, whoever makes the request.
---@param client vim.lsp.Client
function M.add_to(client)
  local send = client.rpc.request
  client.rpc.request = function(method, params, ...)
    if method == "textDocument/codeAction" and params then
      for bufnr in pairs(client.attached_buffers) do
        if vim.uri_from_bufnr(bufnr) == params.textDocument.uri then
          local diagnostics = M.at(bufnr, params.range, client.offset_encoding)
          params = vim.tbl_extend("force", params, {
            context = vim.tbl_extend("force", params.context or {}, { diagnostics = diagnostics }),
          })
        end
      end
    end
    return send(method, params, ...)
  end
end

return M
