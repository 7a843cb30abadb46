#!/bin/sh
# Measures this machine (a GPU where there is one, else the processor, in about three minutes), fits a
# profile to it, and shows how well the profile forecasts what it was not fitted to. Killed and started
# again it goes on where it was.
#
# On a cluster, measure in a batch job with one rank a GPU, then fit:
#     srun --ntasks-per-node=8 --gpus-per-node=8 stepcast-bench --device cuda -o measured
#     stepcast calibrate run -o measured --no-measure
set -eu
cd "$(dirname "$0")/.."

folder=${1:-measured}
build/stepcast calibrate run -o "$folder"
build/stepcast show gpu "$folder/profile.json"
