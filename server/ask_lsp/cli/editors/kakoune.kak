hook -group ask-lsp global User LSPDefaultConfig=(?:${languages}) %{
    set-option -add buffer lsp_servers %{
        [ask-lsp]
        command = ${command}
        args = ["--stdio"]
        root_globs = [".git", ".hg"]
    }
}
