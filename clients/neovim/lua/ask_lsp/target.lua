--- A place that is asked about. It is marked in the buffer, so it stays where its text is while a question is typed, an
--- input box is open, or an answer is on its way.

local api = vim.api

local M = {}
local namespace = api.nvim_create_namespace("ask_lsp.target")

---@class ask_lsp.Target
---@field bufnr integer
---@field mark integer
local Target = {}
Target.__index = Target

--- A stretch from (row, column) to before (row, column): rows from 0, columns in bytes.
---@param bufnr integer
---@param start [integer, integer]
---@param stop [integer, integer]
---@return ask_lsp.Target
function M.new(bufnr, start, stop)
  local mark = api.nvim_buf_set_extmark(bufnr, namespace, start[1], start[2], {
    end_row = stop[1],
    end_col = stop[2],
    end_right_gravity = true,
  })
  return setmetatable({ bufnr = bufnr, mark = mark }, Target)
end

--- Whole lines, counted from 1.
---@param bufnr integer
---@param first integer
---@param last integer
---@return ask_lsp.Target
function M.lines(bufnr, first, last)
  local count = api.nvim_buf_line_count(bufnr)
  first, last = math.max(1, math.min(first, count)), math.max(1, math.min(last, count))
  if last < count then
    return M.new(bufnr, { first - 1, 0 }, { last, 0 })
  end
  return M.new(bufnr, { first - 1, 0 }, { last - 1, #api.nvim_buf_get_lines(bufnr, last - 1, last, true)[1] })
end

--- From one mark to and including another, as visual mode and operators leave them.
---@param bufnr integer
---@param start [integer, integer] line from 1, column in bytes from 0
---@param stop [integer, integer]
---@param mode string "line", "char" or "block", or what visualmode() says
---@return ask_lsp.Target
function M.marks(bufnr, start, stop, mode)
  if mode ~= "char" and mode ~= "v" then
    return M.lines(bufnr, start[1], stop[1])
  end
  local line = api.nvim_buf_get_lines(bufnr, stop[1] - 1, stop[1], true)[1]
  local column = math.min(stop[2], #line)
  if vim.o.selection ~= "exclusive" and column < #line then
    column = column + vim.str_utf_end(line, column + 1) + 1
  end
  return M.new(bufnr, { start[1] - 1, start[2] }, { stop[1] - 1, column })
end

--- The cursor: for the server that is the definition around it.
---@return ask_lsp.Target
function M.cursor()
  local at = api.nvim_win_get_cursor(0)
  return M.new(api.nvim_get_current_buf(), { at[1] - 1, at[2] }, { at[1] - 1, at[2] })
end

--- What an LSP range covers, in a buffer that is loaded.
---@param bufnr integer
---@param range lsp.Range
---@param encoding string
---@return ask_lsp.Target
function M.range(bufnr, range, encoding)
  return M.new(bufnr, M.from_position(bufnr, range.start, encoding), M.from_position(bufnr, range["end"], encoding))
end

--- Row and column in bytes of an LSP position; one beyond the text is its end.
---@param bufnr integer
---@param position lsp.Position
---@param encoding string
---@return [integer, integer]
function M.from_position(bufnr, position, encoding)
  local line = api.nvim_buf_get_lines(bufnr, position.line, position.line + 1, false)[1]
  if not line then
    local last = api.nvim_buf_line_count(bufnr) - 1
    return { last, #api.nvim_buf_get_lines(bufnr, last, last + 1, true)[1] }
  end
  return { position.line, vim.str_byteindex(line, encoding, position.character, false) }
end

---@param bufnr integer
---@param row integer
---@param column integer in bytes
---@param encoding string
---@return lsp.Position
function M.to_position(bufnr, row, column, encoding)
  local line = api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1]
  if not line then
    return { line = row, character = 0 }
  end
  return { line = row, character = vim.str_utfindex(line, encoding, math.min(column, #line), false) }
end

--- Where it is now; nil when its buffer is gone.
---@return [integer, integer]? start
---@return [integer, integer]? stop
function Target:place()
  if not api.nvim_buf_is_loaded(self.bufnr) then
    return
  end
  local mark = api.nvim_buf_get_extmark_by_id(self.bufnr, namespace, self.mark, { details = true })
  if #mark == 0 then
    return
  end
  return { mark[1], mark[2] }, { mark[3].end_row, mark[3].end_col }
end

--- As an LSP range.
---@param encoding string
---@return lsp.Range?
function Target:lsp_range(encoding)
  local start, stop = self:place()
  if start and stop then
    return {
      start = M.to_position(self.bufnr, start[1], start[2], encoding),
      ["end"] = M.to_position(self.bufnr, stop[1], stop[2], encoding),
    }
  end
end

--- How people call it: `mean.py:3-9`.
---@return string
function Target:label()
  local name = vim.fs.basename(api.nvim_buf_get_name(self.bufnr))
  local start, stop = self:place()
  if not start or not stop then
    return name
  end
  local first, last = start[1] + 1, stop[1] + 1
  if stop[2] == 0 and last > first then
    last = last - 1
  end
  return first == last and ("%s:%d"):format(name, first) or ("%s:%d-%d"):format(name, first, last)
end

--- Takes the mark away.
function Target:drop()
  if api.nvim_buf_is_loaded(self.bufnr) then
    api.nvim_buf_del_extmark(self.bufnr, namespace, self.mark)
  end
end

return M
