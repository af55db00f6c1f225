#!/bin/sh
# Draws images/icon.png (128 px, which VS Code wants as a bitmap) from images/icon.svg. Needs chromium.
set -eu
cd "$(dirname "$0")/../images"
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --default-background-color=00000000 \
  --window-size=128,128 --screenshot=icon.png icon.svg 2>/dev/null
