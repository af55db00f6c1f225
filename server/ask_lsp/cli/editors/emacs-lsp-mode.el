(with-eval-after-load 'lsp-mode
  (add-to-list 'lsp-language-id-configuration '(gfm-mode . "markdown"))
  (lsp-register-client
   (make-lsp-client
    :server-id 'ask-lsp
    :new-connection (lsp-stdio-connection '(${command} "--stdio"))
    :activation-fn (lsp-activate-on
                    ${languages})
    :add-on? t
    :priority -2)))
