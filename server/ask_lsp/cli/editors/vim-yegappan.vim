augroup ask_lsp_yegappan
  autocmd!
  autocmd User LspSetup call LspAddServer([#{
        \ name: 'ask-lsp',
        \ path: ${command},
        \ args: ['--stdio'],
        \ filetype: [
        \   ${languages},
        \ ]}])
augroup END
