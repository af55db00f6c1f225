"""Which ignore files count for a file, and what stands in them: .gitignore as git looks for it, and .askignore.

Every file is read once, and again when its times, size or inode say that it is another. A file that is there and cannot
be read is an error, never a rule less. Runs in a thread.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

from ask_lsp.privacy.patterns import Pattern, Patterns, parse

GITIGNORE, ASKIGNORE, OUR_SETTINGS = ".gitignore", ".askignore", ".ask-lsp.yaml"
_EXCLUDE = ("info", "exclude")
_LARGEST = 256 * 1024  # bytes; the largest collections of patterns have a tenth of that
_SECTION = re.compile(r'^\s*\[\s*([\w.-]+)(?:\s+"(?:[^"\\]|\\.)*")?\s*\]')
_VARIABLE = re.compile(r"^\s*(?:\[[^\]]*\]\s*)?([A-Za-z][\w-]*)\s*(?:=\s*(.*?)\s*)?$")
_YES = frozenset({"", "true", "yes", "on", "1"})  # a variable without a value is true (git-config(1))


class Unreadable(Exception):
    """An ignore file that is there but says nothing that can be understood. The text is a fragment for people."""


class Source(NamedTuple):
    """The patterns of one file, and the folder that they are relative to."""

    shown: str
    folder: tuple[str, ...]
    patterns: Patterns

    def why(self, pattern: Pattern) -> str:
        """The reason that people read."""
        return f"`{self.shown}` (line {pattern.line}: `{pattern.text}`) leaves it out"


class _Signature(NamedTuple):
    modified: int
    changed: int
    size: int
    inode: int


class Repository(NamedTuple):
    """A git work tree: its top folder, and where its `info/exclude` and `config` are."""

    top: Path
    common: Path


class IgnoreFiles:
    """Reads ignore files, and keeps what stood in them."""

    def __init__(self, home: Path, config_home: Path) -> None:
        self._home = home
        self._config_home = config_home
        self._patterns: dict[tuple[Path, bool], tuple[_Signature, Patterns]] = {}
        self._configs: dict[Path, tuple[_Signature, dict[str, str]]] = {}

    def repository(self, path: Path) -> Repository | None:
        """The innermost git work tree that this file lies in."""
        for folder in path.parents:
            mark = folder / ".git"
            if (mark / "HEAD").exists():
                return Repository(folder, mark)
            if mark.is_file():  # a worktree or a submodule
                return Repository(folder, self._common_folder(mark))
        return None

    def git_sources(self, path: Path, repository: Repository | None, top: Path) -> list[Source]:
        """What git looks at for a file, in order of precedence: the deepest .gitignore first, the user's file last."""
        any_case = self._any_case(repository)
        found = list(self._between(path, top, GITIGNORE, any_case))
        if repository is not None:
            exclude = repository.common.joinpath(*_EXCLUDE)
            found += self._source(exclude, ".git/info/exclude", top, any_case)
        user = self._excludes_file(repository)
        found += self._source(user, self._shown(user), top, any_case)
        return found

    def ask_sources(self, path: Path, repository: Repository | None, top: Path) -> list[Source]:
        """Every .askignore from the top folder down, the deepest first."""
        return list(self._between(path, top, ASKIGNORE, self._any_case(repository)))

    def counts(self, path: Path) -> bool:
        """Whether a change of this file may change what is ignored."""
        named = path.name in (GITIGNORE, ASKIGNORE, OUR_SETTINGS, ".gitconfig")
        return named or path.parts[-2:] in (_EXCLUDE, ("git", "ignore"), ("git", "config"), (".git", "config"))

    def _between(self, path: Path, top: Path, name: str, any_case: bool) -> Iterator[Source]:
        for folder in path.parents:
            shown = PurePath(os.path.relpath(folder, top), name).as_posix()
            yield from self._source(folder / name, shown, folder, any_case)
            if folder == top:
                return

    def _source(self, file: Path, shown: str, folder: Path, any_case: bool) -> Iterator[Source]:
        patterns = self._parsed(file, shown, any_case)
        if patterns is not None and patterns.patterns:
            yield Source(shown, folder.parts, patterns)

    def _parsed(self, file: Path, shown: str, any_case: bool) -> Patterns | None:
        signature = _signature(file, shown)
        if signature is None:
            self._patterns.pop((file, any_case), None)
            return None
        known = self._patterns.get((file, any_case))
        if known is None or known[0] != signature:
            known = signature, parse(_text(file, shown), any_case=any_case)
            self._patterns[file, any_case] = known
        return known[1]

    def _config(self, file: Path) -> dict[str, str]:
        """The variables of section [core]. Files that a configuration includes are not looked at."""
        shown = self._shown(file)
        signature = _signature(file, shown)
        if signature is None:
            return {}
        known = self._configs.get(file)
        if known is None or known[0] != signature:
            known = signature, _core(_text(file, shown))
            self._configs[file] = known
        return known[1]

    def _any_case(self, repository: Repository | None) -> bool:
        if repository is None:
            return sys.platform in ("win32", "darwin")
        value = self._config(repository.common / "config").get("ignorecase")
        return value is not None and value.lower() in _YES

    def _excludes_file(self, repository: Repository | None) -> Path:
        """core.excludesFile, or where git looks without it (gitignore(5))."""
        named = ""
        files = [self._config_home / "git" / "config", self._home / ".gitconfig"]
        if repository is not None:
            files.append(repository.common / "config")
        for file in files:
            named = self._config(file).get("excludesfile", named)
        if named.startswith("~/"):
            return self._home / named[2:]
        return Path(named) if Path(named).is_absolute() else self._config_home / "git" / "ignore"

    def _common_folder(self, mark: Path) -> Path:
        """Where a `.git` file leads: the folder that all worktrees share (gitrepository-layout(5))."""
        text = _text(mark, ".git")
        folder = Path(os.path.normpath(mark.parent / text.removeprefix("gitdir:").strip()))
        common = folder / "commondir"
        if _signature(common, "commondir") is None:
            return folder
        return Path(os.path.normpath(folder / _text(common, "commondir").strip()))

    def _shown(self, file: Path) -> str:
        try:
            return f"~/{file.relative_to(self._home).as_posix()}"
        except ValueError:
            return file.as_posix()


