--- A proposal as hunks of whole lines: what goes and what comes, each marked in the buffer, each to be taken alone.

local api = vim.api

local M = {}
local namespace = api.nvim_create_namespace("ask_lsp.hunks")

---@class ask_lsp.Hunk
---@field bufnr integer
---@field mark integer
---@field old string[]
---@field new string[]
local Hunk = {}
Hunk.__index = Hunk

--- The text that LSP edits make of some lines.
---@param lines string[]
---@param first integer the row of the first of them
---@param edits { range: lsp.Range, newText: string }[] in the order of the text
---@param encoding string
---@return string[]
local function edited(lines, first, edits, encoding)
  local starts, offset = {}, 1
  for number, line in ipairs(lines) do
    starts[number] = offset
    offset = offset + #line + 1
  end
  -- Behind the last line of a buffer is a line end too, and edits may reach beyond it.
  local text = table.concat(lines, "\n") .. "\n"
  ---@param position lsp.Position
  local function byte(position)
    local number = position.line - first + 1
    if number > #lines then
      return #text + 1
    end
    return starts[number] + vim.str_byteindex(lines[number], encoding, position.character, false)
  end
  local pieces, at = {}, 1
  for _, edit in ipairs(edits) do
    local start = byte(edit.range.start)
    table.insert(pieces, text:sub(at, start - 1))
    table.insert(pieces, (edit.newText:gsub("\r\n", "\n")))
    at = byte(edit.range["end"])
  end
  table.insert(pieces, text:sub(at))
  local made = table.concat(pieces):gsub("\n$", "")
  return made == "" and {} or vim.split(made, "\n", { plain = true })
end

--- The hunks that edits come to. Nil when the text under them was changed since that version.
---@param bufnr integer
---@param edits { range: lsp.Range, newText: string }[]
---@param version integer
---@param encoding string
---@return ask_lsp.Hunk[]?
function M.of(bufnr, edits, version, encoding)
  if #edits == 0 then
    return
  end
  local first, last = edits[1].range.start.line, edits[#edits].range["end"].line + 1
  local by = require("ask_lsp.changes").moved(bufnr, version, first, last)
  if not by then
    return
  end
  if first > 0 and first + by >= api.nvim_buf_line_count(bufnr) then
    first = first - 1 -- what goes behind the last line needs that line
  end
  local lines = api.nvim_buf_get_lines(bufnr, first + by, last + by, false)
  local new = edited(lines, first, edits, encoding)
  local function joined(of)
    return #of > 0 and table.concat(of, "\n") .. "\n" or ""
  end
  ---@type integer[][]
  local found = vim.diff(joined(lines), joined(new), { result_type = "indices", algorithm = "histogram" })
  local hunks = {}
  for _, indices in ipairs(found) do
    local from, count, new_from, new_count = unpack(indices)
    local row = first + by + (count == 0 and from or from - 1)
    local old_lines = vim.list_slice(lines, from, from + count - 1)
    local new_lines = vim.list_slice(new, new_from, new_from + new_count - 1)
    table.insert(hunks, M.new(bufnr, row, old_lines, new_lines))
  end
  return hunks
end

---@param bufnr integer
---@param row integer
---@param old string[]
---@param new string[]
---@return ask_lsp.Hunk
function M.new(bufnr, row, old, new)
  local mark = api.nvim_buf_set_extmark(bufnr, namespace, math.min(row, api.nvim_buf_line_count(bufnr)), 0, {
    strict = false,
  })
  return setmetatable({ bufnr = bufnr, mark = mark, old = old, new = new }, Hunk)
end

--- The row where it begins.
---@return integer?
function Hunk:row()
  if api.nvim_buf_is_loaded(self.bufnr) then
    return api.nvim_buf_get_extmark_by_id(self.bufnr, namespace, self.mark, {})[1]
  end
end

--- Tells it from others of its proposal, wherever it is by now.
---@return string
function Hunk:key()
  return table.concat(self.old, "\n") .. "\0" .. table.concat(self.new, "\n")
end

--- Whether the lines that it replaces still stand there.
---@return boolean
function Hunk:fits()
  local row = self:row()
  return row ~= nil and vim.deep_equal(self.old, api.nvim_buf_get_lines(self.bufnr, row, row + #self.old, false))
end

--- Whether a line, counted from 1, is in it.
---@param line integer
---@return boolean
function Hunk:covers(line)
  local row = self:row()
  return row ~= nil and line >= row + (#self.old == 0 and 0 or 1) and line <= row + math.max(#self.old, 1)
end

--- Makes it, outside of any undo block of its own.
function Hunk:make()
  local row = assert(self:row())
  api.nvim_buf_set_lines(self.bufnr, row, row + #self.old, false, self.new)
end

function Hunk:drop()
  if api.nvim_buf_is_loaded(self.bufnr) then
    api.nvim_buf_del_extmark(self.bufnr, namespace, self.mark)
  end
end

return M
