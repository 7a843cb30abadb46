# shellcheck shell=sh
# What the tests of the GPU suites share: a GPU that is none (tests/fake_cuda). Sourced with the fake's library
# in $fake and the program in $bench. Sets $folder, removed at the end.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset SLURM_PROCID SLURM_STEP_NUM_TASKS RANK WORLD_SIZE
PATH=$(cd "$(dirname "$0")/../fake_cuda" && pwd):$PATH # its python3
export PATH
fail() {
    echo "FAIL: $*"
    exit 1
}
# on_gpu COMMAND...: on the GPU that is none.
on_gpu() {
    LD_PRELOAD=$fake "$@"
}
# whole_rows FOLDER: every line of its samples ends, and has the header's cells.
whole_rows() {
    for file in "$1"/samples/*.csv; do
        [ -f "$file" ] || continue
        [ -z "$(tail -c 1 "$file")" ] || fail "$file: the last row is cut off"
        awk -F, '/^#/ { next } !n { n = NF } NF != n { bad = 1; print FILENAME ": " $0 } END { exit bad }' \
            "$file" || fail "$file: a row of other cells"
    done
}
