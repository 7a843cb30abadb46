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

# cross-validation
expect 0 validate "$work/cases.json" --folds 2
expect 2 validate "$work/cases.json" --folds 1
expect 2 validate "$work/cases.json" --folds 2 --stack default

# each stack left out: its runs are predicted by the default one
expect 0 validate --leave-out stack --json
prints '"stack": "default"'
expect 2 validate "$work/cases.json" --leave-out run
expect 2 validate "$work/cases.json" --leave-out stack --folds 2
finish
