"""How comments look in each language, as data, and where they stand on a line.

For a quick look at a line on its own: a comment mark inside a string is none, and a quote that is not closed on its
line begins no string. Linear in the length of the line.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from ask_lsp.core.text import Point, line_text


class Marks(NamedTuple):
    """What begins and ends comments. `line` are patterns; `blocks` are literal marks; `strings` begin what is none.

    `nested` says that a block comment may hold others.
    """

    line: tuple[str, ...] = ()
    blocks: tuple[tuple[str, str], ...] = ()
    strings: tuple[tuple[str, str], ...] = ()
    in_braces: bool = False
    nested: bool = False


class Comment(NamedTuple):
    """A comment on a line. `closer` is "" for one that goes to the line's end; a block may be not yet `closed`.

    `depth` counts the blocks that are open at its end.
    """

    start: Point
    end: Point
    mark: str
    closer: str
    closed: bool
    depth: int = 0


_ESCAPED = '"(?:[^"\\\\]|\\\\.)*"'
_DOUBLE = ('"', _ESCAPED)
_SINGLE = ("'", _ESCAPED.replace('"', "'"))
_BACKTICK = ("`", _ESCAPED.replace('"', "`"))
_PLAIN_SINGLE = ("'", "'[^']*'")
_PLAIN_BACKTICK = ("`", "`[^`]*`")
_CHARACTER = ("'", r"'(?:\\[^']{1,10}|\\'|[^'\\])'")
_TRIPLE = (('"""', '""".*?"""'), ("'''", "'''.*?'''"))

_SLASHES = r"//+!?"
_HASH = r"#+"
_HASH_AS_WORD = r"(?<![^\s;()&|])#+"
_STARS = ("/*", "*/")
_ARROWS = ("<!--", "-->")

_C = Marks((_SLASHES,), (_STARS,), (_DOUBLE, _CHARACTER))
_JAVASCRIPT = Marks((_SLASHES,), (_STARS,), (_DOUBLE, _SINGLE, _BACKTICK), in_braces=True)
_HASHES = Marks((_HASH,), (), (_DOUBLE, _SINGLE))
_MARKUP = Marks((), (_ARROWS,))
_LISP = Marks((";+",), (("#|", "|#"),), (_DOUBLE,))
_ANY = Marks((_SLASHES, _HASH_AS_WORD), (_STARS,), (_DOUBLE, _SINGLE))

_BY_IDS = {
    "python python3 py starlark bzl": Marks((_HASH,), (), (*_TRIPLE, _DOUBLE, _SINGLE)),
    "javascript javascriptreact javascript.jsx js jsx js-jsx vue svelte": _JAVASCRIPT,
    "typescript ts typescriptreact typescript.tsx tsx": _JAVASCRIPT,
    "go": Marks((_SLASHES,), (_STARS,), (_DOUBLE, _CHARACTER, _PLAIN_BACKTICK)),
    "rust": Marks((_SLASHES,), (_STARS,), (('r#"', 'r#".*?"#'), _DOUBLE, _CHARACTER), nested=True),
    "java groovy": Marks((_SLASHES,), (_STARS,), (_TRIPLE[0], _DOUBLE, _CHARACTER)),
    "kotlin scala swift dart": Marks((_SLASHES,), (_STARS,), (_TRIPLE[0], _DOUBLE, _CHARACTER), nested=True),
    "c cpp c++ c-or-c++ cuda-cpp arduino objective-c objective-cpp objc zig d glsl hlsl proto verilog systemverilog v":
        _C,
    "csharp cs c-sharp c_sharp fsharp":
        Marks((_SLASHES,), (_STARS,), (('@"', '@"(?:[^"]|"")*"'), _TRIPLE[0], _DOUBLE, _CHARACTER)),
    "jsonc json5 scss less sass stylus": Marks((_SLASHES,), (_STARS,), (_DOUBLE, _SINGLE)),
    "css": Marks((), (_STARS,), (_DOUBLE, _SINGLE)),
    "ruby": Marks((_HASH,), (("=begin", "=end"),), (_DOUBLE, _SINGLE, _BACKTICK)),
    "php": Marks((_SLASHES, r"#+(?!\[)"), (_STARS, _ARROWS), (_DOUBLE, _SINGLE)),
    "bash sh shellscript shell zsh ksh fish": Marks((_HASH_AS_WORD,), (), (_DOUBLE, _PLAIN_SINGLE)),
    "lua": Marks(
        (r"--+",),
        (("--[[", "]]"), ("--[=[", "]=]"), ("--[==[", "]==]"), ("--[===[", "]===]")),
        (_DOUBLE, _SINGLE, ("[[", r"\[\[.*?\]\]"), ("[=[", r"\[=\[.*?\]=\]")),
    ),
    "html xml markdown xhtml svg xsl mdx": _MARKUP,
    "sql plsql pgsql mysql": Marks((r"--+",), (_STARS,), (_PLAIN_SINGLE, ('"', '"[^"]*"'))),
    "haskell elm purescript": Marks((r"--+",), (("{-", "-}"),), (_DOUBLE, _CHARACTER), nested=True),
    "ada vhdl": Marks((r"--+",), (), (_DOUBLE,)),
    "lisp commonlisp commonlispf clojure scheme racket emacs-lisp elisp fennel": _LISP,
    "ini properties desktop dosini editorconfig": Marks((r"(?<!\S)[;#]+",)),
    "vim viml": Marks((r'^[ \t]*"',)),
    "tex latex bibtex plaintex": Marks((r"(?<!\\)%+",)),
    "erlang prolog matlab": Marks((r"%+",), (), (_DOUBLE,)),
    "yaml toml make makefile dockerfile conf gitcommit gitignore nginx":
        Marks((_HASH_AS_WORD,), (), (_DOUBLE, _PLAIN_SINGLE)),
    "perl r julia elixir cmake nim crystal coffeescript graphql dotenv tcl awk": _HASHES,
    "powershell": Marks((_HASH_AS_WORD,), (("<#", "#>"),), (('"', '"[^"]*"'), _PLAIN_SINGLE)),
    "terraform hcl nix": Marks((_SLASHES, _HASH_AS_WORD), (_STARS,), (_DOUBLE,)),
    "vb": Marks(("'",), (), (('"', '"[^"]*"'),)),
}  # fmt: skip
_BY_ID = {language: marks for ids, marks in _BY_IDS.items() for language in ids.split()}
_WITHOUT_COMMENTS = {"plaintext", "text", "json", "csv", "tsv", "log", "diff", ""}


