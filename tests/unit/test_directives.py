"""Comments that end in `ask!` or `ask?`: «…» marks what goes away with the edit, in every language with a grammar."""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import perf_counter

import pytest

from ask_lsp.context.symbols import TreeSymbols
from ask_lsp.core.directives import Directive, directives, find, without
from ask_lsp.core.text import Point, Snapshot, Span, clamp_point, slice_lines, split_lines

URI = "file:///home/someone/example"

CASES = {
    "python: a line": ("python", "use a dict", "x = 1\n«# use a dict ask!\n»y = 2\n"),
    "python: behind code": ("python", "use a dict", "x = 1«  # use a dict ask!  »\ny = 2\n"),
    "python: strings": ("python", "c", 'x = \'# a ask!\' + "\\" # b ask!"«  # c ask!»\n'),
    "python: the comment above it stays": (
        "python",
        "with tuples",
        "def f():\n    # Settings, do not remove.\n«    # with tuples Ask!\n»    # More.\n    x\n",
    ),
    "javascript: the comment above it stays": ("javascript", "use it", "// Adds.\n«// use it ask!\n»f();\n"),
    "c: the block above it stays": ("c", "use it", "/* Adds. */\n«/* use it ask! */\n»int a;\n"),
    "python: without a newline": ("python", "use it", "x = 1«\n# use it ask!»"),
    "python: alone": ("python", "use it", "«# use it ask!»"),
    "python: a shebang stays": ("python", "use it", "#!/bin/python\n«# use it ask!\n»x = 1\n"),
    "python: below code with a comment": ("python", "b", "x = 1  # a\n«# b ask!\n»"),
    "python: CRLF and tabs": ("python", "use 日本 😀", "if x:\r\n«\t# use 日本 😀 ask!\r\n»\ty = '😀'\r\n"),
    "python: a question": ("python", "why a list?", "«# why a list? ask?\n»x = []\n"),
    "javascript: a line": ("javascript", "use a map", "«// use a map ask!\n»f();\n"),
    "javascript: a block": ("javascript", "use a map", "f();«  /* use a map ask! */»\n"),
    "javascript: in front of code": ("javascript", "use a map", "  «/* use a map ask! */ »f();\n"),
    "javascript: doc": ("javascript", "use a\nmap", "«/**\n * use a\n * map ask!\n */\n»function f() {}\n"),
    "javascript: strings": ("javascript", "b", "f(`// a ask!`, 'http://x')«; // b ask!»\n".replace("«;", ";«")),
    "jsx: in braces": ("javascriptreact", "use a list", "a = <p>\n«  {/* use a list ask! */}\n»</p>;\n"),
    "typescript: doc": ("typescript", "use it", "«/** use it ask! */\n»const a: T = 1;\n"),
    "tsx: a line": ("typescriptreact", "use it", "const a = <p/>;« // use it ask!»\n"),
    "go: a line": ("go", "use it", 'package a\n\nvar x = `"// a ask!`« // use it ask!»\n'),
    "go: a block": ("go", "use it", "package a\n\n«/*\nuse it ask!\n*/\n»var x = 1\n"),
    "rust: doc": ("rust", "use it", "«/// use it ask!\n»fn f<'a>(x: &'a str) {}\n"),
    "rust: inner doc": ("rust", "use it", "«//! use it ask!\n»fn f() {}\n"),
    "rust: lifetimes": ("rust", "don't", "fn f<'a>(x: &'a str, y: &'a str) {}« // don't ask!»\n"),
    "rust: doc comments stay": ("rust", "use it", "/// Adds.\n«// use it ask!\n»fn f() {}\n"),
    "rust: strings": ("rust", "b", 'const A: char = \'"\'; const B: &str = "// a ask!";« // b ask!»\n'),
    "rust: a block in a block": ("rust", "x /* y */ use it", "«/* x /* y */ use it ask! */\n»fn f() {}\n"),
    "rust: a block in one of lines": ("rust", "x\n/* y */\nuse it", "«/*\nx\n/* y */\nuse it ask!\n*/\n»fn f() {}\n"),
    "php: in the page": ("php", "use it", "«<!-- use it ask! -->\n»<p><?= $a ?></p>\n"),
    "lua: more signs": ("lua", "use it", "«--[===[ use it ask! ]===]\n»x = 1\n"),
    "java: doc": ("java", "use it", "class A {\n«  /**\n   * use it ask!\n   */\n»  int a;\n}\n"),
    "java: a line": ("java", "use it", "class A {\n  int a;« // use it ask!»\n}\n"),
    "c: a block": ("c", "use it", "int a;« /* use it ask! **/»\n"),
    "c: a line": ("c", "use it", "char a = '\"';« // use it ask!»\n"),
    "c++: a line": ("cpp", "use it", "auto a = 1'000'000;« // use it ask!»\n"),
    "c#: doc": ("csharp", "use it", '«/// use it ask!\n»class A { string a = @"\\"; }\n'),
    "c#: verbatim": ("csharp", "use it", 'class A { string a = @"\\"; }« // use it ask!»\n'),
    "ruby: a line": ("ruby", "use it", 'x = "#{y}"« # use it ask!»\n'),
    "ruby: a block": ("ruby", "use it", "x = 1\n«=begin\nuse it ask!\n=end\n»y = 1\n"),
    "php: slashes": ("php", "use it", "<?php\n«// use it ask!\n»$a = 1;\n"),
    "php: a hash": ("php", "use it", "<?php\n#[Pure]\nfunction f() {}« # use it ask!»\n"),
    "php: a block": ("php", "use it", "<?php\n«/* use it ask! */\n»$a = 1;\n"),
    "bash: a line": ("shellscript", "use it", "echo ${x#y} '# a ask!'« # use it ask!»\n"),
    "lua: a line": ("lua", "use it", "x = [[ -- a ask! ]]« -- use it ask!»\n"),
    "lua: a block": ("lua", "use it\nand that", "«--[[ use it\nand that ask! ]]\n»x = 1\n"),
    "lua: a block closed by dashes": ("lua", "use it", "«--[[ use it ask! --]]\n»x = 1\n"),
    "html": ("html", "use it", "«<!-- use it ask! -->\n»<p>don't</p>\n"),
    "markdown": ("markdown", "use it", "# A ask!\n«<!-- use it ask! -->\n»"),
    "sql": ("sql", "use it", "select '-- a ask!'« -- use it ask!»\n"),
    "haskell": ("haskell", "use it", "«{- use it ask! -}\n»f = 1\n"),
    "lisp": ("clojure", "use it", "«;; use it ask!\n»(f)\n"),
    "ini": ("ini", "use it", "«; use it ask!\n»a = 1\n"),
    "vim": ("vim", "use it", '«" use it ask!\n»let x = "a ask!"\n'),
    "tex": ("latex", "use it", "50\\% a ask!« % use it ask!»\n"),
    "erlang": ("erlang", "use it", "«%% use it ask!\n»f() -> 1.\n"),
    "css": ("css", "use it", "a {« /* use it ask! */»\n}\n"),
    "yaml": ("yaml", "use it", "a: b#c« # use it ask!»\n"),
    "make": ("makefile", "use it", "«# use it ask!\n»all:\n"),
    "a language we do not know": ("rexx", "use it", "«// use it ask!\n»x\n"),
}

