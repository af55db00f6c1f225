"""New text made to fit its place: what holds for any text, any indentation and any line ends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ask_lsp.core.answer import Target, Unusable, replacement, search_replace
from ask_lsp.core.fit import fit, indent_unit
from ask_lsp.core.text import line_text, split_lines

unhurried = settings(deadline=None)  # A busy machine is no failure.

UNITS = ("\t", "  ", "    ")
EOLS = ("\n", "\r\n", "\r")
words = st.sampled_from(("x = 1", "if a:", "b()", "return c", "}", "日本 = 'é'", '"""', "* d", "e\u2028f", "😀"))
levels = st.integers(0, 4)


@st.composite
def codes(draw: st.DrawFn, unit: str, least: int = 0) -> list[str]:
    """Lines of code, the first and last not blank, indented by whole levels and none less than the first."""
    lines = draw(st.lists(st.one_of(st.just(""), st.tuples(levels, words)), max_size=8))
    filled = [unit * (least + line[0]) + line[1] if line else "" for line in lines]
    return [unit * least + draw(words), *filled, unit * (least + draw(levels)) + draw(words)]


@st.composite
def places(draw: st.DrawFn) -> tuple[list[str], str, str, int]:
    """Lines that fit their place, one level, a line end, and at how many levels they stand."""
    unit, eol, least = draw(st.sampled_from(UNITS)), draw(st.sampled_from(EOLS)), draw(st.integers(0, 3))
    return draw(codes(unit, least)), unit, eol, least


@unhurried
@given(places(), st.sampled_from(("", "\n", "\n\n")), st.sampled_from(("", "\n", "\n\n")), st.booleans())
def test_what_already_fits_is_not_touched(
    place: tuple[list[str], str, str, int], above: str, below: str, bom: bool
) -> None:
    lines, unit, eol, _ = place
    seen = "\ufeff" * bom + above.replace("\n", eol) + eol.join(lines) + below.replace("\n", eol)

    assert fit([line_text(line) for line in split_lines(seen)], seen, "", eol, unit) == seen


@unhurried
@given(places())
def test_what_already_fits_behind_its_indentation_is_not_touched(place: tuple[list[str], str, str, int]) -> None:
    lines, unit, eol, least = place
    indent = unit * least
    seen = eol.join(lines)[len(indent) :]

    assert fit(lines, seen, indent, eol, unit) == seen


@unhurried
@given(places(), st.data())
def test_an_answer_indented_by_anything_more_is_the_same_answer(
    place: tuple[list[str], str, str, int], data: st.DataObject
) -> None:
    seen_lines, unit, eol, _ = place
    seen = eol.join(seen_lines)
    answer = data.draw(codes(unit))
    more = unit * data.draw(st.integers(1, 5))
    shifted = [more + line if line else "" for line in answer]
    again = [more + line if line else "" for line in shifted]

    assert fit(shifted, seen, "", eol, unit) == fit(again, seen, "", eol, unit)
    if not set(answer) & set(seen_lines):
        assert fit(shifted, seen, "", eol, unit) == fit(answer, seen, "", eol, unit)


@unhurried
@given(places(), st.data())
def test_the_answer_stands_as_deep_as_its_place(place: tuple[list[str], str, str, int], data: st.DataObject) -> None:
    """Line by line: the levels of the answer, and those of the place more."""
    seen_lines, unit, eol, least = place
    seen = eol.join(seen_lines)
    relative = [line for line in data.draw(codes("\0")) if line not in seen_lines]
    answer = [line.replace("\0", unit) for line in relative]
    while answer and answer[0].startswith(unit):
        answer = answer[1:]
    if not answer or not answer[0] or set(answer) & set(seen_lines) - {""}:
        return
    expected = [unit * least + line if line else "" for line in answer]
    while expected and not expected[-1]:
        expected.pop()

    assert fit(answer, seen, "", eol, unit) == eol.join(expected)


@unhurried
@given(st.sampled_from(EOLS), st.sampled_from(("\n", "\r\n", "\r")), st.data())
def test_the_line_ends_are_the_documents(eol: str, answered: str, data: st.DataObject) -> None:
    lines = data.draw(codes("    "))
    seen = eol.join(["def f():", "    pass", ""])
    answer = answered.join(["```go", *lines, "```"])

    new = replacement(answer, Target(seen, "", "go", eol, "    ", ""))

    ends = {line[len(line_text(line)) :] for line in split_lines(new)[:-1]}
    assert ends == {eol}
    assert new.endswith(eol)