def _signature(file: Path, shown: str) -> _Signature | None:
    """None where there is no such file. A folder of that name is no file for git either."""
    try:
        status = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        raise Unreadable(f"`{shown}` cannot be read, and may leave it out") from None
    if stat.S_ISDIR(status.st_mode):
        return None
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable(f"`{shown}` is no ordinary file, and may leave it out")
    return _Signature(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


def _text(file: Path, shown: str) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except (OSError, ValueError):
        raise Unreadable(f"`{shown}` cannot be read, and may leave it out") from None
    if len(data) > _LARGEST:
        raise Unreadable(f"`{shown}` is larger than {_LARGEST // 1024} KB, and may leave it out")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable(f"`{shown}` is not UTF-8, and may leave it out") from None


def _core(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        if opening := _SECTION.match(line):
            section = opening[1].lower()
        if section == "core" and (variable := _VARIABLE.match(line)):
            found[variable[1].lower()] = _value(variable[2] or "")
    return found


def _value(text: str) -> str:
    """A value of a git configuration: quotes go, and so does a comment behind it."""
    if text.startswith('"'):
        return re.sub(r"\\(.)", r"\1", text[1:].partition('"')[0])
    return re.split(r"\s*[#;]", text, maxsplit=1)[0].replace("\\\\", "\\")


def relative(parts: Sequence[str], folder: Sequence[str]) -> tuple[str, ...] | None:
    """The parts of a path below a folder; None if it is not below it."""
    count = len(folder)
    return tuple(parts[count:]) if len(parts) > count and tuple(parts[:count]) == tuple(folder) else None


def excluded(parts: Sequence[str], top: Sequence[str], sources: Sequence[Source]) -> str:
    """Why these files leave this path out; "" if they do not.

    Goes down from the top as git does: the first source that says something about a folder decides for it, and below an
    excluded folder nothing can be included again (gitignore(5)).
    """
    for count in range(len(top) + 1, len(parts) + 1):
        at = parts[:count]
        for source in sources:
            below = relative(at, source.folder)
            match = source.patterns.last_match(below, count < len(parts)) if below else None
            if match:
                if not match.negated:
                    return source.why(match)
                break
    return ""
