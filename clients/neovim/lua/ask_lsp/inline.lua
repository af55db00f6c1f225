--- A proposal in the text itself: lines that would go are marked, lines that would come are virtual.

local api = vim.api

local M = {}
local namespace = api.nvim_create_namespace("ask_lsp.inline")

---@param lines string[]
---@param bufnr integer
---@return [string, string][][]
local function virtual(lines, bufnr)
  local tab = (" "):rep(vim.bo[bufnr].tabstop)
  local width = vim.o.columns
  return vim.tbl_map(function(line)
    local shown = line:gsub("\t", tab)
    -- Padded, so that it looks like a line and not like words.
    return { { shown .. (" "):rep(math.max(0, width - vim.fn.strdisplaywidth(shown))), "DiffAdd" } }
  end, lines)
end

---@param hunk ask_lsp.Hunk
---@param words? string
local function draw(hunk, words)
  local bufnr, row = hunk.bufnr, hunk:row()
  if not row then
    return
  end
  for offset = 0, #hunk.old - 1 do
    api.nvim_buf_set_extmark(bufnr, namespace, row + offset, 0, { line_hl_group = "DiffDelete", strict = false })
  end
  local lines = virtual(hunk.new, bufnr)
  if words then
    if #hunk.old > 0 then
      api.nvim_buf_set_extmark(bufnr, namespace, row, 0, { virt_text = { { " " .. words, "Comment" } } })
    else
      table.insert(lines, 1, { { words, "Comment" } })
    end
  end
  if #lines > 0 then
    local below = row + #hunk.old - 1
    api.nvim_buf_set_extmark(bufnr, namespace, math.max(below, 0), 0, {
      virt_lines = lines,
      virt_lines_above = below < 0,
      strict = false,
    })
  end
end

--- What can be done with a proposal, in keys.
---@param proposal ask_lsp.Proposal
---@return string
local function hint(proposal)
  local keys = require("ask_lsp.config").get().keys
  local can = {}
  for _, each in ipairs({
    { keys.accept_hunk, "accept" },
    { keys.reject_hunk, "reject" },
    { keys.accept, "all" },
    { keys.reject, "none" },
    { keys.diff, "diff" },
  }) do
    if each[1] then
      table.insert(can, each[1] .. " " .. each[2])
    end
  end
  local reason = proposal.reason ~= "" and " " .. proposal.reason or ""
  return ("%s  [%s]%s"):format(proposal.title, table.concat(can, ", "), reason)
end

--- Draws all proposals of a buffer anew; with none it takes everything away.
---@param bufnr integer
---@param proposals ask_lsp.Proposal[]
function M.draw(bufnr, proposals)
  api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  for _, proposal in ipairs(proposals) do
    for number, hunk in ipairs(proposal.open) do
      local words = number == 1 and hint(proposal) or nil
      if require("ask_lsp.config").get().preview == "inline" then
        draw(hunk, words)
      elseif words and hunk:row() then
        api.nvim_buf_set_extmark(bufnr, namespace, hunk:row(), 0, {
          virt_text = { { " " .. words, "Comment" } },
          strict = false,
        })
      end
    end
  end
end

return M
