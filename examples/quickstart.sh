#!/bin/sh
# From a fresh clone to an answer: which layout trains Llama-3 70B fastest on 512 H100s?
# Installs what is missing, builds build/stepcast, asks it.
set -eu
cd "$(dirname "$0")/.."

./cmake/install_packages.sh gcc libc6-dev cmake ninja-build libcjson-dev libgsl-dev gnuplot-nox \
    libopenblas-dev

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "building build/stepcast ..." >&2
if ! { cmake --preset release && cmake --build --preset release; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 4
fi

set -x
build/stepcast search --model llama3-70b --system dgx-h100 --gpus 512 \
    --seq-length 8192 --global-batch 1024 --precision bf16
