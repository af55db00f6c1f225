"""What real CommonMark renderers make of a text, for the tests of core/markdown.py."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

# What Markdown itself can make, but images.
ELEMENTS = frozenset(
    (
        *("p", "em", "strong", "s", "del", "a", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "br"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
    )
)
ATTRIBUTES = {
    "a": {"href", "title"},
    "code": {"class"},
    "ol": {"start"},
    "th": {"style", "align"},
    "td": {"style", "align"},
}
LONGEST_PATH, LONGEST_QUERY = 160, 48


@cache
def renderers() -> tuple[MarkdownIt, ...]:
    """Plain CommonMark, and what editors use: HTML allowed, tables, and links made of bare addresses."""
    everything = MarkdownIt("gfm-like", {"html": True, "linkify": True})
    everything.validateLink = lambda url: True  # type: ignore[method-assign,assignment]
    plain = MarkdownIt("commonmark", {"html": True})
    plain.validateLink = lambda url: True  # type: ignore[method-assign,assignment]
    return plain, everything


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str]]] = []
        self.odd: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_comment(self, data: str) -> None:
        self.odd.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.odd.append(f"declaration {decl}")

    def unknown_decl(self, data: str) -> None:
        self.odd.append(f"declaration {data}")

    def handle_pi(self, data: str) -> None:
        self.odd.append(f"instruction {data}")


def dangers(text: str) -> list[str]:
    """What is dangerous in the HTML that any of the renderers makes of `text`."""
    return [danger for renderer in renderers() for danger in dangers_of(renderer.render(text))]


def dangers_of(html: str) -> list[str]:
    """Elements that no Markdown makes, images, and links that run something or carry data."""
    elements = _Elements()
    elements.feed(html)
    elements.close()
    found = elements.odd
    for tag, attributes in elements.found:
        if tag not in ELEMENTS:
            found.append(f"element {tag}")
        if strange := set(attributes) - ATTRIBUTES.get(tag, set()):
            found.append(f"attributes {strange} of {tag}")
        if tag == "a":
            found += _dangers_of_address(attributes.get("href", ""))
    return found


def _dangers_of_address(address: str) -> list[str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return [f"address {address}"]
    in_page = address.startswith("#")
    found = [] if in_page or parts.scheme in ("http", "https", "mailto") else [f"scheme of {address}"]
    if len(unquote(parts.query)) > LONGEST_QUERY or len(unquote(parts.path)) > LONGEST_PATH:
        found.append(f"data in {address}")
    return found
