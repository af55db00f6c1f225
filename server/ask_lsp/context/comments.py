"""Whether a stretch of text is a comment, as the syntax tree has it. Runs in the thread that does all parsing."""

from __future__ import annotations

from ask_lsp.context.definitions import offset_of, parse
from ask_lsp.context.grammars import grammar_name
from ask_lsp.core.text import Point, Snapshot, Span, clamp, line_text


def is_comment(snapshot: Snapshot, span: Span) -> bool:
    """Whether the first and the last character of `span` that is not white space belongs to a comment.

    True where no grammar can tell. Raises ImportError without the grammar's wheel.
    """
    grammar = grammar_name(snapshot.language, snapshot.uri)
    ends = _ends(snapshot, span)
    if grammar is None or ends is None:
        return True
    parsed = parse(grammar, tuple(snapshot.lines))
    root = parsed.tree.root_node
    for point in ends:
        offset = offset_of(point, parsed)
        node = root.descendant_for_byte_range(offset, offset + 1)
        while node is not None and "comment" not in node.type:
            if grammar == "php" and node.type == "text":
                return True  # the page around the code, of which this grammar knows nothing
            node = node.parent
        if node is None:
            return False
    return True


def _ends(snapshot: Snapshot, span: Span) -> tuple[Point, Point] | None:
    start, end = clamp(snapshot.lines, span)
    written = []
    for number in range(start.line, end.line + 1):
        text = line_text(snapshot.lines[number])
        if number == end.line:
            text = text[: end.column]
        begin = start.column if number == start.line else 0
        text = " " * begin + text[begin:]
        if text.strip():
            written.append((Point(number, len(text) - len(text.lstrip())), Point(number, len(text.rstrip()) - 1)))
    if not written:
        return None
    first, last = written[0][0], written[-1][1]
    # A comment in the braces of JSX: the braces go with it, and are none.
    if snapshot.lines[first.line][first.column] == "{" and snapshot.lines[last.line][last.column] == "}":
        first, last = Point(first.line, first.column + 1), Point(last.line, last.column - 1)
    return first, last
