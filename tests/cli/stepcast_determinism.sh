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
    for threads in 2 3 4 5 6 7 8; do
        expect 0 search $scenario --json --threads $threads
        same "threads-$threads"
    done
    # a locale with a comma for a decimal point, made here
    mkdir "$work/locales"
    localedef -i de_DE -f UTF-8 "$work/locales/de_DE.UTF-8" >/dev/null 2>&1 || echo "no localedef: C alone"
    LOCPATH=$work/locales LC_ALL=de_DE.UTF-8 expect 0 search $scenario --json
    same "locale"
    LOCPATH=$work/locales LC_ALL=de_DE.UTF-8 expect 0 estimate $scenario --tp 8 --pp 4 --explain
    cp "$work/out" "$work/comma"
    LC_ALL=C expect 0 estimate $scenario --tp 8 --pp 4 --explain
    cmp -s "$work/out" "$work/comma" || fail "a comma locale changes --explain"
    case $program in
    /*) ;;
    *) program=$(pwd)/$program ;;
    esac
    cd /
    expect 0 search $scenario --json
    same "folder"
}
finish
