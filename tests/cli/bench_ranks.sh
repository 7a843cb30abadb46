#!/bin/sh
# bench_ranks.sh STEPCAST_BENCH: several ranks, as launchers start them: torchrun's variables, mpirun; ranks
# that do not come or differ. Exit 77: skipped (built without OpenBLAS).
set -eu
bench=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() {
    echo "FAIL: $*"
    cat "$folder"/log* 2>/dev/null
    exit 1
}
# expect STATUS TEXT FILE WHAT: $status and a text that the file must hold.
expect() {
    if [ "$status" != "$1" ] || ! grep -q "$2" "$3"; then
        fail "$4: exit status $status, expected $1 and \"$2\""
    fi
}
# An MPI library keeps memory until the end.
export ASAN_OPTIONS=detect_leaks=0
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
unset SLURM_PROCID SLURM_STEP_NUM_TASKS

if ! "$bench" --device cpu --suites collective >/dev/null 2>"$folder/log"; then
    grep -q 'install libopenblas-dev' "$folder/log" || fail "one process"
    echo "skipped: built without OpenBLAS (libopenblas-dev)"
    exit 77
fi
grep -q 'left out' "$folder/log" || fail "one rank measured a collective"

# rank NUMBER SIZE OPTION...: one rank of torchrun's kind.
rank() {
    RANK=$1 WORLD_SIZE=$2 LOCAL_RANK=$1 MASTER_ADDR=127.0.0.1 MASTER_PORT=$port
    export RANK WORLD_SIZE LOCAL_RANK MASTER_ADDR MASTER_PORT
    shift 2
    exec "$bench" --device cpu --suites collective "$@"
}
port=$((20000 + $$ % 20000))
(rank 1 2) 2>"$folder/log1" &
first=$!
(rank 0 2) 2>"$folder/log0" || fail "rank 0"
wait $first || fail "rank 1"

# A rank that never comes.
port=$((port + 2))
status=0
(rank 0 2 --timeout 1) 2>"$folder/log" || status=$?
expect 4 '1 of 2 ranks did not come within 1 s' "$folder/log" 'a rank that never came'
status=0
(rank 1 2 --timeout 1) 2>"$folder/log" || status=$?
expect 4 'rank 1 cannot reach rank 0 at 127.0.0.1' "$folder/log" 'rank 0 never came'

# A rank that measures something else (here: with another number of threads).
port=$((port + 2))
if [ "$(getconf _NPROCESSORS_ONLN)" -gt 1 ]; then
    (rank 1 2 --threads 1) 2>"$folder/log1" &
    first=$!
    status=0
    (rank 0 2) 2>"$folder/log0" || status=$?
    wait $first || true
    expect 4 'processor differs: rank 0 on ' "$folder/log0" 'ranks that differ'
fi

# Two ranks of mpirun measure collectives.
if ! command -v mpirun >/dev/null || ! ldd "$bench" | grep -q libmpi; then
    echo "without MPI: mpirun not tested"
    exit 0
fi
mpirun -np 2 --oversubscribe "$bench" --device cpu --suites collective --seconds 12 \
    -o "$folder" >"$folder/log" 2>&1 || fail "mpirun"
rows=$(grep -c ',fp32,2,2,' "$folder/samples/collective.csv")
[ "$rows" -ge 10 ] || fail "$rows rows of collectives"
awk -F, '/,fp32,2,2,/ && !($6 > 0 && $8 >= 3 && $5 / $6 < 1e6) { print; bad = 1 }
         END { exit bad }' "$folder/samples/collective.csv" || fail "impossible rows"

# A rank that hangs inside a collective is reported by the other, not waited for.
# shellcheck disable=SC2016 # the rank's own shell expands them
mpirun -np 2 --oversubscribe sh -c 'echo $$ >"$0/pid.$OMPI_COMM_WORLD_RANK"; exec "$@"' "$folder" \
    "$bench" --device cpu --suites collective --seconds 30 --timeout 2 -o "$folder/hang" \
    >"$folder/log" 2>&1 &
launcher=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ ! -s "$folder/hang/samples/collective.csv" ] || break
    sleep 0.5
done
sleep 1
kill -STOP "$(cat "$folder/pid.1")"
status=0
wait $launcher || status=$?
kill -CONT "$(cat "$folder/pid.1")" 2>/dev/null || true
expect 4 'rank 0 of 2 on .* not finished after 2 s' "$folder/log" 'a rank that hangs'
echo "$rows rows"