NONE = {
    "a longer word": ("python", "# do a task!\n"),
    "apart": ("python", "# do ask !\n"),
    "in the middle": ("python", "# ask! now\n"),
    "no comment": ("python", "ask!\n"),
    "in a string": ("python", "x = '# use it ask!'\n"),
    "without words": ("python", "# ask!\n"),
    "a block that never ends": ("c", "/* use it ask!\n"),
    "joined": ("python", "# use_ask!\n"),
    "an attribute": ("php", "<?php\n#[Pure ask!\n"),
    "plain text": ("plaintext", "# use it ask!\n"),
    "not in the first column": ("ruby", "  =begin\n  a ask!\n  =end\n"),
}


def marked(text: str) -> tuple[list[str], Span]:
    """Lines without marks, and the span between them."""
    start, end = (split_lines(text.replace("«", "").partition("»")[0]), split_lines(text.partition("«")[0]))[::-1]
    lines = split_lines(text.replace("«", "").replace("»", ""))
    return lines, Span(Point(len(start) - 1, len(start[-1])), Point(len(end) - 1, len(end[-1])))


@pytest.fixture
async def symbols() -> AsyncIterator[TreeSymbols]:
    symbols = TreeSymbols(delay=0)
    yield symbols
    await symbols.aclose()


@pytest.mark.parametrize("name", CASES)
async def test_a_directive_is_found_and_the_tree_agrees(name: str, symbols: TreeSymbols) -> None:
    language, text, code = CASES[name]
    lines, span = marked(code)

    found = directives(lines, 0, len(lines), language)

    kind = "question" if "ask?" in code else "instruction"
    assert [Directive(kind, text, span)] == found
    assert await symbols.comments_hold(Snapshot(URI, 1, language, tuple(lines)), found[0])


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_directive(name: str) -> None:
    language, code = NONE[name]

    assert directives(split_lines(code), 0, 99, language) == []


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", 'x = """\n# use it ask!\n"""\n'),
        ("javascript", "x = `\n// use it ask!\n`;\n"),
        ("lua", "x = [[\n-- use it ask!\n]]\n"),
    ],
)
async def test_the_tree_knows_strings_of_several_lines(language: str, code: str, symbols: TreeSymbols) -> None:
    lines = split_lines(code)
    directive = directives(lines, 0, 9, language)[0]

    assert not await symbols.comments_hold(Snapshot(URI, 1, language, tuple(lines)), directive)


