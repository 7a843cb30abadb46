#!/bin/sh
# compare: a training log against its forecast, by term with a profiler's trace.
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
logs=$(dirname "$0")/../data/logs
runs=$(dirname "$0")/../data/frameworks

# Megatron-LM prints its arguments: they are the forecast's model, job and strategy
expect 0 compare "$logs/megatron.log" --system dgx-h100
says "prints its arguments: Megatron-LM, model llama3-70b"
prints "llama3-70b on 128 x h100-sxm (dgx-h100), 256 sequences of 8192 tokens"
prints "tensor parallel 8 with sequence parallel, pipeline 4 (5 virtual stages each)"
prints "Measured  19.61 s a step: median of 22 steps"
prints "2 left out as warm-up"
prints "56.93 GiB allocated, 60.29 GiB reserved"
! grep -q "recompute full" "$work/out" || fail "a cause that the run's arguments exclude"

# a forecast of something else: what the log says is evidence
expect 0 compare "$logs/megatron.log" --system dgx-h100 --tp 4 --global-batch 128
prints "the log says 256 sequences a step, the forecast is of 128"
prints "the run's own arguments say otherwise (forecast against run): tp 4 against 8"

# the same by a scenario file, and as JSON
expect 0 estimate --model llama3-70b --system dgx-h100 --gpus 128 --seq-length 8192 \
    --global-batch 256 --tp 8 --pp 4 --vpp 5 --json
cp "$work/out" "$work/scenario.json"
expect 0 compare "$logs/megatron.log" --scenario "$work/scenario.json" --json
prints '"measured_step_time_s": 19.60545'
prints '"framework": "megatron-lm"'
prints '"causes": ['
if command -v python3 >/dev/null; then
    python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
terms = sum(t["forecast_s"] for t in d["terms"])
assert abs(terms / d["predicted_step_time_s"] - 1) < 1e-9, terms
assert abs(d["measured_step_time_s"] / d["predicted_step_time_s"] - 1 - d["gap_frac"]) < 1e-9
' "$work/out" || fail "the JSON does not add up"
fi

# programs that print no arguments: flags or a script
expect 2 compare "$logs/nemo.log" --system dgx-h100
says "--model is missing"
expect 2 compare "$logs/nemo.log" --system dgx-h100 --model llama3-8b
says "how many GPUs"
expect 0 compare "$logs/nemo.log" --system dgx-h100 --model llama3-8b --gpus 16 --seq-length 8192 --tp 2
prints "128 sequences of 8192 tokens"
prints "6.084 s a step"
expect 0 compare "$logs/deepspeed.log" --system dgx-h100 --model llama2-7b --seq-length 4096 \
    --stack deepspeed --zero 3
prints "llama2-7b on 64 x h100-sxm (dgx-h100), 512 sequences"
expect 0 compare "$logs/deepspeed_pipeline.log" --system dgx-h100 --model llama2-7b --seq-length 4096
prints "2.12 s a step"

# torchtitan's log has colours and rates; a trace adds the terms
expect 0 compare "$logs/torchtitan.log" --system dgx-h100 --model llama3-8b --gpus 8 \
    --stack torchtitan --zero 3 --kineto "$logs/kineto.json"
prints "One step of the trace: 11 s"
prints "6.2 s"   # gemm
prints "2.1 s"   # attention, forward and backward
prints "1.1 s"   # gathers and reductions that no compute covers
prints "nothing runs: launches, host"
expect 0 compare "$logs/torchtitan.log" --system dgx-h100 --model llama3-8b --gpus 8 \
    --stack torchtitan --zero 3 --kineto "$logs/kineto.json" --json
prints '"term": "gemm"'
prints '"traced_step_time_s": 11'
expect 0 compare "$logs/torchtitan.log" --from "$runs/torchtitan.sh" --system dgx-h100
prints "64 x h100-sxm"

# MaxText says its sizes, and its rates swing while it compiles
expect 0 compare "$logs/maxtext.log" --system dgx-h100 --model llama3-8b --stack maxtext-2026 --zero 3
prints "llama3-8b on 8 x h100-sxm (dgx-h100), 64 sequences of 8192 tokens"
prints "7.609 s a step"
prints "467 TFLOP/s a GPU"

# Hugging Face's Trainer tells its batch and, by its progress bar, its steps; without one, their mean
expect 0 compare "$logs/trainer.log" --system dgx-h100 --model llama2-7b --gpus 8 --seq-length 2048 \
    --stack deepspeed --zero 3
prints "llama2-7b on 8 x h100-sxm (dgx-h100), 64 sequences of 2048 tokens"
prints "4 s a step: median of 4 steps of $logs/trainer.log (Hugging Face's Trainer), 1 left out"
grep -v 's/it' "$logs/trainer.log" >"$work/summary.log"
expect 0 compare "$work/summary.log" --system dgx-h100 --model llama2-7b --gpus 8 --seq-length 2048 \
    --stack deepspeed --zero 3
prints "4.032 s a step" # 403.2 s, 100 steps
prints "the mean of the whole run alone"
grep "'loss'" "$logs/trainer.log" >"$work/losses.log"
expect 3 compare "$work/losses.log" --system dgx-h100
says "keep its progress bar"

# GPT-NeoX prints its arguments with what is its default behind them
expect 0 compare "$logs/neox.log" --system dgx-a100
says "prints its arguments: GPT-NeoX"
prints "32 x a100-sxm-80gb (dgx-a100), 256 sequences of 2048 tokens a step, fp16"
prints "tensor parallel 2, pipeline 2, data parallel 8 (ZeRO 1), micro-batch 4, full recompute"
prints "10 s a step: median of 3 steps"

# what cannot be read
printf 'hello\n' >"$work/empty.log"
expect 3 compare "$work/empty.log" --system dgx-h100
says "no line of it tells what a training step took"
expect 4 compare "$work/missing.log" --system dgx-h100
expect 2 compare --system dgx-h100
says "compare takes one log"
expect 3 compare "$logs/torchtitan.log" --system dgx-h100 --model llama3-8b --gpus 8 \
    --kineto "$logs/nemo.log"
expect 2 compare "$logs/nemo.log" --csv
finish
