"""The language of a file by its name, as editors call it (LSP 3.17, TextDocumentItem), for where no editor says it."""

from __future__ import annotations

_EXTENSIONS = {
    "bat": "bat cmd",
    "c": "c",
    "clojure": "clj cljs cljc edn",
    "cpp": "cc cpp cxx c++ h hh hpp hxx ipp ino",
    "csharp": "cs csx",
    "css": "css",
    "cuda-cpp": "cu cuh",
    "dart": "dart",
    "diff": "diff patch",
    "elixir": "ex exs",
    "erlang": "erl hrl",
    "fsharp": "fs fsi fsx",
    "go": "go",
    "groovy": "groovy gradle",
    "haskell": "hs",
    "html": "html htm",
    "ini": "ini cfg",
    "java": "java",
    "javascript": "js mjs cjs",
    "javascriptreact": "jsx",
    "json": "json",
    "jsonc": "jsonc",
    "julia": "jl",
    "kotlin": "kt kts",
    "latex": "tex",
    "less": "less",
    "lua": "lua",
    "makefile": "mk",
    "markdown": "md markdown",
    "objective-c": "m",
    "objective-cpp": "mm",
    "perl": "pl pm",
    "php": "php phtml",
    "plaintext": "txt",
    "powershell": "ps1 psm1",
    "proto": "proto",
    "python": "py pyi pyw",
    "r": "r",
    "ruby": "rb rake gemspec ru",
    "rust": "rs",
    "scala": "scala sc",
    "scss": "scss",
    "shellscript": "sh bash zsh ksh bats",
    "sql": "sql",
    "swift": "swift",
    "terraform": "tf",
    "toml": "toml",
    "typescript": "ts mts cts",
    "typescriptreact": "tsx",
    "vb": "vb",
    "vim": "vim",
    "xml": "xml xsd xsl svg",
    "yaml": "yaml yml",
}
_BY_EXTENSION = {extension: language for language, all_of in _EXTENSIONS.items() for extension in all_of.split()}
_BY_NAME = {
    "cmakelists.txt": "cmake",
    "dockerfile": "dockerfile",
    "gemfile": "ruby",
    "gnumakefile": "makefile",
    "makefile": "makefile",
    "rakefile": "ruby",
}


def language_of(name: str) -> str:
    """The language id for a file's name; its extension where that is none we know, "" without one."""
    name = name.lower()
    extension = name.rpartition(".")[2] if "." in name.lstrip(".") else ""
    return _BY_NAME.get(name) or _BY_EXTENSION.get(extension, extension)
