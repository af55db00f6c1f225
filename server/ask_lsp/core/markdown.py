"""A model's Markdown, made harmless while it streams: nothing in it loads, runs or hides anything wherever it is shown.

What comes back is untrusted: code that was sent may have told the model to answer with an image whose address holds a
secret. Code goes through byte for byte, but only where every renderer sees code; in doubt it is treated as prose, where
dangerous marks get a backslash and addresses that may hold data become code (core/markdown_prose.py).
"""

from __future__ import annotations

import re

from ask_lsp.core.markdown_lines import DEEPEST_INDENT, FENCE, QUOTE, Blocks, Start, skip_blanks
from ask_lsp.core.markdown_prose import Prose
from ask_lsp.core.markdown_reader import Reader, Undecided
from ask_lsp.core.visible import VisibleStream

# What decides how a line belongs to blocks: all of it stands before its first word.
_PREFIX = re.compile(r"[ \t>*+\-_=#|:0-9.)`~$]*")
_CODE_PREFIX = re.compile(r"[ \t>]*(?:`+|~+)?[^\S\r\n]*")
_LIST_MARKS = re.compile(r"[ \t>*+\-0-9.)]*\[")
_EXTENSION = re.compile(r" {0,3}(?:[\[!?]|[:~][ \t])")  # a footnote, an admonition, a definition list
_DELIMITER = re.compile(r"[ \t>*+\-0-9.)|:]*-[ \t>*+\-0-9.)|:]*$")
_ODD_INFO = re.compile(r"[<>&|\\]|\]\(|!\[|//")
_INFO_WORD = re.compile(r"[ \t]*[\w+#.\-]*")


def shown(text: str) -> str:
    """The whole of a model's Markdown as it may be shown."""
    stream = MarkdownFilter()
    return stream.feed(text) + stream.end()


