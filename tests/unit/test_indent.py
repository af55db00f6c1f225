"""Definitions told by indentation: «…» marks what must be found around the place ▮."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ask_lsp.core.indent import REACH, block_by_indentation, enclosing_by_indentation, last_part, named_by_indentation
from ask_lsp.core.text import Point, Snapshot, Span, split_lines

CASES = {
    "python: from the body": (
        "python",
        "function `mean`",
        """
        import math

        «def mean(values):
            total = 0
            for value in values:
                total += ▮value
            return total / len(values)»


        print(mean([1]))
        """,
    ),
    "python: from the first column of its own line": ("python", "function `f`", "«▮def f(): return 1»\nx = 1\n"),
    "python: a method, with its decorators and the comment above": (
        "python",
        "method `area`",
        """
        class Shape:
            sides = 4

            # Square metres.
        «    @cached(
                size=3,
            )
            @property
            async def area(self):

                x = 1

                return ▮x»

            def other(self):
                pass
        """.replace("    # Square metres.\n        «", "«    # Square metres.\n        "),
    ),
    "python: from a decorator": ("python", "function `f`", "«@first\n@sec▮ond\ndef f():\n    pass»\n"),
    "python: from inside a decorator's arguments": (
        "python",
        "function `test_f`",
        "«@parametrize(\n    ▮'a',\n    [1],\n)\ndef test_f(a):\n    pass»\n\nx = 1\n",
    ),
    "python: the class between its methods": (
        "python",
        "class `A`",
        """
        «class A:
            def f(self):
                pass
        ▮
            def g(self):
                pass»
        """,
    ),
    "python: the innermost function": (
        "python",
        "function `inner`",
        """
        def outer():
        «    def inner():
                ▮return 1»

            return inner
        """,
    ),
    "python: past a parenthesis that closes the parameters": (
        "python",
        "function `f`",
        """
        «def f(
            first,
            second,
        ) -> int:
            return ▮first»
        """,
    ),
    "python: a comment at the left edge ends nothing": (
        "python",
        "function `f`",
        """
        «def f():
            x = 1
        # aside
            ▮y = 2
            return y»
        # the next thing
        z = 1
        """,
    ),
    "python: a docstring that speaks of a class": (
        "python",
        "function `f`",
        '''
        «def f():
            """One

            class of ▮things
            """
            return 1»
        ''',
    ),
    "python: an if block at the top has no name": (
        "python",
        "block",
        """
        import sys

        «if sys.argv:
            a = 1

            ▮b = 2»

        c = 3
        """,
    ),
    "python: the paragraph at the top level": ("python", "block", "a = 1\n\n«b = ▮2\nc = 3»\n\nd = 4\n"),
    "the nearest paragraph from a blank line, the one above first": ("", "block", "a\n\n«b»\n▮\nc\n"),
    "the nearest paragraph from blank lines at the end": ("", "block", "a\n\n«b»\n\n\n\n▮"),
    "blank lines alone": ("python", None, "\n  \n▮\n\t\n"),
    "an empty document": ("python", None, "▮"),
    "tabs and spaces": ("python", "function `f`", "«def f():\n\tif x:\n        \ty = 1\n\t▮return 2»\nz = 1\n"),
    "line ends of all three kinds": (
        "python",
        "function `f`",
        "a = 1\r\r\n«def f():\r    b = ▮1\r\n\n    c = 2»\r\rd = 1",
    ),
    "a byte order mark": ("python", "function `f`", "«\ufeffdef f():\n    ▮pass»"),
    "javascript: to the closing brace": (
        "javascript",
        "function `add`",
        """
        /** Not this. */

        «/**
         * Adds.
         */
        export async function add(a, b) {
          if (a) {
            return ▮b;
          } else {
            return a;
          }
        }»

        add(1, 2);
        """,
    ),
    "javascript: from the closing brace": ("javascript", "function `f`", "«function f() {\n  return 1;\n▮}»\ng();\n"),
    "javascript: an arrow function": ("javascript", "function `add`", "«const add = async (a) => {\n  ▮a;\n};»\n"),
    "typescript: a method with types": (
        "typescript",
        "method `size`",
        """
        export abstract class Box<T> extends Base {
        «  public size(deep: boolean): number {
            ▮return 1;
          }»

          empty() {}
        }
        """,
    ),
    "typescript: parameters over several lines": (
        "typescript",
        "method `size`",
        """
        class Box {
        «  size(
            deep: boolean,
          ): number {
            ▮return 1;
          }»
        }
        """,
    ),
    "javascript: a call with a function in it is a block": (
        "javascript",
        "block",
        """
        «describe("a", () => {
          const x = ▮1;
        });»
        """,
    ),
    "go: a method with a receiver": ("go", "function `Area`", "«func (s *Shape) Area() int {\n\treturn ▮1\n}»\n"),
    "rust: impl for a type, from between its functions": (
        "rust",
        "impl `Shape`",
        "«impl<T> Area for Shape<T> {\n    fn a() {\n    }\n▮\n    fn b() {\n    }\n}»\n",
    ),
    "rust: attributes and comments": (
        "rust",
        "struct `Point`",
        "use a;\n\n«/// A place.\n#[derive(Debug)]\n/// More.\npub(crate) struct Point {\n    ▮x: i32,\n}»\n",
    ),
    "c: brace on its own line, preprocessor at the edge": (
        "c",
        "function `main`",
        """
        #include <stdio.h>
        «int main(int argc, char **argv)
        {
            int x = 1;
        #ifdef DEBUG
            ▮x = 2;
        #endif
            return x;
        }»
        """,
    ),
    "c: a function that returns a struct": ("c", "function `make`", "«struct node *make(int a) {\n  ▮a++;\n}»\n"),
    "c: GNU style": ("c", "function `make`", "static int\n«make (int a)\n{\n  ▮a++;\n}»\n"),
    "c++: access labels end no class": (
        "cpp",
        "class `Box`",
        "«class Box : public Base {\npublic:\n  int a;\nprivate:\n  int ▮b;\n};»\n",
    ),
    "c++: a constructor with initialisers": ("cpp", "function `A::A`", "«A::A(int x)\n    : x_(x)\n{\n  ▮f();\n}»\n"),
    "c#: attributes and braces below": (
        "csharp",
        "method `Adds`",
        """
        public class Tests
        {
        «    [Fact]
            public void Adds()
            {
                ▮Check(1);
            }»
        }
        """,
    ),
    "java: annotation on the same line": (
        "java",
        "method `run`",
        "class A {\n«  @Override public void run() {\n    ▮go();\n  }»\n}\n",
    ),
    "ruby: rescue and end": (
        "ruby",
        "method `self.load`",
        """
        class Loader
        «  def self.load(path)
            ▮File.read(path)
          rescue Errno::ENOENT
            nil
          end»
        end
        """,
    ),
    "lua: a local function": ("lua", "function `add`", "«local function add(a)\n  return ▮a\nend»\nadd(1)\n"),
    "bash: a function without a keyword": (
        "shellscript",
        "function `go`",
        "«go() {\n  if x; then\n    ▮y\n  fi\n}»\ngo\n",
    ),
    "an unknown language: kotlin": (
        "kotlin",
        "method `f`",
        "class A {\n«    fun f(): Int {\n        ▮return 1\n    }»\n}\n",
    ),
    "an unknown language: no keyword at all": ("hocon", "block", "«server {\n  ▮port = 1\n}»\nother {\n}\n"),
    "prose speaks of functions": ("markdown", "block", "«The class function\n  def ▮f»\n\nMore.\n"),
    "something never closed": ("javascript", "function `f`", "«function f() {\n  if (x) {\n    ▮y(»\n"),
}


def check(language: str, label: str | None, marked: str) -> None:
    text = textwrap.dedent(marked).removeprefix("\n")
    place = text.replace("«", "").replace("»", "").index("▮")
    plain = text.replace("«", "").replace("»", "").replace("▮", "")
    lines = tuple(split_lines(plain))
    before = split_lines(plain[:place])

    found = enclosing_by_indentation(lines, Point(len(before) - 1, len(before[-1])), language)

    if label is None:
        assert found is None
        return
    assert found is not None
    assert text.replace("▮", "").partition("«")[2].partition("»")[0] == Snapshot("", 1, "", lines).slice(found.span)
    assert label == found.label


@pytest.mark.parametrize("name", CASES)
def test_the_definition_around_a_place(name: str) -> None:
    check(*CASES[name])


@pytest.mark.parametrize("line", [0, 1, 3, 4])
def test_a_block_has_no_name(line: int) -> None:
    found = block_by_indentation(["def f():\n", "    a\n", "\n", "    b\n", "    c\n", "d\n", ""], Point(line, 0))

    assert found is not None
    assert found.label == "block"
    assert (Span(Point(0, 0), Point(4, 5)) if line else Span(Point(0, 0), Point(1, 5))) == found.span


def test_only_lines_near_the_place_are_looked_at() -> None:
    """A file of any size costs the same: a list that counts who looks at it must see few looks."""

    class Counted(list[str]):
        looks = 0

        def __getitem__(self, key):  # type: ignore[no-untyped-def]
            Counted.looks += 1
            return super().__getitem__(key)

    lines = Counted(["def f():\n"] + ["    x = 1\n"] * 200_000)

    found = enclosing_by_indentation(lines, Point(100_000, 0), "python")

    assert found is not None
    assert Counted.looks < 20 * REACH


def test_lines_of_megabytes_are_looked_at_only_at_their_beginning() -> None:
    long = "x(" * 1_000_000
    for text in (long, " " * 1_000_000, f"function f() {{\n  {long}\n}}\n", f"{long}\n" * 3, "a" * 1_000_000 + "\n"):
        lines = split_lines(text)
        enclosing_by_indentation(lines, Point(0, 500_000), "javascript")
        enclosing_by_indentation(lines, Point(1, 500_000), "c")


ODD = (
    "def f(",
    "class A:",
    "}",
    "{",
    ")",
    "@a(",
    "#[",
    "end",
    " ",
    "\t",
    "\n",
    "\r",
    "impl<",
    "fn",
    "::",
    "x = (",
    "\f",
)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(ODD), max_size=40).map("".join),
    st.builds(Point, st.integers(-1, 20), st.integers(0, 20)),
    st.sampled_from(["python", "c", "javascript", "rust", "ruby", "markdown", ""]),
)
def test_odd_code_never_fails_and_the_place_is_near(text: str, point: Point, language: str) -> None:
    lines = split_lines(text)

    found = enclosing_by_indentation(lines, point, language)

    assert (found is None) == (not any(line[:400].strip(" \t\f\r\n") for line in lines))
    if found:
        start, end = found.span
        assert start < end
        assert lines[start.line].strip()
        assert lines[end.line].strip()
        assert end.column == len(lines[end.line].rstrip("\r\n"))


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [("f", 0, 0), ("f", 3, 0), ("g", 0, 4), ("f", 7, 7), ("f", 9, 7), ("h", 0, None), ("pass", 0, None)],
)
def test_a_name_means_the_nearest_definition_above_else_below(name: str, line: int, expected: int | None) -> None:
    lines = split_lines("def f():\n    pass\n\n\ndef g():\n    pass\n\ndef f(): pass\n\nf()\n")

    found = named_by_indentation(lines, name, Point(line, 4), "python")

    assert expected == (found.span.start.line if found else None)


def test_a_name_on_every_line_is_not_searched_for_ever() -> None:
    lines = ["def f():\n"] + ["    x = g(f)\n"] * (2 * REACH)

    assert named_by_indentation(lines, "f", Point(2 * REACH, 0), "python") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("area", "area"),
        ("self.area", "area"),
        ("Shape::area", "area"),
        ("M:add", "add"),
        ("Shape<T>", "Shape"),
        ("", ""),
    ],
)
def test_the_last_part_of_a_qualified_name(name: str, expected: str) -> None:
    assert expected == last_part(name)
