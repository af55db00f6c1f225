(with-eval-after-load 'eglot
  (dolist (language
           '(
             ${languages}))
    (dolist (mode (cdr language))
      (add-to-list 'eglot-server-programs
                   `(((,mode :language-id ,(car language))) . (${command} "--stdio"))))))