class MarkdownFilter:
    """`shown` for a text that comes piece by piece; however it is cut, the same comes out."""

    def __init__(self) -> None:
        self._visible = VisibleStream()
        self._reader = Reader()
        self._prose = Prose(self._reader)
        self._blocks = Blocks()
        self._place = "start"
        self._fence = ""
        self._behind = "blank"  # what the last line was: "blank", a "gap" in a list, indented "code", "fence" or "text"
        self._formula = False  # within $$ lines, which some renderers do not read as Markdown
        self._formula_begins = False
        self._extended = False  # with what some renderers take for the first line of an indented block of prose

    def feed(self, piece: str) -> str:
        """What is safe to show now."""
        self._reader.take(self._visible.feed(piece))
        return self._run()

    def end(self) -> str:
        """The rest: nothing follows."""
        self._reader.take(self._visible.end(), ended=True)
        return self._run()

    def _run(self) -> str:
        try:
            while self._reader.look():
                if self._place == "start":
                    self._place = self._begin_line_of_code() if self._fence else self._begin_line()
                elif self._place == "code":
                    self._copy_line()
                elif not self._prose.step():
                    self._reader.end_line()
                    self._note_formula()
                    self._place = "start"
        except Undecided:
            pass
        return self._reader.taken()

    def _copy_line(self) -> None:
        reader = self._reader
        end = reader.line_end()
        if end > reader.at:
            reader.keep(end)
        else:
            reader.end_line()
            self._place = "start"

    def _begin_line(self) -> str:
        line = self._line()
        if line is None:
            # Longer than anybody writes: from here on we could not say what is code. Everything is prose.
            self._prose.distrust = True
            self._blocks = Blocks(paragraph=True)
            self._begin_prose(Start("text", 0, 0), "")
            return "prose"
        start = self._blocks.start(line)
        if start.kind == "fence" and self._formula:
            self._prose.distrust = True
        if start.kind == "fence" and not self._prose.distrust:
            self._open_fence(line, start.at)
            return "code"
        if start.kind == "code" and self._is_code():
            self._behind = "code"
            return "code"
        if start.kind == "blank":
            self._prose.begin_block()
            self._reader.keep(self._reader.at + start.at)
            if self._behind != "code":
                self._behind = "gap" if self._blocks.open else "blank"
            return "prose"
        self._begin_prose(start, line)
        return "prose"

    def _line(self) -> str | None:
        """As much of the line as decides about it; None if that is out of reach."""
        reader = self._reader
        prefix = reader.match(_PREFIX)
        end = prefix.end() if prefix else reader.at
        if "```" in reader.text[reader.at : end] or "~~~" in reader.text[reader.at : end]:
            end = reader.line_end()
        return None if reader.is_cut(end) else reader.text[reader.at : reader.line_end()]

    def _is_code(self) -> bool:
        """Whether an indented line is code for all renderers: they disagree about those within lists and quotations."""
        doubtful = self._prose.distrust or self._formula or self._extended or self._blocks.open
        return not doubtful and self._behind in ("blank", "code")

    def _begin_prose(self, start: Start, line: str) -> None:
        prose = self._prose
        prose.begin_line(may_define=bool(_LIST_MARKS.match(line)))
        first = line[start.at : start.at + 1]
        is_new = self._behind != "text"
        at_margin = first.isalpha() and start.at == 0 and not self._blocks.open and not prose.distrust
        prose.may_span_lines = at_margin and (is_new or prose.may_span_lines)
        if start.refused:
            # Whether there is a paragraph is doubtful behind a table or a formula. Let it be no list for anybody.
            marker = start.at + start.refused
            self._reader.emit(f"{line[: marker - 1]}\\{line[marker - 1]}", self._reader.at + marker)
        else:
            self._reader.keep(self._reader.at + start.at)
        prose.table |= bool(_DELIMITER.match(line))
        self._extended |= bool(_EXTENSION.match(line))
        self._formula_begins = line.startswith("$$", start.at)
        self._behind = "text"
        self._reader.tail = ""

    def _note_formula(self) -> None:
        """Whether the line that ended begins or ends a formula of several lines."""
        tail = self._reader.line_tail
        ends = tail.endswith("$$")
        if self._formula:
            self._formula = not ends
        elif self._formula_begins:
            self._formula = not (ends and tail[0] != "$")
        self._formula_begins = False

    def _open_fence(self, line: str, at: int) -> None:
        reader = self._reader
        fence = FENCE.match(line[at:])
        assert fence, "a line of this kind is a fence"
        self._fence = fence[1] or fence[3]
        self._behind = "fence"
        info = fence[2] or fence[4] or ""
        if _ODD_INFO.search(info):
            word = _INFO_WORD.match(info)
            reader.emit(line[:at] + self._fence + (word[0] if word else ""), reader.at + len(line))

    def _begin_line_of_code(self) -> str:
        reader = self._reader
        prefix = reader.match(_CODE_PREFIX)
        end = prefix.end() if prefix else reader.at
        if reader.is_cut(end):
            self._close_fence()  # what begins like this cannot be told apart from its end; see _begin_line
            return "start"
        line = reader.text[reader.at : reader.line_end()]
        count, place = self._blocks.continued(line)
        content = skip_blanks(line, place)
        rest = line[content.at :]
        closes = self._closes(rest)
        left = self._blocks.open[count:]
        if not left:
            if closes and content.column - place.column <= DEEPEST_INDENT:
                self._fence = ""
                reader.emit(line[: content.at] + rest.rstrip(), reader.at + len(line))
            return "code"
        if closes and all(item.width != QUOTE for item in left):
            # It was meant to close the fence, but stands left of the list item: for some renderers it opens another.
            self._fence = ""
            reader.emit(self._blocks.prefix() + rest.rstrip(), reader.at + len(line))
            return "code"
        self._close_fence()
        return "start"

    def _closes(self, rest: str) -> bool:
        run = rest.rstrip()
        return len(run) >= len(self._fence) and run == self._fence[0] * len(run)

    def _close_fence(self) -> None:
        """Says where a fence ends that ends with its list item or quotation: not all renderers count like us."""
        self._reader.emit(f"{self._blocks.prefix()}{self._fence}\n", self._reader.at)
        self._fence = ""
