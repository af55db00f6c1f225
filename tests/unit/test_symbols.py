"""Definitions from syntax trees: «…» marks what must be found around the place ▮, in every language with a grammar."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ask_lsp.context import symbols as symbols_module
from ask_lsp.context.definitions import Outline, parse
from ask_lsp.context.grammars import grammar_name
from ask_lsp.context.symbols import TreeSymbols
from ask_lsp.core.action import Definition
from ask_lsp.core.text import Point, Snapshot, Span, splice, split_lines

URI = "file:///home/someone/example"

CASES = {
    "python: a function": ("python", "function `mean`", "import a\n\n«def mean(x):\n    return ▮x»\n\n\nmean(1)\n"),
    "python: from its first column": ("python", "function `mean`", "«▮def mean(x):\n    return x»\n"),
    "python: from the end of its last line": ("python", "function `mean`", "«def mean(x):\n    return x▮»\n\ny = 1\n"),
    "python: a decorated method": (
        "python",
        "method `area`",
        "class Shape:\n    a = 1\n\n«    # Square metres.\n    @cached(\n        1\n    )\n"
        "    async def area(self):\n        return ▮1»\n\n    b = 2\n",
    ),
    "python: the class between its methods": (
        "python",
        "class `A`",
        "«@frozen\nclass A:\n    def f(self):\n        pass\n▮\n    def g(self):\n        pass»\n",
    ),
    "python: a class in a function in a class": (
        "python",
        "class `C`",
        "class A:\n    def f(self):\n«        class C:\n            x = ▮1»\n        return C\n",
    ),
    "python: a function in a method is no method": (
        "python",
        "function `g`",
        "class A:\n    def f(self):\n«        def g():\n            ▮pass»\n",
    ),
    "python: text at the left edge of a string": (
        "python",
        "function `f`",
        '«def f():\n    return """\nclass of ▮text\n    """»\n',
    ),
    "python: directly above another": ("python", "function `f`", "if x:\n    pass\n\n«def f(): ▮1»\ndef g(): 2\n"),
    "javascript: a function": ("javascript", "function `add`", "«/** Adds. */\nfunction add(a) {\n  ▮a;\n}»\nadd();\n"),
    "javascript: exported": ("javascript", "function `add`", "«export default async function add(a) {\n▮\n}»\n"),
    "javascript: an arrow": ("javascript", "function `add`", "«export const add = (a) => {\n  ▮a;\n};»\n"),
    "javascript: an assigned one": (
        "javascript",
        "function `exports.add`",
        "«exports.add = function () {\n  ▮1;\n};»\n",
    ),
    "javascript: a method": ("javascript", "method `size`", "class A {\n  x = 1;\n«  get size() {\n    ▮1;\n  }»\n}\n"),
    "javascript: a field": ("javascript", "method `on`", "class A {\n«  on = () => {\n    ▮1;\n  };»\n}\n"),
    "javascript: in an object": ("javascript", "function `go`", "const a = {\n«  go: () => {\n    ▮1;\n  }»,\n};\n"),
    "javascript: jsx": ("javascriptreact", "function `App`", "«const App = () => <div>\n  ▮{a}\n</div>;»\n"),
    "javascript: between others on one line": ("javascript", "function `b`", "function a(){} «function b(){▮}» b();\n"),
    "typescript: a method": (
        "typescript",
        "method `size`",
        "export abstract class Box<T> {\n«  @log\n  private size(deep: boolean): T {\n    ▮return 1;\n  }»\n}\n",
    ),
    "typescript: an interface": ("typescript", "interface `Shape`", "«export interface Shape {\n  ▮a: number;\n}»\n"),
    "typescript: a type": ("typescript", "type `Shape`", "«type Shape = {\n  ▮a: number;\n};»\n"),
    "typescript: an enum": ("typescript", "enum `E`", "«export enum E {\n  ▮A,\n}»\n"),
    "typescript: a namespace": ("typescript", "namespace `N`", "«namespace N {\n  ▮const a = 1;\n}»\n"),
    "typescript: tsx": ("typescriptreact", "function `App`", "«function App(p: P) {\n  return <b>▮</b>;\n}»\n"),
    "go: a function": (
        "go",
        "function `Mean`",
        "package a\n\n«// Mean is it.\nfunc Mean(x []int) int {\n\treturn ▮1\n}»\n",
    ),
    "go: a method": ("go", "method `Area`", "package a\n\n«func (s *Shape) Area() int {\n\treturn ▮1\n}»\n"),
    "go: a struct": ("go", "struct `Shape`", "package a\n\n«type Shape struct {\n\tA ▮int\n}»\n"),
    "go: one type of several": (
        "go",
        "interface `B`",
        "package a\n\ntype (\n\tA struct{}\n«\tB interface {\n\t\t▮F()\n\t}»\n)\n",
    ),
    "rust: a function": ("rust", "function `mean`", "use a;\n\n«#[inline]\npub fn mean(x: i32) -> i32 {\n    ▮x\n}»\n"),
    "rust: a method": (
        "rust",
        "method `area`",
        "impl Shape {\n«    /// Area.\n    fn area(&self) -> i32 {\n        ▮1\n    }»\n}\n",
    ),
    "rust: an impl": ("rust", "impl `Shape<T>`", "«impl<T> Area for Shape<T> {\n    ▮type A = B;\n}»\n"),
    "rust: a struct": ("rust", "struct `P`", "«/// P.\n#[derive(Debug)]\nstruct P {\n    ▮x: i32,\n}»\n"),
    "rust: a trait": ("rust", "trait `Area`", "«pub trait Area {\n    ▮\n}»\n"),
    "rust: a module": ("rust", "module `tests`", "«#[cfg(test)]\nmod tests {\n    use ▮super::*;\n}»\n"),
    "java: a class": ("java", "class `A`", "package a;\n\n«@Deprecated\npublic class A {\n  int ▮x;\n}»\n"),
    "java: a method": (
        "java",
        "method `run`",
        "class A {\n«  /** Runs. */\n  @Override\n  void run() {\n    ▮x();\n  }»\n}\n",
    ),
    "java: a constructor": ("java", "constructor `A`", "class A {\n«  A(int x) {\n    ▮x();\n  }»\n}\n"),
    "java: a record in an interface": ("java", "record `R`", "interface I {\n«  record R(int ▮a) {}»\n}\n"),
    "c: a function": (
        "c",
        "function `main`",
        "#include <a.h>\n«int main(int argc, char **argv)\n{\n    return ▮0;\n}»\n",
    ),
    "c: a function that returns a pointer": (
        "c",
        "function `make`",
        "«static struct node *make(int a) {\n  ▮a++;\n}»\n",
    ),
    "c: a struct": ("c", "struct `node`", "«struct node {\n  int ▮a;\n};»\n"),
    "c: a typedef": ("c", "struct `node_t`", "«typedef struct {\n  int ▮a;\n} node_t;»\n"),
    "c: a typedef of a named struct": ("c", "struct `node`", "«typedef struct node {\n  int ▮a;\n} node_t;»\n"),
    "c++: a method": (
        "cpp",
        "method `size`",
        "class Box {\n public:\n«  int size() const {\n    return ▮1;\n  }»\n};\n",
    ),
    "c++: a class in a namespace": ("cpp", "class `Box`", "namespace a {\n«class Box : B {\n  int ▮x;\n};»\n}\n"),
    "c++: a template": ("cpp", "function `add`", "«template <typename T>\nT add(T a) {\n  return ▮a;\n}»\n"),
    "c++: outside its class": ("cpp", "function `Box::size`", "«int Box::size() {\n  return ▮1;\n}»\n"),
    "c++: a destructor": ("cpp", "method `~Box`", "struct Box {\n«  ~Box() {\n    ▮x();\n  }»\n};\n"),
    "c#: a method": (
        "csharp",
        "method `Adds`",
        "namespace A;\n\npublic class Tests\n{\n«    [Fact]\n    public void Adds()\n    {\n        ▮X();\n    }»\n}\n",
    ),
    "c#: a property": ("csharp", "property `Size`", "class A\n{\n«    public int Size { get; ▮set; }»\n}\n"),
    "c#: a struct in a namespace": (
        "csharp",
        "struct `P`",
        "namespace A\n{\n«    struct P\n    {\n        int ▮x;\n    }»\n}\n",
    ),
    "ruby: a method": ("ruby", "method `empty?`", "class A\n«  # Whether.\n  def empty?\n    ▮true\n  end»\nend\n"),
    "ruby: a singleton method": ("ruby", "method `load`", "module M\n«  def self.load\n    ▮1\n  end»\nend\n"),
    "ruby: a class in a module": ("ruby", "class `A`", "module M\n«  class A < B\n    ▮x\n  end»\nend\n"),
    "php: a function": ("php", "function `add`", "<p>x</p>\n<?php\n\n«function add($a) {\n  return ▮$a;\n}»\n"),
    "php: a method": (
        "php",
        "method `run`",
        "<?php\nclass A {\n«  #[Pure]\n  public function run(): int {\n    ▮x();\n  }»\n}\n",
    ),
    "php: a trait": ("php", "trait `T`", "<?php\n«trait T {\n  ▮\n}»\n"),
    "bash: a function": ("shellscript", "function `deploy`", "set -e\n\n«deploy() {\n  ▮echo\n}»\ndeploy\n"),
    "bash: with the keyword": ("sh", "function `deploy`", "«function deploy {\n  ▮echo\n}»\n"),
    "lua: a local function": ("lua", "function `add`", "«local function add(a)\n  return ▮a\nend»\nadd(1)\n"),
    "lua: a method": ("lua", "function `M:add`", "local M = {}\n\n«function M:add(a)\n  return ▮a\nend»\n"),
    "lua: an assigned one": ("lua", "function `M.add`", "«M.add = function(a)\n  return ▮a\nend»\n"),
    "lua: a local assigned one": ("lua", "function `add`", "«local add = function(a)\n  return ▮a\nend»\n"),
    "emoji and CJK before it on its line": (
        "javascript",
        "function `b`",
        "x = '😀日本e\u0301'; «function b() { '😀▮' }» y();\n",
    ),
    "an identifier of another script": ("python", "function `平均`", "«def 平均(値):\n    return ▮値»\n"),
    "lone surrogates": ("javascript", "function `b`", "x = '\ud83d \udc00'; «function b() { '\ud800▮' }» y();\n"),
    "line ends of all three kinds": (
        "python",
        "function `f`",
        "a = 1\r\r\n«def f():\r\n    b = ▮1\n\r\n    c = 2»\r\n\r\nd = 1",
    ),
    "lone carriage returns before it": ("javascript", "function `f`", "a;\rb;\r«function f() {\r\n  ▮c;\n}»\nd;\r"),
    "characters at which str.splitlines would break": (
        "python",
        "function `f`",
        "x = '\x1c\u2028\x85'\n«def f():\n    ▮y»\n",
    ),
    "a byte order mark": ("python", "function `f`", "«\ufeffdef f():\n    ▮pass»\n"),
    "no final newline": ("go", "function `f`", "package a\n«func f() {▮}»"),
    "code that is broken elsewhere": (
        "python",
        "function `f`",
        "def broken(:\n    pass\n\n\n«def f():\n    return ▮1»\n",
    ),
    "code that is broken here": ("javascript", "function `f`", "«function f() {\n  if (▮x {\n    y(\n  }\n}»\n"),
    "code that is not finished": ("python", "function `f`", "x = 1\n\n«def f(a, b):\n    y = (▮»\n"),
    "the paragraph at the top level": ("python", "block", "a = 1\n\n«b = ▮2\nc = 3»\n\ndef f(): pass\n"),
    "a block at the top level": (
        "javascript",
        "block",
        '«describe("a", () => {\n  const a = 1;\n\n  const b = ▮1;\n});»\n',
    ),
    "an empty document": ("python", None, "▮"),
    "a language without a grammar": ("kotlin", "function `f`", "«fun f(): Int {\n    ▮return 1\n}»\n"),
}


def unmarked(marked: str) -> tuple[str, Point]:
    """The text without its marks, and the place of ▮."""
    text = marked.replace("«", "").replace("»", "")
    before = split_lines(text.partition("▮")[0])
    return text.replace("▮", ""), Point(len(before) - 1, len(before[-1]))


def snapshot_of(text: str, language: str = "python", version: int = 1, uri: str = URI) -> Snapshot:
    return Snapshot(uri, version, language, tuple(split_lines(text)))


def check(found: Definition | None, label: str | None, marked: str, snapshot: Snapshot) -> None:
    if label is None:
        assert found is None
        return
    assert found is not None
    assert marked.replace("▮", "").partition("«")[2].partition("»")[0] == snapshot.slice(found.span)
    assert label == found.label


@pytest.fixture
async def symbols() -> AsyncIterator[TreeSymbols]:
    """Symbols that parse as soon as the loop turns."""
    symbols = TreeSymbols(delay=0)
    yield symbols
    await symbols.aclose()


async def parsed(symbols: TreeSymbols, snapshot: Snapshot) -> None:
    """Announces a document and waits for its tree."""
    begun = asyncio.Event()

    def take() -> Snapshot:
        begun.set()
        return snapshot

    symbols.changed(snapshot.uri, snapshot.language, len(snapshot.lines), take)
    await begun.wait()
    await symbols.settled()


@pytest.mark.parametrize("name", CASES)
async def test_the_definition_around_a_place(name: str, symbols: TreeSymbols) -> None:
    language, label, marked = CASES[name]
    text, point = unmarked(marked)
    snapshot = snapshot_of(text, language)

    check(await symbols.enclosing_exact(snapshot, point), label, marked, snapshot)


async def test_listing_uses_the_tree_once_it_is_there(symbols: TreeSymbols) -> None:
    text = 'def f():\n    return """\nclass of\n"""\n'
    snapshot = snapshot_of(text)
    before = symbols.enclosing(snapshot, Point(2, 0))

    await parsed(symbols, snapshot)
    after = symbols.enclosing(snapshot, Point(2, 0))

    assert before is not None
    assert before.label == "block"
    assert Definition("function", "f", Span(Point(0, 0), Point(3, 3))) == after


async def test_a_tree_of_another_version_is_not_used(symbols: TreeSymbols) -> None:
    await parsed(symbols, snapshot_of("def f():\n    x\n", version=1))
    newer = snapshot_of("\n\ndef g():\n    x\n", version=2)

    found = symbols.enclosing(newer, Point(3, 4))

    assert Definition("function", "g", Span(Point(2, 0), Point(3, 5))) == found


async def test_a_document_that_changes_is_parsed_once_it_rests() -> None:
    symbols = TreeSymbols(delay=0.01)
    taken: list[int] = []
    rested = asyncio.Event()
    for version in range(1, 6):

        def take(version: int = version) -> Snapshot:
            taken.append(version)
            rested.set()
            return snapshot_of("x = 1\n", version=version)

        symbols.changed(URI, "python", 2, take)
    await rested.wait()
    await symbols.settled()
    await symbols.aclose()

    assert taken == [5]


async def test_a_superseded_parse_is_dropped(symbols: TreeSymbols, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was queued for the worker when a newer change came must not be parsed, nor be kept."""
    texts: list[str] = []

    def recording(grammar: str, lines: tuple[str, ...], last: Any = None) -> Any:
        texts.append("".join(lines))
        return parse(grammar, lines, last)

    monkeypatch.setattr(symbols_module, "parse", recording)
    old = snapshot_of("old = 1\n", version=1)
    begun = asyncio.Event()

    def take_old() -> Snapshot:
        symbols.changed(URI, "python", 2, take_new)
        return old

    def take_new() -> Snapshot:
        begun.set()
        return snapshot_of("new = 1\n", version=2)

    symbols.changed(URI, "python", 2, take_old)
    await begun.wait()
    await symbols.settled()

    assert texts[-1] == "new = 1\n"
    assert "old = 1\n" not in texts


