#!/bin/sh
# --from: an existing run's configuration is a scenario and a strategy; flags win; nothing is guessed.
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
data=$(dirname "$0")/../data/frameworks

expect 0 estimate --from "$data/torchtitan.sh" --system dgx-h100
says "torchtitan on 64 GPUs, 8 a node, model llama3-70b"
says "no effect on the cost: metrics.log_freq"
prints "llama3-70b on 64 x h100-sxm"
prints "--tp 4"
expect 0 estimate --from "$data/torchtitan.sh" --system dgx-h100 --quiet
[ ! -s "$work/err" ] || fail "--quiet talks"

# what the search would change, and gain
prints "The search finds"
prints "recompute full -> none"
prints "One change at a time:"
expect 0 estimate --from "$data/torchtitan.sh" --system dgx-h100 --json
prints '"critique": {'
prints '{"key": "recompute", "from": "full", "to": "none"}'
expect 0 estimate --from "$data/torchtitan.sh" --system dgx-h100 --csv
expect 1 estimate --from "$data/megatron.sh" --system dgx-h100
prints "One change that makes it run:"

# flags of ours win
expect 0 estimate --from "$data/torchtitan.sh" --system dgx-h100 --tp 8 --gpus 128
prints "128 x h100-sxm"
prints "--tp 8"

# what is not modelled and what is not known is told by name
expect 1 estimate --from "$data/megatron.sh" --system dgx-h100
says "not modelled: --fp32-residual-connection"
says "not known: --overlap-gradreduce of line 70; did you mean --overlap-grad-reduce?"
says "branches whose test it does not decide"

# what the file does not say is asked for
expect 2 estimate --from "$data/ds_config.json" --system dgx-h100
says "--model is missing"
expect 2 estimate --from "$data/ds_config.json" --system dgx-h100 --model llama3-8b --gpus 64
says "--seq-length is missing"
expect 0 estimate --from "$data/ds_config.json" --system dgx-h100 --model llama3-8b --gpus 64 \
    --seq-length 4096 --json
prints '"zero": 3'

# a system by parts takes the numbers of GPUs from the file
expect 0 estimate --from "$data/torchtitan.sh" --gpu h100-sxm --json
prints '"gpus": 64'

# a variable that the file does not set is no value, unless a flag gives it
cat >"$work/run.sh" <<'END'
torchrun --nproc_per_node 8 --nnodes 2 pretrain_gpt.py --tensor-model-parallel-size $TP \
    --micro-batch-size 1 --global-batch-size 64 --seq-length 4096 --bf16 $EXTRA
END
expect 3 estimate --from "$work/run.sh" --system dgx-h100 --model llama3-8b
says 'tensor_model_parallel_size is "$TP", which the file does not tell'
expect 0 estimate --from "$work/run.sh" --system dgx-h100 --model llama3.2-1b --tp 2
prints "--tp 2"

# no command of the file is run, no file that it names is read
cat >"$work/evil.sh" <<END
X=\$(touch $work/ran)
Y=\`touch $work/ran\`
. $work/other.sh
torchrun --nproc_per_node 8 pretrain_gpt.py --micro-batch-size 1 --save \$X --bf16 --global-batch-size 8 \\
    --seq-length 2048 --yaml-cfg $work/other.yaml >$work/ran
END
expect 0 estimate --from "$work/evil.sh" --system dgx-h100 --model llama3.2-1b
[ ! -e "$work/ran" ] || fail "a command of the script was run"
says "is not followed"

expect 4 estimate --from "$work/missing.sh" --system dgx-h100
says "missing.sh"
expect 2 estimate --from "$data/torchtitan.sh" --scenario "$work/x.json" --system dgx-h100
says "exclude each other"
printf 'echo hello\n' >"$work/none.sh"
expect 3 estimate --from "$work/none.sh" --system dgx-h100
says "no setting of a training run is in it"

# search takes the scenario, and searches the strategy
expect 0 search --from "$data/torchtitan.sh" --system dgx-h100 --top 1
prints "Fastest:"
# "auto" is the trainer's to fill in: a bucket's size does not stop a forecast
printf '%s' '{"train_micro_batch_size_per_gpu": "auto", "bf16": {"enabled": "auto"},
    "zero_optimization": {"stage": 3, "reduce_bucket_size": "auto"}}' >"$work/auto.json"
expect 0 estimate --from "$work/auto.json" --system dgx-h100 --model llama3-8b --gpus 64 \
    --seq-length 4096 --micro-batch 1
says 'zero_optimization.reduce_bucket_size is "auto", which the file does not tell: not read'

# Accelerate leaves the micro-batch to the script: a flag of it makes the batch (8 replicas x 4 of them x 2)
expect 0 estimate --from "$data/accelerate_deepspeed.yaml" --system dgx-h100 --model llama3-8b \
    --seq-length 4096 --micro-batch 2
prints "64 sequences of 4096 tokens"
expect 0 estimate --from "$data/accelerate_deepspeed.yaml" --system dgx-h100 --model llama3-8b \
    --seq-length 4096 --micro-batch 2 --global-batch 512
prints "512 sequences of 4096 tokens"

# GPT-NeoX joins files, by commas here; what is wrong is told with its line
cat >"$work/model.yml" <<'END'
{
  "pipe-parallel-size": 4, "model-parallel-size": 2,
  "num-layers": 44, "hidden-size": 6144, "num-attention-heads": 64,
  "seq-length": 2048, "max-position-embeddings": 2048,
  "pos-emb": "rotary", "no-weight-tying": true, "gpt_j_residual": true,
}
END
cat >"$work/train.yml" <<'END'
# batch
{
  "train_micro_batch_size_per_gpu": 2, "gradient_accumulation_steps": 32,
  "zero_optimization": { "stage": 1, "overlap_comm": True, },
  "checkpoint-activations": true, "fp16": { "enabled": true },
  "vocab-file": "20B_tokenizer.json", "tokenizer-type": "HFTokenizer",
}
END
expect 0 estimate --from "$work/model.yml,$work/train.yml" --system dgx-a100 --gpus 64
says "GPT-NeoX on 64 GPUs, model gpt-neox-20b"
prints "512 sequences of 2048 tokens a step, fp16"
prints "tensor parallel 2, pipeline 4, data parallel 8 (ZeRO 1), micro-batch 2, full recompute"
expect 4 estimate --from "$work/model.yml,$work/missing.yml" --system dgx-a100 --gpus 64
says "missing.yml"
sed 's/"num-layers": 44,/"num-layers": 44/' "$work/model.yml" >"$work/comma.yml"
expect 3 estimate --from "$work/comma.yml,$work/train.yml" --system dgx-a100 --gpus 64
says "comma.yml:3: expected ',' or '}'"

finish
