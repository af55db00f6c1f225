"""What stands in a line of prose, character by character: what is dangerous in it loses its meaning, the rest stays.

A backslash works wherever it stands; should a renderer see code there after all, it is only one character too many.
The counting of backticks must be the renderer's: a run that no other one closes in the same line gets backslashes, so
that it can close nothing in another line. Code that formulas or tables could tear apart is code only while harmless.
"""

from __future__ import annotations

import re

from ask_lsp.core.links import BARE, PLAIN, is_mail, is_ordinary, is_ordinary_word
from ask_lsp.core.markdown_reader import Reader

_LONGEST_LINK = 400
_CALM = re.compile(r"[^\\`<!\[\]\r\n$A-Za-z0-9./#&]+")
_BLANK = re.compile(r"[ \t]")
_WORD = re.compile(r"[A-Za-z0-9\-._~:/?#@%&=+,;]+")
_UP_TO_BLANK = re.compile(r"[^ \t\r\n<]*")
_TICKS = re.compile(r"`+")
_ESCAPABLE = re.compile(r"[!-/:-@\[-`{-~]")
_TAG = re.compile(r"<([!?/]|[A-Za-z][\w:.@+\-]*)")
_ANGLED = re.compile(r"<([^\s<>`\\]{0,300})(>?)")
_LINK_TEXT = re.compile(
    rf"\[(?:[^\[\]`\\<!|$\r\n]|\\[!-/:-@\[-`{{-~]|(?<!`)`(?!`)[^`|$\r\n]+`(?!`)){{0,{_LONGEST_LINK}}}"
)
_DESTINATION = re.compile(r"\]\(([^\s()<>`\\|$]*(?:\([^\s()<>`\\|$]*\)[^\s()<>`\\|$]*)*)")
_TITLE_AND_END = re.compile(r"(?:[ \t]+\"[^\"<>`\\|$\r\n]*\")?[ \t]*\)")
_LABEL = re.compile(r"\[(?:[^\[\]\\\r\n]|\\[^\r\n])*\]")
_DEFINITION = re.compile(r":[ \t]*([^ \t\r\n]*)[ \t]*([^\r\n]?)")
_DELIMITER = re.compile(r"[ \t>*+\-0-9.)|:]*")
_PIPE = re.compile(r"(?<!\\)\||\\\\\|")
_DANGEROUS = re.compile(rf"<[A-Za-z/!?]|!\[|\]\(|\]:|\]\[|//|{BARE.pattern}", re.IGNORECASE)
# References to ASCII characters, out of which an address or a mark could be put together behind our back.
_ENTITY = re.compile(
    r"&(?=#0*(?:[0-9]{1,2}|1[01][0-9]|12[0-7]);|#[xX]0*[0-7]?[0-9a-fA-F];"
    r"|(?:Tab|NewLine|excl|num|percnt|lpar|rpar|ast|plus|comma|period|sol|colon|semi|equals|quest|commat|lsqb|lbrack|bsol"
    r"|rsqb|rbrack|lowbar|grave|vert|verbar|dollar);)"
)


