"""Characters that nobody sees, made visible: terminal escapes, controls, bidirectional overrides, zero-width ones.

A model's text may hold them so that a person reads something else than what stands there ("Trojan Source",
CVE-2021-42574), so that a terminal obeys, or to hide words. Joiners and variation selectors stay where a script or an
emoji needs them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

_CONTROLS = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI",
    "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
)  # fmt: skip
# Controls, and format characters, fillers and blanks that have no shape of their own, in the order of Unicode. Format
# characters that do have a shape, such as the Arabic number sign, are not among them.
_HIDDEN = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_ZWNJ, _ZWJ = "\u200c", "\u200d"
# Scripts whose letters join or stack, so that a joiner between two of them is spelling: Arabic and its like, those of
# India, Sinhala, Myanmar, Khmer, Mongolian.
_JOINING = re.compile(
    "[\u0600-\u07ff\u0840-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u1800-\u18af\ufb50-\ufdff\ufe70-\ufefc]"
)
_EMOJI = re.compile(
    "[#*0-9\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff]")
_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_SHORT, _LONG = re.compile("[\ufe00-\ufe0f]"), re.compile("[\U000e0100-\U000e01ef]")
# The three flags that Unicode has for parts of a country: a black flag, the part's letters as tags, the end of tags.
_FLAG = re.compile(
    "\U0001f3f4(?:\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)\U000e007f)"
)
_UNDECIDED = re.compile(f"(?:\U0001f3f4[\U000e0020-\U000e007e]{{0,6}}|{_HIDDEN.pattern})\\Z")
_CONTEXT = 8  # characters on each side that decide whether one is spelling: as many as a flag has


def visible(text: str) -> str:
    """`text` with hidden characters by their names: U+202E becomes ⟦U+202E⟧, an escape ⟦ESC⟧. \\n, \\t and \\r stay."""
    return _named(text, 0, len(text))


class VisibleStream:
    """`visible` for a text that comes piece by piece. What may still turn out to be spelling waits for what follows."""

    def __init__(self) -> None:
        self._before = ""
        self._rest = ""

    def feed(self, piece: str) -> str:
        """What is certain now."""
        self._rest += piece
        end = len(self._rest)
        if open_end := _UNDECIDED.search(self._rest, max(0, end - _CONTEXT)):
            end = open_end.start()
        return self._take(end)

    def end(self) -> str:
        """What is left."""
        return self._take(len(self._rest))

    def _take(self, count: int) -> str:
        window = self._before + self._rest
        start = len(self._before)
        self._before = window[: start + count][-_CONTEXT:]
        self._rest = window[start + count :]
        return _named(window, start, start + count)


def new_hidden(before: str, after: str) -> tuple[str, ...]:
    """The hidden characters of which there are more in `after`, with their names for people, in order of appearance."""
    had = Counter(before[at] for at in _hidden(before))
    has = Counter(after[at] for at in _hidden(after))
    return tuple(_full_name(mark) for mark, count in has.items() if count > had[mark])


def _hidden(text: str) -> Iterator[int]:
    flags: set[int] | None = None
    for match in _HIDDEN.finditer(text):
        at = match.start()
        mark = match[0]
        if mark >= "\U000e0000" and not _LONG.match(mark):
            if flags is None:
                flags = {place for flag in _FLAG.finditer(text) for place in range(*flag.span())}
            if at in flags:
                continue
        elif _is_spelling(text, at, mark):
            continue
        yield at


def _named(text: str, start: int, end: int) -> str:
    pieces: list[str] = []
    done = start
    for at in _hidden(text):
        if start <= at < end:
            pieces += [text[done:at], f"⟦{_name(text[at])}⟧"]
            done = at + 1
    return "".join([*pieces, text[done:end]])


def _is_spelling(text: str, at: int, mark: str) -> bool:
    before = text[at - 1] if at else ""
    after = text[at + 1] if at + 1 < len(text) else ""
    if mark in (_ZWNJ, _ZWJ):
        if _JOINING.match(before) and _JOINING.match(after):
            return True
        return mark == _ZWJ and _ends_emoji(text, at) and bool(_EMOJI.match(after))
    if _SHORT.match(mark):
        return bool(_EMOJI.match(before) if mark >= "\ufe0e" else _IDEOGRAPH.match(before))
    if _LONG.match(mark):
        return bool(_IDEOGRAPH.match(before))
    if "\u180b" <= mark <= "\u180f":  # Mongolian variants and vowel separator
        return "\u1820" <= before <= "\u18aa"
    if mark in "\u115f\u1160":  # fillers of an old Hangul syllable
        return "\u1100" <= before <= "\u11ff" or "\u1100" <= after <= "\u11ff"
    return False


def _ends_emoji(text: str, at: int) -> bool:
    """Whether an emoji stands before `at`, perhaps with its variation selector or skin."""
    at -= 1
    if at > 0 and (text[at] == "\ufe0f" or _SKIN.match(text[at])):
        at -= 1
    return at >= 0 and bool(_EMOJI.match(text[at])) and not text[at].isascii()


def _name(mark: str) -> str:
    if mark < " ":
        return _CONTROLS[ord(mark)]
    return "DEL" if mark == "\x7f" else f"U+{ord(mark):04X}"


def _full_name(mark: str) -> str:
    name = unicodedata.name(mark, "")
    return f"{_name(mark)} ({name})" if name else _name(mark)
