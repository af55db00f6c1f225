"""Explanations on hover: from memory at once, or short ones asked for one at a time.

Every editor waits for all its servers before it shows a hover, so nothing here may wait longer than it was told to.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable

from ask_lsp.assistant.question import Ask, answer_language, build
from ask_lsp.assistant.sending import Spent
from ask_lsp.assistant.services import Services
from ask_lsp.core.conversation import Finished, TextDelta
from ask_lsp.core.errors import AskError
from ask_lsp.core.markdown import shown
from ask_lsp.core.settings import Settings

log = logging.getLogger(__name__)

COMING = "*The explanation is on its way: hover again in a moment.*"


def explanation_key(code: str, language: str) -> str:
    """What an explanation is remembered by: the code, but for blank ends, and the language of the answer."""
    return hashlib.sha256(f"{language}\0{code.strip()}".encode("utf-8", "replace")).hexdigest()


async def remembered(services: Services, settings: Settings, code: str, locale: str | None) -> str | None:
    """The explanation of exactly this code, if there is one."""
    return await services.memory.explanation(explanation_key(code, answer_language(settings.language, locale)))


class Explainer:
    """Generates explanations for hovers: one at a time, and the latest wins."""

    def __init__(self, busy: Callable[[], None] = lambda: None) -> None:
        self._task: asyncio.Task[str | None] | None = None
        self._key = ""
        self._wanted = 0
        self._failed: dict[str, str] = {}
        self._changed = busy

    @property
    def busy(self) -> bool:
        """Whether one is being generated."""
        return self._task is not None and not self._task.done()

    async def explain(self, services: Services, ask: Ask, wait: float) -> str | None:
        """The explanation if it is there within `wait` seconds, else a line that says it is coming; None on failure.

        The generation ends when all who wait for it are cancelled. It goes on for one who was told that it is coming.
        """
        settings = await services.settings.current()
        key = explanation_key(ask.snapshot.slice(ask.span), answer_language(settings.language, ask.locale))
        if key in self._failed:
            return self._failed.pop(key)
        known = self._task is not None and self._key == key and not self._task.cancelled()
        if not known or (self._task is not None and self._task.done() and not self._task.result()):
            self.cancel()
            self._key, self._wanted = key, 0
            self._task = asyncio.ensure_future(self._generate(services, ask, key))
            self._task.add_done_callback(lambda _: self._changed())
            self._changed()
        task = self._task
        assert task is not None
        self._wanted += 1
        try:
            done, _ = await asyncio.wait({task}, timeout=wait)
        except asyncio.CancelledError:
            if task is self._task:
                self._wanted -= 1
                if not self._wanted:
                    task.cancel()
            raise
        if not done:
            return COMING
        return None if task.cancelled() else task.result() or self._failed.pop(key, None)

    def cancel(self) -> None:
        """Ends what is being generated."""
        if self._task is not None:
            self._task.cancel()

    async def _generate(self, services: Services, ask: Ask, key: str) -> str | None:
        try:
            settings = await services.settings.current(ask.root)
            await services.outbox.require(ask.sending((), settings))
            question = await build(services, ask)
            text, complete = [], False
            sending = ask.sending(question.messages(), settings, settings.hover_profile)
            prepared = await services.outbox.prepare(sending)
            async with contextlib.aclosing(services.outbox.send(prepared, Spent())) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        text.append(event.text)
                    elif isinstance(event, Finished):
                        complete = event.reason == "stop"
            answer = shown("".join(text)).strip()
            if answer and complete:
                await services.memory.remember_explanation(key, answer)
            return answer or None
        except AskError as error:
            log.warning("no explanation for a hover: %s", error)
            self._failed = {key: f"*No explanation: {error}*"}
            return None
        except Exception:  # whatever it was, a hover is never an error
            log.exception("no explanation for a hover")
            return None
