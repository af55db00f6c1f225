"""`ask-lsp setup`: the lines that an editor needs, for this machine; put in place or taken out after showing it."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from ask_lsp.cli import config_file, json_members, marked_block
from ask_lsp.cli.editor_places import place_of
from ask_lsp.cli.editor_recipes import RECIPES, Recipe, languages, lines, without_languages
from ask_lsp.core.errors import RequestRefused

# In a languages.toml of somebody else's.
_INLINE = re.compile(r"^(language|language-server)[ \t]*=", re.MULTILINE)
_NAMED = re.compile(r"""^[ \t]*name[ \t]*=[ \t]*(["'])([^"'\n]+)\1""", re.MULTILINE)


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "setup",
        help="print the lines that an editor needs, or put them in place",
        description="Print the lines that an editor needs, with the path of this ask-lsp. Put them into its "
        "configuration file (--write), or take them out of it (--remove): after showing the difference and asking, "
        "with a copy of the old file beside it.",
    )
    parser.add_argument("editor", metavar="EDITOR", choices=RECIPES, help=", ".join(RECIPES))
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--write", action="store_true", help="put the lines into the editor's configuration file")
    what.add_argument("--remove", action="store_true", help="take them out again")
    parser.add_argument("--yes", action="store_true", help="do not ask, for scripts")
    parser.add_argument("--languages", metavar="A,B", help="only these and markdown, by their LSP names (default: all)")
    parser.add_argument("--file", metavar="FILE", help="another file than the editor's usual one")
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the lines, or changes the file."""
    name, recipe = arguments.editor, RECIPES[arguments.editor]
    wanted = _wanted(arguments.languages)
    path = None
    if recipe.kind != "print":
        path = Path(arguments.file).absolute() if arguments.file else place_of(name)
    if arguments.remove:
        return _change(name, recipe, _file(path, recipe), None, arguments.yes)
    made = lines(recipe, own_command(), wanted)
    if arguments.write:
        return _change(name, recipe, _file(path, recipe), made, arguments.yes)
    print(f"{recipe.title}: {path or 'what to do'}", file=sys.stderr)
    print(made, end="")
    _advise(recipe)
    return 0


def own_command() -> str:
    """How an editor starts this very ask-lsp: its name where PATH leads to it, else its path. Raises RequestRefused."""
    beside = Path(sys.executable).absolute().parent
    started = Path(sys.argv[0]).absolute()
    places = [started] if started.stem == "ask-lsp" else []
    places += [beside / "ask-lsp", beside / "ask-lsp.exe"]
    own = next((place for place in places if place.is_file()), None)
    if own is None:
        raise RequestRefused("The program ask-lsp is not where this Python is. Install it: pipx install ask-lsp")
    found = shutil.which("ask-lsp")
    return "ask-lsp" if found and Path(found).samefile(own) else str(own)


def _wanted(given: str | None) -> Sequence[str]:
    known = languages()
    if given is None:
        return known
    named = [language.strip() for language in given.split(",") if language.strip()]
    for language in named:
        if language not in known:
            raise RequestRefused(f"The language “{language}” is not known here. Known are: {', '.join(known)}.")
    return [language for language in known if language in (*named, "markdown")]


def _file(path: Path | None, recipe: Recipe) -> Path:
    if path is None:
        raise RequestRefused(
            f"{recipe.title} has no file to put this into. Run it without --write: that says what to do."
        )
    return path


def _change(name: str, recipe: Recipe, path: Path, made: str | None, yes: bool) -> int:
    """Puts the lines in place, or takes them out where there are none. 1 if the user says no."""
    old = config_file.read(path)
    try:
        if recipe.kind == "block":
            new = _block(name, recipe, old or "", made)
        else:
            new = _members(recipe, old or "", made, path)
    except RequestRefused as error:
        if made is not None:
            print(made, end="")
            print("These are the lines.", file=sys.stderr)
        raise RequestRefused(f"{path} is left as it is. {error}") from None
    if new == (old or ""):
        says = "has nothing of this." if made is None else "has these lines already."
        print(f"{path} {says} Nothing was changed.", file=sys.stderr)
        return 0
    _show(path, old, new)
    if made is not None and recipe.takes_over:
        print(
            f"{recipe.title} runs one server a language: the languages above lose the one that they have. "
            "Choose some with --languages.",
            file=sys.stderr,
        )
    if not yes and not _agreed():
        print("Nothing was changed.", file=sys.stderr)
        return 1
    copy = config_file.replace(path, old, new if _says_something(new) else None)
    print(f"Changed {path}." + (f" The old one is {copy}." if copy else ""), file=sys.stderr)
    if made is not None:
        _advise(recipe)
    return 0


def _block(name: str, recipe: Recipe, old: str, made: str | None) -> str:
    if made is None:
        return marked_block.take_out(old, recipe.comment, name)
    if name == "helix":
        made = _for_helix(old, made)
    return marked_block.put(old, made, recipe.comment, name)


def _for_helix(old: str, made: str) -> str:
    """Without the languages that the file configures itself: Helix would take our list for theirs."""
    theirs = marked_block.take_out(old, "#", "helix")
    if _INLINE.search(theirs):
        raise RequestRefused("It has its languages or servers in one value, which no lines can add to.")
    known = [line.split('"')[1] for line in made.splitlines() if line.startswith("name = ")]
    configured = {name for _, name in _NAMED.findall(theirs)}
    left = [name for name in known if name in configured]
    if left:
        print(
            f'The file configures these itself: {", ".join(left)}. Add "ask-lsp" to their language-servers there.',
            file=sys.stderr,
        )
    return without_languages(made, left)


def _members(recipe: Recipe, old: str, made: str | None, path: Path) -> str:
    """A JSON file with our members, or without them; what others have put there stays."""
    if not _says_something(old):
        if made is None:
            return old
        old = "{}\n"
    json_members.check(old)
    there = {member.name: member.value for member in json_members.members(old, recipe.owner) or []}
    ours = json_members.members(made, recipe.owner) or [] if made is not None else []
    new = old
    for name in there.keys() - {member.name for member in ours}:
        if _is_ours(name, there[name]):
            new = json_members.take_out(new, recipe.owner, name)
    if made is None:
        return "" if new != old and new.strip("\ufeff").split() == ["{}"] else new
    kept = [member.name for member in ours if member.name in there and not _is_ours(member.name, there[member.name])]
    for member in ours:
        if member.name not in kept and there.get(member.name) != member.value:
            new = json_members.put(new, recipe.owner, member.name, json_members.laid_out_anew(made, member))
    if len(kept) == len(ours):
        raise RequestRefused("Every language has a server there already. Take one out first.")
    if kept:
        print(f"These have a server in {path} already, and keep it: {', '.join(kept)}.", file=sys.stderr)
    json_members.check(new)
    return new


def _is_ours(name: str, value: object) -> bool:
    """Whether a member is one that this command has put there, or could have."""
    command = value.get("command") if isinstance(value, dict) else None
    program = command[0] if isinstance(command, list) and command else None
    return name == "ask-lsp" or (isinstance(program, str) and Path(program.replace("\\", "/")).stem == "ask-lsp")


def _says_something(text: str) -> bool:
    return bool(text.strip("\ufeff \t\r\n"))


def _show(path: Path, old: str | None, new: str) -> None:
    before, after = (old or "").splitlines(keepends=True), new.splitlines(keepends=True)
    names = str(path) if old is not None else os.devnull, str(path) if _says_something(new) else os.devnull
    for line in difflib.unified_diff(before, after, *names):
        print(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n", end="")
    sys.stdout.flush()


def _agreed() -> bool:
    """Asks. Raises RequestRefused where nobody can answer."""
    if not sys.stdin.isatty():
        raise RequestRefused("Nothing was changed: nobody can be asked here. Say --yes.")
    print("Do this? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _advise(recipe: Recipe) -> None:
    print(recipe.after, file=sys.stderr)
