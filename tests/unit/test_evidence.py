"""What the text at a place says about an edit: beyond doubt, or with keys that came with it, or nothing at all."""

from __future__ import annotations

import random

import pytest

from ask_lsp.core.evidence import holds, stands

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
    "the neighbour of a line that is gone was typed in": (LESS, LESS.replace("return a", "return b"), "gone"),
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
    assert stands(SEEN, new, now) == (expected in ("holds", "stands"))
    assert stands(SEEN, new, now, gone=True) == bool(expected)


LINES = [
    "def f(a):",
    "    x = 1",
    "    y = x + 1",
    "    return y",
    "    log(x)",
    "",
    "    for i in r:",
    "    pass",
    "}",
]
KEYS = ["a", " ", "\n", "x = 1", "# note", " + 2", "", "", ""]


def a_step(dice: random.Random) -> tuple[str, str, str]:
    """What a model saw, what it wants, and what stands there when somebody has pressed one key and no edit was made."""
    seen = [dice.choice(LINES) for _ in range(dice.randint(1, 7))]
    new = list(seen)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(new) + 1)
        coming = dice.choice([[dice.choice(LINES)], [], [f"{line}0" for line in new[at : at + 1]]])
        new[at : at + dice.randrange(2)] = coming
    text = "\n".join(seen)
    at = dice.randrange(len(text) + 1)
    key = dice.choice(KEYS)
    return text, "\n".join(new), text[:at] + key + text[at + (0 if key else dice.randrange(1, 5)) :]


def test_a_key_alone_is_never_taken_for_an_edit() -> None:
    """Also when it is pressed in a line that the edit was to take away."""
    counted = 0
    for seed in range(20_000):
        seen, new, now = a_step(random.Random(seed))
        if new != seen and now not in (seen, new):
            counted += 1
            assert not stands(seen, new, now), (seen, new, now)
    assert counted > 10_000
