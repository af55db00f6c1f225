"""What is shown in passing: on one line, readable, and nothing in it is live, hidden or endless."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ask_lsp.core.passing import LONGEST, passing
from ask_lsp.core.visible import new_hidden

LINK = re.compile(r"\][(\[]|<[A-Za-z/!?]")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[Click](command:workbench.action.quit)", "[Click] (command:workbench.action.quit)"),
        ("![x](https://evil.example/?a=b)", "![x] (https://evil.example/?a=b)"),
        ("[Click][ref] and <command:x> and <img src=x>", "[Click] [ref] and < command:x> and < img src=x>"),
        ("a\u202eb\x1b[31m", "a⟦U+202E⟧b⟦ESC⟧[31m"),
        ("one\n\ttwo\u2028three", "one two three"),
    ],
)
def test_nothing_in_it_is_live(text: str, said: str) -> None:
    assert passing(text) == said


@pytest.mark.parametrize(
    "sentence",
    [
        "There is no /home/me/Über uns/config.yaml yet. Make one with: ask-lsp config --example > '/me/x.yaml'",
        "Refactor: done in a[1].py, 3 lines (+1). Choose “Check last edit” there to see.",
        "https://api.example/v1 refused the request (400): `x` < 3. Check the model of profile “default”.",
    ],
)
def test_our_own_sentences_stay_as_they_are(sentence: str) -> None:
    assert passing(sentence) == sentence


@given(st.text(st.sampled_from("[](<>!a:/ \n\u202e\u200b\x1b\x9b\t")) | st.text())
def test_that_holds_for_every_text(text: str) -> None:
    said = passing(text)

    assert not LINK.search(said)
    assert not new_hidden("", said)
    assert len(said.splitlines()) <= 1
    assert passing(said) == said


def test_it_ends() -> None:
    assert len(passing("word " * 100_000)) == LONGEST