FIND = {
    "in the selection": ("a", "‹x = 1\n# a ask!\ny = 2›\n"),
    "above the selection": ("a", "# a ask!\n\n‹x = 1›\n"),
    "not above with code between": (None, "# a ask!\nx = 1\n‹y = 1›\n"),
    "not behind the code above": (None, "x = 1  # a ask!\n‹y = 1›\n"),
    "not below the selection": (None, "‹y = 1\n›# a ask!\n"),
    "inside before above": ("b", "# a ask!\n‹x = 1\n# b ask!\n›"),
    "on the cursor's line": ("a", "x = 1\ny = 1‹› # a ask!\n"),
    "not on the comment above it": (None, "‹›# a\n# b ask!\n"),
    "in the definition": ("a", "«def f():\n    ‹›x\n\n    # a ask!\n    y»\n"),
    "above the definition": ("a", "# a ask!\n«def f():\n    ‹›x»\n"),
    "the nearest in the definition": ("b", "«def f():\n    # a ask!\n    x\n    y\n    ‹›x\n    # b ask!\n    y»\n"),
    "outside the definition": (None, "«def f():\n    ‹›x»\n# a ask!\n"),
    "in the last line": ("a", "x = 1\n‹›# a ask!"),
}


@pytest.mark.parametrize("name", FIND)
def test_the_directive_that_a_menu_is_about(name: str) -> None:
    text, code = FIND[name]
    lines, selection = marked(code.replace("«", "").replace("»", "").replace("‹", "«").replace("›", "»"))
    definition = marked(code.replace("‹", "").replace("›", ""))[1] if "«" in code else None

    found = find(lines, selection, definition, "python")

    assert (found.text if found else None) == text


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("«def f():\n    # a ask!\n    x»\n", "def f():\n    x"),
        ("«def f():\r\n    x\r\n    # a ask!»\r\n", "def f():\r\n    x"),
        ("# a ask!\n«x = 1»\n", "x = 1"),
        ("«x = 1  # a ask!\n»", "x = 1\n"),
        ("«x = 1\n# a ask!»", "x = 1"),
    ],
)
def test_the_model_is_shown_the_code_without_it(code: str, left: str) -> None:
    lines, span = marked(code)

    assert without(lines, span, directives(lines, 0, 9, "python")[0]) == left


def test_strange_text_is_read_in_no_time() -> None:
    """It runs at every listing: the worst lines must cost little, and no place may fail."""
    worst = ['\\"' * 900 + " ask!\n", "'" * 1_900 + " ask!\n", "/*" * 900 + " ask!\n", "#" * 1_900 + " ask!\n"]
    lines = [line for line in worst for _ in range(50)] + ["x" * 1_000_000 + " # ask!\n", ""]

    begun = perf_counter()
    for language in ("python", "javascript", "rust", "lua", "bash", "vim"):
        for directive in directives(lines, 0, len(lines), language):
            assert directive.span.start < directive.span.end
            assert slice_lines(lines, directive.span)
            assert clamp_point(lines, directive.span.end) == directive.span.end

    assert perf_counter() - begun < 5
