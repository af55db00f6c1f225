"""What an edit does to the syntax: «…» marks the edited text, before and after."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest

from ask_lsp.context import syntax
from ask_lsp.context.symbols import TreeSymbols
from ask_lsp.core.syntax import UNCHECKED, SyntaxCheck
from ask_lsp.core.text import Point, Span, split_lines

URI = "file:///home/someone/example"

GOOD = {
    "bash": ("f() {\n  «echo»\n}\n", "echo hi", "if"),
    "c": ("int f(void) {\n  «return 1;»\n}\n", "return 2;", "return (2;"),
    "cpp": ("int f() {\n  «return 1;»\n}\n", "return 2;", "return (2;"),
    "csharp": ("class A { int F() {\n  «return 1;»\n} }\n", "return 2;", "return (2;"),
    "go": ("package a\nfunc f() int {\n  «return 1»\n}\n", "return 2", "return (2"),
    "java": ("class A { int f() {\n  «return 1;»\n} }\n", "return 2;", "return (2;"),
    "javascript": ("function f() {\n  «return 1;»\n}\n", "return 2;", "return (2;"),
    "javascriptreact": ("function f() {\n  «return 1;»\n}\n", "return <p/>;", "return <p>;"),
    "lua": ("function f()\n  «return 1»\nend\n", "return 2", "return (2"),
    "php": ("<?php\nfunction f() {\n  «return 1;»\n}\n", "return 2;", "return (2;"),
    "python": ("def f():\n    «return 1»\n", "return 2", "return (2"),
    "ruby": ("def f\n  «1»\nend\n", "2", "foo(2"),
    "rust": ("fn f() {\n  «let a = 1;»\n}\n", "let a = 2;", "let a = (2;"),
    "typescript": ("function f(): number {\n  «return 1;»\n}\n", "return 2;", "return (2;"),
    "typescriptreact": ("function f() {\n  «return 1;»\n}\n", "return <p/>;", "return <p>;"),
}


@pytest.fixture
async def symbols() -> AsyncIterator[TreeSymbols]:
    symbols = TreeSymbols(delay=0, most_lines=200)
    yield symbols
    await symbols.aclose()


def sides(code: str, new: str) -> tuple[tuple[str, ...], tuple[str, ...], Span, Span]:
    head, _, rest = code.partition("«")
    old, _, tail = rest.partition("»")

    def span(text: str) -> Span:
        start, end = split_lines(head), split_lines(head + text)
        return Span(Point(len(start) - 1, len(start[-1])), Point(len(end) - 1, len(end[-1])))

    return tuple(split_lines(head + old + tail)), tuple(split_lines(head + new + tail)), span(old), span(new)


async def check(symbols: TreeSymbols, code: str, new: str, language: str = "python") -> SyntaxCheck:
    return await symbols.check(language, URI, *sides(code, new))


@pytest.mark.parametrize("language", GOOD)
async def test_every_grammar_tells_good_from_bad(language: str, symbols: TreeSymbols) -> None:
    code, good, bad = GOOD[language]

    fine, broken = await check(symbols, code, good, language), await check(symbols, code, bad, language)

    assert SyntaxCheck("", (), (), True) == fine
    assert broken.problem.startswith("It does not parse any more: line ")
    assert broken.checked


@pytest.mark.parametrize("language", GOOD)
async def test_of_a_large_file_the_edited_text_alone_is_read(language: str, symbols: TreeSymbols) -> None:
    code, good, bad = GOOD[language]
    code += "\n" * 300

    fine, broken = await check(symbols, code, good, language), await check(symbols, code, bad, language)

    assert SyntaxCheck("", (), (), True) == fine
    assert broken.problem
    assert broken.checked


NAMES = {
    "the target renamed": ("«def f():\n    1»\n", "def g():\n    1", (), ("f",), ("g",)),
    "the target without its comment": ("# A.\n@x\n«def f():\n    1»\n", "def f():\n    2", (), (), ()),
    "a method dropped": (
        "class Shape:\n«    def area(self): 1\n    def size(self): 2»\n",
        "    def size(self): 2",
        (),
        ("Shape.area",),
        (),
    ),
    "a helper beside it": ("«def f(): 1»\n", "def h(): 1\ndef f(): h()", (), (), ("h",)),
    "a helper inside it": ("«def f(): 1»\n", "def f():\n    def h(): 1\n    h()", (), (), ()),
    "the others swallowed": ("«x = 1»\nclass Shape:\n  def area(self): 1\ny = '''", "x = '''", None, (), ()),
    "a class renamed by its header": (
        "«class A:»\n    def f(self): 1\n",
        "class B:",
        (),
        ("A",),
        ("B",),
    ),
    "duplicates are counted": ("«def f(): 1\ndef f(): 2»\n", "def f(): 1", (), ("f",), ()),
    "what follows becomes a member": ("«x = 1\n»\n  \ndef f(): 1\n", "x = 1\n", (), (), ()),
    "non-ASCII": ("é = '日本'\n«def 平均(): 1»\ndef é(): 2\n", "def 平均(): '😀'", (), (), ()),
    "CRLF": ("a = 1\r\n«def f():\r\n    1»\r\ndef g(): 2\r\n", "def f():\r\n    2", (), (), ()),
}


@pytest.mark.parametrize("name", NAMES)
async def test_definitions_that_come_and_go(name: str, symbols: TreeSymbols) -> None:
    code, new, lost, dropped, added = NAMES[name]

    found = await check(symbols, code, new)

    if lost is not None:
        assert lost == found.lost
        assert not found.problem
    assert (dropped, added) == (found.dropped, found.added)


async def test_a_definition_outside_that_is_swallowed_is_lost(symbols: TreeSymbols) -> None:
    code = "«let x = 1;»\nclass Shape {\n  area() {}\n}\n/* */\n"

    found = await check(symbols, code, "/* let x = 1;", "javascript")

    assert found.lost == ("Shape", "Shape.area")
    assert not found.problem


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("f(a=1, 2)", "line 2, near `f(a=1, 2)` (positional argument follows keyword argument)"),
        ("f(\0)", "line 2"),
        ("(" * 3_000, "line"),
        ("-" * 100_000 + "1", "line"),
        ("\\d = '`'", "line 2"),
    ],
)
async def test_python_reads_it_too(new: str, says: str, symbols: TreeSymbols) -> None:
    found = await check(symbols, "x = 1\n«y = 2»\n", new)

    assert says in found.problem


@pytest.mark.parametrize("new", [r"y = '\d'", "y = 1 is 2", "y = '\ud800'", "y = '''\n`\r'''"])
async def test_what_only_warns_is_no_problem(new: str, symbols: TreeSymbols) -> None:
    assert SyntaxCheck("", (), (), True) == await check(symbols, "x = 1\n«y = 2»\n", new)


@pytest.mark.parametrize(
    ("language", "code", "new"),
    [
        ("python", "def broken(:\n    1\n\n«def f():\n    1»\n", "def f():\n    return (1, 2)"),
        ("javascript", "function broken( {\n}\n«function f() { 1; }»\n", "function f() { return [1, 2]; }"),
        ("python", "«x = '''»\ndef f(): 1\n", "x = 1"),
        ("python", "print 'two'\n«x = 1»\n", "x = 2"),
    ],
)
async def test_old_errors_are_nobodys_fault(language: str, code: str, new: str, symbols: TreeSymbols) -> None:
    found = await check(symbols, code, new, language)

    assert (found.problem, found.lost) == ("", ())


async def test_a_new_error_beside_an_old_one_is_seen(symbols: TreeSymbols) -> None:
    found = await check(symbols, "def broken(:\n    1\n\n«def f():\n    1»\n", "def f():\n    return (1")

    assert found.problem


async def test_nothing_is_known_without_a_grammar_or_of_too_much_text(symbols: TreeSymbols) -> None:
    huge = "x = 1\n" * 300

    assert await check(symbols, "«fun f() {}»", "fun f() {", "kotlin") == UNCHECKED
    assert await check(symbols, f"«{huge}»", huge) == UNCHECKED


async def test_a_check_that_fails_is_logged(
    symbols: TreeSymbols, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*_: object) -> None:
        raise ImportError("no wheel")

    monkeypatch.setattr(syntax, "parse", failing)

    with caplog.at_level(logging.ERROR):
        found = await check(symbols, "«x»", "y")

    assert found == UNCHECKED
    assert {"ask_lsp.context.symbols"} == {record.name for record in caplog.records}
