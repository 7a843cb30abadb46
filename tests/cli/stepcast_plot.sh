#!/bin/sh
# Figures by the real program: every kind draws, nothing that a name holds is a command, and without
# gnuplot the numbers and the script still come.
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

scenario="--model llama3-8b --system dgx-h100 --gpus 16 --seq-length 4096 --global-batch 32 --vpp 1 --micro-batch 1,2"
gnuplot=$(command -v gnuplot || true)

# draws KIND ARGUMENTS...: the figure is an SVG with data, and two runs give the same bytes.
draws() {
    kind=$1
    shift
    expect 0 plot "$kind" "$@" -o "$work/$kind.svg" --data "$work/$kind.csv" --script "$work/$kind.gp"
    silent
    [ ! -s "$work/err" ] || fail "plot $kind talks: $(head -n 3 "$work/err")"
    grep -q '^<svg' "$work/$kind.svg" || fail "plot $kind: no SVG"
    # of 960 by 540 points; letters reach 4 below their line
    outside=$(grep -o 'translate([-0-9.]*,[-0-9.]*)' "$work/$kind.svg" | tr '(,)' '   ' |
        awk '$2 < 0 || $2 > 960 || $3 < 0 || $3 > 536' | head -n 1)
    [ -z "$outside" ] || fail "plot $kind: words outside the page, $outside"
    [ "$(wc -l <"$work/$kind.csv")" -gt 1 ] || fail "plot $kind: no data"
    cp "$work/$kind.svg" "$work/first.svg"
    expect 0 plot "$kind" "$@" -o "$work/$kind.svg"
    cmp -s "$work/first.svg" "$work/$kind.svg" || fail "plot $kind: two runs, two pictures"
    "$gnuplot" --default-settings "$work/$kind.gp" >"$work/again.svg" 2>/dev/null
    cmp -s "$work/first.svg" "$work/again.svg" || fail "plot $kind: the script draws another picture"
}

