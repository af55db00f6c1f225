"""What must hold of the language that a file's name tells: it is one that editors, actions and grammars know."""

from __future__ import annotations

import pytest

from ask_lsp.context.grammars import _EXTENSIONS, grammar_name
from ask_lsp.core.languages import language_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean.py", "python"),
        ("App.TSX", "typescriptreact"),
        ("app.test.js", "javascript"),
        ("page.jsx", "javascriptreact"),
        ("run.sh", "shellscript"),
        ("Program.cs", "csharp"),
        ("README.md", "markdown"),
        ("Dockerfile", "dockerfile"),
        ("CMakeLists.txt", "cmake"),
        ("data.unheardof", "unheardof"),
        (".gitignore", ""),
        ("LICENSE", ""),
        ("", ""),
    ],
)
def test_a_name_tells_the_language(name: str, expected: str) -> None:
    assert language_of(name) == expected


def test_every_extension_that_has_a_grammar_tells_a_language_that_has_the_same() -> None:
    told = {
        extension: grammar_name(language_of(f"x.{extension}"), "")
        for all_of in _EXTENSIONS.values()
        for extension in all_of
    }

    assert told == {extension: grammar for grammar, all_of in _EXTENSIONS.items() for extension in all_of}
