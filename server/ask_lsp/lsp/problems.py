"""The problems that the editor has told us about, where they are now.

A server hears of the diagnostics of other servers only in code action requests, those at one place at a time. So what
was told is remembered, and what is told of a place replaces what was known there.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import NamedTuple

import attrs
from lsprotocol import types

from ask_lsp.core.text import Span
from ask_lsp.core.tracking import TrackedSpan
from ask_lsp.lsp.convert import to_range, to_span
from ask_lsp.lsp.documents import Document

MOST = 100


class _Told(NamedTuple):
    diagnostic: types.Diagnostic
    place: TrackedSpan


class Problems:
    """What is known, a document at a time."""

    def __init__(self) -> None:
        self._told: weakref.WeakKeyDictionary[Document, list[_Told]] = weakref.WeakKeyDictionary()

    def note(self, document: Document, asked: Span, here: Sequence[types.Diagnostic], encoding: str) -> None:
        """Takes what a request about `asked` tells: other problems that were known there are gone."""
        known = [told for told in self._told.get(document, ()) if not _share_a_line(told.place.span, asked)]
        for diagnostic in here:
            span = to_span(document.lines, diagnostic.range, encoding)
            known = [told for told in known if told.place.span != span or told.diagnostic.message != diagnostic.message]
            known.append(_Told(diagnostic, document.track(span)))
        self._told[document] = known[-MOST:]

    def all(self, document: Document, encoding: str) -> list[types.Diagnostic]:
        """All that are known, in the order of the text, with their ranges as they are now."""
        told = sorted(self._told.get(document, ()), key=lambda each: each.place.span)
        return [
            attrs.evolve(each.diagnostic, range=to_range(document.lines, each.place.span, encoding)) for each in told
        ]


def _share_a_line(one: Span, other: Span) -> bool:
    return one.start.line <= other.end.line and other.start.line <= one.end.line


def message_of(diagnostic: types.Diagnostic) -> str:
    """What a diagnostic says (LSP 3.18 allows markup)."""
    return diagnostic.message if isinstance(diagnostic.message, str) else diagnostic.message.value
