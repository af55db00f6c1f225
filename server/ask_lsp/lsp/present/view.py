"""What a user sees of one job: progress, the chat file when it has something to say, and one sentence at the end.

Editors that announced our own messages (docs/protocol.md) get those instead of windows and passing lines.
"""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsprotocol import types

from ask_lsp.assistant.jobs import Job
from ask_lsp.core.errors import AskError
from ask_lsp.core.passing import passing
from ask_lsp.lsp.editor import Editor, uri_of
from ask_lsp.lsp.present.opening import Opening
from ask_lsp.lsp.progress import Progress

log = logging.getLogger(__name__)

SHOWN_OF_ANSWER = 60
_SENTENCE = re.compile(r".+?[.!?](?=\s+[A-Z“]|\s*$)", re.DOTALL)


class AnswerView:
    """One job in this editor (assistant.answering.View)."""

    def __init__(
        self,
        editor: Editor,
        progress: Progress,
        job: Job,
        opening: Opening,
        trouble: Callable[[str | None], None],
        noted: Callable[[AskError], None],
    ) -> None:
        self._editor = editor
        self._progress = progress
        self._job = job
        self._opening = opening
        self._trouble = trouble
        self._noted = noted
        self._numbers = itertools.count(1)
        self._shown = False
        self._came = False
        self._named = False
        self._head: dict[str, str] = {}
        self._says = editor.client.protocol >= 1

    def about(self, title: str, uri: str, instead_of: str = "") -> None:
        """What the job does, for which document, and which other job has begun it: told with its first message."""
        self._head = {"title": title, "uri": uri, **({"insteadOf": instead_of} if instead_of else {})}

    def note(self, sentence: str) -> None:
        """What is going on now."""
        self._progress.report(sentence)
        self._answer("waiting", note=passing(sentence))

    def delta(self, text: str) -> None:
        """A piece of the answer."""
        self._came = True
        self._answer("streaming", delta=text)

    def begins(self, path: Path) -> None:
        """Names the chat file to clients that show the answer themselves, before its first piece."""
        self._job.chat_uri = uri_of(path)
        self._answer("streaming", chat=uri_of(path))
        self._named = True

    async def first_text(self, path: Path) -> None:
        """Opens the chat file beside the code, without taking the focus."""
        self._job.chat_uri = uri_of(path)
        if self._says:
            if not self._named:
                self._answer("streaming", chat=uri_of(path))
            return
        self._shown = await self._editor.show(path)
        if self._shown:
            await self._opening.opened(path)

    async def question_wanted(self, path: Path) -> None:
        """Opens a chat file to type into; here the focus is what was asked for."""
        self._progress.end("Type your question in the chat.")
        uri = uri_of(path)
        self._answer("question", chat=uri)
        if not self._says and not await self._editor.show(path, focus=True, at=await self._opening.last_position(path)):
            self._editor.message(f"Type your question at the end of {path}, then run “Send this question” there.")

    async def done(self, sentence: str, path: Path | None, first_line: str, *, cut: bool = False) -> None:
        """Ends the progress; where nothing could be opened, says where the answer is. One that was cut is a warning."""
        self._progress.end(sentence)
        self._trouble(None)
        self._answer("done", note=passing(sentence), cut=cut or None, chat=uri_of(path) if path else None)
        if self._says:
            return
        if not self._shown and path is not None:
            short = first_line if len(first_line) <= SHOWN_OF_ANSWER else first_line[: SHOWN_OF_ANSWER - 1] + "…"
            self._editor.message(f"{short} - {path}")
        if cut:
            self._editor.message(sentence, types.MessageType.Warning)

    async def edited(self, sentence: str, short: str, *, made: bool) -> None:
        """Ends the progress; an edit that was not made, or where nothing shows progress, is a message as well."""
        self._progress.end(sentence)
        self._trouble(None)
        self._answer("done", note=passing(sentence))
        if not self._says and not (made and self._editor.client.progress):
            self._editor.message(short)

    async def cancelled(self, path: Path | None) -> None:
        """Ends the progress; no message, since the user did it."""
        self._progress.end("Cancelled; what had come is in the chat." if path and self._came else "Cancelled.")
        self._answer("cancelled", chat=uri_of(path) if path else None)

    async def failed(self, error: AskError, path: Path | None) -> None:
        """Says the sentence."""
        sentence = passing(str(error))
        self._progress.end(_first_sentence(sentence))
        self._noted(error)
        self._trouble(sentence)
        self._answer("failed", error=sentence, code=error.code, chat=uri_of(path) if path else None)
        if not self._says:
            self._editor.message(sentence, types.MessageType.Error)

    def _answer(self, state: str, **rest: Any) -> None:
        if self._says:
            told = {key: value for key, value in rest.items() if value is not None}
            params = {"job": self._job.id, "seq": next(self._numbers), "state": state, **self._head, **told}
            self._head = {}
            self._editor.notify("ask/answer", params)


def _first_sentence(text: str) -> str:
    match = _SENTENCE.match(text)
    return match[0] if match else text
