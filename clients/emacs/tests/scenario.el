;;; scenario.el --- What tests/test_emacs_client.py has a real Emacs do  -*- lexical-binding: t; -*-

;;; Commentary:

;; emacs -q --batch -l scenario.el WAY WHAT FILE INIT, where WAY is eglot,
;; lsp-mode or program, WHAT is ask or cancel, and INIT holds the lines of
;; `ask-lsp setup'.  Prints one JSON object.

;;; Code:

(package-initialize)

(defvar scenario-buffer "*ask-lsp answer*")

(defun scenario-wait (what)
  "Wait until WHAT returns something."
  (with-timeout (40 (error "Waited in vain: %S" (mapcar #'buffer-name (buffer-list))))
    (let (found)
      (while (not (setq found (funcall what)))
        (accept-process-output nil 0.05))
      found)))

(defun scenario-answer (number note)
  "Wait until the answer of that NUMBER has a NOTE, and return its buffer."
  (scenario-wait
   (lambda ()
     (when-let* ((buffer (get-buffer (if (= number 1) scenario-buffer (format "%s<%d>" scenario-buffer number))))
                 ((string-match-p note (buffer-local-value 'ask-lsp--note buffer))))
       buffer))))

(pcase-let ((`(,way ,what ,file ,init) command-line-args-left))
  (setq command-line-args-left nil)
  (load (expand-file-name "../ask-lsp.el" (file-name-directory load-file-name)) nil t)
  (unless (equal way "program")
    (require (intern way))
    (load init nil t))
  (find-file file)
  (pcase way
    ("eglot"
     (setq eglot-sync-connect t)
     (call-interactively #'eglot))
    ("lsp-mode"
     (setq lsp-auto-guess-root t
           lsp-enable-snippet nil
           lsp-session-file (expand-file-name "session" user-emacs-directory))
     (lsp)
     (scenario-wait (lambda ()
                      (when-let* ((workspace (car (lsp-workspaces))))
                        (eq 'initialized (lsp--workspace-status workspace))))))
    ("program" (setq ask-lsp-program init)))
  (goto-char (point-min))
  (forward-line 1)
  (let ((place (point)) told)
    (ask-lsp-ask "What if it is empty?" (point) (point))
    (if (equal what "cancel")
        (let ((buffer (scenario-wait (lambda () (get-buffer scenario-buffer)))))
          (scenario-wait (lambda () (with-current-buffer buffer (> (buffer-size) 0))))
          (with-current-buffer buffer
            (ask-lsp-cancel))
          (scenario-answer 1 (if (equal way "program") "ended" "cancelled"))
          (setq told (list :text (with-current-buffer buffer (buffer-string)))))
      (with-current-buffer (scenario-answer 1 "done\\|answered")
        (setq told (list :text (buffer-string)))
        (when ask-lsp--chat
          (ask-lsp-follow-up "And then?")
          (with-current-buffer (scenario-answer 2 "answered")
            (setq told (append told (list :second (buffer-string) :chat (ask-lsp--chat-file))))))))
    (princ (json-encode (append told (list :moved (if (= place (point)) :json-false t))))))
  (let ((kill-emacs-query-functions nil))
    (kill-emacs)))

;;; scenario.el ends here
