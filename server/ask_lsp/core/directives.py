"""Comments that speak to the assistant: `# use a dict here ask!` is an instruction, `# why a list? ask?` a question.

One comment is one instruction: the line that holds the word, or the block comment that it ends. Line comments above it
are other people's words, which stay.

Found without a parser, because they are looked for at every listing: only lines that hold the word are read closely,
each once from left to right. Strings that go over several lines are not seen as such; a syntax tree tells, later.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from ask_lsp.core.comment_marks import Comment, Marks, block_end, comments_in, marks_of
from ask_lsp.core.text import Point, Span, clamp, end_of, line_length, line_text, slice_lines

_HINT = re.compile(r"(?<![^\W_])ask[!?]", re.IGNORECASE)
_ASK = re.compile(r"(?<!\S)ask([!?])\Z", re.IGNORECASE)
_CLOSERS = " \t\f*/->]}#%|"
_LONGEST_LINE = 2_000
_MOST_LINES = 200
"""Lines that a listing looks through, and lines that one comment may have."""


class Directive(NamedTuple):
    """A comment that ends in `ask!` or `ask?`; `text` is without marks and that word, `span` is what goes away."""

    kind: Literal["instruction", "question"]
    text: str
    span: Span


def directives(lines: Sequence[str], first: int, last: int, language: str) -> list[Directive]:
    """The directives whose last word stands on the lines `first` to `last`, in their order. Never parses."""
    marks = marks_of(language)
    found: list[Directive] = []
    if marks is None:
        return found
    for number in range(max(0, first), min(last, len(lines) - 1) + 1):
        line = lines[number]
        if len(line) > _LONGEST_LINE or not _HINT.search(line):
            continue
        for directive in _on_line(lines, number, marks):
            if not found or found[-1].span.end <= directive.span.start:
                found.append(directive)
    return found


def find(lines: Sequence[str], selection: Span, definition: Span | None, language: str) -> Directive | None:
    """The directive that a menu at `selection` is about: in it, or on the comment lines directly above it.

    Without a selection: on the cursor's own line, in the `definition` around it, or directly above that. The nearest to
    the cursor, and of two as near the upper one.
    """
    selection = clamp(lines, selection)
    cursor = selection.start.line
    about = selection
    if selection.is_empty and definition is not None:
        definition = clamp(lines, definition)
        about = Span(min(definition.start, selection.start), max(definition.end, selection.end))
    first, last = about.start.line, about.end.line
    if last > first and about.end.column == 0:
        last -= 1
    first, last = max(first, cursor - _MOST_LINES // 2), min(last, cursor + _MOST_LINES // 2)
    above = first - 1
    while above >= 0 and first - above < _MOST_LINES and not lines[above].strip():
        above -= 1
    best: tuple[tuple[bool, int, bool], Directive] | None = None
    # A comment of several lines may end below the place.
    for directive in directives(lines, above, last + _MOST_LINES // 8, language):
        begin, end = _lines_of(lines, directive)
        inside = begin <= last and end >= first
        if not inside and not (end == above and _stands_alone(lines, directive)):
            continue
        distance = max(begin - cursor, cursor - end, 0)
        rank = (not inside, distance, begin > cursor)
        if best is None or rank < best[0]:
            best = rank, directive
    return best[1] if best else None


def without(lines: Sequence[str], span: Span, directive: Directive) -> str:
    """The text of `span` with the directive taken out."""
    start, end = max(span.start, directive.span.start), min(span.end, directive.span.end)
    if start >= end:
        return slice_lines(lines, span)
    head, tail = slice_lines(lines, Span(span.start, start)), slice_lines(lines, Span(end, span.end))
    if end < directive.span.end and start == directive.span.start and start.column == 0:
        # The line end that belongs to the directive is outside, so the one before it is left over.
        head = line_text(head) if not head.endswith("\r\n") else head[:-2]
    return head + tail


def _on_line(lines: Sequence[str], number: int, marks: Marks) -> list[Directive]:
    """The directives whose last word stands on this line."""
    opened = _opened_above(lines, number, marks)
    if opened is not None:
        comment = _whole_block(lines, opened[0], opened[1], marks)
        found = _read(lines, comment, marks) if comment else None
        return [found] if found else []
    found_here = []
    for comment in comments_in(lines[number], number, marks):
        whole = comment if comment.closed else _whole_block(lines, number, comment, marks)
        directive = _read(lines, whole, marks) if whole else None
        if directive is not None:
            found_here.append(directive)
    return found_here


def _opened_above(lines: Sequence[str], number: int, marks: Marks) -> tuple[int, Comment] | None:
    """The block comment that began above this line and goes on into it."""
    if not marks.blocks:
        return None
    closers = {close for _, close in marks.blocks}
    inner = 0  # blocks within blocks that end on the lines between
    for above in range(number - 1, max(-1, number - _MOST_LINES), -1):
        line = lines[above]
        if len(line) > _LONGEST_LINE:
            return None
        if any(opener in line for opener, _ in marks.blocks):
            last = next(reversed(comments_in(line, above, marks)), None)
            if last is not None and not last.closed and last.depth > inner:
                return above, last
            if not marks.nested:
                return None
        elif any(closer in line for closer in closers) and not marks.nested:
            return None
        inner += sum(line.count(close) - line.count(begin) for begin, close in marks.blocks)
        if inner < 0:
            return None
    return None


def _whole_block(lines: Sequence[str], number: int, comment: Comment, marks: Marks) -> Comment | None:
    """A block comment up to where it closes; None when that is too far or never."""
    for below in range(number + 1, min(len(lines), number + _MOST_LINES)):
        end, depth = block_end(lines[below], comment, marks)
        comment = comment._replace(depth=depth)
        if end is not None:
            return comment._replace(end=Point(below, end), closed=True)
    return None


def _read(lines: Sequence[str], comment: Comment, marks: Marks) -> Directive | None:
    words = _ended(_text(lines, comment))
    if words is None:
        return None
    kind, text = words
    start, end = comment.start, comment.end
    before, after = line_text(lines[start.line])[: start.column], line_text(lines[end.line])[end.column :]
    alone = not before.strip(" \t\f\ufeff") and not after.strip()
    if marks.in_braces and before.strip() == "{" and after.strip() == "}":
        alone = True
    if not (text := text.strip()):
        return None
    return Directive(
        kind, text, _whole_lines(lines, start.line, end.line) if alone else _beside_code(comment, before, after)
    )


def _text(lines: Sequence[str], comment: Comment) -> str:
    """What a comment says, without its marks and the stars that begin its lines."""
    start = Point(comment.start.line, comment.start.column + len(comment.mark))
    end = Point(comment.end.line, comment.end.column - len(comment.closer))
    texts = slice_lines(lines, Span(start, max(start, end))).splitlines()
    if comment.closer:
        texts = [re.sub(r"\A\s*\*+(?=\s|\Z)", "", text) for text in texts]
    return "\n".join(text.strip() for text in texts).strip()


def _ended(text: str) -> tuple[Literal["instruction", "question"], str] | None:
    """What stands before the last word, if that is the one."""
    text = text.rstrip(_CLOSERS + "\r\n")
    found = _ASK.search(text, max(0, len(text) - 5))
    if found is None:
        return None
    return "instruction" if found[1] == "!" else "question", text[: found.start()].rstrip()


def _whole_lines(lines: Sequence[str], first: int, last: int) -> Span:
    if last + 1 < len(lines):
        return Span(Point(first, 0), Point(last + 1, 0))
    start = Point(first - 1, line_length(lines[first - 1])) if first else Point(0, 0)
    return Span(start, end_of(lines))


def _beside_code(comment: Comment, before: str, after: str) -> Span:
    """From the white space before a comment to its end; in front of code, the indentation stays and the gap goes."""
    start, end = comment.start, comment.end
    if not after.strip():
        end = Point(end.line, end.column + len(after))
    if before.strip():
        return Span(Point(start.line, len(before.rstrip())), end)
    return Span(start, Point(end.line, end.column + len(after) - len(after.lstrip())))


def _lines_of(lines: Sequence[str], directive: Directive) -> tuple[int, int]:
    """The first and the last line that a directive's words stand on."""
    start, end = directive.span
    first = start.line if lines[start.line][start.column :].strip() else start.line + 1
    return first, end.line - 1 if end.column == 0 and end.line > first else end.line


def _stands_alone(lines: Sequence[str], directive: Directive) -> bool:
    start = directive.span.start
    return start.column == 0 or not lines[start.line][start.column :].strip()