def marks_of(language: str) -> Marks | None:
    """The comments of a language; common ones for a language we do not know, None for one that has no comments."""
    language = language.lower()
    return None if language in _WITHOUT_COMMENTS else _BY_ID.get(language, _ANY)


def comments_in(line: str, number: int, marks: Marks) -> list[Comment]:
    """The comments of one line, which begins outside of any; the last one may be a block that is not closed yet."""
    line = line_text(line)
    found: list[Comment] = []
    tokens, strings = _patterns(marks)
    unclosed: set[str] = set()
    at = 0
    while token := tokens.search(line, at):
        opener, at = token[0], token.end()
        start = Point(number, token.start())
        if token.lastgroup == "string":
            string = None if opener in unclosed else strings[opener].match(line, token.start())
            if string is not None:
                at = string.end()
            elif opener != "'" or marks.strings.count(_CHARACTER) == 0:
                unclosed.add(opener)  # Looked for once: no further quote of its kind can be closed either.
        elif token.lastgroup == "block":
            closer = dict(marks.blocks)[opener]
            if opener == "=begin":
                if start.column == 0:
                    found.append(Comment(start, Point(number, len(line)), opener, closer, False, 1))
                    break
                continue
            end, depth = block_end(line, Comment(start, start, opener, closer, False, 1), marks, at)
            at = len(line) if end is None else end
            found.append(Comment(start, Point(number, at), opener, closer, end is not None, depth))
        else:
            mark = opener.lstrip()
            start = Point(number, at - len(mark))
            found.append(Comment(start, Point(number, len(line)), mark, "", True))
            break
    return found


def block_end(line: str, comment: Comment, marks: Marks, at: int = 0) -> tuple[int | None, int]:
    """The column at which a block comment that is open at `at` ends on this line, behind its mark; and how many are
    open then."""
    opener, closer, depth = comment.mark, comment.closer, comment.depth
    if closer == "=end":
        return (len(line_text(line)), 0) if line.startswith(closer) else (None, depth)
    while (end := line.find(closer, at)) >= 0:
        begin = line.find(opener, at, end) if marks.nested else -1
        depth += 1 if begin >= 0 else -1
        at = begin + len(opener) if begin >= 0 else end + len(closer)
        if depth <= 0:
            return at, 0
    return None, depth + (line.count(opener, at) if marks.nested else 0)


@cache
def _patterns(marks: Marks) -> tuple[re.Pattern[str], dict[str, re.Pattern[str]]]:
    groups = {
        "string": [re.escape(opener) for opener, _ in marks.strings],
        "block": [re.escape(opener) for opener, _ in marks.blocks],
        "line": list(marks.line),
    }
    tokens = "|".join(f"(?P<{name}>{'|'.join(parts)})" for name, parts in groups.items() if parts)
    return re.compile(tokens), {opener: re.compile(pattern) for opener, pattern in marks.strings}