class Prose:
    """The inline content of one block after the other."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.distrust = False
        self.begin_block()
        self.begin_line()

    def begin_block(self) -> None:
        """A blank line ends whatever could go over several lines."""
        self.table = False
        self.may_span_lines = False
        self._dollar = False
        self._dollar_in_code = False
        self._longest_run = 0
        self._open_brackets = 0

    def begin_line(self, *, may_define: bool = False) -> None:
        """The next line of the same block. `may_define`: a bracket is the first in it, and may begin a definition."""
        self._may_define = may_define
        self._pipe_in_code = False
        self._in_address = False

    def step(self) -> bool:
        """Decides about what comes next; False at the end of the line."""
        reader = self._reader
        mark = reader.text[reader.at]
        if mark in "\r\n":
            return False
        if calm := reader.match(_CALM):
            self._in_address &= not _BLANK.search(calm[0])
            reader.keep(calm.end())
        elif mark == "\\":
            reader.is_cut(reader.at + 2)
            self._leave_address()
            reader.keep(reader.at + (2 if reader.match(_ESCAPABLE, reader.at + 1) else 1))
        elif mark == "`":
            self._code_span()
        elif mark == "<":
            self._angle()
        elif mark == "!":
            reader.is_cut(reader.at + 2)
            if reader.text.startswith("![", reader.at):
                self._escape("![", "!\\[")
            else:
                reader.keep(reader.at + 1)
        elif mark == "[":
            self._opening_bracket()
        elif mark == "]":
            self._closing_bracket()
        elif mark == "$":
            self._dollar = True
            reader.keep(reader.at + 1)
        else:
            self._word()
        return True

    def _code_span(self) -> None:
        reader = self._reader
        behind = reader.at + len(self._run(reader.at))
        length = behind - reader.at
        self._longest_run = max(self._longest_run, length)
        closing = None if reader.is_cut(behind) else self._closing_run(behind, length)
        if closing is None:
            self._escape("`" * length, "\\`" * length)
            return
        content = reader.text[behind:closing]
        end = closing + length
        has_pipe = bool(_PIPE.search(content))
        has_dollar = "$" in content
        if _DANGEROUS.search(content) and (
            self.distrust
            or (self._open_brackets and "](" in content)
            or (self._dollar and (has_dollar or self._dollar_in_code))
            or ((has_pipe or self._pipe_in_code) and self._may_be_table(end))
        ):
            self._escape("`" * length, "\\`" * length)
            return
        self._leave_address()
        self._pipe_in_code |= has_pipe
        self._dollar_in_code |= has_dollar
        reader.keep(end)

    def _escape(self, marks: str, harmless: str) -> None:
        self._leave_address()
        self._reader.emit(harmless, self._reader.at + len(marks))

    def _leave_address(self) -> None:
        """A blank behind a bare address: else renderers take a backslash or a backtick for a part of it (GFM 6.9)."""
        if self._in_address:
            self._in_address = False
            self._reader.emit(" ", self._reader.at)

    def _run(self, at: int) -> str:
        match = self._reader.match(_TICKS, at)
        return match[0] if match else ""

    def _closing_run(self, at: int, length: int) -> int | None:
        """Where the next run of as many backticks is: in this line, or where no renderer can see a new block."""
        reader = self._reader
        while True:
            end = reader.line_end(at)
            for run in _TICKS.finditer(reader.text, at, end):
                if run.end() - run.start() == length:
                    return None if run.end() == reader.stop and reader.is_cut(run.end()) else run.start()
            if reader.is_cut(end) or not self.may_span_lines:
                return None
            at = reader.behind_line_end(end)
            if at == end or reader.is_cut(at) or not reader.text[at : at + 1].isalpha():
                return None

    def _may_be_table(self, end: int) -> bool:
        """Whether this line is, or may be the first, of a table, whose cells end at every `|`."""
        if self.table:
            return True
        reader = self._reader
        line_end = reader.line_end(end)
        if reader.is_cut(line_end):
            return True
        following = reader.behind_line_end(line_end)
        match = reader.match(_DELIMITER, following)
        behind = match.end() if match else following
        return reader.is_cut(behind) or ("-" in reader.text[following:behind] and reader.line_end(behind) == behind)

    def _angle(self) -> None:
        reader = self._reader
        tag = None if reader.is_cut(reader.at + 2) else reader.match(_TAG)
        if tag is None:
            reader.keep(reader.at + 1)
            return
        name = tag[1]
        if name[0].isalpha() and not reader.is_cut(tag.end()):
            if ":" in name or "@" in name:
                address = reader.match(_ANGLED)
                if address and not reader.is_cut(address.end() + 1) and address[2] and self._is_autolink(address[1]):
                    reader.keep(address.end())
                    return
            elif reader.text[tag.end() : tag.end() + 1].strip(" \t\r\n/>"):
                reader.keep(reader.at + 1)  # `<` that is less than something: no tag goes on like this
                return
        self._escape("<", "\\<")

    def _is_autolink(self, address: str) -> bool:
        return (
            bool(PLAIN.fullmatch(address))
            and not address.startswith("#")
            and (is_ordinary(address) or is_mail(address))
        )

    def _opening_bracket(self) -> None:
        end = self._link_end()
        if end is None and self._may_define and self._defines_something():
            self._escape("[", "\\[")
        else:
            self._open_brackets += end is None
            # Behind the mark of a footnote, another definition may begin.
            is_footnote = self._may_define and self._reader.text.startswith("[^", self._reader.at)
            self._reader.keep(end or self._reader.at + 1)
            self._may_define = is_footnote
            return
        self._may_define = False

    def _link_end(self) -> int | None:
        """Where `[text](address "title")` ends that may stay. Any other loses its closing bracket later."""
        reader = self._reader
        text = reader.match(_LINK_TEXT)
        end = text.end() if text else reader.at + 1
        if reader.text.startswith("`", end):
            self._wait_for_line(end)
        if reader.is_cut(end + 2) or not text:
            return None
        address = reader.match(_DESTINATION, end)
        if address is None:
            if reader.text.startswith("](", end):
                self._wait_for_line(end)
            return None
        closing = reader.match(_TITLE_AND_END, address.end())
        if closing is None:
            self._wait_for_line(address.end())
            return None
        if not is_ordinary(address[1]) or self._hides_address(text[0][1:]):
            return None
        return None if reader.is_cut(closing.end()) else closing.end()

    def _wait_for_line(self, at: int) -> None:
        self._reader.is_cut(self._reader.line_end(at))

    def _hides_address(self, text: str) -> bool:
        return any(BARE.search(word) and not is_ordinary_word(word) for word in text.split())

    def _closing_bracket(self) -> None:
        """`](` would end a link or an image that was not looked at."""
        reader = self._reader
        if reader.is_cut(reader.at + 2) or reader.text.startswith("](", reader.at):
            self._escape("]", "\\]")
        else:
            self._open_brackets = max(0, self._open_brackets - 1)
            reader.keep(reader.at + 1)

    def _defines_something(self) -> bool:
        """Whether a link reference definition may begin here whose address is not an ordinary one.

        What is not closed in this line, or closed by a bracket that loses its meaning, could go on over any lines.
        """
        reader = self._reader
        label = reader.match(_LABEL)
        if label is None or reader.is_cut(label.end() + 1):
            self._wait_for_line(reader.at)
            return True
        if reader.text[label.end() : label.end() + 1] != ":":
            return reader.text.startswith("(", label.end())
        definition = reader.match(_DEFINITION, label.end())
        if definition is None or reader.is_cut(definition.end() + 1):
            return True
        address, behind = definition[1], definition[2]
        # Behind the address only a title may stand, and it begins with one of these (CommonMark 0.31, 4.7).
        is_sentence = behind and behind not in "\"'(" and not address.startswith("<")
        return not is_sentence and not is_ordinary(address)

    def _word(self) -> None:
        reader = self._reader
        word = reader.match(_WORD)
        end = word.end() if word else reader.at + 1
        cut = reader.is_cut(end)
        address = BARE.search(reader.text[reader.at : end])
        if address is None:
            reader.emit(self._plain(reader.at, end), end)
            return
        start = reader.at + address.start()
        all_of_it = reader.match(_UP_TO_BLANK, start)
        behind = all_of_it.end() if all_of_it else end
        cut = reader.is_cut(behind) or cut
        if not cut and is_ordinary_word(reader.text[start:behind]):
            reader.emit(self._plain(reader.at, end), end)
            self._in_address = True
            return
        reader.emit(self._plain(reader.at, start), start)
        whole = reader.match(PLAIN)
        self._as_code(whole.end() if whole else end)

    def _plain(self, start: int, end: int) -> str:
        text = self._reader.text[start:end]
        return _ENTITY.sub("\\&", text) if "&" in text else text

    def _as_code(self, end: int) -> None:
        """An address as a code span, which nothing that came before it in this block can close or open."""
        reader = self._reader
        torn = self._pipe_in_code or self._dollar_in_code or self.distrust
        marks = "`" * (self._longest_run + 1 if torn else 1)
        before = " " if reader.last in "`\\" else ""
        behind = " " if reader.text[end : end + 1] == "`" else ""
        reader.emit(f"{before}{marks}{reader.text[reader.at : end]}{marks}{behind}", end)
