#!/bin/sh
# bring_up.sh [-o DIR] [PART]...: everything that one GPU can tell, by one command. Killed or out of time, the
# same command goes on where it stopped.
#
#   check     what the machine is; our kernels and the products against a host reference, under compute-sanitizer
#             where it runs
#   measure   the suites of stepcast-bench, in less than ten minutes; a profile fitted to them; each figure against
#             the datasheet, and how well the catalog's profile had predicted what was measured
#   steps     real training steps in PyTorch (torch_steps.py), in less than eight minutes
#   report    the steps as both profiles forecast them, and what to keep
#
# Without PART: all of them. bring_up.sh --bundle DIR instead gathers the programs with the libraries that a GPU
# machine may lack, to be carried there: DIR/bring_up.sh -o RESULTS runs them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

usage() {
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p;}' "$0"
}
die() {
    echo "bring_up.sh: $*" >&2
    exit 4
}
# find NAME PATH...: the first of the paths that can be run, else what PATH has.
find_program() {
    for path in "$2" "$here/$1" "$here/../../build/$1" "$here/../../build/calibrate/bench/$1"; do
        [ ! -x "$path" ] || [ -d "$path" ] || { (cd "$(dirname "$path")" && echo "$PWD/$1") && return; }
    done
    command -v "$1" || die "$1 is neither built nor in PATH; cmake --preset release; cmake --build --preset release"
}
find_programs() {
    stepcast=$(find_program stepcast "${STEPCAST:-}")
    STEPCAST_BENCH=$(find_program stepcast-bench "${STEPCAST_BENCH:-}")
    export STEPCAST_BENCH
}

# What the programs need, without what belongs to the system, to the driver and to CUDA.
bundle() {
    find_programs
    mkdir -p "$1/lib"
    cp "$stepcast" "$STEPCAST_BENCH" "$here/bring_up.sh" "$here/torch_ops.py" "$here/torch_steps.py" "$1"
    for program in "$stepcast" "$STEPCAST_BENCH"; do
        ldd "$program" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p'
    done | sort -u | grep -v '/\(libc\|libm\|libdl\|librt\|libpthread\|libgcc_s\|libstdc++\|libcu[A-Za-z]*\|libnv[A-Za-z-]*\|libnccl\)\.so' |
        while read -r library; do
            cp -L "$library" "$1/lib"
        done
    echo "$(du -sh "$1" | cut -f 1) in $1: $1/bring_up.sh -o RESULTS, where the GPU is"
}

# The libraries that we carry; then, if any is missing, those of PyTorch's packages, which PyTorch will want to be
# the first, and of a toolkit.
find_libraries() {
    [ ! -d "$here/lib" ] || add_libraries "$here/lib"
    ldd "$STEPCAST_BENCH" | grep -q 'not found' || return 0
    packages=$(python3 -c 'import os, nvidia; print(list(nvidia.__path__)[0])' 2>/dev/null || true)
    for path in "$packages"/*/lib /usr/local/cuda/lib64 /usr/local/cuda/lib; do
        [ ! -d "$path" ] || add_libraries "$path"
    done
    missing=$(ldd "$STEPCAST_BENCH" | sed -n 's/^[^a-z]*\([^ ]*\) => not found/\1/p' | tr '\n' ' ')
    [ -z "$missing" ] || die "stepcast-bench finds no $missing: name their folder in LD_LIBRARY_PATH"
}
add_libraries() {
    LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$1
    export LD_LIBRARY_PATH
}

check() {
    nvidia-smi -q >"$folder/nvidia-smi.txt" 2>&1 || echo "no nvidia-smi: clocks and limits are not kept"
    "$STEPCAST_BENCH" --device cuda --suites selftest
    if ! command -v compute-sanitizer >/dev/null; then
        echo "no compute-sanitizer: the kernels are checked by the host reference alone"
        return
    fi
    sanitize memcheck
    sanitize racecheck --kernel-name kns=cuda_kernels # ours alone: cuBLAS's take too long
}
# What a sanitizer says of the selftest. Where it cannot run that is told, and the rest goes on.
sanitize() {
    log=$folder/sanitizer_$1.txt code=0
    timeout 240 compute-sanitizer --tool "$@" --error-exitcode 9 "$STEPCAST_BENCH" --device cuda \
        --suites selftest --timeout 200 >"$log" 2>&1 || code=$?
    case $code in
    0) echo "compute-sanitizer, $1: $(grep -o '[A-Z]* SUMMARY.*' "$log" | tail -n 1)" ;;
    9) die "compute-sanitizer, $1, found errors: see $log" ;;
    *) echo "compute-sanitizer, $1, did not run here (exit status $code): $(grep -m 1 -i 'support\|fail\|error' "$log")" ;;
    esac
}

measure() {
    "$stepcast" calibrate run --device cuda -o "$folder" >"$folder/review.txt"
    cat "$folder/review.txt"
}

steps() {
    python3 "$here/torch_steps.py" --output "$folder/steps.json" --seconds 420 ||
        echo "training steps were not measured, or not all: see above"
}

# gpu_name: the catalog's name of the part, as the profile has it.
gpu_name() {
    sed -n 's/^ *"name": "\([^"]*\)".*/\1/p' "$folder/profile.json" | head -n 1
}

