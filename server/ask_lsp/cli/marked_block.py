"""Lines of ours in a text file of somebody else's, between two marks that are comments there. Text in, text out."""

from __future__ import annotations

from ask_lsp.core.errors import RequestRefused

_NAME = "ask-lsp"


def put(text: str, lines: str, comment: str, name: str) -> str:
    """The text with our lines: in the place of the old ones, else at its end. Raises RequestRefused."""
    newline = "\r\n" if "\r\n" in text else "\n"
    begin, end = _marks(comment, name)
    block = newline.join([f"{begin} (taken out by: ask-lsp setup {name} --remove)", *lines.splitlines(), end])
    found = _find(text, comment, name)
    if found is not None:
        start, stop = found
        return text[:start] + block + text[stop:]
    _refuse_others(text, comment)
    if not text.strip("\ufeff"):
        return text + block + newline
    # A file whose last line has no end keeps that: `take_out` tells by the end of our last line what we have added.
    ended = text.endswith("\n")
    return text + ("" if ended else newline) + newline + block + (newline if ended else "")


def take_out(text: str, comment: str, name: str) -> str:
    """The text as it was before `put`. Raises RequestRefused."""
    found = _find(text, comment, name)
    if found is None:
        return text
    before, after = text[: found[0]], text[found[1] :]
    if not after:
        return _without_newline(_without_newline(before))
    return _without_newline(before) + _without_newline(after, first=True)


def _marks(comment: str, name: str) -> tuple[str, str]:
    return f"{comment} >>> {_NAME} {name} >>>", f"{comment} <<< {_NAME} {name} <<<"


def _find(text: str, comment: str, name: str) -> tuple[int, int] | None:
    """Where our lines are, marks included. Raises RequestRefused unless both marks are there once, or none."""
    begin, end = _marks(comment, name)
    begins, ends, at = [], [], 0
    for line in text.splitlines(keepends=True):
        bare = line.strip("\ufeff \t\r\n")
        if bare.startswith(begin):
            begins.append(at + len(line) - len(line.lstrip("\ufeff")))
        elif bare == end:
            ends.append(at + len(line.rstrip("\r\n")))
        at += len(line)
    if not begins and not ends:
        return None
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0]:
        raise RequestRefused(
            f"The marks “{begin}” and “{end}” should stand there once each, in this order. Delete our lines by hand."
        )
    return begins[0], ends[0]


def _refuse_others(text: str, comment: str) -> None:
    """Raises RequestRefused if somebody has set it up already, in a way of their own."""
    ours = False
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip("\ufeff \t")
        if bare.startswith((f"{comment} >>> {_NAME} ", f"{comment} <<< {_NAME} ")):
            ours = ">>>" in bare
        elif not ours and _NAME in bare and not bare.startswith(comment):
            raise RequestRefused(f"Line {number} names ask-lsp already: “{bare[:60]}”. Take that out first.")


def _without_newline(text: str, first: bool = False) -> str:
    if first:
        return text.removeprefix("\r\n") if text.startswith("\r\n") else text.removeprefix("\n")
    return text.removesuffix("\r\n") if text.endswith("\r\n") else text.removesuffix("\n")
