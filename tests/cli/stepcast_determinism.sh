#!/bin/sh
# Same input, same bytes out: for any number of threads, locale and working directory.
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

scenario="--model llama3-70b --system dgx-h100 --gpus 64 --seq-length 8192 --global-batch 64"
same() {
    grep -v -e '"elapsed_s"' -e '"threads"' "$work/out" >"$work/$1"
    cmp -s "$work/$1" "$work/first" || fail "$1: other bytes"
}

# shellcheck disable=SC2086 # the scenario is several words
{
    expect 0 search $scenario --json --threads 1
    grep -v -e '"elapsed_s"' -e '"threads"' "$work/out" >"$work/first"
    for threads in 2 3 8; do
        expect 0 search $scenario --json --threads $threads
        same "threads-$threads"
    done
    LC_ALL=de_DE.UTF-8 expect 0 search $scenario --json
    same "locale"
    case $program in
    /*) ;;
    *) program=$(pwd)/$program ;;
    esac
    cd /
    expect 0 search $scenario --json
    same "folder"
}
finish
