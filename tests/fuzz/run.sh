#!/bin/sh
# run.sh SECONDS [TARGET...]: builds the fuzz targets with clang and runs each for so long on its kept
# corpus (tests/fuzz/corpus/TARGET). What it finds on the way stays in build-fuzz/corpus, an input that
# breaks a property in build-fuzz/broken. Prints a line a target: executions, coverage, inputs kept.
set -eu
cd "$(dirname "$0")/../.."

seconds=$1
shift
cmake --preset fuzz >/dev/null
ninja -C build-fuzz -j "$(getconf _NPROCESSORS_ONLN)" fuzz_targets >/dev/null
[ $# -gt 0 ] || for source in tests/fuzz/fuzz_*.c; do
    set -- "$@" "$(basename "$source" .c)"
done

failures=0
printf '%-18s %8s %12s %9s %7s\n' target seconds executions coverage corpus
for target in "$@"; do
    kept=tests/fuzz/corpus/$target grown=build-fuzz/corpus/$target
    mkdir -p "$grown" build-fuzz/broken
    log=build-fuzz/$target.log
    # One input may take a second and 2 GB: more is a hang or a leak.
    if ! ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 "build-fuzz/tests/$target" \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 \
        -print_final_stats=1 -verbosity=1 -artifact_prefix="build-fuzz/broken/$target-" \
        "$grown" "$kept" >"$log" 2>&1; then
        failures=$((failures + 1))
        echo "BROKEN: $target"
        grep -vE '^#[0-9]+' "$log" | tail -n 60
    fi
    awk -v target="$target" -v seconds="$seconds" '
        /cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i + 1); if ($i == "corp:") corpus = $(i + 1) } }
        /number_of_executed_units/ { executions = $2 }
        END { printf "%-18s %8d %12d %9d %7s\n", target, seconds, executions, cov, corpus }' "$log"
done
[ "$failures" -eq 0 ]
