#ifndef CALIBRATE_BENCH_CUDA_SUITES_H
#define CALIBRATE_BENCH_CUDA_SUITES_H
#include "calibrate/bench/cuda_gpu.h"

/* The suites of an NVIDIA GPU; README.md says what each identifies. */
enum status cuda_selftest_suite(struct bench *bench, struct error *e);
enum status cuda_launch_suite(struct bench *bench, struct error *e);
enum status cuda_memory_suite(struct bench *bench, struct error *e);
enum status cuda_gemm_suite(struct bench *bench, struct error *e);
enum status cuda_grouped_suite(struct bench *bench, struct error *e);
enum status cuda_attention_suite(struct bench *bench, struct error *e);
enum status cuda_host_suite(struct bench *bench, struct error *e);
enum status cuda_fleet_suite(struct bench *bench, struct error *e);
enum status cuda_collective_suite(struct bench *bench, struct error *e);
enum status cuda_overlap_suite(struct bench *bench, struct error *e);
enum status cuda_sustained_suite(struct bench *bench, struct error *e);

static inline struct cuda_gpu *cuda_gpu_of(struct bench *bench)
{
    return bench->state;
}

/* A device pointer to the fp32 number 1 (fp8 products need one); freed by cudaFree. */
enum status cuda_one(float **one, struct error *e);

#endif
