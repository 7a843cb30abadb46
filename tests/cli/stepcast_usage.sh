#!/bin/sh
# Wrong usage: exit 2, a message on standard error with a hint, nothing on standard output.
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

scenario="--model llama3-8b --system dgx-h100 --gpus 8 --seq-length 2048 --global-batch 8"

expect 2
says "stepcast --help lists"
silent
expect 2 serch
says "did you mean stepcast search?"
expect 2 frobnicate
says "stepcast --help lists the commands"

# shellcheck disable=SC2086 # the scenario is several words
{
    expect 2 search $scenario --modle x
    says "did you mean --model?"
    silent
    expect 2 search $scenario --tp
    says "--tp needs a value"
    expect 2 search $scenario --tp 0
    says "--tp:"
    expect 2 search $scenario --tp 2.5
    says "--tp:"
    expect 2 search $scenario --tp 2,,4
    says "--tp:"
    expect 2 search $scenario --tp two
    says "--tp:"
    expect 2 estimate $scenario --tp 1,2
    says "stepcast search tries several"
    expect 2 search $scenario --precision bf61
    says "--precision:"
    expect 2 search $scenario --recompute selectiv
    says "did you mean"
    expect 2 search $scenario --objective speed
    says "expected one of step_time, tokens_per_s_per_gpu, cost_per_token, got \"speed\""
    expect 2 search $scenario --tokens 2T
    says "--tokens needs --deadline too"
    expect 2 estimate $scenario --nic 400
    says "--nic: expected a value at least 1 MB/s, got 400 B/s"
    says "a number without a unit is in B/s"
    expect 3 estimate $scenario --gpu h100
    says "did you mean one of h100-nvl, h100-pcie, h100-sxm"
    expect 1 estimate $scenario --precision nvfp4
    says "h100-sxm has no nvfp4 peak; it has bf16, fp16, fp8, fp8-block"
    expect 2 search $scenario --json --csv
    says "exclude each other"
    expect 2 search $scenario --json=yes
    says "takes no value"
    expect 2 search $scenario --top 0
    says "--top:"
    expect 2 search $scenario --threads x
    says "--threads:"
    expect 2 export --to megatron-lm $scenario --threads 1e10
    says "--threads: expected a whole number from 1 to 1024, got 1e10"
    expect 2 search $scenario extra
    says "takes no operand"
    expect 2 estimate $scenario --explain gem
    says "did you mean gemm?"
    silent
    expect 2 estimate $scenario --explain --json
    says "--explain is text"
    expect 2 search $scenario --nic "400 Gb"
    says "--nic:"
    expect 2 list $scenario
}

expect 2 search --system dgx-h100 --gpus 8 --seq-length 2048 --global-batch 8
says "--model is missing"
expect 2 search --model llama3-8b --gpus 8 --seq-length 2048 --global-batch 8
says "--system is missing"
expect 2 search --model llama3-8b --system dgx-h100 --seq-length 2048 --global-batch 8
says "--gpus is missing"
expect 2 search --model llama3-8b --system dgx-h100 --gpus 8 --global-batch 8
says "--seq-length is missing"
expect 2 search --model llama3-8b --system dgx-h100 --gpus 8 --seq-length 2048
says "--global-batch is missing"
expect 2 search --model llama3-8b --system dgx-h100 --gpus 8 --seq-length 2048.5 --global-batch 8
says "--seq-length: expected a whole number"
expect 2 search --model llama3-8b --system dgx-h100 --gpus 8 --seq-length 2048 --global-batch nan
says "--global-batch:"
expect 2 show model
says "show takes what and which"
expect 2 list model_s_
says "models"
expect 2 completion tcsh
says "bash, zsh, fish"
expect 2 help serch
expect 2 calibrate
says "calibrate what?"
expect 2 calibrate improt x.log
says "did you mean calibrate import?"
expect 2 calibrate import
says "takes LOG..."
expect 2 validate --stack default --max-error lots
finish
