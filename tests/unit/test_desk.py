"""What the text at a place says about an edit: beyond doubt, or with keys that came with it, or nothing at all."""

from __future__ import annotations

import pytest

from ask_lsp.lsp.desk import holds, stands

SEEN = "def f(a):\n    unused_variable = compute(a)\n    return a"
LESS = "def f(a):\n    return a"
MORE = "def f(a):\n    # The same.\n    unused_variable = compute(a)\n    return a"
OTHER = "def f(a):\n    value = compute(a)\n    return a"

CASES = {
    "nothing was done": (LESS, SEEN, ""),
    "the text": (LESS, LESS, "holds"),
    "the text with other line ends": (LESS, LESS.replace("\n", "\r\n"), "holds"),
    "the text and more around it": (MORE, f"import os\n{MORE}\n", "holds"),
    "another line was changed as well": (MORE, MORE.replace("return a", "return b"), "holds"),
    "the neighbour of a line that is gone was typed in": (LESS, LESS.replace("return a", "return b"), "stands"),
    "the new line was typed in": (MORE, MORE.replace("The same.", "The same. Mine"), "stands"),
    "a line that was to go was typed in": (LESS, SEEN.replace("(a)\n", "(aX)\n"), ""),
    "a line that was to go was typed in twice": (LESS, SEEN.replace("(a)\n", "(aX)\n").replace("unused", "UN"), ""),
    "a line that was to change was typed in": (OTHER, SEEN.replace("(a)\n", "(aX)\n"), ""),
    "a half of what was to come": (
        f"{MORE}\n    # The end.",
        SEEN.replace("    unused", "    # The same.\n    unused").replace("return a", "return aX"),
        "",
    ),
    "the old line is still there beside the new one": (
        OTHER,
        SEEN.replace("    return", "    value = compute(a)\n    return"),
        "",
    ),
    "only white space was to change": (SEEN.replace("    ", "  "), SEEN.replace("return a", "return aX"), ""),
}


@pytest.mark.parametrize("name", CASES)
def test_an_edit_counts_as_made_by_its_text_alone(name: str) -> None:
    new, now, expected = CASES[name]

    assert holds(SEEN, new, now) == (expected == "holds")
    assert stands(SEEN, new, now) == bool(expected)
