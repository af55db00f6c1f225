"""Addresses in a model's text: which are ordinary links, and which could carry data away or run something.

A link is followed by a person, but what it says goes to whoever owns the host: so an address is ordinary only while it
is short and looks like one that a person would write. The limits are heuristics; what fits into them, fits.
"""

from __future__ import annotations

import re

# What an address may consist of to stay a link, or to be put into a code span as a whole: nothing that means something
# in Markdown's code spans, tables or formulas (` | $ < > \ [ ] { } and quotation marks).
PLAIN = re.compile(r"[A-Za-z0-9\-._~:/?#@!&'()*+,;=%]+")
# Where renderers that make links of bare addresses may see one: a scheme, www., or a host and what follows it. None is
# looked for in the middle of a host or scheme, or a long word would take its length squared.
BARE = re.compile(
    r"(?<![A-Za-z0-9+.\-])[A-Za-z0-9+.\-]+://|://|www\.|(?:mailto|xmpp):(?=\S)"
    r"|//(?=(?:[A-Za-z0-9\-]+\.)+[A-Za-z]{2})"
    r"|(?<![A-Za-z0-9\-])(?<![A-Za-z0-9\-]\.)(?:[A-Za-z0-9\-]+\.)+[A-Za-z]{2,}(?::[0-9]+)?(?=[/?#])",
    re.IGNORECASE,
)
_WEB = re.compile(
    r"(?:https?:)?//(?P<host>[A-Za-z0-9.\-]+)(?::[0-9]{1,5})?(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?\Z",
    re.IGNORECASE,
)
_MAIL = re.compile(r"(?:mailto:)?[A-Za-z0-9._+\-]{1,40}@(?:[A-Za-z0-9\-]{1,30}\.){1,4}[A-Za-z]{2,12}\Z", re.IGNORECASE)
_IN_PAGE = re.compile(r"#[\w\-.]{1,80}\Z")
_WEB_DESTINATION = re.compile(r"https?://[\w\-.~:/?#@!&'()*+,;=%]+\Z", re.IGNORECASE)
_ENTITY = re.compile(r"&#?[A-Za-z0-9]+;")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")

_LONGEST_HOST, _LONGEST_LABEL, _MOST_LABELS = 70, 30, 6
_LONGEST_PATH, _LONGEST_QUERY, _LONGEST_FRAGMENT = 160, 48, 80
_MOST_ESCAPES = 8
_LONGEST_WORD, _LONGEST_MIXED_WORD, _LONGEST_MIXED_IN_QUERY = 40, 24, 16


def is_ordinary(address: str) -> bool:
    """Whether the destination of a link may stay one: http, https or mailto, or a place in the page, without data."""
    if _MAIL.match(address):
        return address.lower().startswith("mailto:")
    if _IN_PAGE.match(address):
        return True
    return bool(_WEB_DESTINATION.match(address)) and not _ENTITY.search(address) and not _carries_data(address)


def is_mail(address: str) -> bool:
    """Whether it is somebody's mail address, as in `<me@example.com>`."""
    return bool(_MAIL.match(address))


def is_ordinary_word(word: str) -> bool:
    """Whether a bare address, with whatever follows it up to the next blank, may stay as it is.

    Renderers differ in where such an address ends, so all of it counts. Letters of other scripts do not count before a
    question mark: Chinese is written right behind an address.
    """
    if _MAIL.match(word.rstrip(".,;:!?)*_")):
        return True
    before, mark, after = word.partition("?")
    ascii_only = re.sub(r"[^\x00-\x7f]+", " ", before).rstrip() + mark + after
    scheme = re.match(r"[A-Za-z0-9+.\-]*:", ascii_only)
    if scheme and ascii_only.startswith("//", scheme.end()):
        if scheme[0].lower() not in ("http:", "https:"):
            return False
    elif re.match(r"mailto:|xmpp:", ascii_only, re.IGNORECASE):
        return False
    elif ascii_only.startswith("//"):
        return False  # another machine's files, where the page itself is a file
    else:
        ascii_only = f"//{ascii_only}"
    return not _carries_data(ascii_only)


def _carries_data(address: str) -> bool:
    found = _WEB.match(address.rstrip(".,;:!?)*_\"' "))
    if found is None:
        # No host to be seen: user:password@host, an empty host, brackets. A bare word of that kind is as good as data.
        return True
    host, path, query, fragment = (found[name] or "" for name in ("host", "path", "query", "fragment"))
    labels = host.split(".")
    if len(host) > _LONGEST_HOST or len(labels) > _MOST_LABELS or max(map(len, labels)) > _LONGEST_LABEL:
        return True
    if len(path) > _LONGEST_PATH or len(query) > _LONGEST_QUERY or len(fragment) > _LONGEST_FRAGMENT:
        return True
    if address.count("%") > _MOST_ESCAPES:
        return True
    commits = 0
    for word in _SEPARATORS.split(f"{path}/{fragment}"):
        if _COMMIT.match(word):
            commits += 1
        elif len(word) > (_LONGEST_WORD if word.isalpha() else _LONGEST_MIXED_WORD):
            return True
    return commits > 1 or any(
        len(word) > (_LONGEST_WORD if word.isalpha() else _LONGEST_MIXED_IN_QUERY) for word in _SEPARATORS.split(query)
    )
