#!/bin/sh
# Names that would be commands, markup or terminal codes are text everywhere; answers are written whole
# or not at all: full disk, closed pipe, folder that cannot be written, interrupt. What a fuzzer once
# broke is refused.
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
trap 'umount "$work/small" 2>/dev/null || true; rm -rf "$work"' EXIT

rest="--gpus 8 --seq-length 2048 --global-batch 8"
llama='"model_type": "llama", "hidden_size": 4096, "num_attention_heads": 32, "num_hidden_layers": 4, "vocab_size": 32000, "intermediate_size": 11008'

# ---- hostile names ----

# The program's folder while these run: whatever a name starts, it would start here.
mkdir "$work/here"
program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")

# harmless WHAT: no file was made, no control character but line breaks printed.
harmless() {
    [ -z "$(ls "$work/here")" ] || fail "$1: a name was run: $(ls "$work/here")"
    if LC_ALL=C tr -d '\n\t\040-\377' <"$work/out" | grep -q .; then
        fail "$1: control characters on standard output"
    fi
    if LC_ALL=C tr -d '\n\t\040-\377' <"$work/err" | grep -q .; then
        fail "$1: control characters on standard error"
    fi
}

# review FILE: a design review of it: the page, its pictures, their scripts run once more.
review() {
    rm -rf "$work/report"
    command -v gnuplot >/dev/null || return 0
    # shellcheck disable=SC2086 # several words
    expect 0 report --model "$1" --system dgx-h100 $rest -o "$work/report"
    harmless report
    if grep -qs '<script>alert' "$work/report/index.html" "$work"/report/figures/*.svg; then
        fail "report: markup of a name"
    fi
    for script in "$work"/report/figures/*.gp; do
        gnuplot "$script" >/dev/null 2>&1 || fail "report: gnuplot does not take $script"
    done
    : >"$work/out"
    : >"$work/err"
    harmless "the scripts of the report's figures"
}

# hostile FILE: a model of that file's name in all forms of output.
hostile() {
    cd "$work/here"
    printf '{%s}' "$llama" >"$1"
    for form in "" --json --csv --explain; do
        # shellcheck disable=SC2086 # several words
        expect 0 estimate --model "$1" --system dgx-h100 $rest $form
        harmless "estimate $form"
    done
    # shellcheck disable=SC2086 # several words
    expect 0 export --to megatron-lm --model "$1" --system dgx-h100 $rest
    harmless export
    bash -n "$work/out" 2>"$work/err" || fail "export: not a script"
    review "$1"
    expect 0 show model "$1"
    harmless show
    cd /
}

# shellcheck disable=SC2016 # names, not commands
{
    hostile "$work/\$(touch x).json"
    hostile "$work/\`touch y\`.json"
    hostile "$work/\"; system(\"touch z\") #.json"
    hostile "$work/'; touch w; '.json"
    hostile "$work/$(printf 'a\033[31mred\007\nline').json"
    hostile "$work/<script>alert(1)<.json"
}

# A gpu of that name, in JSON's own escapes.
"$program" show gpu h100-sxm --json -o "$work/gpu.json" 2>"$work/err" </dev/null || fail "show gpu --json"
# shellcheck disable=SC2016 # a name, not a command
sed 's/"name": "h100-sxm"/"name": "$(touch x)\\u001b[2J\\u0007\\"; system(\\"touch y\\")"/' "$work/gpu.json" >"$work/evil.json"
cd "$work/here"
for form in "" --json --csv; do
    # shellcheck disable=SC2086 # several words
    expect 0 estimate --model llama3-8b --gpu "$work/evil.json" --gpus-per-node 8 $rest $form
    harmless "a gpu's name $form"
done
cd /

# ---- written whole or not at all ----

# shellcheck disable=SC2086 # several words
{
    expect 4 estimate --model llama3-8b --system dgx-h100 $rest -o /dev/full
    says "No space left"
    "$program" estimate --model llama3-8b --system dgx-h100 $rest --json -o "$work/answer.json"
    cp "$work/answer.json" "$work/before.json"
}

# full STATUS: standard output is a full disk.
code=0
"$program" list models >/dev/full 2>"$work/err" || code=$?
[ "$code" -eq 4 ] || fail "a full disk: exit $code, expected 4"

# A disk with room for a page: the file that was there stays.
mkdir "$work/small"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=8k,mode=777 none "$work/small" 2>"$work/err"; then
    echo old >"$work/small/answer.json"
    head -c 4096 /dev/zero >"$work/small/fill"
    # shellcheck disable=SC2086 # several words
    expect 4 search --model llama3-8b --system dgx-h100 $rest --json -o "$work/small/answer.json"
    says "No space left"
    [ "$(cat "$work/small/answer.json")" = old ] || fail "a full disk damaged the file that was there"
    [ "$(find "$work/small" -type f | wc -l)" -eq 2 ] || fail "a full disk: a temporary file is left"
    umount "$work/small"
fi

# A folder that cannot be written (root writes everywhere but here).
# shellcheck disable=SC2086 # several words
expect 4 estimate --model llama3-8b --system dgx-h100 $rest -o /proc/answer.json
says "cannot"

# A reader that goes away ends the program as it ends others: by SIGPIPE (141 in a shell) and without a
# word; where that signal is ignored, with 4.
left() {
    sleep 0.5
    code=0
    "$program" list models --json 2>>"$work/left" || code=$?
    echo "$code" >"$work/code"
}
: >"$work/left"
left | :
[ "$(cat "$work/code")" -eq 141 ] || fail "a closed pipe: exit $(cat "$work/code")"
(
    trap '' PIPE
    left | :
)
[ "$(cat "$work/code")" -eq 4 ] || fail "a closed pipe, SIGPIPE ignored: exit $(cat "$work/code")"
[ ! -s "$work/left" ] || fail "a closed pipe: $(cat "$work/left")"

# An interrupt in the middle of a search: it ends by the signal (130 in a shell), the file that was there
# stays, nothing is left beside it.
for signal in INT TERM HUP; do
    code=0
    timeout --preserve-status -s $signal 0.3 \
        "$program" search --model deepseek-v3 --system gb200-nvl72 --gpus 9216 --seq-length 8192 \
        --global-batch 18432 --no-prune --threads 2 --json -o "$work/answer.json" >"$work/out" 2>&1 || code=$?
    case $code in
    129 | 130 | 143)
        cmp -s "$work/answer.json" "$work/before.json" || fail "interrupted by $signal: the file changed"
        [ ! -s "$work/out" ] || fail "interrupted by $signal: something was printed"
        ;;
    0 | 1) # faster than the signal: then the file is a whole one
        expect 0 search --scenario "$work/answer.json" --top 1 --tp 8 --json
        cp "$work/before.json" "$work/answer.json"
        ;;
    *) fail "interrupted by $signal: exit $code" ;;
    esac
done
[ -z "$(find "$work" -name '*.tmp*')" ] || fail "an interrupt left a temporary file"

# ---- input that is too much ----

# bad FILE MESSAGE: a model file that is refused, and soon.
bad() {
    code=0
    # shellcheck disable=SC2086 # several words
    timeout 300 "$program" estimate --model "$1" --system dgx-h100 $rest >"$work/out" 2>"$work/err" </dev/null || code=$?
    [ "$code" -eq 3 ] || fail "$1: exit $code, expected 3"
    says "$2"
    silent
}
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "[" }' >"$work/deep.json"
bad "$work/deep.json" "64"
awk 'BEGIN { printf "{"; for (i = 0; i < 50000; i++) printf "\"k%d\": 0, ", i; print "\"z\": 0}" }' >"$work/keys.json"
bad "$work/keys.json" "keys.json"
awk 'BEGIN { printf "{"; for (i = 0; i < 50000; i++) printf "\"k\": 0, "; print "\"z\": 0}" }' >"$work/twice.json"
bad "$work/twice.json" "twice.json:1:"
truncate -s 270M "$work/large.json"
bad "$work/large.json" "large.json"
rm "$work/large.json"
awk 'BEGIN { printf "{\"hidden_size\": 1"; for (i = 0; i < 100000; i++) printf "0"; print "}" }' >"$work/digits.json"
bad "$work/digits.json" "digits.json:1:"

# ---- paths inside files ----

# A measured case, a system and a stack of somebody else lead to no other file.
echo secret >"$work/secret.json"
up=../../../../../../..$work
for part in "\"model\": \"$work/secret.json\", \"system\": {\"gpu\": \"h100-sxm\", \"gpus\": 8}" \
    "\"model\": \"llama3-8b\", \"system\": {\"gpu\": \"$up/secret.json\", \"gpus\": 8}" \
    "\"model\": \"llama3-8b\", \"system\": {\"name\": \"$work/secret.json\", \"gpus\": 8}"; do
    echo "[{\"id\": \"a\", $part, \"job\": {\"seq_length\": 2048, \"global_batch\": 8}, \"strategy\": {\"tp\": 8}}]" >"$work/cases.json"
    expect 1 validate "$work/cases.json" --json
    prints "is a path"
    if grep -q "got 's'" "$work/out" "$work/err"; then
        fail "what a path inside a file leads to was shown"
    fi
done
cat >"$work/system.json" <<END
{"name": "mine", "gpu": "$work/secret.json", "gpus_per_node": {"value": 8, "source": "assumed: one"},
 "tiers": [{"bandwidth": {"value": "450 GB/s", "source": "assumed: one"}}]}
END
printf '{"name": "mine", "parent": "%s/secret.json"}' "$work" >"$work/stack.json"
# shellcheck disable=SC2086 # several words
{
    expect 3 estimate --model llama3-8b --system "$work/system.json" $rest
    says "is a path"
    expect 3 estimate --model llama3-8b --system dgx-h100 --stack "$work/stack.json" $rest
    says "is a path"
}

# ---- numbers that no cluster has ----

for gpus in 1e18 4294967296 1e9 10000001 0 -1 1.5 nan inf; do
    code=0
    "$program" estimate --model llama3-8b --system dgx-h100 --gpus "$gpus" --seq-length 2048 \
        --global-batch 8 >"$work/out" 2>"$work/err" </dev/null || code=$?
    case $code in
    1 | 2 | 3) ;;
    *) fail "--gpus $gpus: exit $code" ;;
    esac
done
expect 3 estimate --model llama3-8b --system dgx-h100 --gpus 10000001 --seq-length 2048 --global-batch 8
says "at most 10000000"
for tokens in 1e18 1e300 0 nan; do
    # shellcheck disable=SC2086 # several words
    expect 2 estimate --model llama3-8b --system dgx-h100 --gpus 8 --seq-length $tokens --global-batch 8
done
for form in --json --csv ""; do
    code=0
    # shellcheck disable=SC2086 # several words
    "$program" search --model llama3-405b --system dgx-h100 --gpus 1000000 --seq-length 8192 \
        --global-batch 1000000 --pp 8 --tp 8 --micro-batch 1 $form >"$work/out" 2>"$work/err" || code=$?
    [ "$code" -le 1 ] || fail "a million GPUs: exit $code"
    if grep -qiwE 'nan|-?inf(inity)?' "$work/out"; then
        fail "a million GPUs: a number that is none"
    fi
done

# what lies outside the calibrated range is marked, and refused with --strict
far="--model llama3-8b --system dgx-h100 --gpus 8 --seq-length 1048576 --global-batch 8 --cp 8 --recompute full"
# shellcheck disable=SC2086 # several words
{
    "$program" estimate $far --json >"$work/out" 2>"$work/err" || true
    if grep -A 1 '"extrapolated"' "$work/out" | grep -q '\[\]'; then
        fail "sequences of a million tokens are not marked as extrapolated"
    fi
    expect 1 estimate $far --strict
}
finish
