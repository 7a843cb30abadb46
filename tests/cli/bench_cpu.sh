#!/bin/sh
# bench_cpu.sh STEPCAST_BENCH: measures this machine for real, is killed and started again, and looks at
# the rows. Exit 77: skipped (built without OpenBLAS).
set -eu
bench=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() {
    echo "FAIL: $*"
    exit 1
}
# expect STATUS TEXT FILE WHAT: $status and a text that the file must hold.
expect() {
    if [ "$status" != "$1" ] || ! grep -q "$2" "$3"; then
        fail "$4: exit status $status, expected $1 and \"$2\""
    fi
}
rows() { # of a sample file: those that are neither comment nor header
    [ ! -f "$1" ] && echo 0 || grep -vc -e '^#' -e '^op,' -e '^dtype,' "$1" || true
}

# Killed in the middle, then continued.
status=0
timeout -s KILL 4 "$bench" --device cpu --seconds 20 -o "$folder" 2>"$folder/log" || status=$?
if grep -q 'install libopenblas-dev' "$folder/log"; then
    [ "$status" = 4 ] || fail "without OpenBLAS the exit status is $status, not 4"
    echo "skipped: built without OpenBLAS (libopenblas-dev)"
    exit 77
fi
first=$(rows "$folder/samples/gemm.csv")
[ "$first" -gt 0 ] || fail "nothing measured in 4 s"
cp "$folder/samples/gemm.csv" "$folder/before.csv"
# On a machine that other work has slowed down, the same command goes on where it was.
for _ in 1 2 3; do
    "$bench" --device cpu --seconds 20 -o "$folder" 2>"$folder/log" || fail "$(cat "$folder/log")"
    total=0
    for file in "$folder"/samples/*.csv; do
        total=$((total + $(rows "$file")))
    done
    [ "$total" -lt 50 ] || break
done
[ "$total" -ge 50 ] || fail "$total rows, expected 50"

# What the killed run had finished is still there, and nothing was measured twice.
whole=$(wc -l <"$folder/before.csv")
head -n "$((whole - 1))" "$folder/before.csv" >"$folder/a"
head -n "$((whole - 1))" "$folder/samples/gemm.csv" >"$folder/b"
cmp "$folder/a" "$folder/b" || fail "rows of the killed run were changed"
for file in "$folder"/samples/*.csv; do
    twice=$(grep -v '^#' "$file" | sed 's/,[^,]*,[^,]*,[^,]*$//' | sort | uniq -d)
    [ -z "$twice" ] || fail "measured twice: $twice"
done

# Provenance; times above zero; more work never takes less than a hundredth of the peak's time.
for key in machine program date processor library method; do
    grep -q "^# $key: ." "$folder/samples/gemm.csv" || fail "no provenance: $key"
done
awk -F, '/^fp32/ && !($5 > 0 && $6 >= 0 && $7 >= 3 && 2 * $2 * $3 * $4 / $5 < 1e8) { print; bad = 1 }
         END { exit bad }' "$folder/samples/gemm.csv" || fail "impossible GEMM rows"
awk -F, '/,fp32,/ && !($4 > 0 && $5 >= 0 && $6 >= 3 && $3 / $4 < 1e7) { print; bad = 1 }
         END { exit bad }' "$folder/samples/memory.csv" || fail "impossible memory rows"

# A machine without a GPU says so, by the call that failed or by the build.
if [ ! -e /dev/nvidiactl ]; then
    status=0
    "$bench" --device cuda 2>"$folder/log" || status=$?
    expect 4 'cudaGetDeviceCount\|built without CUDA' "$folder/log" '--device cuda'
fi

# Wrong usage.
status=0
"$bench" --devise cpu 2>"$folder/log" || status=$?
expect 2 'did you mean --device' "$folder/log" --devise
status=0
"$bench" --device cpu --suites gemn 2>"$folder/log" || status=$?
expect 2 'did you mean gemm' "$folder/log" '--suites gemn'
echo "$total rows"
