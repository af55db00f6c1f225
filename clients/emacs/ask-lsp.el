;;; ask-lsp.el --- Ask a model about code, by the server ask-lsp  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: convenience, tools
;; URL: https://example.com/ask-lsp
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; `M-x ask-lsp-ask' asks about the region, or the definition around point.
;; The answer streams into a buffer beside the code; point stays where it is.
;; In that buffer: f asks on, o opens the chat file, k cancels, q quits.
;;
;; Where eglot or lsp-mode has started ask-lsp for the buffer, it is asked.
;; Elsewhere the command line `ask-lsp ask' is, so that eglot can keep the
;; server that it has: the file is saved first, and there is no chat to go on.
;;
;; The lines for eglot and lsp-mode: `ask-lsp setup emacs-eglot' and
;; `ask-lsp setup emacs-lsp-mode'.

;;; Code:

(require 'cl-lib)
(require 'jsonrpc)
(require 'subr-x)
(require 'thingatpt)
(require 'url-util)

(declare-function eglot-current-server "eglot")
(declare-function eglot--TextDocumentIdentifier "eglot")
(declare-function eglot--pos-to-lsp-position "eglot")
(declare-function eglot--signal-textDocument/didChange "eglot")
(declare-function lsp--buffer-uri "lsp-mode")
(declare-function lsp--client-notification-handlers "lsp-mode")
(declare-function lsp--client-request-handlers "lsp-mode")
(declare-function lsp--workspace-server-id "lsp-mode")
(declare-function lsp-point-to-position "lsp-mode")
(declare-function lsp-request-async "lsp-mode")
(declare-function lsp-workspaces "lsp-mode")
(declare-function markdown-mode "markdown-mode")
(defvar lsp-clients)
(defvar lsp--cur-workspace)

(defgroup ask-lsp nil
  "Ask a model about code."
  :group 'tools
  :prefix "ask-lsp-")

(defcustom ask-lsp-program "ask-lsp"
  "The program, for buffers in which no server of ours runs."
  :type 'string)

(defcustom ask-lsp-display-action '(nil (inhibit-same-window . t))
  "How the buffer of an answer is shown: the action of `display-buffer'."
  :type 'sexp)

(defvar ask-lsp--buffers (make-hash-table :test #'equal)
  "The buffers of answers, by the ids of their jobs.")

(defvar ask-lsp--asking nil
  "The way to the server that the last question went to.")

(defvar-local ask-lsp--job nil "The id of the job that answers here, or its process.")
(defvar-local ask-lsp--chat nil "The URI of the chat file of the answer.")
(defvar-local ask-lsp--note "" "What is going on, for the mode line.")
(defvar-local ask-lsp--server nil "The way to the server that answers here.")

;;; The ways to a server

(defun ask-lsp--eglot-server ()
  "The connection of eglot, if it is one to ask-lsp."
  (when-let* ((server (and (featurep 'eglot) (eglot-current-server)))
              ((ask-lsp--eglot-p server)))
    (list 'eglot server)))

(defun ask-lsp--eglot-p (server)
  "Whether the connection SERVER of eglot leads to ask-lsp."
  (when-let* ((process (jsonrpc--process server)))
    (cl-some (lambda (word)
               (and (stringp word) (string-match-p "\\bask-lsp\\(\\.exe\\)?\\'" word)))
             (process-command process))))

(defun ask-lsp--lsp-workspace ()
  "The workspace of `lsp-mode', if ask-lsp serves this buffer."
  (when-let* ((workspace (and (featurep 'lsp-mode)
                              (cl-find 'ask-lsp (lsp-workspaces) :key #'lsp--workspace-server-id))))
    (list 'lsp-mode workspace)))

(defun ask-lsp--request (way command argument)
  "Run COMMAND of the server that WAY leads to, with the object ARGUMENT.
Nothing is waited for: the server says by messages what becomes of it."
  (let ((params (list :command command :arguments (if argument (vector argument) []))))
    (pcase way
      (`(eglot ,server)
       (jsonrpc-async-request server :workspace/executeCommand params
                              :success-fn #'ignore
                              :error-fn #'ask-lsp--refused))
      (`(lsp-mode ,workspace)
       (let ((lsp--cur-workspace workspace))
         (lsp-request-async "workspace/executeCommand" params #'ignore
                            :error-handler #'ask-lsp--refused
                            :mode 'detached))))))

(defun ask-lsp--refused (failure)
  "Say the sentence of FAILURE, with which the server refused."
  (message "ask-lsp: %s" (ask-lsp--get failure "message")))

(defun ask-lsp--get (object name)
  "The member NAME of OBJECT, a plist or a hash table."
  (if (hash-table-p object)
      (gethash name object)
    (plist-get object (intern (concat ":" name)))))

;;; Asking

;;;###autoload
(defun ask-lsp-ask (question beginning end)
  "Ask QUESTION about the text from BEGINNING to END.
Interactively that is the region, or else the definition around
point, and the question is read in the minibuffer.  No question:
the code is explained."
  (interactive
   (let ((region (use-region-p)))
     (list (read-string "Ask (nothing: explain): ")
           (if region (region-beginning) (point))
           (if region (region-end) (point)))))
  (let ((way (or (ask-lsp--eglot-server) (ask-lsp--lsp-workspace))))
    (setq ask-lsp--asking way)
    (if way
        (ask-lsp--ask-server way (string-trim question) beginning end)
      (ask-lsp--ask-program (string-trim question) beginning end))))

(defun ask-lsp--ask-server (way question beginning end)
  "Ask the server that WAY leads to QUESTION about BEGINNING to END."
  (let ((eglot (eq (car way) 'eglot)))
    (when eglot
      (eglot--signal-textDocument/didChange))
    (cl-flet ((position (place)
                (if eglot (eglot--pos-to-lsp-position place) (lsp-point-to-position place))))
      (ask-lsp--request
       way "ask.run"
       (append (list :uri (if eglot
                              (plist-get (eglot--TextDocumentIdentifier) :uri)
                            (lsp--buffer-uri))
                     :range (list :start (position beginning) :end (position end))
                     :action (if (string-empty-p question) "explain" "ask"))
               (unless (string-empty-p question) (list :question question)))))))

(defun ask-lsp--ask-program (question beginning end)
  "Ask the command line QUESTION about the lines from BEGINNING to END."
  (unless buffer-file-name
    (user-error "Neither eglot nor lsp-mode runs ask-lsp here, and there is no file to ask about"))
  (when (buffer-modified-p)
    (unless (y-or-n-p "The file is read from the disk.  Save it? ")
      (user-error "Nothing was asked"))
    (save-buffer))
  (when (= beginning end)
    (pcase-setq `(,beginning . ,end)
                (or (bounds-of-thing-at-point 'defun) (cons (point-min) (point-max)))))
  (let* ((first (line-number-at-pos beginning t))
         (last (max first (line-number-at-pos (max beginning (1- end)) t)))
         (place (format "%s:%d-%d" (expand-file-name buffer-file-name) first last))
         (buffer (ask-lsp--new-buffer nil)))
    (with-current-buffer buffer
      (setq ask-lsp--job
            (make-process
             :name "ask-lsp" :buffer buffer :connection-type 'pipe :coding 'utf-8-unix :noquery t
             :command (append (list ask-lsp-program "ask" place)
                              (unless (string-empty-p question) (list question)))
             :filter (lambda (process text) (ask-lsp--insert (process-buffer process) text))
             :sentinel (lambda (process _event)
                         (ask-lsp--note
                          (process-buffer process)
                          (if (zerop (process-exit-status process)) "done" "ended")))))
      (ask-lsp--note buffer "asking"))))

(defun ask-lsp-cancel ()
  "Cancel the answer of this buffer, elsewhere all that are coming."
  (interactive)
  (cond ((processp ask-lsp--job) (interrupt-process ask-lsp--job))
        (ask-lsp--job (ask-lsp--request ask-lsp--server "ask.cancel" (list :job ask-lsp--job)))
        (t (let ((way (or (ask-lsp--eglot-server) (ask-lsp--lsp-workspace) ask-lsp--asking
                          (user-error "Nothing was asked"))))
             (ask-lsp--request way "ask.cancel" nil)))))

(defun ask-lsp-follow-up (question)
  "Ask QUESTION in the chat of the answer in this buffer."
  (interactive (list (progn (ask-lsp--chat-file) (read-string "Ask on: "))))
  (let ((file (ask-lsp--chat-file)))
    (when (find-buffer-visiting file)
      (user-error "The chat file is open: ask there"))
    (with-temp-buffer
      (insert (string-trim question) "\n")
      (write-region nil nil file t 'quiet))
    (ask-lsp--request ask-lsp--server "ask.send" (list :uri ask-lsp--chat))))

(defun ask-lsp-open-chat ()
  "Open the chat file of the answer in this buffer."
  (interactive)
  (find-file-other-window (ask-lsp--chat-file)))

(defun ask-lsp--chat-file ()
  "The chat file of the answer in this buffer."
  (unless ask-lsp--chat
    (user-error "This answer has no chat file"))
  (let* ((escaped (url-filename (url-generic-parse-url ask-lsp--chat)))
         (path (decode-coding-string (url-unhex-string escaped) 'utf-8)))
    (if (string-match-p "\\`/[A-Za-z]:" path) (substring path 1) path)))

;;; Answers

(defvar ask-lsp-answer-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map "f" #'ask-lsp-follow-up)
    (define-key map "o" #'ask-lsp-open-chat)
    (define-key map "k" #'ask-lsp-cancel)
    (define-key map "q" #'quit-window)
    map)
  "The keys of an answer.")

(define-minor-mode ask-lsp-answer-mode
  "The keys and the mode line of an answer.
\\{ask-lsp-answer-mode-map}"
  :lighter (" ask-lsp" ask-lsp--note))

(defun ask-lsp--new-buffer (job)
  "A new buffer for the answer of JOB, shown beside the code."
  (let ((buffer (generate-new-buffer "*ask-lsp answer*")))
    (with-current-buffer buffer
      (if (require 'markdown-mode nil t) (delay-mode-hooks (markdown-mode)) (text-mode))
      (ask-lsp-answer-mode)
      (setq buffer-read-only t
            ask-lsp--job job))
    (display-buffer buffer ask-lsp-display-action)
    buffer))

(defun ask-lsp--insert (buffer text)
  "Put TEXT at the end of BUFFER; point stays where it is."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (let ((inhibit-read-only t))
        (save-excursion
          (goto-char (point-max))
          (insert text))))))

(defun ask-lsp--note (buffer note)
  "Say NOTE in the mode line of BUFFER."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (setq ask-lsp--note (concat ": " (string-replace "%" "%%" note)))
      (force-mode-line-update))))

(defun ask-lsp--answer (way params)
  "Take PARAMS, an ask/answer of the server that WAY leads to."
  (let* ((job (ask-lsp--get params "job"))
         (state (ask-lsp--get params "state"))
         (delta (ask-lsp--get params "delta"))
         (chat (ask-lsp--get params "chat"))
         (note (or (ask-lsp--get params "error") (ask-lsp--get params "note")))
         (buffer (gethash job ask-lsp--buffers)))
    (when (and delta (not (buffer-live-p buffer)))
      (setq buffer (puthash job (ask-lsp--new-buffer job) ask-lsp--buffers)))
    (when (buffer-live-p buffer)
      (with-current-buffer buffer
        (setq ask-lsp--server way
              ask-lsp--chat (or chat ask-lsp--chat)))
      (when delta
        (ask-lsp--insert buffer delta))
      (ask-lsp--note buffer (or note state)))
    (pcase state
      ((or "done" "cancelled" "failed")
       (remhash job ask-lsp--buffers)
       (message "ask-lsp: %s" (or note state)))
      ("question"
       (message "ask-lsp: type the question at the end of %s" chat))
      ("waiting"
       (when note
         (message "ask-lsp: %s" note))))))

(defun ask-lsp--proposal (params)
  "Take PARAMS, an ask/proposal: an edit that waits in the code actions."
  (when (equal (ask-lsp--get params "state") "kept")
    (message "ask-lsp: the code actions there have: %s" (ask-lsp--get params "title"))))

(defun ask-lsp--input (params)
  "Answer PARAMS, an ask/input, with a question from the minibuffer."
  (list :value (condition-case nil
                   (read-string (concat (or (ask-lsp--get params "prompt") "Ask") ": "))
                 (quit ""))))

;;; eglot

(with-eval-after-load 'eglot
  (cl-defmethod eglot-client-capabilities :around (server)
    "Announce the messages of ask-lsp, if SERVER is it."
    (let ((capabilities (cl-call-next-method)))
      (if (ask-lsp--eglot-p server)
          (plist-put capabilities :experimental '(:askLsp (:protocol 1)))
        capabilities)))

  (cl-defmethod eglot-handle-notification (server (_method (eql ask/answer)) &rest params)
    "Show an answer of SERVER, which PARAMS hold."
    (ask-lsp--answer (list 'eglot server) params))

  (cl-defmethod eglot-handle-notification (_server (_method (eql ask/proposal)) &rest params)
    "Tell of an edit, which PARAMS hold."
    (ask-lsp--proposal params))

  (cl-defmethod eglot-handle-notification (_server (_method (eql ask/status)) &rest _params)
    "There is no place for it.")

  (cl-defmethod eglot-handle-request (_server (_method (eql ask/input)) &rest params)
    "Read a question, as PARAMS say."
    (ask-lsp--input params)))

;;; lsp-mode

(defun ask-lsp--teach-lsp-mode (&rest _)
  "Announce the messages of ask-lsp to it, and take them."
  (when-let* ((client (gethash 'ask-lsp lsp-clients))
              (type (type-of client))) ; not a constant: it is known only once lsp-mode is loaded
    (setf (cl-struct-slot-value type 'custom-capabilities client)
          '((experimental . ((askLsp . ((protocol . 1)))))))
    (let ((notifications (lsp--client-notification-handlers client)))
      (puthash "ask/answer"
               (lambda (workspace params) (ask-lsp--answer (list 'lsp-mode workspace) params))
               notifications)
      (puthash "ask/proposal" (lambda (_workspace params) (ask-lsp--proposal params)) notifications)
      (puthash "ask/status" #'ignore notifications))
    (puthash "ask/input"
             (lambda (_workspace params) (ask-lsp--input params))
             (lsp--client-request-handlers client))))

(with-eval-after-load 'lsp-mode
  (ask-lsp--teach-lsp-mode)
  (advice-add 'lsp-register-client :after #'ask-lsp--teach-lsp-mode))

(provide 'ask-lsp)
;;; ask-lsp.el ends here
