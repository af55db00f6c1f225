"""The Markdown pages about proposals: the difference that one makes, and the list of all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from urllib.parse import unquote, urlsplit

from ask_lsp.core.chat_format import file_link
from ask_lsp.core.edits import merge
from ask_lsp.core.fences import fenced
from ask_lsp.core.proposal import Proposal
from ask_lsp.core.text import line_text, split_lines
from ask_lsp.core.visible import visible

MOST_LINES = 2_000


def diff_page(proposal: Proposal) -> str:
    """The difference from what stands there, as far as that is known, to what is proposed; hidden characters named."""
    from difflib import unified_diff

    name = _name(proposal.uri)
    old = proposal.at.text
    new = merge(proposal.seen, proposal.new, old)
    parts = [f"# {proposal.title}\n", f"{_place(proposal)}\n"]
    if proposal.reason:
        parts.append(f"{proposal.reason}\n")
    if old != proposal.seen:
        parts.append("The code was changed since; the difference is to what stands there now.\n")
    if new is None:
        new = proposal.new
        parts.append("The same lines were changed: it cannot be applied any more, make it by hand or discard it.\n")
    before, after = ("" if proposal.new_file else old), new.removesuffix("\n" if proposal.new_file else "")
    lines = list(
        unified_diff(
            _shown(before), _shown(after), "/dev/null" if proposal.new_file else f"a/{name}", f"b/{name}", lineterm=""
        )
    )
    left_out = len(lines) - MOST_LINES
    if not lines:
        parts.append("Only the line ends, or nothing, would change.\n")
    parts.append(fenced("\n".join(lines[:MOST_LINES]), "diff"))
    if left_out > 0:
        parts.append(f"{left_out:,} more lines of the difference are left out here.\n")
    parts.append(
        f"Apply it with the code action “Apply: …” there or the command `ask.apply` with `{proposal.id}`; "
        f"let it go with “Discard: …” or `ask.discard`.\n"
    )
    return visible("\n".join(parts))


def proposals_page(proposals: Sequence[Proposal]) -> str:
    """All of them, newest first within each file."""
    from datetime import datetime

    if not proposals:
        return "# Proposals\n\nThere are none. An edit that cannot be made at once is kept here.\n"
    parts = ["# Proposals\n"]
    for uri, of_file in groupby(
        sorted(proposals, key=lambda each: (each.uri, -each.created)), key=lambda each: each.uri
    ):
        parts.append(f"## {_name(uri)}\n")
        for proposal in of_file:
            when = datetime.fromtimestamp(proposal.created).isoformat(" ", "minutes")
            reason = f" {proposal.reason}" if proposal.reason else ""
            parts.append(f"- **{proposal.title}**, {_place(proposal)}, {when}, `{proposal.id}`.{reason}")
        parts.append("")
    parts.append(
        "Apply one with the code action “Apply: …” at its place, or `ask.apply` and its id; `ask.discard` lets it go.\n"
    )
    return visible("\n".join(parts))


def _name(uri: str) -> str:
    return unquote(urlsplit(uri).path).rsplit("/", 1)[-1] or uri


def _place(proposal: Proposal) -> str:
    line = proposal.span.start.line + 1
    label = _name(proposal.uri) if proposal.new_file else f"{_name(proposal.uri)}:{line}"
    return file_link(label, proposal.uri if proposal.new_file else f"{proposal.uri}#L{line}")


def _shown(text: str) -> list[str]:
    return [line_text(line) for line in split_lines(text)] if text else []
