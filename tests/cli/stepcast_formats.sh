#!/bin/sh
# The shape of every output against tests/golden: what a reader or a script relies on, whatever the
# numbers are. UPDATE=1 writes the golden files anew.
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck disable=SC2317 # called through same
golden=$(cd "$(dirname "$0")/../golden" && pwd)

scenario="--model llama3-8b --system dgx-h100 --gpus 64 --seq-length 4096 --global-batch 128"
strategy="--tp 2 --pp 2 --recompute selective"

# Numbers become N (bars and blanks too, since they follow numbers), repeated lines one.
text_shape() {
    sed -E 's/[0-9][0-9,]*(\.[0-9]+)?(e[-+]?[0-9]+)?/N/g; s/[#]+|N \./BAR/g; s/ +/ /g; s/ $//; s/% \. /% /' |
        sed -E 's/N [mun]?s\b/N s/g; s/N [GMKT]iB/N B/g; s/BAR //; s/[-+]N/N/g' | uniq
}

# The same for JSON: no scenario (its own test repeats it), no names of rules and sources.
json_shape() {
    awk '/^  "scenario": \{/ { skip = 1 } !skip { print } /^  \},?$/ { skip = 0 }' |
        awk '/^  "rejected": \{/ { print; skip = 1 } !skip { print } /^  \},?$/ { skip = 0 }' |
        awk '/^  "(limits|neighbours)": [[{]/ { print; skip = 1 } !skip { print } /^  []}],?$/ { skip = 0 }' |
        awk '/"extrapolated": \[$/ { print $1, "[]"; skip = 1 } !skip { print } /^ +\],?$/ { skip = 0 }' |
        sed -E 's/: "[^"]*"/: "S"/g; s/^ *"extrapolated"/"extrapolated"/; s/^( +)"[^"]*"(,?)$/\1"S"\2/' |
        sed -E 's/-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?/N/g; s/, N\]/]/; s/: (true|false)/: BOOL/; s/,$//' |
        sed -E 's/("error_frac": )(N|null)/\1N/; s/("reason": )("S"|null)/\1"S"/' | uniq
}

# same SHAPE NAME: the shape of the last output is the golden file NAME.
same() {
    "$1" <"$work/out" >"$work/shape"
    if [ -n "${UPDATE:-}" ]; then
        cp "$work/shape" "$golden/$2"
    elif ! diff -u "$golden/$2" "$work/shape" >"$work/diff"; then
        fail "$2 has changed its shape"
        head -n 30 "$work/diff"
    fi
}

# shellcheck disable=SC2086 # several words
{
    expect 0 estimate $scenario $strategy --json
    same json_shape estimate.json
    expect 0 estimate $scenario $strategy --csv
    head -n 1 "$work/out" >"$work/first" && mv "$work/first" "$work/out"
    same cat estimate.csv
    expect 0 estimate $scenario $strategy
    sed '/^Constants/,$d' "$work/out" >"$work/cut" && mv "$work/cut" "$work/out"
    same text_shape estimate.txt
    expect 0 search $scenario --top 1 --json
    same json_shape search.json
    expect 1 estimate $scenario --tp 3 --json
    same json_shape illegal.json
}
expect 0 show model llama3-8b --json
same json_shape show-model.json
expect 0 show gpu h100-sxm --json
prints '"peak_bf16": {"value": '
expect 0 list gpus --csv
head -n 1 "$work/out" >"$work/first" && mv "$work/first" "$work/out"
same cat list-gpus.csv

cat >"$work/cases.json" <<'END'
[{"id": "ran", "model": {"num_hidden_layers": 12, "hidden_size": 1024, "num_attention_heads": 16,
  "intermediate_size": 4096, "gated_mlp": false, "vocab_size": 50304}, "system": {"gpu": "a100-sxm-80gb", "gpus": 8},
  "job": {"seq_length": 1024, "global_batch": 64}, "strategy": {"tp": 2}, "measured": {"step_time_s": 1, "memory_gib": 10}},
 {"id": "skipped"}]
END
expect 0 validate
prints "all "
expect 0 validate "$work/cases.json" --json
same json_shape validate.json
expect 0 validate "$work/cases.json" --csv
head -n 1 "$work/out" >"$work/first" && mv "$work/first" "$work/out"
same cat validate.csv
expect 1 validate "$work/cases.json" --max-error "0.0001 %"
says "is over"
expect 0 validate "$work/cases.json" --max-error 1e9

# nothing that could be forecast, nothing to judge by: the answer is no, and still written
printf '[{"id": "a"}, {"id": "b"}]' >"$work/none.json"
expect 1 validate "$work/none.json" --json
prints '"skipped": "model is missing"'
says "none of the 2 cases could be forecast"
sed 's/"step_time_s": 1, //' "$work/cases.json" >"$work/memory.json"
expect 0 validate "$work/memory.json"
expect 1 validate "$work/memory.json" --max-error "10 %"
says "no case tells a measured step time to judge by"
printf 'op,dtype,m,n,k,time_us\ngemm,nvfp4,4096,4096,4096,50\n' >"$work/fp4.csv"
expect 1 validate --gpu h100-sxm "$work/fp4.csv"
says "none of the 1 rows could be forecast"
finish
