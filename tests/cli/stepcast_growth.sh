#!/bin/sh
# What a step takes more on more GPUs is foreseen on published runs: tests/cluster_growth.py. Exit 77: no python3.
set -eu
command -v python3 >/dev/null || exit 77
exec python3 "$(dirname "$0")/../cluster_growth.py" --check "$1"
