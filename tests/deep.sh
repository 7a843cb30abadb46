#!/bin/bash
# What takes longer than CI has: every test under the sanitizers, a million random scenarios, ten minutes
# of fuzzing a reader, static analysis of everything. Usage: deep.sh [SECONDS_A_READER [SCENARIOS]].
# Prints a table at the end, the one in SECURITY.md; exit 1 if anything failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 4

seconds=${1:-600}
scenarios=${2:-1000000}
jobs=$(nproc)
results=()
failures=0
logs=$(mktemp -d)
if [[ -z ${STEPCAST_SHARED:-} && -d ../shared ]]; then
    STEPCAST_SHARED=$(cd ../shared && pwd)
    export STEPCAST_SHARED
fi

./cmake/install_packages.sh gcc libc6-dev cmake ninja-build libcjson-dev libgsl-dev gnuplot-nox \
    libcmocka-dev debootstrap clang clang-tidy cppcheck shellcheck gcovr || exit 4

# check NAME COMMAND...: runs it, keeps what it says, notes the last line that PATTERN finds.
check() {
    local name=$1 pattern=$2 log started=$SECONDS outcome=passed
    shift 2
    log=$logs/${name//[^a-zA-Z0-9]/_}
    printf '== %s\n' "$name"
    if ! "$@" >"$log" 2>&1; then
        outcome=FAILED
        failures=$((failures + 1))
        tail -n 40 "$log"
    fi
    results+=("| $name | $outcome | $(grep -E "$pattern" "$log" | tail -n 1 | tr '|' '/') | $((SECONDS - started)) s |")
}

built() {
    cmake --preset "$@" >/dev/null && ninja -C "build-$1" -j "$jobs"
}

# tested PRESET [ARGUMENTS of cmake or ctest]: -D goes to cmake.
tested() {
    local preset=$1 options=()
    shift
    while [[ ${1:-} == -D* ]]; do
        options+=("$1")
        shift
    done
    built "$preset" ${options[@]+"${options[@]}"} && ctest --test-dir "build-$preset" --output-on-failure --parallel "$jobs" "$@"
}

analysed() {
    cmake -S . -B build-analyzer -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DSTEPCAST_WERROR=ON \
        -DSTEPCAST_TESTS=OFF -DCMAKE_C_FLAGS=-fanalyzer >/dev/null && ninja -C build-analyzer -j "$jobs"
}

tidied() {
    git ls-files '*.c' | grep -v -e '^calibrate/bench/' -e '^tests/' -e '^cmake/' |
        xargs -P "$jobs" -n 4 clang-tidy --quiet -p build-clang
}

# What is suppressed was looked at: arrays filled by the loops before, cells that the table owns.
checked() {
    cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -j "$jobs" -I . \
        --enable=warning,portability --suppress=normalCheckLevelMaxBranches --suppress=uninitvar \
        --suppress=memleak:calibrate/sample_table.c \
        --suppress=compareBoolExpressionWithInt:parallelism/search/space.c \
        --suppress=arrayIndexOutOfBoundsCond:reports/explain/explain.c \
        base hardware model parallelism calibrate/*.c calibrate/fit calibrate/runlog reports cli
}

shells() {
    git ls-files '*.sh' .ci/run | grep -v -e '^tests/data/' -e '^tests/fuzz/corpus/' |
        xargs shellcheck -x -S warning
}

covered() {
    gcovr --root . --exclude 'calibrate/bench/' --exclude 'tests/' --exclude 'examples/' --exclude 'build.*' --print-summary \
        --gcov-ignore-parse-errors build-asan
}

check "gcc, warnings as errors: all tests" 'tests passed' tested dev
check "clang, warnings as errors: all tests" 'tests passed' tested clang --exclude-regex '^bench_'
check "ASan, UBSan: all tests" 'tests passed' tested asan -DSTEPCAST_COVERAGE=ON
check "the same bytes from both compilers" 'programs as the first' \
    ./tests/same_bytes.sh build-dev/stepcast build-clang/stepcast
check "allocation faults" 'faults injected' env STEPCAST_FAULTS=400 build-dev/tests/allocation_faults build-dev/tests/faults
check "allocation faults, ASan" 'faults injected' env STEPCAST_FAULTS=40 build-asan/tests/allocation_faults build-asan/tests/faults
check "line coverage without calibrate/bench" '^lines' covered
check "TSan: search, sweep, sensitivity, library" 'tests passed' tested tsan -R 'test_(search|sweep|sensitivity|library)'
check "the package in a bare Debian" 'llama3-70b on' sh tests/bare_debian.sh build-dev
check "$scenarios random scenarios" 'scenarios of seed' \
    env STEPCAST_SCENARIOS="$scenarios" STEPCAST_SEED="${STEPCAST_SEED:-2}" build-dev/tests/test_scenarios
check "fuzzing, $seconds s a reader" 'fuzz_' ./tests/fuzz/run.sh "$seconds"
cat "$logs"/fuzzing*
check "gcc -fanalyzer" 'warning: ' analysed
check "clang-tidy, all sources" 'error: ' tidied
check "cppcheck" 'error: ' checked
check "shellcheck" 'SC[0-9]+' shells

printf '| what | result | figure | time |\n|---|---|---|---|\n'
printf '%s\n' "${results[@]}"
rm -rf "$logs"
[[ $failures -eq 0 ]]
