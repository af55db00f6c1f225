"""From one edit to the next of the same chat, without a model: which text it is about, and how an answer is read."""

from __future__ import annotations

import pytest
from lsprotocol import types

from ask_lsp.assistant.making import Making, going_on
from ask_lsp.assistant.question import Ask
from ask_lsp.assistant.reading import read
from ask_lsp.core.action import Action
from ask_lsp.core.text import Point, Span
from ask_lsp.lsp.desk import DocumentPlace
from ask_lsp.lsp.documents import Documents

ACTION = Action("a", "A", "refactor.rewrite", "Do.")
BODY = "def f():\n    return 1\n"
F = Span(Point(0, 0), Point(1, 12))


def making_at(documents: Documents, span: Span, **rest) -> Making:
    document = documents.open(types.TextDocumentItem("file:///w/a.py", "python", 1, BODY))
    ask = Ask(ACTION, document.snapshot(), span, "the code", form=rest.get("output", "replace"))
    return Making(ask, DocumentPlace(documents, document, span), **{"output": "replace", "title": "T", **rest})


def types_text(documents: Documents, line: int, column: int, text: str) -> None:
    (document,) = documents
    place = types.Position(line=line, character=column)
    change = types.TextDocumentContentChangePartial(range=types.Range(start=place, end=place), text=text)
    document.apply([change], document.version + 1, "utf-16")


def test_the_next_edit_is_examined_in_the_document_as_it_is() -> None:
    """Also where its own place says what it said."""
    documents = Documents()
    making = making_at(documents, F)
    types_text(documents, 0, 0, "import os\n")

    following = going_on(making, "Shorter.")

    assert following.ask.snapshot.version == 2
    assert following.ask.span == Span(Point(1, 0), Point(2, 12))
    assert (following.seen, following.ask.question) == (making.seen, "Shorter.")


@pytest.mark.parametrize(
    ("line", "column", "text", "seen"),
    [
        (0, 0, "@cache\n", "@cache\ndef f():\n    return 1"),
        (1, 12, "0", "def f():\n    return 10"),
        (1, 12, "\nx = 1", "def f():\n    return 1\nx = 1"),
    ],
)
def test_what_was_offered_is_part_of_it_once_it_is_there_and_what_ends_its_last_line(line, column, text, seen) -> None:
    documents = Documents()
    making = making_at(documents, F, offered=seen)
    types_text(documents, line, column, text)

    assert going_on(making, "").seen == seen


def test_what_somebody_else_puts_at_the_edge_is_none_of_it() -> None:
    documents = Documents()
    making = making_at(documents, F, offered="def f():\n    return 2")
    types_text(documents, 0, 0, "import os\n")
    types_text(documents, 2, 12, "\n\nx = 1")

    assert going_on(making, "").seen == "def f():\n    return 1"


@pytest.mark.parametrize("output", ["new_file", "chat"])
def test_an_output_that_no_target_has_is_never_read_as_a_replacement(output) -> None:
    with pytest.raises(ValueError, match=output):
        read(making_at(Documents(), F, output=output), "```python\ndef f():\n    return 2\n```")
