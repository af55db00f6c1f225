"""Where a project has its tests: candidates by the conventions of languages, the likeliest first."""

from __future__ import annotations

from pathlib import PurePath

_JAVASCRIPT = ("javascript", "javascriptreact", "typescript", "typescriptreact")


def candidates(path: PurePath, language: str) -> list[PurePath]:
    """Files in which the tests for `path` may be, or belong; the last one is where to make one where none of them is.

    A candidate in another folder counts only if it, or its folder, is there.
    """
    folder, stem, suffix = path.parent, path.stem, path.suffix
    if language == "go":
        return [folder / f"{stem}_test.go"]
    if language in _JAVASCRIPT:
        return [
            folder / f"{stem}.test{suffix}",
            folder / f"{stem}.spec{suffix}",
            folder / "__tests__" / f"{stem}.test{suffix}",
            folder / f"{stem}.test{suffix}",
        ]
    if language in ("java", "csharp", "php"):
        name = f"{stem}Test{suffix}" if language != "csharp" else f"{stem}Tests{suffix}"
        mirrored = PurePath(*("test" if part == "main" else part for part in folder.parts)) / name
        return [*([mirrored] if mirrored.parent != folder else []), *_tests_above(path, name), folder / name]
    if language == "ruby":
        return [*_tests_above(path, f"{stem}_spec.rb", ("spec",)), *_tests_above(path, f"{stem}_test.rb", ("test",)),
                folder / f"{stem}_test.rb"]  # fmt: skip
    if language in ("c", "cpp", "lua", "shellscript", "sh", "bash"):
        name = f"{stem}_test{suffix}"
        return [*_tests_above(path, name), folder / name]
    if language == "rust":
        return [*_tests_above(path, f"{stem}.rs"), folder / f"{stem}_test.rs"]
    name = f"test_{stem}{suffix}" if language == "python" else f"{stem}_test{suffix}"
    return [folder / name, *_tests_above(path, name), folder / name]


def _tests_above(path: PurePath, name: str, folders: tuple[str, ...] = ("tests", "test")) -> list[PurePath]:
    """In a folder of tests beside the file, or beside one of the folders around it, up to four levels."""
    around = [path.parent, *path.parent.parents][:4]
    return [level / folder / name for level in around for folder in folders]
