# shellcheck shell=sh disable=SC2154
# What the tests of the GPU suites share: a GPU that is none (tests/fake_cuda). Sourced with the fake's library
# in $fake and the program in $bench. Sets $folder, removed at the end.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset SLURM_PROCID SLURM_STEP_NUM_TASKS RANK WORLD_SIZE
PATH=$(cd "$(dirname "$0")/../fake_cuda" && pwd):$PATH # its python3
export PATH
mkdir "$folder/lib"
for library in $(ldd "$bench" | sed -n 's/^[^a-z]*\(lib\(cudart\|cublas\|cublasLt\|nccl\)\.[^ ]*\) .*/\1/p'); do
    ln -s "$fake" "$folder/lib/$library"
done
fail() {
    echo "FAIL: $*"
    exit 1
}
# on_gpu COMMAND...: on the GPU that is none.
on_gpu() {
    LD_PRELOAD=$fake LD_LIBRARY_PATH=$folder/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} "$@"
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
# expect TEXT FILE WHAT: $code is 4 and the file has the text.
expect() {
    if [ "$code" != 4 ] || ! grep -q "$1" "$2"; then
        fail "$3: exit status $code: $(cat "$2")"
    fi
}
