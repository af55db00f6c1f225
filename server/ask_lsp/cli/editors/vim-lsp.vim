augroup ask_lsp_vim_lsp
  autocmd!
  autocmd User lsp_setup call lsp#register_server({
        \ 'name': 'ask-lsp',
        \ 'cmd': [${command}, '--stdio'],
        \ 'allowlist': [
        \   ${languages},
        \ ]})
augroup END
