#!/bin/sh
# Benchmarks of the search: figures, instructions an evaluation (valgrind), time against the size of
# the space as CSV and, with gnuplot, as a picture.
#   tests/bench/search.sh BUILD_DIR [OUTPUT_DIR]
set -eu
bench=$1/tests/bench_search
out=${2:-.}
[ -x "$bench" ] || { echo "$bench is not built" >&2; exit 4; }
mkdir -p "$out"

"$bench"

if command -v valgrind > /dev/null; then
    scratch=$(mktemp)
    evaluated=$(valgrind --tool=callgrind --callgrind-out-file="$scratch" \
        --toggle-collect=search_run "$bench" unpruned 2> /dev/null)
    awk -v n="$evaluated" '/^(summary|totals):/ { ir = $2 }
        END { printf "instructions an evaluation               %.0f (%d evaluations)\n", ir / n, n }' \
        "$scratch"
    rm -f "$scratch"
fi

# The whole process, from its start: DeepSeek-V3 with all its answers.
start=$(date +%s%N)
"$1/stepcast" search --model deepseek-v3 --system dgx-h100 --gpus 2048 --seq-length 4096 \
    --global-batch 15360 --quiet > /dev/null
echo "stepcast search, DeepSeek-V3, cold        $((($(date +%s%N) - start) / 1000000)) ms"

"$bench" sizes | tee "$out/search_sizes.csv"
if command -v gnuplot > /dev/null; then
    gnuplot << PLOT
set terminal svg size 800,600 background "white"
set output "$out/search_sizes.svg"
set datafile separator ","
set logscale xy
set key top left
set xlabel "legal strategies in the space"
set ylabel "CPU time of one core (s)"
plot "$out/search_sizes.csv" skip 1 using 1:4 with linespoints title "every strategy evaluated", \
     "" skip 1 using 1:3 with linespoints title "branch and bound"
PLOT
    echo "$out/search_sizes.svg"
fi
