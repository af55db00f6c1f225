"""The values in a workspace's `.env` files: secrets wherever they stand, whatever they look like.

Read again when a file's time or size has changed. Templates (`.env.example`) hold no secrets and are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock

from ask_lsp.privacy.assignments import meaning
from ask_lsp.privacy.entropy import looks_random
from ask_lsp.privacy.shapes import passwords_in_urls
from ask_lsp.privacy.values import is_template

SHORTEST = 8
LARGEST_FILE = 256_000  # bytes
MOST_FOLDERS = 100
"""How many folders of a workspace's top level are looked into."""

_TEMPLATES = (".example", ".sample", ".template", ".dist", ".tpl", ".defaults", ".schema")
_LINE = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*"
    r"(?:\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s#](?:[^\n#]|(?<!\s)#)*))",
    re.MULTILINE,
)
_PLAIN = re.compile(
    r"[+-]?[\d.,:_ -]+|true|false|yes|no|on|off|null|none|localhost(?::\d+)?|[A-Za-z]+(?:[-_. ][A-Za-z]+)*"
    r"|[\w.-]+@[\w.-]+|v?\d+(?:\.\w+)+|[a-z]{2}(?:-[a-z]+)+-\d[a-z]?",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"^[a-z][a-z0-9+.-]*://|^[.~]{0,2}/|^(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?(?:/|$)|^[A-Za-z]:\\", re.IGNORECASE
)

Stamp = tuple[int, int]


class EnvironmentFiles:
    """The secrets of the `.env` files of some roots, with what was read last. Blocking; may be called from any
    thread."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[Stamp, Mapping[str, str]]] = {}
        self._folders: dict[Path, tuple[int, tuple[Path, ...]]] = {}
        self._lock = Lock()

    def secrets(self, roots: Sequence[Path]) -> Mapping[str, str]:
        """Values and their kinds, from the top level of each root and of the folders in it."""
        found: dict[str, str] = {}
        with self._lock:
            for root in roots:
                for folder in (root, *self._subfolders(root)):
                    for path in _environment_files(folder):
                        found.update(self._values(path))
        return found

    def _subfolders(self, root: Path) -> tuple[Path, ...]:
        try:
            changed = root.stat().st_mtime_ns
            known = self._folders.get(root)
            if known is None or known[0] != changed:
                inside = sorted(path for path in root.iterdir() if not path.name.startswith(".") and path.is_dir())
                known = changed, tuple(path for path in inside if path.name != "node_modules")[:MOST_FOLDERS]
                self._folders[root] = known
        except OSError:
            return ()
        return known[1]

    def _values(self, path: Path) -> Mapping[str, str]:
        try:
            about = path.stat()
            stamp = about.st_mtime_ns, about.st_size
            known = self._read.get(path)
            if known is None or known[0] != stamp:
                text = path.read_text(encoding="utf-8", errors="replace") if about.st_size <= LARGEST_FILE else ""
                known = stamp, dict(values(text))
                self._read[path] = known
        except OSError:
            return {}
        return known[1]


def _environment_files(folder: Path) -> list[Path]:
    try:
        names = [path for path in folder.iterdir() if path.name.startswith(".env") or path.name.endswith(".env")]
        return sorted(path for path in names if not path.name.endswith(_TEMPLATES) and path.is_file())
    except OSError:
        return []


def values(text: str) -> Iterator[tuple[str, str]]:
    """The values of an environment file that are secrets, with their kinds."""
    for name, value in _given(text):
        kind = meaning(name.lower())
        for begin, end in passwords_in_urls(value):
            yield value[begin:end], "PASSWORD"
        if (
            len(value) < SHORTEST
            or "\n" in value
            or is_template(value)
            or _PLACE.search(value)
            or value.lower() in _WORDS
        ):
            continue
        if kind is not None and (not _PLAIN.fullmatch(value) or kind == "PASSWORD"):
            yield value, kind
        elif not _PLAIN.fullmatch(value) and (looks_random(value) or re.fullmatch(r"[0-9a-f]{32,128}", value)):
            yield value, "ENV_VALUE"


def _given(text: str) -> Iterator[tuple[str, str]]:
    """Names and what is given to them. A `#` begins a comment behind a blank; to some programs, anywhere."""
    for found in _LINE.finditer(text):
        value = next(part for part in (found["double"], found["single"], found["bare"]) if part is not None).strip()
        yield found["name"], value
        if found["bare"] is not None and "#" in value:
            yield found["name"], value.partition("#")[0]


_WORDS = frozenset(
    {
        *("password", "changeme", "postgres", "localhost", "username", "admin123"),
        *("development", "production", "staging"),
    }
)
