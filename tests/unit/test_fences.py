"""What must hold of code fences: nothing breaks out of ours, and an open one of an answer is found and closed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ask_lsp.core.fences import close_open_fence, fenced

unhurried = settings(deadline=None)  # A busy machine is no failure.
markdown_texts = st.lists(
    st.sampled_from(
        ["```", "````", "~~~", "```python", "text", "  ", "    ", "\t", "- ", "1. ", "\n", "\n", "\r\n", "`", "> "]
    )
).map("".join)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("x = 1\n", "python", "```python\nx = 1\n```\n"),
        ("x = 1", "", "```\nx = 1\n```\n"),
        ("", "go", "```go\n```\n"),
        ("a ```` b", "markdown", "`````markdown\na ```` b\n`````\n"),
        ("```\n", "c`\n`++", "````c++\n```\n````\n"),
    ],
)
def test_a_fence_is_longer_than_any_run_of_backticks_in_the_text(text: str, language: str, expected: str) -> None:
    assert expected == fenced(text, language)


@unhurried
@given(st.text(alphabet="`~a \n-\t"))
def test_a_fenced_text_leaves_no_fence_open(text: str) -> None:
    assert close_open_fence(fenced(text, "python")) is None
    assert close_open_fence(fenced(text, "python") + "```\n") == "```"


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("", None),
        ("plain", None),
        ("```python\nx = 1\n```", None),
        ("```python\nx = 1", "\n```"),
        ("```python\nx = 1\n", "```"),
        ("```", "\n```"),
        ("`````\n```\n", "`````"),
        ("```\n~~~\n", "```"),
        ("~~~ `js`\n```\n", "~~~"),
        ("~~~\ncode\n~~~~\n", None),
        ("```\ncode\n``", "\n```"),
        ("```\ncode\n``` not closed by this\n", "```"),
        ("```\ncode\n```   \t\n", None),
        ("``` no `fence` this\n", None),
        ("    ```\nindented code", None),
        ("   ```\ncode\n  ```\n", None),
        ("```\ncode\n    ```\n", "```"),
        ("```\r\ncode\r\n```\r\n", None),
        ("```\r\ncode\r\n", "```"),
        ("```\rcode\r", "\n```"),
        ("- item\n  ```py\n  code\n  ```\n", None),
        ("- item\n  ```py\n  code\n", "  ```"),
        ("1. item\n\n   - deeper\n     ```py\n     code\n     ```\n", None),
        ("10. item\n\n    ```py\n    code", "\n    ```"),
        ("- ```py\n  code\n", "  ```"),
        ("- item\n  ```py\n  code\nbehind the item\n", None),
        ("- item\n  ```py\n  code\n```py\n", "```"),
        ("-     ```\n", None),
        ("```\n- code, not an item\n```\n", None),
        ("> ```\n> the quote ends and its fence with it\n", None),
    ],
)
def test_an_open_fence_is_closed_as_commonmark_has_it(markdown: str, expected: str | None) -> None:
    assert expected == close_open_fence(markdown)


@unhurried
@given(markdown_texts)
def test_what_was_closed_is_not_open_any_more(markdown: str) -> None:
    assert close_open_fence(markdown + (close_open_fence(markdown) or "")) is None


@pytest.mark.parametrize("piece", ["- ", "```\n", "`", "~", "\t", " ", "a\r"])
def test_a_large_answer_costs_no_more_than_reading_it(piece: str) -> None:
    began = time.process_time()

    close_open_fence(piece * 30_000)

    assert time.process_time() - began < 2
