#!/bin/sh
# Every documented flag of every command changes something: tests/flags.py. Exit 77: no python3.
set -eu
command -v python3 >/dev/null || exit 77
exec python3 "$(dirname "$0")/../flags.py" "$1"
