"""What must hold of ignore patterns: they mean what git means by them, and none can hang the server."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest

from ask_lsp.privacy.patterns import parse

NAMES = [
    "a",
    "b",
    "ab",
    "a b",
    "x.log",
    "[a]",
    "foo",
    "bar",
    "a-b",
    " a",
    "a*",
    "é",
    "aab",
    "fooa",
    "a]",
    "-",
    "A",
    "^",
]
PIECES = [
    "a", "b", "*", "?", "[ab]", "[!a]", "[a-", "**", "foo", "x.log", "*.log", "a b", "\\*", "[[:alpha:]]", "[^b]",
    "\\a", "[]a]", "a**b", "**a", "é", "[é]", "[a-z]", "[[:x:]]", "[[:a]", "\\", " ", "[!]", "[\\]]", "[]-a]", "**\\",
    "[z-a]", "[[]", "[]", "[A-Z]", "[--0]", "^", "[a\\-z]", "#", "!",
]  # fmt: skip


def git_ignores(top: Path, paths: list[str]) -> set[str]:
    """What git itself says, all paths at once."""
    done = subprocess.run(
        ["git", "-C", str(top), "check-ignore", "--no-index", "-z", "--stdin"],
        input="\0".join(paths).encode(), capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return {path for path in done.stdout.decode().split("\0") if path}


def some_patterns(chance: random.Random) -> str:
    lines = []
    for _ in range(chance.randint(1, 4)):
        parts = ["".join(chance.choices(PIECES, k=chance.randint(1, 2))) for _ in range(chance.randint(1, 4))]
        before = chance.choice(["", "", "/", "!", "!/"])
        lines.append(before + "/".join(parts) + chance.choice(["", "", "/", "  "]))
    return "\n".join(lines)


def some_paths(chance: random.Random) -> list[str]:
    return sorted({"/".join(chance.choices(NAMES, k=chance.randint(1, 4))) for _ in range(150)})


def test_random_patterns_mean_what_git_means_by_them(tmp_path: Path) -> None:
    """60 files of random patterns, each asked about 150 random paths."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    chance = random.Random(20261125)
    ignored = 0

    for _ in range(60):
        text = some_patterns(chance)
        paths = some_paths(chance)
        (tmp_path / ".gitignore").write_text(text, encoding="utf-8")
        expected = git_ignores(tmp_path, paths)
        patterns = parse(text)
        assert expected == {path for path in paths if patterns.excluding(path.split("/"))}, text
        ignored += len(expected)

    assert ignored > 200


@pytest.mark.parametrize(
    ("text", "ignored", "kept"),
    [
        ("# comment\n\n   \nx", "x", "# comment"),
        (r"\#x", "#x", "x"),
        (r"\!x", "!x", "x"),
        ("x  ", "x", "x  "),
        (r"x\ ", "x ", "x"),
        ("x\r\n", "x", "x\r"),
        ("x\t", "x\t", "x"),
        ("\ufeffx", "x", "\ufeffx"),
        ("*.log\n!keep.log", "a.log", "keep.log"),
        ("/x", "x", "a/x"),
        ("a/x", "a/x", "b/a/x"),
        ("x/", "x/y", "x"),
        ("a/x/", "a/x/y", "b/a/x/y"),
        ("doc/*.txt", "doc/a.txt", "doc/server/a.txt"),
        ("**/x", "a/b/x", "a/xb"),
        ("**/a/x", "c/a/x", "a/b/x"),
        ("a/**", "a/b/c", "b/a"),
        ("a/**/b", "a/b", "ab"),
        ("a/**/b", "a/x/y/b", "x/a/b"),
        ("a**/b", "a/x/b", "b/a/b"),
        ("/*\n!/foo\n/foo/*\n!/foo/bar", "x/foo/bar", "foo/bar/y"),
        ("x/\n!x/y", "x/y", "y"),
        ("[a-c].py", "b.py", "d.py"),
        ("[!a-c].py", "d.py", "b.py"),
        ("a?c", "abc", "a/c"),
        ("[", "never", "["),
        ("x\\", "never", "x"),
    ],
)
def test_the_cases_of_the_manual(text: str, ignored: str, kept: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_bytes(text.encode())
    patterns = parse(text)

    found = [path for path in (ignored, kept) if patterns.excluding(path.split("/"))]

    assert found == ([] if ignored == "never" else [ignored])
    assert set(found) == git_ignores(tmp_path, [ignored, kept])


@pytest.mark.parametrize("text", ["*a*a*a*a*a*a*a*a*b", "/" + "**/a" * 12 + "b", "*a" * 500, "**/*a*a*b/**/*b*c/d"])
def test_no_pattern_takes_long(text: str) -> None:
    patterns = parse(text)
    began = time.perf_counter()

    patterns.excluding(["a" * 90] * 20)

    assert time.perf_counter() - began < 0.5


def test_names_that_are_no_utf8_can_be_asked_about() -> None:
    assert parse("*.log").excluding(["\udcff\udcfe.log"])
    assert not parse("*.log").excluding(["\ud800.txt"])
