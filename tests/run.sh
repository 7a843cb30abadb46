#!/bin/sh
# Installs what the tests need, builds them and runs them all. Arguments go to ctest (-R NAME ...).
set -eu
cd "$(dirname "$0")/.."

./cmake/install_packages.sh gcc libc6-dev cmake ninja-build libcjson-dev libgsl-dev gnuplot-nox \
    libcmocka-dev libopenblas-dev libopenmpi-dev openmpi-bin

# Measured data beside the repository, where there is any; the tests that need it are skipped otherwise.
if [ -z "${STEPCAST_SHARED:-}" ] && [ -d ../shared ]; then
    STEPCAST_SHARED=$(cd ../shared && pwd)
    export STEPCAST_SHARED
fi

jobs=$(getconf _NPROCESSORS_ONLN)
cmake --preset dev
cmake --build --preset dev --parallel "$jobs"
ctest --test-dir build-dev --output-on-failure --parallel "$jobs" "$@"
