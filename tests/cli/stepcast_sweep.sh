#!/bin/sh
# Sweeps and sensitivities by the real program.
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

scenario="--model llama3-8b --system dgx-h100 --gpus 16 --seq-length 4096 --global-batch 32 --vpp 1 --micro-batch 1,2"

# shellcheck disable=SC2086 # several words
{
    expect 0 sweep $scenario --vary gpus=8:32:x2
    prints "system.gpus"
    prints "3 points"
    # what is varied need not be given besides, unless relative to it
    expect 0 sweep --model llama3-8b --system dgx-h100 --seq-length 4096 --global-batch 32 --vary gpus=8,16
    prints "2 points"
    expect 2 sweep --model llama3-8b --system dgx-h100 --seq-length 4096 --global-batch 32 --vary gpus=1x,2x
    says "--gpus is missing"
    expect 0 sweep $scenario --vary gpus=8,16 --vary precision=bf16,fp8 --csv
    [ "$(wc -l <"$work/out")" -eq 5 ] || fail "2 x 2 points: expected 5 lines of CSV"
    [ "$(head -n 1 "$work/out" | cut -d, -f 1,2)" = system.gpus,job.precision ] || fail "CSV titles"
    [ "$(tail -n 1 "$work/out" | cut -d, -f 1,2)" = 16,fp8 ] || fail "the last axis varies fastest"
    expect 0 sweep $scenario --vary gpus+global_batch=1x,2x --vary gpu.memory=1x --json
    prints '"values": {"system.gpus": 32, "job.global_batch": 64, "gpu.memory": '

    # a point's scenario is a scenario: the sweep repeats from it
    cp "$work/out" "$work/sweep.json"
    expect 0 sweep --scenario "$work/sweep.json" --vary gpus=8 --csv

    # every lever of hardware moves the step time
    for lever in gpu.peak=0.5x,1x gpu.memory=24GiB,80GiB gpu.memory_bandwidth=0.5x,1x \
        system.tier.scale_up.domain_gpus=2,8 system.tier.scale_up.bandwidth=0.5x,1x \
        system.tier.scale_up.latency=0.5us,20us system.tier.scale_out.bandwidth=50Gb/s,400Gb/s \
        system.tier.scale_out.latency=1us,5ms system.tier.scale_out.oversubscription=1,8; do
        expect 0 sweep $scenario --tp 2 --vary "$lever" --json
        steps=$(grep -o '"step_time_s": [0-9.e+-]*' "$work/out" | sort -u | wc -l)
        [ "$steps" -eq 2 ] || fail "--vary $lever moves nothing"
    done

    # a point is what a search of it finds
    expect 0 sweep $scenario --vary system.tier.scale_out.bandwidth=100Gb/s --csv
    tail -n 1 "$work/out" | cut -d, -f 2- >"$work/a"
    expect 0 search $scenario --nic 100Gb/s --top 1 --csv
    tail -n 1 "$work/out" | cut -d, -f 2- >"$work/b"
    cmp -s "$work/a" "$work/b" || fail "a point of the sweep differs from the search"

    # sensitivities: every constant, the rows' shapes
    expect 0 sweep $scenario --tp 1 --zero 1,2 --recompute none --sensitivity
    prints "elasticity"
    prints "gpu.peak"
    expect 0 sweep $scenario --tp 1 --zero 1 --recompute none --sensitivity --json
    prints '"input": "gpu.memory_bandwidth"'
    prints '"reoptimised_elasticity": '
    expect 0 sweep $scenario --tp 1 --zero 1 --recompute none --sensitivity --csv
    head -n 1 "$work/out" | grep -q '^input,section,unit,value,elasticity' || fail "CSV titles"
    expect 2 sweep $scenario --sensitivity --vary gpus=8
    says "leave --vary out"

    # what a faster kernel or part is worth
    estimate="--model llama3-8b --system dgx-h100 --gpus 16 --seq-length 4096 --global-batch 32"
    expect 0 estimate $estimate --tp 2 --what-if attention=1.1x,gpu.memory_bandwidth=1.2x
    prints "kernel.attention = 1.1x"
    prints "together"
    expect 0 estimate $estimate --tp 2 --what-if attention=1.1x --json
    prints '"what_if": {'
    prints '"gain_frac": '
    expect 2 estimate $estimate --tp 2 --what-if atention=1.1x
    says "did you mean attention?"
    expect 1 estimate $estimate --tp 3 --what-if attention=1.1x

    # the answer is no; wrong usage
    expect 1 sweep $scenario --vary gpu.memory=1GB
    says "nothing fits at any point"
    expect 2 sweep $scenario
    says "--vary is missing"
    expect 2 sweep $scenario --vary gpu.memory_bandwith=1x
    says "did you mean gpu.memory_bandwidth?"
    expect 2 sweep $scenario --vary gpus=8:32
    says "--vary: "
    expect 3 sweep $scenario --vary gpu=h100-sxn
    says "h100-sxm"
}
finish