async def test_a_closed_document_is_forgotten(symbols: TreeSymbols) -> None:
    snapshot = snapshot_of('def f():\n    """\nx\n"""\n')
    await parsed(symbols, snapshot)
    symbols.closed(URI)
    symbols.closed("file:///never/opened")

    found = symbols.enclosing(snapshot, Point(2, 0))

    assert found is not None
    assert found.label == "block"


async def test_closing_ends_the_wait_for_a_parse() -> None:
    symbols = TreeSymbols(delay=0)
    symbols.changed(URI, "python", 1, lambda: pytest.fail("taken after it was closed"))
    symbols.closed(URI)
    await asyncio.sleep(0)
    await symbols.settled()
    await symbols.aclose()


@pytest.mark.parametrize("text", ["x = 1\n" * 5_001, "x = '" + "y" * 500_000 + "'\n"], ids=["lines", "characters"])
async def test_large_files_are_never_parsed(text: str, symbols: TreeSymbols, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symbols_module, "parse", lambda *_: pytest.fail("parsed"))
    snapshot = snapshot_of(text)
    symbols.changed(URI, "python", len(snapshot.lines), lambda: snapshot)

    found = await symbols.enclosing_exact(snapshot, Point(0, 0))

    assert found is not None
    assert found.label == "block"


