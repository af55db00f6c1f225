"""The pages about proposals are Markdown that says what would change, and what to do about it."""

from __future__ import annotations

from dataclasses import replace

from ask_lsp.core.pages import MOST_LINES, diff_page, proposals_page
from ask_lsp.core.proposal import Proposal
from ask_lsp.core.text import Point, Span
from ask_lsp.core.visible import new_hidden

ONE = Proposal(
    "abcd1234", "file:///w/my%20mean.py", "Fix: division by zero", "fix", 1_800_000_000.0,
    Span(Point(4, 0), Point(5, 9)), "def f():\r\n    old", "def f():\r\n    new", "", "", "The file was closed.", None,
)  # fmt: skip


def test_the_difference_is_a_unified_diff_with_its_place_and_what_to_do() -> None:
    page = diff_page(ONE)

    assert page.startswith("# Fix: division by zero\n")
    assert "[my mean.py:5](file:///w/my%20mean.py#L5)" in page
    assert "The file was closed." in page
    assert "```diff\n--- a/my mean.py\n+++ b/my mean.py\n@@ -1,2 +1,2 @@\n def f():\n-    old\n+    new\n```\n" in page
    assert "`ask.apply` with `abcd1234`" in page
    assert "`ask.discard`" in page


def test_it_is_the_difference_to_what_stands_there_now() -> None:
    page = diff_page(replace(ONE, standing="def f():\n    other"))

    assert "-    other\n+    new" in page
    assert "changed since" in page


def test_what_was_typed_elsewhere_in_it_is_no_part_of_the_difference() -> None:
    one = replace(ONE, seen="a = 1\nb = 2\nc = 3\nd = 4", new="a = 1\nb = 2\nc = 3\nd = 5", reason="")
    page = diff_page(replace(one, standing="a = 9\nb = 2\nc = 3\nd = 4"))

    assert " a = 9\n" in page
    assert "-d = 4\n+d = 5\n" in page
    assert "by hand" not in page


def test_one_that_cannot_be_applied_any_more_says_so() -> None:
    """Also without the document: by what stood there last."""
    one = replace(ONE, seen="a = 1", new="a = 2", standing="a = 3")
    page = diff_page(one)

    assert "-a = 3\n+a = 2\n" in page
    assert "The same lines were changed: it cannot be applied any more, make it by hand or discard it.\n" in page


def test_code_cannot_break_the_fence_and_a_new_file_is_all_new() -> None:
    page = diff_page(replace(ONE, seen="", new="````\ntext\n", new_file=True))

    assert "`````diff\n--- /dev/null\n+++ b/my mean.py\n" in page
    assert "+````\n+text\n" in page


def test_a_very_long_difference_is_cut_and_says_so() -> None:
    page = diff_page(replace(ONE, new="x\n" * (MOST_LINES + 500)))

    assert len(page.splitlines()) < MOST_LINES + 20
    assert "more lines of the difference are left out here" in page


def test_the_list_has_all_of_them_by_file_or_says_that_there_are_none() -> None:
    other = replace(ONE, id="zzzz9999", uri="file:///w/b.py", title="Refactor", reason="")
    page = proposals_page([ONE, other])

    assert page.index("## b.py") < page.index("## my mean.py")
    assert "`abcd1234`" in page
    assert "`zzzz9999`" in page
    assert "There are none" in proposals_page([])


def test_hidden_characters_are_named_in_what_is_reviewed() -> None:
    """The page is read to decide: what an editor would show in another order must not look harmless there."""
    one = replace(
        ONE, uri="file:///w/a%1B%5B31m.py", title="Fix\u202e", new="def f():\r\n\tif admin:\u2066 # x\u2069\x9b"
    )

    for page in (diff_page(one), proposals_page([one])):
        assert not new_hidden("", page)
    page = diff_page(one)
    assert "+\tif admin:⟦U+2066⟧ # x⟦U+2069⟧⟦U+009B⟧\n" in page
    assert "a⟦ESC⟧[31m.py" in page
