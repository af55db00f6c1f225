"""Where each editor reads its configuration, by the custom of the operating system."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ask_lsp.core.errors import RequestRefused

# The first that exists counts, else the first.
_PLACES: Mapping[str, tuple[str, ...]] = {
    "neovim": ("{config}/{nvim}/plugin/ask-lsp.lua",),
    "emacs-eglot": ("{home}/.emacs.el", "{home}/.emacs", "{home}/.emacs.d/init.el", "{config}/emacs/init.el"),
    "emacs-lsp-mode": ("{home}/.emacs.el", "{home}/.emacs", "{home}/.emacs.d/init.el", "{config}/emacs/init.el"),
    "vim-coc": ("{home}/.vim/coc-settings.json", "{config}/{nvim}/coc-settings.json"),
    "vim-lsp": ("{home}/.vimrc", "{home}/.vim/vimrc", "{config}/vim/vimrc"),
    "vim-ale": ("{home}/.vimrc", "{home}/.vim/vimrc", "{config}/vim/vimrc"),
    "vim-yegappan": ("{home}/.vimrc", "{home}/.vim/vimrc", "{config}/vim/vimrc"),
    "helix": ("{config}/helix/languages.toml",),
    "kate": ("{config}/kate/lspclient/settings.json",),
    "kakoune": ("{kakoune}/kakrc",),
    "sublime": ("{config}/sublime-text/Packages/User/LSP.sublime-settings",),
    "zed": ("{config}/zed/settings.json",),
    "jupyterlab": ("{jupyter}/jupyter_server_config.d/ask-lsp.json",),
    "micro": ("{micro}/plug/ask_lsp/ask_lsp.lua",),
}
_ON: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "darwin": {
        "sublime": ("{home}/Library/Application Support/Sublime Text/Packages/User/LSP.sublime-settings",),
        "kate": ("{home}/Library/Preferences/kate/lspclient/settings.json",),
    },
    "win32": {
        "neovim": ("{local}/{nvim}/plugin/ask-lsp.lua",),
        "emacs-eglot": ("{roaming}/.emacs.d/init.el",),
        "emacs-lsp-mode": ("{roaming}/.emacs.d/init.el",),
        "vim-coc": ("{home}/vimfiles/coc-settings.json", "{local}/{nvim}/coc-settings.json"),
        "vim-lsp": ("{home}/_vimrc", "{home}/vimfiles/vimrc"),
        "vim-ale": ("{home}/_vimrc", "{home}/vimfiles/vimrc"),
        "vim-yegappan": ("{home}/_vimrc", "{home}/vimfiles/vimrc"),
        "helix": ("{roaming}/helix/languages.toml",),
        "kate": ("{local}/kate/lspclient/settings.json",),
        "sublime": ("{roaming}/Sublime Text/Packages/User/LSP.sublime-settings",),
        "zed": ("{roaming}/Zed/settings.json",),
    },
}


def place_of(editor: str, environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> Path:
    """The editor's configuration file. Raises RequestRefused for a user without a home."""
    try:
        home = Path.home()
    except RuntimeError:
        raise RequestRefused("This user has no home directory. Name the file with --file.") from None
    config = _folder(environment, "XDG_CONFIG_HOME", home / ".config")
    folders = {
        "home": home,
        "config": config,
        "roaming": _folder(environment, "APPDATA", home / "AppData" / "Roaming"),
        "local": _folder(environment, "LOCALAPPDATA", home / "AppData" / "Local"),
        "kakoune": _folder(environment, "KAKOUNE_CONFIG_DIR", config / "kak"),
        "jupyter": _folder(environment, "JUPYTER_CONFIG_DIR", home / ".jupyter"),
        "micro": _folder(environment, "MICRO_CONFIG_HOME", config / "micro"),
        "nvim": environment.get("NVIM_APPNAME") or "nvim",
    }
    places = [Path(place.format(**folders)) for place in _ON.get(system, {}).get(editor, _PLACES[editor])]
    if editor.startswith("emacs"):
        if (home / ".emacs.d").is_dir():  # then Emacs does not look at the other
            places = [place for place in places if not place.is_relative_to(config)]
        usual = next(place for place in places if place.name == "init.el")
        places.sort(key=lambda place: not place.exists())
        return places[0] if places[0].exists() else usual
    return next((place for place in places if place.exists()), places[0])


def _folder(environment: Mapping[str, str], variable: str, usual: Path) -> Path:
    named = environment.get(variable) or ""
    return Path(named) if Path(named).is_absolute() else usual
