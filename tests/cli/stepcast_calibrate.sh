#!/bin/sh
# calibrate: logs become samples, and a stack fitted to runs forecasts them better than its parent did.
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

# a log of nccl-tests, with a damaged row in a second file
{
    echo "# nThread 1 nGpus 1 minBytes 8 maxBytes 16 step: 2(factor) warmup iters: 5 iters: 20"
    echo "#       size         count      type   redop    root     time   algbw   busbw #wrong     time   algbw   busbw #wrong"
    echo "#        (B)    (elements)                               (us)  (GB/s)  (GB/s)            (us)  (GB/s)  (GB/s)"
    echo "     1048576        262144     float     sum      -1    25.00   41.94   73.40      0    24.00   43.69   76.46      0"
} >"$work/all_reduce_perf.log"
expect 0 calibrate import "$work/all_reduce_perf.log" --ranks 8
prints "op,dtype,ranks,bytes,time_us,ranks_per_node"
prints "all_reduce,float,8,1048576,25,"
echo "no row at all" >"$work/talk.log"
expect 3 calibrate import "$work/talk.log"
says "talk.log"
silent

# cases KIND: a cases file; runs that took 1.3 times what is forecast, as a fit must find out
cases() {
    echo "["
    separator=
    for batch in 16 32 64 128; do
        seconds=$1
        shift
        echo "$separator{\"id\": \"run-$batch\", \"model\": {\"num_hidden_layers\": 24, \"hidden_size\": 4096,
          \"num_attention_heads\": 32, \"intermediate_size\": 16384, \"gated_mlp\": false, \"vocab_size\": 50304},
          \"system\": {\"gpu\": \"a100-sxm-80gb\", \"gpus\": 8, \"gpus_per_node\": 8}, \"stack\": \"untuned\",
          \"job\": {\"seq_length\": 2048, \"global_batch\": $batch}, \"strategy\": {\"tp\": 8, \"micro_batch\": 4},
          \"measured\": {\"step_time_s\": $seconds}}"
        separator=,
    done
    echo "]"
}
cases 1 1 1 1 >"$work/cases.json"
expect 0 validate "$work/cases.json" --stack default --json
measured=$(sed -n 's/.*"predicted_step_time_s": \([0-9.e+-]*\),.*/\1/p' "$work/out" |
    awk '{ printf "%.9f ", 1.3 * $1 }')
# shellcheck disable=SC2086 # four numbers
cases $measured >"$work/cases.json"
expect 1 validate "$work/cases.json" --stack default --max-error "20 %"
expect 0 calibrate fit --stack default "$work/cases.json" -o "$work/stack.json"
says "4 runs"
expect 0 validate "$work/cases.json" --stack "$work/stack.json" --max-error "5 %"
expect 0 show stack "$work/stack.json"
# a stack whose file lets runs set nothing: its own name is a user's runs of it, a file below it is refused
expect 0 calibrate fit --stack internevo-2024 "$work/cases.json" -o "$work/own.json"
says "4 runs, 1 constant fitted"
grep -q '"site_spread": 0$' "$work/own.json" || fail "a user's own runs are of the user's clusters"
grep -q '"name": "internevo-2024-own"' "$work/own.json" || fail "a user's own stack has another name"
expect 3 calibrate fit --stack pytorch-fsdp-2023 "$work/cases.json" -o "$work/result"
says "got 0"
says "pytorch-fsdp-2023 has no tensor parallelism"
[ ! -e "$work/result" ] || fail "an output file was left behind"
echo '{"name": "ours", "parent": "internevo-2024"}' >"$work/ours.json"
expect 3 calibrate fit --stack "$work/ours.json" "$work/cases.json" -o "$work/result"
says "leaves its runs no constant to set"
[ ! -e "$work/result" ] || fail "an output file was left behind"
expect 0 calibrate fit --stack all "$work/cases.json"
prints '"stacks": {'

# refused: nothing to fit, no such stack, nothing said
echo '[{"id": "a"}]' >"$work/none.json"
expect 3 calibrate fit --stack default "$work/none.json" -o "$work/result"
says "needs at least 2 runs"
[ ! -e "$work/result" ] || fail "an output file was left behind"
expect 3 calibrate fit --stack no-such-stack "$work/cases.json"
expect 2 calibrate fit "$work/cases.json"
says "--stack NAME"

