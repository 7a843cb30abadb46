#!/bin/sh
# bench_cuda_faults.sh STEPCAST_BENCH FAKE: each call of CUDA, cuBLASLt, cuBLAS, NCCL and NVML fails, the first
# and the last time that it is made: one line that names it, exit status 4, no row cut off. Then each kernel
# computes what is wrong: the selftest names it.
set -eu
bench=$1 fake=$2
# shellcheck source=tests/cli/bench_cuda_common.sh
. "$(dirname "$0")/bench_cuda_common.sh"
suites=selftest,launch,memory,gemm,grouped,host,overlap
run() {
    on_gpu "$bench" --device cuda --seconds 0.4 --points 1 --suites $suites -o "$folder/dir"
}

FAKE_CUDA_CALLS=$folder/calls run 2>"$folder/err" || fail "nothing fails: $(cat "$folder/err")"
! grep '^left' "$folder/calls" || fail "that was never freed"
n=0
while read -r function count; do
    for k in 1 "$count"; do
        [ "$k" != "$count" ] || [ "$count" != 1 ] || [ "$k" != 1 ] || [ "${last:-}" != "$function" ] || continue
        last=$function
        rm -rf "$folder/dir"
        code=0
        FAKE_CUDA_FAIL=$function:$k run 2>"$folder/err" || code=$?
        n=$((n + 1))
        whole_rows "$folder/dir"
        # A GPU without NVML, what is closed at the end, and what has another way, cost nothing.
        case $code:$function in
        0:nvml* | 0:*Destroy | 0:*Destroy_v2 | 0:cudaFree | 0:cublasGemmGroupedBatchedEx | \
            0:cublasSetStream_v2 | 0:cublasSetWorkspace_v2) continue ;;
        0:cublasLtMatmulAlgoGetHeuristic)
            grep -q 'left out: cuBLASLt has no kernel' "$folder/err" || fail "$function:$k: not told"
            continue
            ;;
        esac
        name=${function%_v2}
        [ "$name" != cudaLaunchKernel ] || name=kernel_
        lines=$(grep -c '^stepcast-bench: ' "$folder/err" || true)
        if [ "$code" != 4 ] || [ "$lines" != 1 ] || ! grep -q "^stepcast-bench: .*$name" "$folder/err"; then
            fail "$function:$k: exit status $code: $(cat "$folder/err")"
        fi
    done
done <"$folder/calls"
echo "$n faults"
[ "$n" -gt 60 ] || fail "only $n faults"

suites=selftest
for what in fill copy triad norm permute make_order quantise adam product; do
    code=0
    FAKE_CUDA_WRONG=$what run 2>"$folder/err" || code=$?
    expect '^stepcast-bench: selftest: ' "$folder/err" "$what is wrong"
done
