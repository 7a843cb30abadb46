#!/bin/sh
# export: what is written is the framework's own, and reads back as the same forecast.
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
scenario="--system dgx-h100 --gpus 64 --seq-length 4096 --global-batch 256"

# step_time FILE: of an estimate's JSON
step_time() {
    sed -n 's/^ *"step_time_s": *\([0-9.e+-]*\),*$/\1/p' "$1" | head -n 1
}

for target in megatron-lm megatron-bridge torchtitan deepspeed; do
    # shellcheck disable=SC2086 # several words
    expect 0 export --to $target --model llama3-8b $scenario --cp 1 --pp 1 --micro-batch 1 -o "$work/$target.sh"
    expect 0 estimate --from "$work/$target.sh" --system dgx-h100 --json -o "$work/$target.json"
    if [ $target = megatron-lm ]; then
        says "model llama3-8b"
    fi
    bash -n "$work/$target.sh" || fail "$target: no shell script"
    grep -q '^#SBATCH --nodes=8$' "$work/$target.sh" || fail "$target: 8 nodes"
    # the same strategy through another framework's file gives the same strategy
    expect 0 estimate --scenario "$work/$target.json" --json -o "$work/again.json"
    [ "$(step_time "$work/again.json")" = "$(step_time "$work/$target.json")" ] ||
        fail "$target: another forecast"
done
grep -q -- '--micro-batch-size 1' "$work/megatron-lm.sh" || fail "flags"
grep -q 'recipe llama3_8b_pretrain_config' "$work/megatron-bridge.sh" || fail "recipe"
grep -q 'config.parallelism.data_parallel_shard_degree' "$work/torchtitan.sh" || fail "recipe"
grep -q '"stage":' "$work/deepspeed.sh" || fail "zero stage"

# a search keeps to what the target can express, ZeRO 3 among it
# shellcheck disable=SC2086 # several words
{
    expect 0 export --to deepspeed --model llama3-70b $scenario -o "$work/sharded.sh"
    grep -q '"stage": 3' "$work/sharded.sh" || fail "ZeRO 3"
    expect 0 export --to deepspeed --model mixtral-8x7b $scenario
    expect 0 export --to torchtitan --model llama3-70b $scenario
    expect 0 export --to torchtitan --model qwen3-30b-a3b $scenario
}

# one connection keeps launches in order on Hopper; Megatron-LM asks for it on no Blackwell, Ultra or not
for system in dgx-h100 dgx-b200 gb300-nvl72; do
    expect 0 export --to megatron-lm --model llama3-8b --system $system --gpus 64 --seq-length 4096 \
        --global-batch 256 --tp 2 --pp 1 --cp 1 -o "$work/$system.sh"
done
grep -q CUDA_DEVICE_MAX_CONNECTIONS "$work/dgx-h100.sh" || fail "one connection on Hopper"
grep -q CUDA_DEVICE_MAX_CONNECTIONS "$work/dgx-b200.sh" && fail "one connection on Blackwell"
grep -q CUDA_DEVICE_MAX_CONNECTIONS "$work/gb300-nvl72.sh" && fail "one connection on Blackwell Ultra"

# one framework's run in another's words
expect 0 export --to torchtitan --from "$work/megatron-lm.sh" --system dgx-h100 --zero 3 \
    --overlaps fsdp-prefetch
prints "torchtitan_recipes.models.llama3 import llama3_8b"

# what a framework lacks is refused with the reason
# shellcheck disable=SC2086 # several words
{
    expect 1 export --to torchtitan --model gpt3-175b $scenario
    says "torchtitan cannot express it: it has no recipe of the model gpt3-175b"
    silent
    expect 1 export --to torchtitan --model llama3-8b $scenario --zero 1
    says "no strategy is legal for torchtitan within the options given; rejected: zero-supported "
    silent
    expect 1 export --to torchtitan --model llama3-8b $scenario --dp 7 # which no rule rejects: nothing is tried
    grep -qx "stepcast: no strategy is legal for torchtitan within the options given" "$work/err" || fail "export --dp 7"
    expect 1 export --to deepspeed --model llama3-8b $scenario --pp 2
    says "pipeline parallelism"
    expect 2 export --model llama3-8b $scenario
    says "--to is missing"
    expect 2 export --to nemo --model llama3-8b $scenario
    says "megatron-lm, megatron-bridge, torchtitan or deepspeed"
}

# a name is text, whatever it holds
sed 's/"model_type"/"name": "$(touch ran)`touch ran`\\n touch ran; '"'"'", "model_type"/' \
    >"$work/model.json" <<'END'
{"model_type": "llama", "hidden_size": 2048, "num_hidden_layers": 16, "num_attention_heads": 16,
 "num_key_value_heads": 8, "intermediate_size": 8192, "vocab_size": 32000,
 "max_position_embeddings": 8192}
END
# shellcheck disable=SC2086 # several words
expect 0 export --to megatron-lm --model "$work/model.json" $scenario -o "$work/name.sh"
sed -e '/^srun/,$d' -e '/^MASTER_ADDR/d' "$work/name.sh" >"$work/harmless.sh"
(cd "$work" && bash harmless.sh) || fail "the stub does not run"
[ ! -e "$work/ran" ] || fail "a model's name was run"
finish
