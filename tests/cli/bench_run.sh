#!/bin/sh
# bench_run.sh STEPCAST: calibrate run on this machine, all the way: measure, fit, profile, forecast.
# Exit 77: skipped (stepcast-bench was built without OpenBLAS).
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
export ASAN_OPTIONS=detect_leaks=0 # of the MPI library

expect 2 calibrate run
says "needs -o DIR"
expect 2 calibrate run samples.csv -o "$work/dir"
expect 2 calibrate run -o "$work/dir" --device tpu
expect 3 calibrate run -o "$work/none" --no-measure
says "found none"
STEPCAST_BENCH=/bin/false expect 4 calibrate run -o "$work/dir" --device cpu
[ ! -f "$work/dir/profile.json" ] || fail "a profile without a measurement"

# CPU seconds that other processes have used since boot: all that ran, less this script's children, of
# which only its own shell knows ($work/times).
others() {
    awk -v ticks="$(getconf CLK_TCK)" '
        $1 == "cpu" { used = ($2 + $3 + $4 + $7 + $8) / ticks }
        FILENAME != "/proc/stat" && FNR == 2 {
            for (i = 1; i <= 2; i++) { split($i, t, "m"); used -= 60 * t[1] + t[2] }
        }
        END { printf "%.2f", used }' /proc/stat "$work/times"
}
# watch starts a measurement, alone ends it: true if others used less than a tenth of a core meanwhile.
watch() {
    times >"$work/times"
    others_before=$(others)
    began=$(date +%s)
}
alone() {
    times >"$work/times"
    awk -v used="$(others)" -v before="$others_before" -v s="$(($(date +%s) - began))" \
        'BEGIN { exit !(used - before < 0.1 * s) }'
}

watch
code=0
"$program" calibrate run --device cpu --seconds 15 -o "$work/dir" --json >"$work/out" 2>"$work/err" ||
    code=$?
if grep -q 'install libopenblas-dev' "$work/err"; then
    [ "$code" = 4 ] || fail "without OpenBLAS: exit $code, expected 4"
    echo "skipped: built without OpenBLAS (libopenblas-dev)"
    exit 77
fi
if [ "$code" -ne 0 ]; then
    fail "calibrate run: exit $code"
    cat "$work/err"
    finish
fi
busy=
alone || busy=1
rows=$(cat "$work"/dir/samples/*.csv | grep -c '^[a-z0-9_]*,.*,[0-9.]*,[0-9.]*,[0-9]*$')
[ "$rows" -ge 50 ] || fail "$rows rows, expected 50"
prints '"op": "gemm fp32"'
prints '"name": "best product, fp32"'
says "held-out error"

# Interrupted in the middle: it ends by the signal, rows are whole, there is no profile; the same command
# goes on and measures nothing twice.
code=0
timeout --preserve-status -s INT 4 "$program" calibrate run --device cpu --seconds 60 -o "$work/half" \
    >"$work/out" 2>"$work/err" || code=$?
[ "$code" -eq 130 ] || fail "interrupted: exit $code, expected 130"
[ ! -f "$work/half/profile.json" ] || fail "interrupted: a profile"
[ -z "$(find "$work/half" -name '*.tmp*')" ] || fail "interrupted: a temporary file"
if [ -f "$work/half/samples/gemm.csv" ]; then
    cp "$work/half/samples/gemm.csv" "$work/half.csv"
    "$program" calibrate run --device cpu --seconds 4 -o "$work/half" >"$work/out" 2>"$work/err" || true
    head -c "$(wc -c <"$work/half.csv")" "$work/half/samples/gemm.csv" | cmp -s - "$work/half.csv" ||
        fail "rows of the interrupted run were changed"
    [ -z "$(grep -v '^#' "$work/half/samples/gemm.csv" | cut -d, -f1-4 | sort | uniq -d)" ] ||
        fail "measured twice"
fi

# The profile is a gpu file.
expect 0 show gpu "$work/dir/profile.json"
prints "measured"

# Again, without measuring: the same profile. Text says the same.
cp "$work/dir/profile.json" "$work/before.json"
expect 0 calibrate run -o "$work/dir" --no-measure
prints "best product, fp32"
cmp -s "$work/before.json" "$work/dir/profile.json" || fail "a fit of the same samples differs"

# Unseen shapes within 15 %, where the machine was quiet: no other process had a core (what keeps one busy
# for seconds slows whole rows and shows in no spread), less than a quarter of the products noisy. A miss
# is measured a second time.
quiet() {
    [ -z "$busy" ] && awk -F, '/^fp32/ { n++; if ($6 > 0.034 * $5) bad++ } END { exit !(4 * bad < n) }' "$1/samples/gemm.csv"
}
held_out() {
    sed -n 's/.*gemm fp32: .*held-out error \([0-9.]*\) %.*/\1/p' "$work/err" | head -n 1
}
within() {
    awk -v e="$1" 'BEGIN { exit !(e <= 15) }'
}
folder=$work/dir
error=$(held_out)
if quiet "$folder" && ! within "$error"; then
    echo "held-out error of products $error %: measured again"
    folder=$work/again
    watch
    expect 0 calibrate run --device cpu --seconds 15 -o "$folder"
    alone || busy=1
    error=$(held_out)
fi
echo "$rows rows, held-out error of products $error %"
if quiet "$folder"; then
    within "$error" || fail "held-out error of products: $error %, twice over 15 %"
else
    echo "the machine was busy: the error is not judged"
fi
finish
