#!/bin/sh
# Of the layouts that published sources tried, those forecast to be fastest were: tests/layout_picks.py. Exit 77: no python3.
set -eu
command -v python3 >/dev/null || exit 77
exec python3 "$(dirname "$0")/../layout_picks.py" --check "$1"
