"""The lines that each editor needs, made for this machine from the files in editors/; clients/ quotes the same."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from ask_lsp.core.errors import RequestRefused

_EDITORS = Path(__file__).with_name("editors")
_LINE = re.compile(r"^(?P<margin>[ \\]*)\$\{languages\}(?P<rest>.*)$", re.MULTILINE)
_WIDTH = 120


def _in_double_quotes(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _in_single_quotes(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Recipe(NamedTuple):
    """One way to set up an editor.

    `owner` is where our members are in a JSON file. `takes_over`: it runs one server a language, so that ours replaces
    another.
    """

    title: str
    template: str
    kind: Literal["block", "json", "print"]
    after: str
    comment: str = "#"
    owner: tuple[str, ...] = ()
    names: str = ""
    between: str = ", "
    takes_over: bool = False
    quoted: Callable[[str], str] = _in_double_quotes


RECIPES: Mapping[str, Recipe] = {
    "neovim": Recipe(
        "Neovim 0.11 or newer", "neovim.lua", "block", "Restart Neovim; select code and press gra.", "--", names="vim"
    ),
    "emacs-eglot": Recipe(
        "Emacs with eglot", "emacs-eglot.el", "block", "Restart Emacs; M-x eglot, then M-x eglot-code-actions.", ";;",
        names="emacs", between=" ", takes_over=True,
    ),
    "emacs-lsp-mode": Recipe(
        "Emacs with lsp-mode", "emacs-lsp-mode.el", "block",
        "Restart Emacs; M-x lsp, then M-x lsp-execute-code-action.", ";;", between=" ",
    ),
    "vim-coc": Recipe(
        "Vim with coc.nvim", "vim-coc.json", "json", ":CocRestart; select code and run the code actions.",
        owner=("languageserver",), names="vim",
    ),
    "vim-lsp": Recipe(
        "Vim with vim-lsp", "vim-lsp.vim", "block", "Restart Vim; select code and run :LspCodeAction.", '"',
        names="vim", quoted=_in_single_quotes,
    ),
    "vim-ale": Recipe(
        "Vim with ALE", "vim-ale.vim", "block", "Restart Vim; select code and run :ALECodeAction.", '"', names="vim",
        between=",", quoted=_in_single_quotes,
    ),
    "vim-yegappan": Recipe(
        "Vim 9 with yegappan/lsp", "vim-yegappan.vim", "block", "Restart Vim; select code and run :LspCodeAction.", '"',
        names="vim", quoted=_in_single_quotes,
    ),
    "helix": Recipe(
        "Helix", "helix.toml", "block", "Restart Helix; select code and press space a.", names="helix"
    ),
    "kate": Recipe(
        "Kate", "kate.json", "json",
        "Restart Kate, allow it to start ask-lsp; select code and open LSP Client, Code Action.", owner=("servers",),
        names="kate", takes_over=True,
    ),
    "kakoune": Recipe(
        "Kakoune with kakoune-lsp 18 or newer", "kakoune.kak", "block",
        "The lines stand behind those that load kakoune-lsp. Restart Kakoune; select code and run :lsp-code-actions.",
        names="kakoune", between="|",
    ),
    "sublime": Recipe(
        "Sublime Text with the package LSP", "sublime.json", "json",
        "Select code and run “LSP: Code Action” from the command palette.", owner=("clients",), names="sublime",
        between=" | ",
    ),
    "zed": Recipe(
        "Zed", "zed.json", "json",
        "Zed starts only servers that an extension names: install clients/zed by “zed: install dev extension”.",
        owner=("lsp",),
    ),
    "jetbrains": Recipe(
        "JetBrains IDEs with the plugin LSP4IJ", "jetbrains.json", "print",
        "Save these lines as template.json in a folder of its own. In the IDE: Settings, Languages & Frameworks, "
        "Language Servers, +, Template, “Import from custom template...”, that folder.",
    ),
    "jupyterlab": Recipe(
        "JupyterLab with jupyterlab-lsp", "jupyterlab.json", "json",
        "Restart JupyterLab. It shows explanations by hovering, with `hover: ask` in the settings of ask-lsp.",
        owner=("LanguageServerManager", "language_servers"),
    ),
    "micro": Recipe("Micro", "micro.lua", "block", "Restart Micro; select code, Ctrl-e, ask QUESTION.", "--"),
    "lapce": Recipe(
        "Lapce", "lapce.txt", "print", "Lapce starts only servers that a plugin brings: ask in its terminal.",
        quoted=shlex.quote,
    ),
    "vscode": Recipe(
        "VS Code", "vscode.txt", "print",
        "The extension is made in clients/vscode: npm ci && npm run package. It can bring ask-lsp with it.",
    ),
}  # fmt: skip


def languages() -> Sequence[str]:
    """All languages that the recipes know, by their LSP names."""
    return list(_known())


def lines(recipe: Recipe, command: str, wanted: Sequence[str]) -> str:
    """The lines for a command and some languages. Raises RequestRefused for a command that cannot be written there."""
    if not command.isprintable() or (recipe.template == "kakoune.kak" and set("{}") & set(command)):
        raise RequestRefused(f"The path {command!r} cannot be written there. Install ask-lsp in another folder.")
    text = (_EDITORS / recipe.template).read_text(encoding="utf-8")
    names = _names(recipe, wanted)
    if recipe.template in ("helix.toml", "kate.json"):
        text = _of_languages(text, names, recipe)
    command_line = f'"{command}" --stdio' if " " in command else f"{command} --stdio"
    text = _LINE.sub(lambda found: _wrapped(found, recipe, names), text)
    text = text.replace("${languages}", recipe.between.join(names))
    return text.replace("${command_line}", _in_double_quotes(command_line)).replace(
        "${command}", recipe.quoted(command)
    )


def without_languages(text: str, names: Sequence[str]) -> str:
    """The lines for Helix without some of its languages, by Helix' names: what the user's file configures is left."""
    left_out = {f'name = "{name}"' for name in names}
    return "\n\n".join(part for part in text.split("\n\n") if not left_out & set(part.splitlines())).rstrip("\n") + "\n"


def _known() -> dict[str, dict[str, list[str]]]:
    read: dict[str, dict[str, list[str]]] = json.loads((_EDITORS / "languages.json").read_text(encoding="utf-8"))
    return read


def _names(recipe: Recipe, wanted: Sequence[str]) -> list[str]:
    """The editor's own names of the languages, each once."""
    known = _known()
    every = (known[language][recipe.names] if recipe.names else [language] for language in wanted)
    return list(dict.fromkeys(name for names in every for name in names))


def _wrapped(found: re.Match[str], recipe: Recipe, names: Sequence[str]) -> str:
    margin, rest = found["margin"], found["rest"]
    bare = recipe.names == "emacs"
    listed = (name.replace(" ", "\0") if bare else recipe.quoted(name) for name in names)
    return textwrap.fill(
        recipe.between.join(listed) + rest, _WIDTH, initial_indent=margin, subsequent_indent=margin,
        break_long_words=False, break_on_hyphens=False,
    ).replace("\0", " ")  # fmt: skip


def _of_languages(text: str, names: Sequence[str], recipe: Recipe) -> str:
    """A file that has a part for each language, with those of some languages."""
    if recipe.template == "helix.toml":
        return without_languages(text, [name for name in _names(recipe, languages()) if name not in names])
    parts = re.findall(r'^    "(\w+)": (.+?),?$', text, re.MULTILINE)
    kept = ",\n".join(f'    "{name}": {value}' for name, value in parts if name in names)
    return text[: text.index("    ")] + kept + "\n  }\n}\n"