# network US GB/S: an all-reduce of 2 and of 4 nodes x 8, of so much latency and bus bandwidth
network() {
    echo "# source: made by a test"
    echo "op,dtype,ranks,bytes,time_us,ranks_per_node"
    awk -v latency="$1" -v bandwidth="$2" 'BEGIN {
        for (ranks = 16; ranks <= 32; ranks *= 2)
            for (bytes = 1024; bytes <= 8589934592; bytes *= 4)
                printf "all_reduce,float,%d,%d,%.9g,8\n", ranks, bytes,
                    latency + 2 * bytes * (ranks - 1) / ranks / bandwidth / 1e3 }'
}
network 60 300 >"$work/network.csv"
expect 0 calibrate fit "$work/network.csv" --system dgx-h100 -o "$work/cluster.json"
says "across domains: 24 rows"
says "all_reduce of 32 ranks, 8 a node"
expect 0 validate --system "$work/cluster.json" "$work/network.csv" --max-error "20 %"
expect 1 validate --system dgx-h100 "$work/network.csv" --max-error "20 %"
grep -q '"source": "made by a test"' "$work/cluster.json" || fail "the system does not name its source"
expect 0 show system "$work/cluster.json"
expect 0 calibrate show "$work/cluster.json" "$work/network.csv"
prints "collectives of tier scale_out (infiniband-ndr): measured, 24 rows, error of whole logs left out"
prints "a domain more"
prints "network.csv"
sed 's/"tiers"/"spare": 1, "tiers"/' "$work/cluster.json" >"$work/broken.json"
expect 3 calibrate show "$work/broken.json"
says 'unknown key "spare"'
expect 0 calibrate show dgx-h100
expect 0 calibrate show h100-sxm
prints "collectives: measured, 252 rows"
expect 3 calibrate show no-such-thing
expect 0 estimate --model llama3-8b --system "$work/cluster.json" --gpus 16 --seq-length 4096 --global-batch 16

# refused: one row, another unit, kernels, two things at once; no file is left behind
head -n 3 "$work/network.csv" >"$work/row.csv"
expect 3 calibrate fit "$work/row.csv" --system dgx-h100 -o "$work/none"
says "do not tell latency from bandwidth"
network 0.06 300000 >"$work/milliseconds.csv"
expect 3 calibrate fit "$work/milliseconds.csv" --system dgx-h100 -o "$work/none"
says "time_us is in microseconds"
sed 's/,16,\(.*\),8$/,8,\1,8/; /,32,/d' "$work/milliseconds.csv" >"$work/node.csv"
expect 3 calibrate fit "$work/node.csv" --gpu h100-sxm -o "$work/none"
says "time_us is in microseconds"
sed 's/,8$/,/' "$work/network.csv" >"$work/placeless.csv"
expect 3 calibrate fit "$work/placeless.csv" --system dgx-h100 -o "$work/none"
says "placeless.csv:3: 16 ranks on one node of 8 GPUs"
expect 0 calibrate fit "$work/placeless.csv" --gpu h100-sxm
says "of 32 ranks are taken as of one node, where h100-sxm has 8"
printf 'dtype,m,n,k,time_us\nbf16,512,512,512,9\n' >"$work/gemm.csv"
expect 3 calibrate fit "$work/gemm.csv" --system dgx-h100 -o "$work/none"
says "kernels belong to a GPU"
expect 2 calibrate fit "$work/network.csv" --system dgx-h100 --gpu h100-sxm -o "$work/none"
says "one is fitted at a time"
expect 2 calibrate fit "$work/network.csv" --stack default --gpu h100-sxm -o "$work/none"
expect 2 calibrate fit "$work/network.csv" --system dgx-h100 --into "$work/none"
expect 3 calibrate fit "$work/network.csv" --system no-such-system -o "$work/none"
[ ! -e "$work/none" ] || fail "an output file was left behind"

# measured runs and samples are not taken for each other
expect 3 calibrate fit "$work/cases.json" --gpu h100-sxm -o "$work/none"
says "expected samples as CSV, found JSON"
expect 3 calibrate fit "$work/network.csv" --stack nemo -o "$work/none"
says "samples (CSV) need --gpu or --system"
sed 's/^all_reduce,/,/' "$work/network.csv" >"$work/untold.csv"
expect 3 calibrate fit "$work/untold.csv" --system dgx-h100 -o "$work/none"
says "op: expected a name such as all_reduce, found an empty cell"

# constants of an older meaning are refused, and how to fit them anew is said
"$program" show gpu h100-sxm --json | grep -v '"format": 2,' >"$work/older.json"
expect 3 calibrate show "$work/older.json"
says 'calibration: expected "format": 2'
says "--gpu FILE --into FILE"

# cross-validation
expect 0 validate "$work/cases.json" --folds 2
expect 2 validate "$work/cases.json" --folds 1
expect 2 validate "$work/cases.json" --folds 2 --stack default

# each stack left out: the runs of the other tell that its runs take 1.3 times as long, too
sed -e '/run-16\|run-32/,/untuned/s/untuned/nemo/' -e 's/untuned/megatron-core/' "$work/cases.json" >"$work/stacks.json"
expect 0 validate "$work/stacks.json" --leave-out stack --max-error "6 %" --json
prints '"stack": "default"'
expect 0 validate "$work/stacks.json" --leave-out constants --max-error "6 %" --json
prints '"stack": "nemo"'
expect 2 validate "$work/cases.json" --leave-out run
expect 2 validate "$work/cases.json" --leave-out stack --folds 2
expect 2 validate "$work/cases.json" --leave-out model --stack default

# runs of one model: its other runs tell that they take 1.3 times as long, and nothing does when the model is left out
sed 's/"untuned"/"default"/' "$work/cases.json" >"$work/one_model.json"
expect 0 validate "$work/one_model.json" --folds 4 --max-error "12 %"
expect 1 validate "$work/one_model.json" --leave-out model --max-error "20 %"
says "is over 20.0 %"
finish
