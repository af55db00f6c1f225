#!/usr/bin/env bash
# Installs the real editors that the tests here drive: npm parts into .cache, Debian packages when it is root.
# What cannot be had is said, and its tests are skipped.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${ASK_LSP_EDITORS:-"$root/.cache/editors"}

debian() {
  command -v dpkg-query >/dev/null || { echo "$1: no Debian packages here" >&2; return; }
  local name=$1 missing=()
  shift
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  if [ "$(id -u)" = 0 ]; then
    echo "Installing $name: ${missing[*]} ..." >&2
    [ -n "${updated:-}" ] || apt-get update -qq >&2
    updated=yes
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null && return
  fi
  echo "$name is not tested here; install it: apt-get install ${missing[*]}" >&2
}

debian Emacs emacs-nox elpa-eglot elpa-lsp-mode elpa-markdown-mode tmux
debian "Vim with ALE" vim-nox vim-ale tmux
debian Kate kate xvfb xdotool xclip dbus fonts-dejavu-core
"$here/install_vscode.sh" "$cache/vscode" || echo "VS Code is not tested here" >&2
exit 0
