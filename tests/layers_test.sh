#!/bin/sh
# The layer test must be able to fail: each line below is a file, what it includes, and whether that is
# allowed.
set -eu
layers=$(cd "$(dirname "$0")" && pwd)/layers.sh
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
failed=0

# expect PASS|FAIL FILE 'TEXT': a tree of this one file passes or fails.
expect() {
    rm -rf "${root:?}"/*
    mkdir -p "$root/$(dirname "$2")"
    printf '%s\n' "$3" >"$root/$2"
    got=PASS
    sh "$layers" "$root" >"$root/out.txt" 2>&1 || got=FAIL
    if [ "$got" != "$1" ]; then
        echo "expected $1, got $got: $2: $3"
        cat "$root/out.txt"
        failed=1
    fi
}

expect PASS base/a.c '#include "base/a.h"'
expect PASS base/json_read.c '#include <cjson/cJSON.h>'
expect FAIL base/other.c '#include <cjson/cJSON.h>'
expect FAIL base/a.c '#include "hardware/gpu.h"'
expect FAIL base/a.c '#include "a.h"'
expect PASS hardware/a.c '#include "base/error.h"'
expect FAIL hardware/a.c '#include "model/model.h"'
expect FAIL model/a.c '#  include "hardware/gpu.h"'
expect PASS model/a.c '/* no #include "hardware/gpu.h" */'
expect PASS parallelism/frameworks/a.c '#include "model/model.h"'
expect FAIL parallelism/frameworks/a.c '#include "calibrate/sample.h"'
expect PASS parallelism/search/a.c '#include "parallelism/step.h"'
expect FAIL parallelism/a.c '#include "parallelism/search/search.h"'
expect FAIL parallelism/pipeline/a.c '#include "parallelism/step.h"'
expect PASS calibrate/a.c '#include "parallelism/search/search.h"'
expect FAIL calibrate/a.c '#include "calibrate/fit/fit.h"'
expect FAIL calibrate/a.c '#include "reports/table.h"'
expect FAIL calibrate/a.c '#include <gsl/gsl_fit.h>'
expect PASS calibrate/fit/a.c '#include <gsl/gsl_fit.h>'
expect PASS calibrate/fit/a.c '#include "calibrate/sample.h"'
expect PASS calibrate/bench/a.c '#include "base/op.h"'
expect PASS calibrate/bench/a.cu '#include <cuda_runtime.h>'
expect FAIL calibrate/bench/a.c '#include "hardware/gpu.h"'
expect FAIL hardware/a.c '#include <nccl.h>'
expect PASS reports/a.c '#include "calibrate/sample.h"'
expect FAIL reports/a.c '#include "cli/main.h"'
expect FAIL reports/a.c '#include "calibrate/fit/fit.h"'
expect PASS cli/a.c '#include "calibrate/fit/fit.h"'
expect FAIL cli/a.c '#include "calibrate/bench/timer.h"'
expect FAIL parallelism/a.c '#include <mpi.h>'
expect PASS base/a.c "$(yes x | head -n 500)"
expect FAIL base/a.c "$(yes x | head -n 501)"
expect FAIL nowhere/a.c 'x'

exit "$failed"
