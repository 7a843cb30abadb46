#!/bin/sh
# layers.sh [ROOT]: holds the direction of the layers, by the lines that include, and the size of the
# files. Prints every line that breaks a rule; exit 1 if there is one.
#
#     base <- hardware <- parallelism,  base <- model <- parallelism
#     hardware, model, parallelism <- calibrate <- reports <- cli
#     parallelism/pipeline <- parallelism <- parallelism/frameworks <- parallelism/search <-
#     parallelism/sweep;  parallelism/pipeline: includes base alone
#     reports <- reports/explain, reports/launch, reports/plot <- reports/review
#     calibrate/fit: included by itself and cli alone;  calibrate/bench: includes base alone
set -eu
cd "${1:-$(dirname "$0")/..}"

sources() {
    for folder in base hardware model parallelism calibrate reports cli tests examples; do
        [ ! -d "$folder" ] || find "$folder" -type f \( -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' \)
    done | sort
}

list=$(sources)
[ -n "$list" ] || { echo "no sources in $(pwd)"; exit 1; }

# shellcheck disable=SC2086 # our file names hold no blanks
awk '
BEGIN {
    allow["base"] = "base"
    allow["hardware"] = "base hardware"
    allow["model"] = "base model"
    allow["parallelism/pipeline"] = "base parallelism/pipeline"
    allow["parallelism"] = "base hardware model parallelism parallelism/pipeline"
    allow["parallelism/frameworks"] = allow["parallelism"] " parallelism/frameworks"
    allow["parallelism/search"] = allow["parallelism/frameworks"] " parallelism/search"
    allow["parallelism/sweep"] = allow["parallelism/search"] " parallelism/sweep"
    allow["calibrate"] = allow["parallelism/sweep"] " calibrate"
    allow["calibrate/fit"] = allow["calibrate"] " calibrate/fit"
    allow["calibrate/bench"] = "base calibrate/bench"
    allow["calibrate/runlog"] = allow["calibrate"] " calibrate/runlog"
    allow["reports"] = allow["calibrate/runlog"] " reports"
    allow["reports/explain"] = allow["reports"] " reports/explain"
    allow["reports/launch"] = allow["reports"] " reports/launch"
    allow["reports/plot"] = allow["reports"] " reports/plot"
    allow["reports/review"] = allow["reports/plot"] " reports/review"
    allow["cli"] = allow["reports/review"] " reports/explain reports/launch calibrate/fit cli"
    allow["tests"] = allow["cli"] " calibrate/bench tests"
    allow["examples"] = "cli"
    # libraries: the files or folders that may include them
    library["cjson/"] = "base/json_read.c"
    library["gsl/"] = "calibrate/fit/"
    library["cuda"] = library["cublas"] = library["cudnn"] = library["nccl"] = "calibrate/bench/"
    library["mpi"] = "calibrate/bench/ cli/"
}
function fail(message) {
    printf "%s:%d: %s\n", FILENAME, FNR, message
    failed = 1
}
function layer(path) {
    sub(/\/[^\/]*$/, "", path) # the file
    while (!(path in allow) && sub(/\/[^\/]*$/, "", path))
        ;
    return path
}
function starts_with_one_of(path, list,    words, n, i) {
    n = split(list, words, " ")
    for (i = 1; i <= n; i++)
        if (index(path, words[i]) == 1)
            return 1
    return 0
}
function check_ours(path,    from, to) {
    from = layer(FILENAME)
    to = layer(path)
    if (path !~ /\//)
        fail("include path is not rooted: \"" path "\"")
    else if (index(" " allow[from] " ", " " to " ") == 0)
        fail(from " must not include " to ": \"" path "\"")
}
function check_library(path,    name) {
    for (name in library)
        if (index(path, name) == 1 && FILENAME !~ /^tests\// &&
            !starts_with_one_of(FILENAME, library[name]))
            fail("<" path "> is for " library[name] " alone")
}
FNR == 501 { fail("the file has more than 500 lines") }
/^[ \t]*#[ \t]*include[ \t]*["<]/ {
    path = $0
    sub(/^[^"<]*["<]/, "", path)
    sub(/[">].*/, "", path)
    if ($0 ~ /include[ \t]*"/ && !starts_with_one_of(path, "cjson/ gsl/ cuda nccl cublas mpi.h"))
        check_ours(path)
    else
        check_library(path)
}
END { exit failed }
' $list
