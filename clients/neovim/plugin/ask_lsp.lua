-- Names only: what they do is loaded when one of them is used.
if vim.g.loaded_ask_lsp then
  return
end
vim.g.loaded_ask_lsp = 1

local function command(name, what, options)
  vim.api.nvim_create_user_command(name, function(arguments)
    require("ask_lsp.commands")[what](arguments)
  end, options or {})
end
local function complete(what)
  return function(typed)
    return require("ask_lsp.commands").complete(what, typed)
  end
end

command("Ask", "ask", { range = true, nargs = "*", desc = "Ask about the code" })
command("AskExplain", "explain", { range = true, desc = "Explain the code" })
command("AskPreview", "preview", { range = true, nargs = "*", desc = "Show what would be sent, and send nothing" })
command("AskStop", "stop", { bang = true, desc = "Stop the answer of this buffer, or the newest (!: all)" })
command("AskChat", "chat", { nargs = "*", desc = "Go to the last chat, or ask on in it" })
command("AskProposals", "proposals", { nargs = "?", complete = complete("proposals"), desc = "Review proposed edits" })
command("AskProfile", "profile", { nargs = "?", complete = complete("profile"), desc = "Choose who answers" })
command("AskRetry", "retry", { nargs = "*", desc = "Ask for the last edit, or this proposal, anew" })
command("AskUndo", "undo", { desc = "Take the last edit back" })
command("AskRestart", "restart", { desc = "Start the server again" })

vim.keymap.set({ "n", "x" }, "<Plug>(ask-operator)", function()
  vim.go.operatorfunc = "v:lua.require'ask_lsp.commands'.operator"
  return "g@"
end, { expr = true, desc = "Ask about a motion or the selection" })