@pytest.mark.parametrize("failure", [ImportError("no wheel"), ValueError("odd")])
async def test_a_parse_that_fails_is_logged_and_indentation_tells(
    failure: Exception, symbols: TreeSymbols, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*_: object) -> None:
        raise failure

    monkeypatch.setattr(symbols_module, "parse", failing)
    snapshot = snapshot_of("def f():\n    x\n")

    with caplog.at_level(logging.ERROR):
        await parsed(symbols, snapshot)
        found = await symbols.enclosing_exact(snapshot, Point(1, 4))

    assert Definition("function", "f", Span(Point(0, 0), Point(1, 5))) == found
    assert {"ask_lsp.context.symbols"} == {record.name for record in caplog.records}


async def test_a_document_that_cannot_be_taken_troubles_nobody(
    symbols: TreeSymbols, caplog: pytest.LogCaptureFixture
) -> None:
    begun = asyncio.Event()

    def take() -> Snapshot:
        begun.set()
        raise LookupError("gone")

    symbols.changed(URI, "python", 1, take)
    await begun.wait()
    await symbols.settled()

    assert [LookupError] == [record.exc_info[0] for record in caplog.records if record.exc_info]


SOURCE = {
    "python": "import a\n\n\nclass A:\n    @x\n    def f(self):\n        return '😀'\n\n\ndef g():\r\n    日本 = 1\r\n",
    "javascript": "export class A {\n  f(a) {\n    return `😀${a}`;\n  }\n}\rconst g = () => {\n  1;\n};\n",
    "cpp": "namespace a {\nstruct B {\n  int f() { return 1; }\n};\n}\nint main() {\n  return 0;\n}\n",
}
pieces = st.sampled_from(
    ["", "\n", "\r", "x", "    ", "def h():\n    1\n", "}", "{", "(", '"', "é", "😀", "class Z {}\n"]
)
places = st.builds(Point, st.integers(0, 12), st.integers(0, 20))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(SOURCE)), st.lists(st.tuples(places, places, pieces), min_size=1, max_size=5))
def test_parsing_on_from_the_last_tree_finds_what_a_fresh_parse_finds(
    grammar: str, script: list[tuple[Point, Point, str]]
) -> None:
    lines = split_lines(SOURCE[grammar])
    last = parse(grammar, tuple(lines))
    for start, end, text in script:
        splice(lines, Span(start, end), text)

        last = parse(grammar, tuple(lines), last)

        fresh = parse(grammar, tuple(lines))
        if not fresh.outline.broken:  # How broken code is mended depends on what was known of it before.
            assert fresh.outline == last.outline
        for definition in last.outline.definitions:
            assert definition.span.end.line < len(lines)
            assert definition.span.start < definition.span.end


