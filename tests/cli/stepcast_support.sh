#!/bin/sh
# support: what the constants of machines rest on, and its exit codes.
set -eu
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

expect 0 support
expect 0 support --csv
sed 's/,.*//' "$work/out" | sed 1d | sort -u >"$work/machines"
for kind in gpus systems; do
    "$program" list $kind --quiet
done | sort >"$work/all"
cmp -s "$work/machines" "$work/all" || fail "not every gpu and system has a row"

expect 0 support --gpu h100-sxm --precision fp8
prints "h100-sxm fp8: yes"
prints measured
expect 1 support --gpu h100-sxm --precision nvfp4
says "does not compute in that datatype"
expect 1 support --gpu h200-sxm
prints transferred
says "no constant of it is measured"
expect 0 support --system dgx-a100 --json
prints '"calibrated": "yes"'
prints '"scale_out"'

# what this machine's owner measured counts
"$program" show gpu h200-sxm --json | sed 's/"name": "h200-sxm"/"name": "ours"/' >"$work/ours.json"
sed -i 's/"transferred: h100-sxm:/"measured:/; s/"kind": "transferred"/"kind": "measured"/' "$work/ours.json"
expect 0 support --gpu "$work/ours.json" --precision bf16
prints "ours bf16: yes"

expect 2 support --precision pf8
says "did you mean fp8?"
expect 2 support h100-sxm
says "--gpu h100-sxm"
expect 3 support --gpu h100-smx
says "did you mean \"h100-sxm\"?"
finish
