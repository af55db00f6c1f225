"""Whether a file may be sent, why not, and to whom: the deny list, .askignore, .gitignore, and the user's routes.

A symbolic link is judged by its own name, by where it leads, and by each name on the way: the strictest verdict counts.
Whatever cannot be read or understood is a reason not to send.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from ask_lsp.core.privacy import ALLOWED, Route, Verdict
from ask_lsp.privacy.deny_list import DENY_LIST
from ask_lsp.privacy.ignore_files import OUR_SETTINGS, IgnoreFiles, Unreadable, excluded, relative
from ask_lsp.privacy.patterns import Pattern, Patterns, parse

MOST_LINKS = 40
"""How many links a name may lead through, as on Linux."""

_COPY = re.compile(r"(?:(?:\.~\d+)?~|\.(?:bak|old|orig|sw[a-p]))+$", re.IGNORECASE)
"""What names of copies end in: those of editors, and those that people give."""

_SPECIAL = str.maketrans({mark: f"\\{mark}" for mark in "*?[\\"})


class _Name(NamedTuple):
    """A name of the file, and the workspace folders above it, the outermost first."""

    path: Path
    parts: tuple[str, ...]
    roots: tuple[Path, ...]


class FileRules:
    """What may leave the machine (assistant.ports.Allow)."""

    def __init__(self, home: Path, config_home: Path | None = None) -> None:
        self._home = home
        self._files = IgnoreFiles(home, config_home or home / ".config")

    async def verdict(
        self, path: Path | None, roots: Sequence[Path], deny: Sequence[str] = (), ignore: Sequence[str] = ()
    ) -> Verdict:
        """Whether `path`, as the editor names it, may be sent. What is in no file (None) may.

        `deny` are the user's patterns, `ignore` those of the workspace's .ask-lsp.yaml. Reads files, in a thread.
        """
        if path is None:
            return ALLOWED
        return await asyncio.to_thread(self._verdict, path, tuple(roots), tuple(deny), tuple(ignore))

    def route(self, path: Path | None, roots: Sequence[Path], routes: Sequence[Route]) -> frozenset[str] | None:
        """The profiles that this path may go to: those that every route for it names. None: it may go to any."""
        if path is None or not routes:
            return None
        allowed: frozenset[str] | None = None
        names = _names(path, roots)
        for route in routes:
            if any(self._on_route(name, route) for name in names):
                named = frozenset({route.profile})
                allowed = named if allowed is None else allowed & named
        return allowed

    def is_ignore_file(self, path: Path) -> bool:
        """Whether a change of this file may change a verdict."""
        return self._files.counts(path)

    def _verdict(self, path: Path, roots: tuple[Path, ...], deny: tuple[str, ...], ignore: tuple[str, ...]) -> Verdict:
        try:
            names = _names(path, roots)
            for name in names:
                if reason := self._listed(name, deny, ignore) or self._left_out_by_us(name):
                    return Verdict("denied", reason)
            for name in names:
                if reason := self._left_out_by_git(name):
                    return Verdict("ignored", reason)
        except Unreadable as problem:
            return Verdict("ignored", str(problem))
        except (OSError, ValueError):
            return Verdict("ignored", f"whether `.gitignore` leaves out `{path.name}` cannot be read")
        return ALLOWED

    def _listed(self, name: _Name, deny: tuple[str, ...], ignore: tuple[str, ...]) -> str:
        for one in dict.fromkeys((name, *_originals(name))):
            if found := _deny_list().excluding(one.parts[1:], file_names=True):
                which = f" (`{found.text.removeprefix('**/')}`)" if "/" in found.text else ""
                return f"`{name.path.name}` is on the list of files that are never sent{which}"
            if found := self._match(deny, one, one.roots, anywhere=True):
                return f"your settings (deny: `{found.text}`) leave it out"
        if found := self._match(ignore, name, name.roots):
            return f"`{OUR_SETTINGS}` (ignore: `{found.text}`) leaves it out"
        return ""

    def _left_out_by_us(self, name: _Name) -> str:
        repository = self._files.repository(name.path)
        tops = [*name.roots, *([repository.top] if repository else [])]
        top = min(tops, key=lambda folder: len(folder.parts), default=name.path.parent)
        return excluded(name.parts, top.parts, self._files.ask_sources(name.path, repository, top))

    def _left_out_by_git(self, name: _Name) -> str:
        repository = self._files.repository(name.path)
        top = repository.top if repository else next(iter(name.roots), None)
        if top is None:
            return ""
        return excluded(name.parts, top.parts, self._files.git_sources(name.path, repository, top))

    def _on_route(self, name: _Name, route: Route) -> bool:
        if not route.base:
            return self._match(route.paths, name, name.roots, anywhere=True) is not None
        bases = dict.fromkeys((_absolute(Path(route.base)), _real(Path(route.base))))
        return self._match(route.paths, name, bases) is not None

    def _match(
        self, patterns: tuple[str, ...], name: _Name, bases: Iterable[Path], *, anywhere: bool = False
    ) -> Pattern | None:
        """The pattern that covers this name, relative to one of `bases`; with `anywhere`, also as an absolute path."""
        if not patterns:
            return None
        parsed = _parsed(tuple(patterns), str(self._home))
        folders = [base.parts for base in bases] + ([name.parts[:1]] if anywhere else [])
        for folder in folders:
            below = relative(name.parts, folder)
            if below and (found := parsed.excluding(below)):
                return found
        return None


def _names(path: Path, roots: Sequence[Path]) -> tuple[_Name, ...]:
    folders = dict.fromkeys([*map(_absolute, roots), *map(_real, roots)])
    names = []
    for known in dict.fromkeys((_absolute(path), *_linked(path), _real(path))):
        above = [folder for folder in folders if relative(known.parts, folder.parts)]
        names.append(_Name(known, known.parts, tuple(sorted(above, key=lambda folder: len(folder.parts)))))
    return tuple(names)


def _originals(name: _Name) -> Iterator[_Name]:
    """What the name is a copy of, if it is called one; vim puts a dot before the name as well."""
    *above, last = name.parts
    original = _COPY.sub("", last)
    if original != last:
        for each in filter(None, (original, original.removeprefix("."))):
            yield name._replace(parts=(*above, each))


def _absolute(path: Path) -> Path:
    """A path without dots; what is in no folder is taken to lie at the top."""
    return Path(os.path.abspath(Path(os.sep) / path))  # noqa: PTH100 - resolve() follows links


def _real(path: Path) -> Path:
    return Path(os.path.realpath(Path(os.sep) / path))


def _linked(path: Path) -> Iterator[Path]:
    """The names that the links in a path lead through, one by one. Raises ValueError where there is no end to them."""
    path = Path(os.sep) / path
    done, rest = Path(path.anchor), [*path.parts[:0:-1]]
    links = 0
    while rest:
        part = rest.pop()
        if part == "..":
            done = done.parent
            continue
        try:
            target = (done / part).readlink()
        except OSError:  # no link, or not there
            done /= part
            continue
        links += 1
        if links > MOST_LINKS:
            raise ValueError("too many links")
        rest += target.parts[:0:-1] if target.is_absolute() else target.parts[::-1]
        done = Path(target.anchor) if target.is_absolute() else done
        yield _absolute(done.joinpath(*rest[::-1]))


@cache
def _deny_list() -> Patterns:
    return parse(DENY_LIST, any_case=True)


@lru_cache(maxsize=64)
def _parsed(patterns: tuple[str, ...], home: str) -> Patterns:
    return parse("\n".join(_from_home(line, home) for line in patterns), any_case=True)


def _from_home(line: str, home: str) -> str:
    """A pattern that begins with `~/`, with the home folder in its place."""
    negation = "!" if line.startswith("!") else ""
    rest = line[len(negation) :]
    return f"{negation}{home.translate(_SPECIAL)}{rest[1:]}" if rest.startswith("~/") else line
