#!/bin/sh
# bench_cuda_run.sh STEPCAST_BENCH FAKE STEPCAST: a GPU is brought up from start to end, on a GPU that is none:
# killed twice on the way, gone on with from a bundle (bring_up.sh), within ten minutes of the GPU's time, fitted,
# compared, forecast with.
set -eu
bench=$1 fake=$2 stepcast=$3
# shellcheck source=tests/cli/bench_cuda_common.sh
. "$(dirname "$0")/bench_cuda_common.sh"
export STEPCAST_BENCH="$bench"
run() {
    on_gpu "$stepcast" calibrate run --device cuda -o "$folder/dir"
}

# Killed among the products, then among the experts: nothing of what was measured is lost or changed.
for at in cudaGraphLaunch:20000 cublasGemmGroupedBatchedEx:9000; do
    code=0
    FAKE_CUDA_KILL=$at run >"$folder/out" 2>"$folder/killed.$at" || code=$?
    [ "$code" = 4 ] || fail "killed in $at: exit $code"
    grep -q 'was ended by signal 9; the same command goes on' "$folder/killed.$at" ||
        fail "killed in $at: $(cat "$folder/killed.$at")"
    [ ! -f "$folder/dir/profile.json" ] || fail "a profile of half a run"
    whole_rows "$folder/dir"
    rm -rf "$folder/before"
    cp -r "$folder/dir/samples" "$folder/before"
done
# On a machine that has nothing but what is carried there.
bring_up=$(cd "$(dirname "$0")/../../calibrate/bench" && pwd)/bring_up.sh
STEPCAST=$stepcast sh "$bring_up" --bundle "$folder/bundle" >"$folder/out" || fail "bundle: $(cat "$folder/out")"
[ "$(du -sm "$folder/bundle" | cut -f 1)" -lt 100 ] || fail "the bundle is large: $(cat "$folder/out")"
on_gpu env -u STEPCAST_BENCH sh "$folder/bundle/bring_up.sh" -o "$folder/dir" >"$folder/out" 2>"$folder/err" ||
    fail "bring_up.sh: $(cat "$folder/out" "$folder/err")"
whole_rows "$folder/dir"
for file in "$folder"/before/*.csv; do
    head -c "$(wc -c <"$file")" "$folder/dir/samples/$(basename "$file")" | cmp -s - "$file" ||
        fail "$(basename "$file"): rows of the killed run were changed"
done
keys() { # of a sample file: what stands before time_us
    awk -F, '/^#/ { next } !n { while ($(++n) != "time_us"); next }
             { key = $1; for (i = 2; i < n; i++) key = key "," $i; print key }' "$1"
}
for name in launch memory gemm gemm_backward grouped attention memory_torch host overlap sustained; do
    [ -s "$folder/dir/samples/$name.csv" ] || fail "no samples of $name"
    twice=$(keys "$folder/dir/samples/$name.csv" | sort | uniq -d)
    [ -z "$twice" ] || fail "$name: measured twice: $twice"
done

# What a person who brings up a cluster wants to see.
for text in 'compared with catalog gpu h200-sxm' 'best product, bf16  .*989 TFLOP/s' \
    'large copies, .*4.8 TB/s' 'host to device' 'product for 30 s, fp8' 'idle power' 'gemm bf16 backward_weight' \
    'attention bf16 backward' 'grouped bf16' 'memory optimizer' 'catalog profile' \
    '^1 steps, mean |error|' 'profile.json as hardware/catalog'; do
    grep -q "$text" "$folder/out" || fail "the review has no \"$text\": $(cat "$folder/out")"
done
"$stepcast" show gpu "$folder/dir/profile.json" >"$folder/gpu" || fail "the profile is no gpu file"
grep -q 'gemm bf16  *measured .*stepcast-bench.*H200' "$folder/gpu" || fail "the profile does not say what measured it"
"$stepcast" estimate --model llama3-8b --gpu "$folder/dir/profile.json" --gpus 1 --seq-length 2048 \
    --global-batch 1 >"$folder/estimate" 2>&1 || [ $? = 1 ] || fail "no forecast: $(cat "$folder/estimate")"

# A whole run fits into ten minutes of the GPU.
on_gpu "$bench" --device cuda -o "$folder/whole" --shapes "$folder/dir/shapes.csv" 2>"$folder/err" ||
    fail "$(cat "$folder/err")"
sed -n 's/^\([a-z_]*\): \(.*\), in \([0-9]*\) s$/\1 \3 s: \2/p' "$folder/err"
seconds=$(sed -n 's/.*, in \([0-9]*\) s$/\1/p' "$folder/err" | awk '{ s += $1 } END { print s }')
echo "one GPU: $seconds s"
if [ "$seconds" -lt 250 ] || [ "$seconds" -gt 570 ]; then
    fail "the suites of one GPU take $seconds s"
fi
