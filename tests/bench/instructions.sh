#!/bin/sh
# Instructions of one evaluation, layer costs cached: two runs under callgrind, their difference.
# usage: tests/bench/instructions.sh build-dev/tests/bench_evaluation
set -eu
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" evaluate "$2" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}
few=$(count "$1" 1000)
many=$(count "$1" 11000)
echo "instructions of one evaluation: $(((many - few) / 10000))"