NAMED = {
    "a function from a call": ("python", "function `f`", "«def f():\n    1»\n\n\nx = ▮f()\n"),
    "its own header": ("python", "method `f`", "class A:\n    def f(self): 1\n\n\nclass B:\n«    def ▮f(self): 1»\n"),
    "the nearest of several": ("python", "function `f`", "def f(): 1\n\n\ndef g():\n«    def f(): 2»\n    ▮f()\n"),
    "the one around": (
        "python",
        "method `f`",
        "def g():\n    f\n\n\nclass A:\n«    def f(self):\n        self.▮f()»\n",
    ),
    "a method in the only class that has it": ("python", "method `f`", "class A:\n«    def f(self): 1»\n\n\nx.▮f()\n"),
    "methods of two classes": (
        "python",
        None,
        "class A:\n    def f(self): 1\n\nclass B:\n    def f(self): 1\n\nx.▮f()\n",
    ),
    "a name that is not defined here": ("python", None, "def f(): 1\n\n\n▮g()\n"),
    "the first of overloads": (
        "java",
        "method `f`",
        "class A {\n«  void f() {}»\n  void f(int a) {}\n  int x = ▮f();\n}\n",
    ),
    "the second of overloads": ("java", "method `f`", "class A {\n  void f() {}\n«  void ▮f(int a) {}»\n}\n"),
    "a struct and its impl": ("rust", "struct `S`", "«struct S {}»\n\nimpl S {}\n\nfn f() { ▮S }\n"),
    "a qualified name": ("lua", "function `M.add`", "«function M.add()\nend»\n\nM.▮add()\n"),
}


