local config, micro, shell = import("micro/config"), import("micro"), import("micro/shell")

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function ask(pane, words)
  pane:Save()
  local place = pane.Buf.AbsPath
  if pane.Cursor:HasSelection() then
    local from, to = -pane.Cursor.CurSelection[1], -pane.Cursor.CurSelection[2]
    if from:GreaterThan(to) then
      from, to = to, from
    end
    local last = (to.X == 0 and to.Y > from.Y) and to.Y or to.Y + 1
    place = place .. ":" .. from.Y + 1 .. "-" .. last
  end
  local question = {}
  for index = 1, #words do
    question[index] = words[index]
  end
  local program = ${command}
  local command = quoted(program) .. " ask " .. quoted(place) .. " " .. quoted(table.concat(question, " "))
  local _, err = shell.RunInteractiveShell(command, true, false)
  if err ~= nil then
    micro.InfoBar():Error("ask-lsp: " .. err:Error())
  end
end

function init()
  config.MakeCommand("ask", ask, config.NoComplete)
end
