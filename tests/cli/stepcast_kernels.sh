#!/bin/sh
# Published timings of kernels (calibrate/KERNELS.md, "Public timings"): each file within a tenth, or a point, of the
# error at which it stands: stepcast_kernels.sh STEPCAST. Large ones are what the forms miss; that page says why.
set -u
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
folder=$(dirname "$0")/../../calibrate/published/kernels

# band FILE PERCENT: the mean absolute error of its rows at most, every row forecast.
band() {
    gpu=${1%%/*}
    expect 0 validate --gpu "$gpu" --max-error "$2 %" --json "$folder/$1.csv"
    ! grep -q '"skipped": "' "$work/out" || fail "$1: rows skipped"
    echo "$1" >>"$work/listed"
}

band a100-pcie-80gb/attention_cudnn 20
band a100-pcie-80gb/attention_flash2 7
band a100-pcie-80gb/gemm_mamf 5
band a100-sxm-80gb/gemm_azure 8
band a100-sxm-80gb/gemm_mamf 3
band a100-sxm-80gb/memory_babelstream 5
band b200-sxm/attention_cudnn 34
band b200-sxm/attention_flash2 83
band b200-sxm/gemm_mamf 14
band b200-sxm/gemm_torchao 17
band b200-sxm/memory_norm 27
band b300-sxm/gemm_mamf 7
band gaudi2/gemm_mamf 12
band gaudi3/gemm_mamf 14
band gb200/attention_cudnn 7
band gb200/attention_cudnn_fp8 8
band gb200/attention_flash4 11
band gb200/gemm_azure 43
band gb200/gemm_mamf 23
band gb300/attention_cudnn 10
band gb300/attention_flash4 13
band gb300/memory_norm 71
band gh200/gemm_mamf 4
band h100-pcie/gemm_torch 14
band h100-sxm/attention_flash3 18
band h100-sxm/gemm_azure 17
band h100-sxm/gemm_chillee 30
band h100-sxm/gemm_deepgemm 11
band h100-sxm/gemm_mamf 4
band h100-sxm/gemm_torch 15
band h100-sxm/memory_babelstream 6
band h20/attention_cudnn 18
band h20/attention_flash3 13
band h20/gemm_torch 8
band h200-sxm/attention_cudnn 10
band h200-sxm/attention_cudnn_fp8 8
band h200-sxm/attention_flash4 11
band h200-sxm/gemm_azure 18
band h200-sxm/gemm_mamf 4
band h200-sxm/grouped_tileops 8
band h200-sxm/memory_babelstream 3
band h800-sxm/gemm_deepgemm 24
band h800-sxm/gemm_deepgemm2 22
band h800-sxm/grouped_deepgemm 6
band h800-sxm/grouped_deepgemm2 15
band mi250x/gemm_mamf 2
band mi300x/gemm_mamf 22
band mi325x/gemm_mamf 20
band mi350x/gemm_torch 54
band mi355x/attention_aiter 30
band mi355x/gemm_mamf 14
band v100-sxm-16gb/gemm_torch 21

(cd "$folder" && find . -name '*.csv' | sed 's|^\./||; s|\.csv$||' | sort) >"$work/files"
sort "$work/listed" | diff - "$work/files" >"$work/differ" || fail "files without a band: $(cat "$work/differ")"

# The check can fail.
expect 1 validate --gpu h20 --max-error "3 %" "$folder/h20/gemm_torch.csv"
says "mean absolute error"

finish
