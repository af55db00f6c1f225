"""What must hold of the filter for a model's Markdown: however it is cut, whatever it holds, nothing gets through."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered import dangers

from ask_lsp.core.links import is_ordinary, is_ordinary_word
from ask_lsp.core.markdown import MarkdownFilter, shown
from ask_lsp.core.markdown_reader import LONGEST_HELD

LONG = "https://evil.com/?q=" + "A1" * 30
DANGEROUS = [
    "<img src=x>", "![a](http://e.com/x)", "[a](javascript:x)", LONG, "<b>", "<!--", "-->", "<script>", "</a>",
    "[x]: javascript:y", "[x]", "[x][x]", "![x]", "![x][x]", "<javascript:x>", "<div>\n", f"<{LONG}>", f"[a]({LONG})",
    "https", "&#58;", "//evil.com/?" + "B2" * 30, "<a href='`'>", "<?php", "[a](<javascript:x>)", "[`a](x`)",
    "](javascript:x)", "<x_y a=b>", "http://e.com/x",
]  # fmt: skip
AROUND = [
    "`", "``", "```", "~~~", "````", "\n", "\n", "\n", "\n\n", "\r\n", "\r", "    ", "  ", " ", "\t", "> ", ">", "- ",
    "1. ", "14. ",
    "* ", "-", "# ", "---", "===", "|", "|-|", "\n|---|---|\n", "$", "$$", "\n$$\n", "\\", "\\\\", "text",
    "é", "漢", "!", "[", "]", "(", ")", "]:", ":", "<", ">", "*", "_", "&lt;", "\u00a0", "0", "\n```\n", "\n```py\n",
    "\n   ```\n", "\n- x\n  ```\n", "\n> ```\n", "\n1. x\n   ```\n", "```x`", "\n    ```\n", "\n     ", "\n[x]:\n", "=",
    "\\`", "\\[", "[^1]:", "\n: ", "\u200d", "\u202e",
]  # fmt: skip
nasty_texts = st.lists(st.sampled_from(DANGEROUS) | st.sampled_from(AROUND) | st.sampled_from(AROUND)).map("".join)
unhurried = settings(deadline=None)  # A busy machine is no failure.


def in_pieces(text: str, sizes: list[int]) -> str:
    """What the filter says when `text` comes in pieces of these sizes, over and over."""
    stream, said, at, turn = MarkdownFilter(), [], 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        said.append(stream.feed(text[at : at + size]))
        at, turn = at + size, turn + 1
    return "".join([*said, stream.end()])


@unhurried
@given(nasty_texts, st.lists(st.integers(1, 9), min_size=1))
def test_however_a_text_is_cut_the_same_is_shown(text: str, sizes: list[int]) -> None:
    assert shown(text) == in_pieces(text, sizes)


def test_random_texts_are_harmless_for_real_renderers() -> None:
    """4,000 texts of dangerous pieces and the marks that confuse parsers, always the same ones."""
    chance = random.Random(20261125)
    for _ in range(4000):
        count = chance.randint(1, 14)
        text = "".join(chance.choice(DANGEROUS if chance.random() < 0.3 else AROUND) for _ in range(count))
        assert dangers(shown(text)) == [], text


@unhurried
@given(nasty_texts)
def test_what_was_filtered_once_is_harmless_when_filtered_again(text: str) -> None:
    assert dangers(shown(shown(text))) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("![a](http://e.com)", "!\\[a\\](http://e.com)"),
        ("a <b>bold</b>", "a \\<b>bold\\</b>"),
        ("List<String> and x<y and <3", "List\\<String> and x\\<y and <3"),
        ("[x](javascript:y)", "\\[x\\](javascript:y)"),
        ("a [x](javascript:y)", "a [x\\](javascript:y)"),
        (f"see {LONG}.", f"see `{LONG}.`"),
        ("file:///etc/passwd", "`file:///etc/passwd`"),
        ("[x]: javascript:y", "\\[x]: javascript:y"),
        ("a ` b", "a \\` b"),
        ("```py <b>\nx\n```", "```py\nx\n```"),
        ("1. a\n   ```\n   x\n```\nb", "1. a\n   ```\n   x\n   ```\nb"),
        ("- a\n  ```\nb", "- a\n  ```\n  ```\nb"),
        ("> ```\nb", "> ```\n> ```\nb"),
        ("text\n14. more", "text\n14\\. more"),
        # Renderers of GitHub's kind take a backslash or backtick right behind a bare address for a part of it.
        ("http://e.com/a<img src=x>", "http://e.com/a \\<img src=x>"),
        ("http://e.com/a\\<img src=x>", "http://e.com/a \\<img src=x>"),
        ("http://e.com/a`b`", "http://e.com/a `b`"),
        ("http://e.com/a![b](c)", "http://e.com/a !\\[b\\](c)"),
        # marked lets a link's text go over backticks that do not belong together.
        ("x [a](y) `b](c`", "x [a\\](y) \\`b\\](c\\`"),
        ("a [b\n`c](d`", "a [b\n\\`c\\](d\\`"),
        ("$a ` b$ <i>", "$a \\` b$ \\<i>"),
        ("$a `b$ <i> `", "$a \\`b$ \\<i> \\`"),
        ("$$\n```\n$$\n<i>", "$$\n\\`\\`\\`\n$$\n\\<i>"),
        ("[^1]: [x]: javascript:y", "[^1]: \\[x]: javascript:y"),
        ("[^1]: a b\n\n    <i>", "[^1]: a b\n\n    \\<i>"),
        ("```\na\n```\u00a0\n<i>", "```\na\n```\n\\<i>"),
        ("~~~a|b\n|-|-|\n<i>", "~~~a\n|-|-|\n<i>"),
        ("- a\n\n      <i>", "- a\n\n      \\<i>"),
        ("-     <i>", "-     \\<i>"),
        (">\n     <i>", ">\n     \\<i>"),
        ("```\na\n```\n    <i>", "```\na\n```\n    \\<i>"),
        ("-\n\n  ```\n<i>\n  ```\n", "-\n\n  ```\n<i>\n  ```\n"),
        (f"[{LONG}](https://e.com)", f"\\[`{LONG}`\\](https://e.com)"),
        (f"$a `b$` {LONG} `c`", f"$a `b$` ``{LONG}`` `c`"),
        (f"{LONG}`b`", f"`{LONG}` `b`"),
        ("a &#58;// &lt;", "a \\&#58;// &lt;"),
        ("\x1b[31m", "⟦ESC⟧[31m"),
        ("```\na\u202eb\n```", "```\na⟦U+202E⟧b\n```"),
    ],
)
def test_what_is_dangerous_is_shown_as_text(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_where_we_lose_count_everything_is_prose() -> None:
    """A line of code that begins with more backticks than are looked at may or may not be its end."""
    result = shown("```\n" + "`" * 5000 + "\n<i>\n```\n<i>\n```\n`<i>`")

    assert result.count("\\<i>") == result.count("<i>") == 3
    assert dangers(result) == []


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (["Hello, ", "world. ", "It is"], ["Hello, ", "world. ", "It "]),
        (["# Title\n", "\n", "text "], ["# Title\n", "\n", "text "]),
        (["```py\n", "x = <b>", "\ny\n", "```\n"], ["```py\n", "x = <b>", "\ny\n", "```\n"]),
        (["use `co", "de` now"], ["use ", "`code` "]),
        (["a [li", "nk](https://", "e.com) b "], ["a ", "", "[link](https://e.com) b "]),
        (["an ![im", "age](x)"], ["an !\\[", "image"]),
    ],
)
def test_only_what_may_become_dangerous_waits(pieces: list[str], said: list[str]) -> None:
    stream = MarkdownFilter()

    for piece, expected in zip(pieces, said, strict=True):
        now = stream.feed(piece)
        assert now.startswith(expected)
        assert len(now) - len(expected) <= 8


@pytest.mark.parametrize(
    "mark", ["`", "[", "![", "<", "https://e.com/", "[a](", "[x]: ", "```", "> ", "$", "\\", "漢", " ", "-", "|"]
)
def test_no_more_waits_than_is_promised(mark: str) -> None:
    stream, fed, said = MarkdownFilter(), 0, 0
    for piece in ["text\n\n", mark, *["a"] * 3, *[mark] * 6000]:
        fed += len(piece)
        said += len(stream.feed(piece))
        assert fed - said <= LONGEST_HELD + 100


@pytest.mark.parametrize(
    "text",
    [
        "words of an ordinary answer with `code` and **bold**, see https://example.com/a.\n" * 2500,
        "```py\n" + "x = [1, 2, 3]  # <b>\n" * 10_000 + "```\n",
        "`" * 200_000,
        "[" * 200_000,
        "` `` ``` ```` " * 15_000,
        "<a" * 100_000,
        "[a](b " * 35_000,
        "> " * 100_000,
        "- " * 100_000,
        "a_" * 100_000,
        "a.b" * 70_000,
        "1.\n" * 70_000,
        "![" * 100_000,
        "\u200b" * 50_000,
        "`a\n" * 70_000,
        "[a\\" * 70_000,
    ],
)
def test_two_hundred_thousand_characters_are_filtered_in_time(text: str) -> None:
    began = time.perf_counter()

    shown(text)

    assert time.perf_counter() - began < 8


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com", "http://localhost:8000/docs", "mailto:me@example.com", "#section-2",
        "https://docs.python.org/3/library/re.html#re.compile", "https://de.wikipedia.org/wiki/Größe",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ", "HTTPS://EXAMPLE.COM/A",
        "https://github.com/torvalds/linux/commit/1da177e4c3f41524e886b7f1b8a0c1fc7321cac2",
    ],
)  # fmt: skip
def test_ordinary_addresses(address: str) -> None:
    assert is_ordinary(address)
    assert address.startswith(("#", "mailto:")) or is_ordinary_word(address)


@pytest.mark.parametrize(
    "address",
    [
        "", "javascript:x", "command:x", "file:///x", "data:text/html,x", "vscode://x", "//example.com", "/etc/passwd",
        "a/b",         "https:/example.com", "https://", "https://user@example.com", "https://a:b@example.com",
        "https://example.com\\@e.com",
        "https://example.com/&#47;x", "https://example.com/ x", "https://exa\u200bmple.com", "https://[::1]/",
        "mailto:a@e.com?body=x", "https://e.com/" + "a/" * 100, "https://e.com/?" + "a=b&" * 20,
        "https://" + "a." * 9 + "com",
        "https://e.com/" + "g1" * 20, "https://e.com/?q=" + "a1" * 10, "https://e.com/" + "%41" * 9,
        "https://e.com/" + "a" * 50,
    ],
)  # fmt: skip
def test_addresses_that_are_not_ordinary(address: str) -> None:
    assert not is_ordinary(address)
