#!/bin/sh
# same_bytes.sh PROGRAM OTHER...: what the programs print is the same to the byte, such as two
# compilers' builds of one source. Only the time a search took may differ.
set -eu
first=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$(dirname "$0")/.."

job="--seq-length 4096 --global-batch 256"
moe="--model deepseek-v3 --system gb200-nvl72 --gpus 256 --precision fp8"
# answers PROGRAM: all that it prints, one command a line.
answers() {
    while read -r words; do
        echo "== $words"
        # shellcheck disable=SC2086 # several words
        "$1" $words </dev/null 2>&1 || echo "exit $?"
    done <<END | grep -v -e '"elapsed_s"' -e '"threads"' -e ' ms on ' -e ' s on '
estimate --model llama3-70b --system dgx-h100 --gpus 64 $job --tp 8 --pp 2 --explain
estimate --model llama3-70b --system dgx-h100 --gpus 64 $job --tp 8 --pp 4 --vpp 2 --json
estimate $moe $job --tp 1 --pp 8 --ep 32 --json
search --model llama3-70b --system dgx-h100 --gpus 64 $job --json
search $moe $job --csv --top 20
search --model gpt3-175b --system dgx-a100 --gpus 96 --seq-length 2048 --global-batch 192 --threads 1
sweep --model llama3-8b --system dgx-h100 --gpus 8 $job --vary gpus=8:64:x2 --csv
sweep --model llama3-8b --system dgx-h100 --gpus 8 $job --sensitivity --tp 8
export --to megatron-lm --model llama3-70b --system dgx-h100 --gpus 64 $job --tp 8 --pp 4
export --to torchtitan --model llama3-8b --system dgx-h100 --gpus 64 $job
validate calibrate/published/korthikanti22.json --json
validate calibrate/published/narayanan21.json
compare tests/data/logs/megatron.log --model llama3-70b --system dgx-h100 --gpus 64 $job
show model deepseek-v3 --json
show gpu b200-sxm --json
show stack megatron-core
list systems --csv
END
}

answers "$first" >"$work/first"
[ "$(grep -c '^== ' "$work/first")" -eq 17 ] && [ "$(wc -l <"$work/first")" -gt 1000 ] || {
    echo "FAILED: $first says too little"
    exit 1
}
failures=0
for program in "$@"; do
    answers "$program" >"$work/other"
    if ! cmp "$work/first" "$work/other"; then
        diff "$work/first" "$work/other" | head -n 10
        failures=$((failures + 1))
    fi
done
echo "$# programs as the first, $(wc -c <"$work/first") bytes of 17 commands, $failures differ"
[ "$failures" -eq 0 ]
