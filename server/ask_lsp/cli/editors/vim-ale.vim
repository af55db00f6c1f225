function! s:AskLsp(filetype) abort
  call ale#linter#Define(a:filetype, {
        \ 'name': 'ask-lsp',
        \ 'lsp': 'stdio',
        \ 'executable': ${command},
        \ 'command': '%e --stdio',
        \ 'project_root': {buffer -> fnamemodify(bufname(buffer), ':p:h')},
        \ })
  let l:names = map(copy(ale#linter#Get(a:filetype)), 'v:val.name')
  if index(l:names, 'ask-lsp') < 0
    let g:ale_linters[a:filetype] = l:names + ['ask-lsp']
  endif
endfunction

augroup ask_lsp_ale
  autocmd!
  autocmd FileType ${languages} call s:AskLsp(expand('<amatch>'))
augroup END
