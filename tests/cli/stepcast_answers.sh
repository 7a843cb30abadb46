#!/bin/sh
# What the commands print and exit with, on the real catalogs.
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

scenario="--model llama3-8b --system dgx-h100 --gpus 16 --seq-length 4096 --global-batch 32"

expect 0 --help
prints "usage: stepcast COMMAND"
expect 0 --version
prints "stepcast "
for command in search estimate sweep plot validate calibrate list show completion help; do
    expect 0 "$command" --help
    prints "usage: stepcast $command"
    prints "Examples:"
    expect 0 "$command" --version
    expect 0 help "$command"
done

expect 0 list
for plural in models gpus systems stacks; do
    expect 0 list "$plural"
    expect 0 list "$plural" --json
    expect 0 list "$plural" --csv
    expect 0 list "$plural" --quiet
    cp "$work/out" "$work/names"
    kind=${plural%s}
    while read -r name; do
        expect 0 show "$kind" "$name" --quiet
        expect 0 show "$kind" "$name" --json
    done <"$work/names"
done

# a folder of the user's own comes first
mkdir -p "$work/own/models"
"$program" show model llama3-8b --json | awk '/^  "model": \{/ { print "{"; copy = 1; next } /^  \}/ { copy = 0 } copy { print } END { print "}" }' \
    >"$work/own/models/my-model.json"
cp "$work/own/models/my-model.json" "$work/own/models/llama3-70b.json"
expect 0 list models --catalog "$work/own"
prints "my-model"
prints "FLOP/token: forward and backward at 4096 tokens"
expect 0 list gpus
prints "Peaks are dense"
expect 0 list systems
prints "rates: per GPU, one direction"
expect 0 list models --catalog "$work/own"
[ "$(grep -c '^llama3-70b ' "$work/out")" -eq 1 ] || fail "a name of the folder is listed twice"
expect 0 show model llama3-70b --catalog "$work/own" --json
prints '"parameters": 8030261248'

# names in any case, with _ for -
expect 0 show gpu H100_SXM
expect 0 show model Llama3.1-70B

# shellcheck disable=SC2086 # the scenario is several words
{
    expect 0 search $scenario
    prints "Fastest: "
    prints "tokens/sec/GPU"
    expect 0 search $scenario --top 2 --csv
    [ "$(wc -l <"$work/out")" -eq 3 ] || fail "--top 2 --csv: expected 3 lines"
    expect 0 estimate $scenario --tp 2 --explain
    prints "gemm = "
    expect 0 estimate $scenario --tp 2 --csv
    expect 0 estimate $scenario --tp 2 --pp 2 --trace "$work/trace.json"
    grep -q '"traceEvents": \[' "$work/trace.json" || fail "--trace wrote no trace"
    expect 0 estimate $scenario --tp 2 --pp 2 --memory
    prints "Memory of a GPU by pipeline stage, when it holds most"
    expect 0 estimate $scenario --tp 2 --pp 2 --memory --json
    prints '"memory_by_stage": ['
    expect 2 estimate $scenario --tp 2 --memory --csv
    expect 0 search $scenario --tp 8,16 --sequence-parallel --top 1
    prints "tensor parallel 8"

    # no: illegal, does not fit, nothing fits
    expect 1 estimate $scenario --tp 3
    says "illegal"
    expect 1 estimate $scenario --tp 2 --dp 16
    says "illegal"
    expect 1 estimate --model llama3-405b --system dgx-h100 --gpus 8 --seq-length 8192 --global-batch 8 --tp 8
    says "does not fit"
    prints "Does not fit"
    expect 1 search --model llama3-405b --system dgx-h100 --gpus 8 --seq-length 8192 --global-batch 8
    says "nothing fits"
    prints "Nothing fits"
    expect 1 estimate $scenario --tp 3 --json
    prints '"legal": false'
    prints '"step_time_s": null'
}

# -o writes the whole answer to the file, and what was there before survives a failure
# shellcheck disable=SC2086 # the scenario is several words
{
    expect 0 estimate $scenario --tp 2 --json
    cp "$work/out" "$work/expected"
    expect 0 estimate $scenario --tp 2 --json -o "$work/file"
    silent
    cmp -s "$work/file" "$work/expected" || fail "-o gave other bytes than standard output"
    expect 2 estimate $scenario --tp 0 --json -o "$work/file"
    cmp -s "$work/file" "$work/expected" || fail "a failed run changed the file of -o"
}

# a result's scenario repeats it, byte for byte; flags win over the file
expect 0 estimate --scenario "$work/file" --json
cmp -s "$work/out" "$work/expected" || fail "--scenario did not repeat the estimate"
expect 0 estimate --scenario "$work/file" --tp 4
prints "--tp 4 "
prints "--dp 4 "
expect 0 estimate --scenario "$work/file" --gpus 32
prints "--dp 16 "
expect 0 estimate --scenario "$work/file" --pp 2
prints "--schedule 1f1b"
expect 1 estimate --scenario "$work/file" --stack megatron-lm-2022 # unfused attention does not fit
prints "--attention unfused"
expect 0 search --scenario "$work/file" --attention unfused --overlaps none --tp 2 --top 1 --json -o "$work/fixed"
expect 0 search --scenario "$work/fixed" --top 1 --json
prints '"attention": "unfused"'
prints '"overlaps": []'
expect 0 search --scenario "$work/file" --tp 2,4 --top 1 --json -o "$work/search"
expect 0 search --scenario "$work/search" --top 1 --json
grep -v elapsed_s "$work/search" >"$work/a"
grep -v elapsed_s "$work/out" >"$work/b"
cmp -s "$work/a" "$work/b" || fail "--scenario did not repeat the search"

finish
