"""Markdown for editors that show none: the words and the code stay, the marks go."""

from __future__ import annotations

import pytest

from ask_lsp.core.plain import plain


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("It is the **mean** of *all* values.", "It is the mean of all values."),
        ("*The explanation is on its way.*", "The explanation is on its way."),
        ("* first\n* **second**: `x`", "* first\n* second: x"),
        ("**`values`** must not be empty", "values must not be empty"),
        ("## What it does ##\n\nSums.", "What it does\n\nSums."),
        ("#!/bin/sh stays", "#!/bin/sh stays"),
        ("`a*b*c` and `__x__`", "a*b*c and __x__"),
        ("`` a ` b ``", "a ` b"),
        ("2*3*4 and a * b * c", "2*3*4 and a * b * c"),
        ("__init__ calls _name_ and snake_case_name", "__init__ calls _name_ and snake_case_name"),
        ("__two words__ and _two words_", "two words and two words"),
        ("See [the docs](https://example.org/a) now", "See the docs (https://example.org/a) now"),
        ("[https://example.org](https://example.org)", "https://example.org"),
        (r"a \* b \* c", "a * b * c"),
        ("one ` alone", "one ` alone"),
        ("```python\n**x = 1**\n# not a heading\n```\nafter", "**x = 1**\n# not a heading\nafter"),
        ("~~~~\n```\n~~~\n~~~~", "```\n~~~"),
        ("```\nnever closed", "never closed"),
        ("", ""),
    ],
)
def test_marks_go_and_what_is_said_stays(markdown: str, text: str) -> None:
    assert plain(markdown) == text
