#!/usr/bin/env bash
# Puts a real VS Code (code-server, in a browser) and what drives it into a cache directory: about 320 MB, once.
#
#   tests/editors/install_vscode.sh [DIRECTORY]      # .cache/editors/vscode if left out
#
# code-server's own installer compiles modules that nothing here needs (kerberos) and refuses to run as root, so its
# install scripts stay off, and the four native modules that the server loads are built one by one.
set -euo pipefail

CODE_SERVER=4.100.3 # VS Code 1.100, the newest that runs on Node 20
PLAYWRIGHT=1.57.0

root=$(cd "$(dirname "$0")/../.." && pwd)
target=${1:-"$root/.cache/editors/vscode"}
done_mark="$target/.installed-$CODE_SERVER-$PLAYWRIGHT"
quiet=(--no-audit --no-fund --loglevel=error)

# What the extension is built with.
extension_tools() {
  [ -d "$root/clients/vscode/node_modules" ] || (cd "$root/clients/vscode" && npm ci "${quiet[@]}")
}

if [ -e "$done_mark" ]; then
  extension_tools
  exit 0
fi

need() {
  command -v "$1" >/dev/null && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get install -y --no-install-recommends "${@:2}" >&2
  else
    echo "$1 is missing. Install it: apt-get install ${*:2}" >&2
    exit 1
  fi
}

need node nodejs
need npm npm
need chromium chromium fonts-dejavu-core
need rg ripgrep

mkdir -p "$target"
cd "$target"
echo '{ "private": true }' >package.json
npm install --ignore-scripts --no-package-lock "${quiet[@]}" "code-server@$CODE_SERVER" "playwright-core@$PLAYWRIGHT"
npm rebuild argon2 --loglevel=error

cd node_modules/code-server/lib/vscode
npm install --omit=dev --ignore-scripts --no-package-lock "${quiet[@]}"
npm rebuild @vscode/spdlog native-watchdog node-pty --loglevel=error
(cd extensions && npm install --omit=dev --ignore-scripts --no-package-lock "${quiet[@]}")
[ -e node_modules.asar ] || ln -s node_modules node_modules.asar

extension_tools
touch "$done_mark"