@pytest.mark.parametrize("name", NAMED)
async def test_what_a_name_means(name: str, symbols: TreeSymbols) -> None:
    language, label, marked = NAMED[name]
    text, point = unmarked(marked)
    snapshot = snapshot_of(text, language)
    line = snapshot.lines[point.line]
    word = "".join(character if character.isalnum() else " " for character in line[point.column :]).split()[0]
    await parsed(symbols, snapshot)

    check(symbols.named(snapshot, word, point), label, marked, snapshot)


@pytest.mark.parametrize("name", ["a function from a call", "its own header", "a name that is not defined here"])
def test_what_a_name_means_without_a_tree(name: str, symbols: TreeSymbols) -> None:
    language, label, marked = NAMED[name]
    text, point = unmarked(marked)
    snapshot = snapshot_of(text, language)
    word = snapshot.lines[point.line][point.column]

    check(symbols.named(snapshot, word, point), label, marked, snapshot)


@pytest.mark.parametrize(
    ("language", "uri", "expected"),
    [
        ("python", "untitled:Untitled-1", "python"),
        ("javascript.jsx", "", "javascript"),
        ("c++", "", "cpp"),
        ("cs", "", "csharp"),
        ("", "file:///a/b.PY", "python"),
        ("plaintext", "file:///a/b.tsx?x=1.rs#L3.go", "tsx"),
        ("", "file:///a.py/Makefile", None),
        ("cobol", "file:///a/b", None),
        ("", "", None),
    ],
)
def test_the_grammar_of_a_language(language: str, uri: str, expected: str | None) -> None:
    assert expected == grammar_name(language, uri)


def test_an_empty_text_has_an_empty_outline() -> None:
    assert Outline((), False) == parse("python", ("",)).outline


EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("file", "language", "line", "label"),
    [
        ("statistics_report.py", "python", "total += value", "function `mean`"),
        ("statistics_report.py", "python", "return cls(path", "method `from_csv`"),
        ("shopping_cart.ts", "typescript", "known.quantity +=", "method `add`"),
        ("rate_limiter.go", "go", "b.tokens--", "method `Allow`"),
        ("rate_limiter.go", "go", "rate    float64", "struct `Limiter`"),
    ],
)
async def test_the_examples_hold_what_the_documentation_shows(
    file: str, language: str, line: str, label: str, symbols: TreeSymbols
) -> None:
    text = (EXAMPLES / file).read_text(encoding="utf-8")
    number = text[: text.index(line)].count("\n")

    found = await symbols.enclosing_exact(snapshot_of(text, language), Point(number, 4))

    assert found is not None
    assert label == found.label