report() {
    [ -f "$folder/profile.json" ] || die "no profile in $folder: the part measure makes it"
    gpu=$(gpu_name)
    mkdir -p "$folder/catalog/gpus"
    cp "$folder/profile.json" "$folder/catalog/gpus/$gpu.json"
    if [ -f "$folder/steps.json" ]; then
        "$stepcast" validate "$folder/steps.json" --csv -o "$folder/steps_catalog.csv"
        "$stepcast" validate "$folder/steps.json" --catalog "$folder/catalog" --csv -o "$folder/steps_measured.csv"
        compare_steps
    fi
    echo "
Keep: $folder/profile.json as hardware/catalog/gpus/$gpu.json
      $folder/steps.json in calibrate/published
      $folder/review.txt and the table above in calibrate/README.md"
}

# A line a case, and the mean: measured, and both profiles' errors.
compare_steps() {
    awk -F, '
        function column(name,   i) { for (i = 1; i <= NF; i++) if ($i == name) return i; return 0 }
        FNR == 1 { id = column("id"); p = column("predicted_step_time_s"); m = column("measured_step_time_s")
                   e = column("error_frac"); files++; next }
        files == 1 { catalog[$id] = $e; next }
        $e == "" { print $id ": not forecast"; next }
        !n { printf "%-58s %10s %10s %10s %10s\n", "training step", "measured", "forecast", "error", "by catalog" }
        { printf "%-58s %7.1f ms %7.1f ms %+8.1f %% %+8.1f %%\n", $id, 1e3 * $m, 1e3 * $p, 100 * $e, 100 * catalog[$id]
          n++; sum += $e < 0 ? -$e : $e; before += catalog[$id] < 0 ? -catalog[$id] : catalog[$id] }
        END { if (n) printf "%-58s %10s %10s %8.1f %% %8.1f %%\n", n " steps, mean |error|", "", "", 100 * sum / n, 100 * before / n }
    ' "$folder/steps_catalog.csv" "$folder/steps_measured.csv" | tee "$folder/steps.txt"
}

folder=measured parts=''
while [ $# -gt 0 ]; do
    case $1 in
    -o) folder=${2:?"-o needs a folder"}; shift ;;
    --bundle) bundle "${2:?"--bundle needs a folder"}"; exit ;;
    check | measure | steps | report) parts="$parts $1" ;;
    -h | --help) usage; exit ;;
    *) usage >&2; exit 2 ;;
    esac
    shift
done
find_programs
find_libraries
mkdir -p "$folder"
for part in ${parts:-check measure steps report}; do
    echo "== $part, $(date -u +%H:%M:%S)"
    $part
done
