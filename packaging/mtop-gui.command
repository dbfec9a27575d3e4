#!/bin/sh
# macOS: double-click to set up (the first time) and start mtop-gui.
cd "$(dirname "$0")/.." || exit 1
for python in python3.13 python3.12 python3.11 python3; do
  if command -v "$python" >/dev/null 2>&1; then
    "$python" packaging/run.py "$@"
    code=$?
    if [ "$code" -ne 0 ]; then
      printf '\nmtop-gui stopped with code %s. Press Return to close this window. ' "$code"
      read -r _
    fi
    exit "$code"
  fi
done
echo "Python 3.11 to 3.13 is not installed: get it from python.org, then double-click this again."
printf 'Press Return to close this window. '
read -r _
exit 1
