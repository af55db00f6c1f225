"""A model that needs no key and no network, and always gives the same answer to the same question.

It is shipped, not a test double: whoever sets up an editor or writes a client can see the whole way work with it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence

from ask_lsp.core.conversation import Event, Finished, Message, TextDelta, Usage

DELTAS = 8
_FENCED = re.compile(r"^(`{3,}|~{3,}).*\n((?:.*\n)*?)\1\s*$", re.MULTILINE)
_MARKED = re.compile(r"^<code>\n(`{3,})(\S*)\n((?:.*\n)*?)\1\n</code>$", re.MULTILINE)
_COMMENTS = {"python": "#", "ruby": "#", "shellscript": "#", "sh": "#", "bash": "#", "yaml": "#", "lua": "--"}


async def echo_answer(messages: Sequence[Message]) -> AsyncGenerator[Event, None]:
    """Says what arrived: the roles, the first line of the question, how many lines of code. Usage counts words."""
    text = echo_text(messages)
    size = -(-len(text) // DELTAS)
    for start in range(0, len(text), size):
        # As with a real model, others get their turn between two pieces.
        await asyncio.sleep(0)
        yield TextDelta(text[start : start + size])
    yield Usage(sum(len(message.text.split()) for message in messages), len(text.split()))
    yield Finished("stop")


def echo_text(messages: Sequence[Message]) -> str:
    """The whole answer."""
    questions = [message.text for message in messages if message.role == "user"]
    question = questions[-1] if questions else ""
    blocks = _FENCED.findall(question)
    prose = _FENCED.sub("", question)
    first = next((line.strip() for line in prose.splitlines() if line.strip()), "nothing")
    if marked := _MARKED.search(question):
        return _echoed_edit(marked[2], marked[3])
    lines = sum(code.count("\n") for _, code in blocks)
    roles = ", ".join(message.role for message in messages)
    return (
        f"You asked: {first}\n\n"
        f"With it came {lines} {'line' if lines == 1 else 'lines'} of code, in {len(messages)} "
        f"{'message' if len(messages) == 1 else 'messages'} ({roles}). "
        "This is the echo profile: it repeats and knows nothing. Choose another profile for a real answer.\n"
    )


def _echoed_edit(language: str, code: str) -> str:
    """An edit that anybody can tell from a real one: the code as it is, below a comment."""
    mark = _COMMENTS.get(language, "//")
    indent = code[: len(code) - len(code.lstrip(" \t"))]
    return f"```{language}\n{indent}{mark} The echo profile was here.\n{code}```\n"