# shellcheck disable=SC2086 # several words
if [ -n "$gnuplot" ]; then
    for kind in breakdown memory roofline scaling pareto heatmap timeline tornado; do
        draws "$kind" $scenario
    done
    draws timeline $scenario --global-batch 512 --pp 4 --tp 1 # in two panels
    draws sweep $scenario --vary gpu.memory=40GiB:120GiB:+40GiB
    draws sweep $scenario --vary gpu.peak=1x,2x --vary system.tier.scale_up.bandwidth=0.5x,1x
    "$program" sweep $scenario --vary gpu.peak=1x,2x --vary system.tier.scale_up.bandwidth=0.5x,1x --csv >"$work/table.csv"
    cmp -s "$work/table.csv" "$work/sweep.csv" || fail "plot sweep draws other numbers than sweep prints"
    draws heatmap $scenario --x micro_batch --y zero
    head -n 1 "$work/heatmap.csv" | grep -q '^micro_batch,zero,' || fail "--x and --y are not the heat map's"

    # options change what is drawn
    expect 0 plot breakdown $scenario --top 2 -o "$work/two.svg" --data "$work/two.csv"
    [ "$(wc -l <"$work/two.csv")" -lt "$(wc -l <"$work/breakdown.csv")" ] || fail "--top 2 draws as many"
    expect 0 plot breakdown $scenario --top 12 -o "$work/twelve.svg" --data "$work/twelve.csv"
    [ "$(wc -l <"$work/twelve.csv")" -eq 13 ] || fail "--top 12: other numbers than twelve"
    grep -qF "the 8 fastest strategies" "$work/twelve.svg" || fail "eight bars of twelve, and no word of it"
    for option in "--precision fp8" "--seq-length 8192" "--stack untuned" "--gpu b200-sxm" "--tp 2" "--zero 3"; do
        expect 0 plot breakdown $scenario $option -o "$work/changed.svg" --data "$work/changed.csv"
        ! cmp -s "$work/breakdown.csv" "$work/changed.csv" || fail "plot breakdown $option changes nothing"
    done
    draws timeline $scenario --pp 2
    draws memory $scenario --pp 2

    # a strategy on more GPUs is the same strategy; names are points of their own
    for input in gpus=8:16:x2 system=dgx-h100,dgx-h200; do
        expect 0 plot sweep $scenario --tp 1 --pp 1 --cp 1 --zero 1 --micro-batch 1 --recompute none --vary "$input" \
            -o "$work/sweep.svg" --script "$work/sweep.gnuplot"
        [ "$(grep -cE '^[01] [0-9.]+ [0-9.]+ 0$' "$work/sweep.gnuplot")" -eq 2 ] ||
            fail "--vary $input: another strategy where none is"
    done
    grep -qF 'with points lw' "$work/sweep.gnuplot" || fail "a line between two systems"
    {
        echo "dtype,m,n,k,time_us"
        echo "bf16,4096,4096,4096,230"
        echo "bf16,8192,8192,1024,220"
    } >"$work/gemm-samples.csv"
    draws gemm --gpu h100-sxm "$work/gemm-samples.csv"
    {
        echo "op,dtype,ranks,bytes,time_us"
        for size in 1024 1048576 67108864 1073741824; do
            echo "all_reduce,bf16,8,$size,$((20 + size / 250000))"
            echo "all_gather,bf16,4,$size,$((12 + size / 350000))"
        done
    } >"$work/collective-samples.csv"
    draws collective --gpu h100-sxm "$work/collective-samples.csv"
    draws validation
    for ending in png pdf; do
        expect 0 plot breakdown $scenario -o "$work/figure.$ending"
        [ -s "$work/figure.$ending" ] || fail "no $ending"
    done
    expect 0 plot breakdown $scenario
    prints "<svg"

    # a model's name is text, whatever it says
    mkdir -p "$work/own/models"
    # shellcheck disable=SC2016 # nobody is to expand it
    evil='"; system("touch x1") `touch x2` $(touch x3) '"'"'.system("touch x4").'"'"' <b>&amp;'
    "$program" show model llama3-8b --json |
        awk '/^  "model": \{/ { print "{"; copy = 1; next } /^  \}/ { copy = 0 } copy { print } END { print "}" }' |
        EVIL=$evil awk '/"name": "/ { e = ENVIRON["EVIL"]; gsub(/"/, "\\\"", e); print "  \"name\": \"" e "\","; next } { print }' \
            >"$work/own/evil.json"
    (
        cd "$work/own"
        "$program" plot breakdown $scenario --model ./evil.json -o evil.svg --script evil.gp
    ) || fail "a model with an evil name is not drawn"
    [ "$(ls "$work/own")" = "$(printf 'evil.gp\nevil.json\nevil.svg\nmodels')" ] ||
        fail "a name was run as a command: $(ls "$work/own")"
    grep -qF 'system("touch x1") `touch x2` $(touch x3)' "$work/own/evil.svg" ||
        fail "the evil name is not in the picture"
    ! grep -qF '<b>' "$work/own/evil.svg" || fail "the evil name is markup"
fi

# without gnuplot
# shellcheck disable=SC2086,SC2123 # several words; gnuplot is looked for there
(
    PATH=/nonexistent
    export PATH
    code=0
    "$program" plot breakdown $scenario -o "$work/none.svg" 2>"$work/err" || code=$?
    [ "$code" -eq 4 ]
) || fail "without gnuplot: expected exit 4"
says "gnuplot is not installed"
[ ! -e "$work/none.svg" ] && [ -s "$work/none.csv" ] && [ -s "$work/none.gp" ] ||
    fail "without gnuplot: no data or no script"

# shellcheck disable=SC2086 # several words
{
    expect 2 plot
    says "which plot?"
    expect 2 plot breakdwn $scenario
    says "did you mean stepcast plot breakdown?"
    expect 2 plot breakdown $scenario -o x.jpg
    says ".svg, .png or .pdf"
    expect 2 plot breakdown file.csv $scenario
    expect 1 plot breakdown $scenario --tp 3
    expect 2 plot sweep $scenario
    says "--vary is missing"
    expect 2 plot memory $scenario --vary gpus=8
    expect 1 plot sweep $scenario --vary gpu.memory=1GiB
    expect 2 plot heatmap $scenario --x tq
    says "no dimension"
    expect 2 plot heatmap $scenario --x tp --y tp
    expect 2 plot gemm --gpu h100-sxm
    expect 2 plot collective "$work/collective-samples.csv"
    expect 4 plot gemm --gpu h100-sxm "$work/missing.csv"
}
finish
