#!/bin/sh
# draw.sh [PROGRAM]: draws the README's figures anew (build/stepcast).
set -eu
cd "$(dirname "$0")/../.."
program=${1:-build/stepcast}

dense="--model llama3-70b --system dgx-h100 --gpus 512 --seq-length 8192 --global-batch 1024"
experts="--model deepseek-v3 --system dgx-h100 --gpus 2048 --seq-length 4096 --global-batch 15360 --precision fp8-block"

# draw NAME KIND ARGUMENTS...
draw() {
    name=$1
    shift
    "$program" plot "$@" --quiet -o "reports/gallery/$name.svg"
}

# shellcheck disable=SC2086 # several words
{
    draw breakdown breakdown $dense
    draw roofline roofline $dense
    draw heatmap heatmap $dense
    draw memory memory $experts
    draw tornado tornado $dense
    draw sweep sweep $dense --vary gpu.memory=64GiB:288GiB:+32GiB
}
