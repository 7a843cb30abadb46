#include "calibrate/bench/device.h"

/* Stands in for cuda_device.c where CUDA or NCCL was not found at build time. */
static enum status absent(const struct options *options, int *count, struct error *e)
{
    (void)options, (void)count;
    error_set(e, STATUS_IO, "--device cuda: this program was built without CUDA");
    error_set_hint(e, "install the CUDA toolkit (nvcc, cuBLAS) and NCCL, and build again");
    return e->status;
}

static enum status open_nothing(struct bench *bench, struct error *e)
{
    (void)bench;
    return error_set(e, STATUS_IO, "built without CUDA");
}

static void close_nothing(struct bench *bench)
{
    (void)bench;
}

const struct device cuda_device = {
    .name = "cuda",
    .help = "NVIDIA GPUs",
    .processes = absent,
    .open = open_nothing,
    .close = close_nothing,
};