@unhurried
@given(places(), st.data())
def test_a_search_replace_block_changes_its_lines_and_no_others(
    place: tuple[list[str], str, str, int], data: st.DataObject
) -> None:
    lines, unit, eol, _ = place
    lines = [f"{line} {number}" if line else "" for number, line in enumerate(lines)]
    filled = [number for number, line in enumerate(lines) if line]
    at = data.draw(st.sampled_from(filled))
    deeper = data.draw(st.booleans())
    search = lines[at].strip() if deeper else lines[at]
    answer = "\n".join(["<<<<<<< SEARCH", search, "=======", search + " new", ">>>>>>> REPLACE"])
    target = Target(eol.join(lines), "", "go", eol, unit, "")

    assert search_replace(answer, target) == eol.join([*lines[:at], lines[at] + " new", *lines[at + 1 :]])


@unhurried
@given(st.text(), st.text())
def test_any_answer_is_read_or_refused(answer: str, seen: str) -> None:
    for read in (replacement, search_replace):
        try:
            new = read(answer, Target(seen, "", "python", "\n", "    ", "f"))
        except Unusable:
            continue

        assert new != seen


def test_lines_that_stay_keep_line_ends_of_their_own() -> None:
    seen = "a\r\nb\nc\r\n"

    assert fit(["a", "x", "b", "c"], seen, "", "\r\n", "    ") == "a\r\nx\r\nb\nc\r\n"


@pytest.mark.parametrize(
    ("unit", "answer", "expected"),
    [
        ("\t", "if a:\n  if b:\n    c()\n     # aligned", "if a:\n\tif b:\n\t\tc()\n\t\t # aligned"),
        ("  ", "if a:\n\tif b:\n\t\tc('\t')", "if a:\n  if b:\n    c('\t')"),
        ("\t", "/**\n * A.\n */\nf() {\n    g()\n}", "/**\n * A.\n */\nf() {\n\tg()\n}"),
    ],
)
def test_indentation_is_made_of_what_the_document_has(unit: str, answer: str, expected: str) -> None:
    assert fit(answer.split("\n"), "x", "", "\n", unit) == expected


UNITS_TOLD = {
    "a line at depth two tells nothing of one level": (
        "    ",
        "class A:\n    def f(self):\n«        if x:\n»        y\n",
    ),
    "two spaces": ("  ", "function f(x) {\n  if (x) {\n«    while (x) {\n»    }\n  }\n}\n"),
    "tabs": ("\t", "func f() {\n\tif x {\n«\t\ty()\n»\t}\n}\n"),
    "a method whose class is not shown": ("    ", "«        def f(self):\n            return 1\n»"),
    "one line and nothing else": ("    ", "«        if x:\n»"),
    "one line of two spaces": ("  ", "«  if x:\n»"),
    "aligned arguments are no levels": ("  ", "a:\n  b\nc(\n      d)\nc:\n  e\n«f = 1\n»"),
    "the target decides between tabs and spaces": ("\t", "a:\n  b\nc:\n  d\n«\te\n\t\tf\n»"),
    "the target breaks a tie": ("    ", "a:\n  b\n«c:\n    d\n»"),
    "nothing is indented": ("", "a\n«b\n»"),
}


@pytest.mark.parametrize("name", UNITS_TOLD)
def test_one_level_is_what_lines_have_more_than_the_line_above(name: str) -> None:
    unit, marked = UNITS_TOLD[name]
    first, last = (marked[: marked.index(mark)].count("\n") for mark in "«»")

    assert indent_unit(split_lines(marked.replace("«", "").replace("»", "")), range(first, last)) == unit


STRINGS = {
    "python": ("python", '"""text', "      two", "col zero", '    """'),
    "python, apostrophes": ("python", "f('a', '''text", '  don\'t # """', "        two''')  # it's"),
    "python, an escaped end": ("python", 'r"""text', '    \\"""', '      four"""'),
    "javascript": ("javascript", "`text", "  two ${'x'}", "      four`; // it's"),
    "go": ("go", "`", "  two", "`"),
}


@pytest.mark.parametrize("name", STRINGS)
def test_what_a_string_says_is_not_moved_with_the_code(name: str) -> None:
    """The model took the indentation off the code, and left the string as it is."""
    language, first, *inside = STRINGS[name]
    seen = "\n".join(["    f() {", f"        v = {first}", *inside, "        w()"])
    answer = ["f() {", f"    v = {first}", *inside, "    w(1)"]

    assert fit(answer, seen, "", "\n", "    ", language=language) == seen.replace("w()", "w(1)")


def test_a_docstring_that_was_moved_with_the_code_is_moved_back() -> None:
    seen = '    def f():\n        """Does it.\n\n        Well.\n        """\n        g()'
    answer = 'def f():\n    """Does it.\n\n    Well.\n    """\n    g(1)'

    assert fit(answer.split("\n"), seen, "", "\n", "    ", language="python") == seen.replace("g()", "g(1)")
