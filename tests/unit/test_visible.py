"""What must hold of hidden characters: each is named, none that a script or an emoji needs is touched."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ask_lsp.core.visible import VisibleStream, new_hidden, visible

unhurried = settings(deadline=None)  # A busy machine is no failure.
nasty_texts = st.lists(
    st.sampled_from(list("ab1#\n\t\r\0\x1b\x9b\u200b\u200c\u200d\u200e\u202e\u2066\ufe0e\ufe0f\ufeff\u06a9\u0627\u0915\u094d👩❤🏽🏴⛄漢"))
    | st.sampled_from(["\U000e0101", "\U000e0067\U000e0062", "\U000e0065\U000e006e\U000e0067\U000e007f", "\ud800"])
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if access\u202e \u2066// admin\u2069", "if access⟦U+202E⟧ ⟦U+2066⟧// admin⟦U+2069⟧"),
        ("\x1b[31mred\x1b[0m \x1b]8;;http://e.com\x07x", "⟦ESC⟧[31mred⟦ESC⟧[0m ⟦ESC⟧]8;;http://e.com⟦BEL⟧x"),
        ("\x9b31m", "⟦U+009B⟧31m"),
        ("a\0b\x08c\x7fd", "a⟦NUL⟧b⟦BS⟧c⟦DEL⟧d"),
        ("pass\u200bword\ufeff\u2060", "pass⟦U+200B⟧word⟦U+FEFF⟧⟦U+2060⟧"),
        ("in\u200dvisible in\u200cvisible", "in⟦U+200D⟧visible in⟦U+200C⟧visible"),
        ("soft\xadhyphen", "soft⟦U+00AD⟧hyphen"),
        ("x\u3164y\uffa0z\u2800", "x⟦U+3164⟧y⟦U+FFA0⟧z⟦U+2800⟧"),
        ("line\u2028line\u2029line\x85", "line⟦U+2028⟧line⟦U+2029⟧line⟦U+0085⟧"),
        ("hi\U000e0068\U000e0069", "hi⟦U+E0068⟧⟦U+E0069⟧"),
        ("a\ufe01\ufe02b", "a⟦U+FE01⟧⟦U+FE02⟧b"),
        ("❤\ufe0f\ufe0f", "❤\ufe0f⟦U+FE0F⟧"),
        ("😀\U000e0101\U000e0102", "😀⟦U+E0101⟧⟦U+E0102⟧"),
        ("\ud800", "⟦U+D800⟧"),
        ("🏴\U000e0068\U000e0069\U000e007f", "🏴⟦U+E0068⟧⟦U+E0069⟧⟦U+E007F⟧"),
        ("\u200f\u061c", "⟦U+200F⟧⟦U+061C⟧"),
    ],
)
def test_hidden_characters_are_named(text: str, expected: str) -> None:
    assert visible(text) == expected
    assert visible(expected) == expected != text


@pytest.mark.parametrize(
    "text",
    [
        "plain\ttext\r\nand more\n",
        "Zoë, naïve, Straße, 漢字, кириллица, עברית, العربية",
        "e\u0301 is a letter with a mark of its own",
        "👩\u200d💻 👨🏽\u200d🔬 👩\u200d❤\ufe0f\u200d👨 🏳\ufe0f\u200d🌈 1\ufe0f\u20e3 ❤\ufe0f ☺\ufe0e",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f and 🇩🇪",
        "می\u200cخواهم",
        "क\u094d\u200dष and ක්\u200dර",
        "葛\U000e0100城",
        "\u0600\u0661",
        "fill in \xa0 and \u3000",
    ],
)
def test_what_writing_needs_stays(text: str) -> None:
    assert visible(text) == text
    assert new_hidden("", text) == ()


@unhurried
@given(nasty_texts)
def test_nothing_hidden_is_left_and_nothing_else_is_changed(text: str) -> None:
    shown = visible(text)

    assert visible(shown) == shown


@unhurried
@given(st.lists(nasty_texts))
def test_a_stream_says_what_the_whole_says(pieces: list[str]) -> None:
    stream = VisibleStream()

    said = [stream.feed(piece) for piece in pieces]
    said.append(stream.end())

    assert visible("".join(pieces)) == "".join(said)


def test_ordinary_text_does_not_wait() -> None:
    stream = VisibleStream()

    assert stream.feed("hello") == "hello"
    assert stream.feed(" 👩") == " 👩"
    assert stream.feed("\u200d") == ""
    assert stream.feed("💻!") == "\u200d💻!"


def test_only_hidden_characters_that_an_edit_adds_are_named() -> None:
    before = "a\u200bb\x1b"

    assert new_hidden(before, before) == ()
    assert new_hidden(before, "a\u200b") == ()
    assert new_hidden(before, before + "\u202e\u200b\u202e\0") == (
        "U+200B (ZERO WIDTH SPACE)",
        "U+202E (RIGHT-TO-LEFT OVERRIDE)",
        "NUL",
    )


def test_a_long_text_is_looked_at_quickly() -> None:
    assert len(visible("x = 1\n" * 200_000)) == 1_200_000
    assert len(visible("\u200b" * 50_000)) == 400_000
