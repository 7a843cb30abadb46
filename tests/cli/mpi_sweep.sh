#!/bin/sh
# mpi_sweep.sh STEPCAST STEPCAST_MPI: a sweep whose points 2 and 3 ranks share out is the sweep of one
# process, byte by byte. Exit 77: skipped (no mpirun).
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
mpi=$2
command -v mpirun >/dev/null || { echo "skipped: no mpirun (openmpi-bin)"; exit 77; }
# An MPI library keeps memory until the end; a container may be run by root, on fewer cores.
export ASAN_OPTIONS=detect_leaks=0
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl_vader_single_copy_mechanism=none

# ranks N CODE ARGUMENTS...: stepcast-mpi on N ranks; as expect.
ranks() {
    n=$1
    wanted=$2
    shift 2
    code=0
    mpirun -np "$n" "$mpi" "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
    if [ "$code" -ne "$wanted" ]; then
        fail "mpirun -np $n stepcast-mpi $*: exit $code, expected $wanted"
        sed 's/^/    /' "$work/err"
    fi
}

scenario="--model llama3-8b --system dgx-h100 --gpus 16 --seq-length 4096 --global-batch 32 --micro-batch 1,2"
vary="--vary gpus=8:32:x2 --vary gpu.memory=2GB,40GB,80GB --vary precision=bf16,fp8"

# shellcheck disable=SC2086 # several words
{
    for format in --json --csv; do
        expect 0 sweep $scenario $vary $format
        grep -v -e '"elapsed_s"' -e '"threads"' "$work/out" >"$work/alone"
        for n in 1 2 3; do
            ranks $n 0 sweep $scenario $vary $format
            grep -v -e '"elapsed_s"' -e '"threads"' "$work/out" >"$work/shared"
            cmp -s "$work/alone" "$work/shared" || fail "$format on $n ranks: other bytes"
        done
    done
    # fewer points than ranks; a file
    expect 0 sweep $scenario --vary gpus=8,16 --csv
    cp "$work/out" "$work/alone"
    ranks 3 0 sweep $scenario --vary gpus=8,16 --csv -o "$work/file"
    cmp -s "$work/alone" "$work/file" || fail "two points on three ranks: other bytes"
    ranks 2 0 sweep $scenario --tp 1 --zero 1 --recompute none --sensitivity
    prints "elasticity"
    ranks 2 0 sweep --help
    [ "$(grep -c "usage: stepcast sweep" "$work/out")" -eq 1 ] || fail "help from every rank"

    # errors end all ranks, and one speaks
    ranks 2 2 sweep $scenario
    [ "$(grep -c -e "--vary is missing" "$work/err")" -eq 1 ] || fail "wrong usage: not said once"
    ranks 2 3 sweep $scenario --vary gpu=h100-sxm,h100-sxn
    says "h100-sxm"
    ranks 2 1 sweep $scenario --vary gpu.memory=1GB
    says "nothing fits at any point"
    ranks 2 2 search $scenario
    says "stepcast-mpi runs sweep"
}
finish
