#!/bin/sh
# bench_cuda_ranks.sh STEPCAST_BENCH FAKE: two GPUs that are none, started in every way; a GPU and links that are
# slow, ranks that differ, a rank that stops in a collective.
set -eu
bench=$1 fake=$2
# shellcheck source=tests/cli/bench_cuda_common.sh
. "$(dirname "$0")/bench_cuda_common.sh"
export FAKE_CUDA_CLOCK=real FAKE_CUDA_GPUS=2 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# ranks_agree LOG FOLDER: what two ranks have measured.
ranks_agree() {
    grep -q 'products and NCCL agree' "$1" || fail "$2: $(cat "$1")"
    [ "$(grep -c '^link,' "$folder/$2/samples/fleet.csv")" = 2 ] || fail "$2: links"
    whole_rows "$folder/$2"
}

# One process for the node.
on_gpu "$bench" --device cuda --seconds 3 --suites selftest,host,fleet,collective,overlap \
    -o "$folder/one" 2>"$folder/log" || fail "one process: $(cat "$folder/log")"
ranks_agree "$folder/log" one
for file in host collective overlap; do
    grep -q '^[a-z0-9_]*,.*[0-9]$' "$folder/one/samples/$file.csv" || fail "one process: no row of $file"
done

# two_ranks LAUNCHER: both ranks, each started by it, and what they say.
two_ranks() {
    ("$1" 1 --suites selftest,fleet -o "$folder/$1") 2>"$folder/log1" &
    other=$!
    ("$1" 0 --suites selftest,fleet -o "$folder/$1") 2>"$folder/log" || fail "$1: $(cat "$folder/log")"
    wait $other || fail "$1: $(cat "$folder/log1")"
    ranks_agree "$folder/log" "$1"
}

# torchrun's variables, and srun's.
port=$((20000 + $$ % 20000))
torchrun() { # RANK OPTION...
    RANK=$1 WORLD_SIZE=2 LOCAL_RANK=$1 MASTER_ADDR=127.0.0.1 MASTER_PORT=$port LD_PRELOAD=$fake
    export RANK WORLD_SIZE LOCAL_RANK MASTER_ADDR MASTER_PORT LD_PRELOAD
    shift
    exec "$bench" --device cuda "$@"
}
two_ranks torchrun
srun() { # RANK OPTION...
    SLURM_PROCID=$1 SLURM_STEP_NUM_TASKS=2 SLURM_LOCALID=$1 SLURM_STEP_NODELIST=localhost SLURM_JOB_ID=$$
    LD_PRELOAD=$fake
    export SLURM_PROCID SLURM_STEP_NUM_TASKS SLURM_LOCALID SLURM_STEP_NODELIST SLURM_JOB_ID LD_PRELOAD
    shift
    exec "$bench" --device cuda "$@"
}
two_ranks srun
if command -v mpirun >/dev/null && ldd "$bench" | grep -q libmpi; then
    mpirun -np 2 --oversubscribe env LD_PRELOAD="$fake" "$bench" --device cuda --suites selftest,fleet \
        -o "$folder/mpirun" 2>"$folder/log" || fail "mpirun: $(cat "$folder/log")"
    ranks_agree "$folder/log" mpirun
fi

# A slow GPU is named, and the links that begin and end there.
FAKE_CUDA_GPUS=4 FAKE_CUDA_SLOW=2 on_gpu "$bench" --device cuda --suites fleet -o "$folder/slow" \
    2>"$folder/log" || fail "a slow GPU: $(cat "$folder/log")"
for what in 'gemm: rank 2 on .* is slow' 'copy: rank 2 on' 'h2d: rank 2 on' 'link: rank 1 on .* to rank 2 on'; do
    grep -q "fleet: $what" "$folder/log" || fail "no \"$what\": $(cat "$folder/log")"
done
FAKE_CUDA_GPUS=4 FAKE_CUDA_SLOW=2 on_gpu "$bench" --device cuda --suites fleet -o "$folder/slow" \
    2>"$folder/again" || fail "a slow GPU, again: $(cat "$folder/again")"
grep -q 'all links were there' "$folder/again" || fail "measured again: $(cat "$folder/again")"
! grep 'rank 0 on .* is slow' "$folder/log" || fail "rank 0 is not slow"

# NCCL gives a wrong sum; ranks of different GPUs.
code=0
FAKE_CUDA_WRONG=nccl on_gpu "$bench" --device cuda --suites selftest 2>"$folder/log" || code=$?
expect 'selftest: all_reduce: element 0' "$folder/log" "a wrong sum"
port=$((port + 2))
(FAKE_CUDA_NAME='NVIDIA H100' torchrun 1 --suites selftest) 2>"$folder/log1" &
other=$!
code=0
(torchrun 0 --suites selftest) 2>"$folder/log" || code=$?
wait $other || true
expect 'GPU differs: rank 0 on .* has "NVIDIA H200"' "$folder/log" "ranks that differ"

# Calls of NCCL that fail, on both ranks: one line each that names the call, nothing is waited for.
for at in ncclGetUniqueId:1 ncclCommInitRank:1 ncclAllReduce:1 ncclSend:1 ncclRecv:3 ncclGroupEnd:1 ncclCommSplit:1; do
    name=${at%:*}
    [ "$name" != ncclAllReduce ] || name=all_reduce
    code=0
    FAKE_CUDA_FAIL=$at on_gpu timeout 60 "$bench" --device cuda --timeout 30 --seconds 1 \
        --suites selftest,fleet,collective -o "$folder/faults" 2>"$folder/log" || code=$?
    expect "^stepcast-bench: rank [01]: .*$name: " "$folder/log" "$at"
    whole_rows "$folder/faults"
    rm -rf "$folder/faults"
done

# A rank that fails alone: the other says that it waits no longer.
port=$((port + 2))
(FAKE_CUDA_FAIL=ncclAllReduce:1 torchrun 1 --suites selftest --timeout 5) 2>"$folder/log1" &
other=$!
code=0
(torchrun 0 --suites selftest --timeout 5) 2>"$folder/log" || code=$?
expect 'all_reduce of the selftest: not finished after 5 s\|closed the connection\|within 5 s' "$folder/log" \
    "the rank beside one that fails"
code=0
wait $other || code=$?
expect 'rank 1: selftest: all_reduce: ' "$folder/log1" "a rank that fails"

# A rank that stops among the collectives is told by the other, not waited for.
port=$((port + 2))
(torchrun 1 --suites collective --seconds 30 --timeout 2 -o "$folder/hang") 2>"$folder/log1" &
stopped=$!
(torchrun 0 --suites collective --seconds 30 --timeout 2 -o "$folder/hang") 2>"$folder/log" &
other=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ ! -s "$folder/hang/samples/collective.csv" ] || break
    sleep 0.2
done
kill -STOP $stopped
code=0
wait $other || code=$?
kill -CONT $stopped
wait $stopped || true
expect 'within 2 s\|not finished after 2 s' "$folder/log" "a rank that hangs"
whole_rows "$folder/hang"
