"""Where a stretch of text, the target of a proposal say, is in a document that was closed, changed and opened again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ask_lsp.core.edges import around
from ask_lsp.core.proposal import Anchor, Proposal
from ask_lsp.core.text import Point, Snapshot, Span, clamp, line_length, line_text, slice_lines, split_lines

MOST_CANDIDATES = 2_000
LINE, BLANK = 10, 1
UNMISTAKABLE = 80
"""Code points of a text of several lines that nobody writes twice by chance."""


def anchored(snapshot: Snapshot, span: Span) -> Anchor:
    """What it takes to find that stretch again."""
    return Anchor(span, snapshot.slice(span), *around(snapshot.lines, span))


def find(lines: Sequence[str], proposal: Proposal) -> Span | None:
    """The place of a proposal's target, as `locate` finds it."""
    return locate(lines, proposal.at)


def locate(lines: Sequence[str], at: Anchor) -> Span | None:
    """The place where the text stands, with the rest of its own lines as it was, between the lines that fit best.

    Compared without regard to the kinds of line ends. None if it is nowhere, if two places are equally good, or if
    nothing around it fits and it is so short that it may be another's.
    """
    if _unmoved(lines, at):
        return at.span
    *above, head = [line_text(line) for line in split_lines(at.before)]
    tail, *below = [line_text(line) for line in split_lines(at.after)]
    if below and not below[-1]:
        below.pop()
    wanted = [line_text(line) for line in split_lines(at.text)]
    last = len(wanted) - 1
    wanted[0] = head + wanted[0]
    wanted[last] += tail
    found: list[tuple[int, int, Span]] = []
    for line in _candidates(lines, wanted):
        if [line_text(each) for each in lines[line : line + len(wanted)]] != wanted:
            continue
        score = _alike([line_text(each) for each in lines[max(0, line - len(above)) : line]][::-1], above[::-1])
        score += _alike([line_text(each) for each in lines[line + last + 1 : line + last + 1 + len(below)]], below)
        span = Span(Point(line, len(head)), Point(line + last, len(wanted[last]) - len(tail)))
        found.append((score, -abs(line - at.span.start.line), span))
    found.sort(key=lambda each: each[:2], reverse=True)
    if not found or (len(found) > 1 and found[0][:2] == found[1][:2]):
        return None
    score, distance, span = found[0]
    if not at.text.strip():
        return span if score == _alike(above, above) + _alike(below, below) else None
    known = last > 0 and len(at.text) >= UNMISTAKABLE
    return span if score >= LINE or distance == 0 or known else None


def fitted(lines: Sequence[str], proposal: Proposal, span: Span) -> Proposal:
    """The proposal for the place where it was found, with the line ends of that document."""
    first = lines[0]
    eol = first[line_length(first) :] or "\n"
    now = slice_lines(lines, span)
    seen = now if proposal.standing is None else _with_line_ends(proposal.seen, eol)
    new = _with_line_ends(proposal.new, eol)
    return replace(proposal, span=span, seen=seen, new=new, standing=None if now == seen else now)


def _with_line_ends(text: str, eol: str) -> str:
    return "".join(line_text(line) + (eol if line_text(line) != line else "") for line in split_lines(text))


def _unmoved(lines: Sequence[str], at: Anchor) -> bool:
    """Whether it stands where it stood, between the same lines: then nothing else need be looked at."""
    if clamp(lines, at.span) != at.span or slice_lines(lines, at.span) != at.text:
        return False
    return around(lines, at.span) == (at.before, at.after)


def _candidates(lines: Sequence[str], wanted: list[str]) -> Iterator[int]:
    """Lines at which it may begin: those around its longest line; none if too many lines look like that."""
    number, key = max(enumerate(wanted), key=lambda item: len(item[1]))
    holding = [at for at, line in enumerate(lines) if line.startswith(key) and len(line) - len(key) <= len("\r\n")]
    if len(holding) <= MOST_CANDIDATES:
        yield from (at - number for at in holding if at >= number)


def _alike(lines: Sequence[str], wanted: Sequence[str]) -> int:
    """How many lines are as they were; blank ones prove nothing, but break a tie."""
    same = [one for one, other in zip(lines, wanted, strict=False) if one == other]
    return sum(BLANK if not line.strip() else LINE for line in same)
