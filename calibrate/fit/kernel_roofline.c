#include "calibrate/fit/kernel_roofline.h"
#include "calibrate/fit/kernel_problem.h"
#include "calibrate/sample_bound.h"
#include <math.h>

enum { CONSTANTS = 3 };

static double quantise_bytes_s(const struct gpu *gpu, const struct sample *s)
{
    double width = dtype_bytes(s->dtype);
    if (s->kind != SAMPLE_GEMM || s->timing != SAMPLE_TIMING_LAYER || width >= 2)
        return 0;
    return (2 + width) * s->gemm.m * s->gemm.k / gpu->memory_bandwidth_bytes_per_s;
}

double kernel_roofline_s(const struct kernel_roofline *r, const struct gpu *gpu,
                         const struct sample *s)
{
    double flop_s = sample_flop_s(gpu, s) / r->rate_frac;
    double bytes_s = sample_bytes_s(gpu, s) / r->bandwidth_frac;
    double quantise_s = quantise_bytes_s(gpu, s) / r->bandwidth_frac;
    return r->t0_s + quantise_s + fmax(flop_s, bytes_s);
}

static struct kernel_roofline at(const double *x)
{
    return (struct kernel_roofline){exp(x[0]), exp(x[1]), exp(x[2])};
}

struct fitting {
    const struct gpu *gpu;
    const struct kernel_rows *rows;
    int left_out;
};

static bool counts(const struct fitting *f, size_t row)
{
    return f->left_out < 0 || kernel_fold(f->rows->row[row]) != f->left_out;
}

static void evaluate(const double *x, double *r, void *context)
{
    const struct fitting *f = context;
    struct kernel_roofline roofline = at(x);
    size_t n = 0;
    for (size_t i = 0; i < f->rows->n; i++) {
        const struct sample *s = f->rows->row[i];
        if (counts(f, i))
            r[n++] =
                sqrt(kernel_weight(s)) * log(kernel_roofline_s(&roofline, f->gpu, s) / s->time_s);
    }
}

struct kernel_roofline kernel_roofline_fit(const struct gpu *gpu, const struct kernel_rows *rows,
                                           int left_out)
{
    const double sigma[CONSTANTS] = {kernel_problem_sigma, kernel_problem_sigma,
                                     kernel_problem_sigma};
    const double prior[CONSTANTS] = {log(5e-6), log(0.7), log(0.7)};
    double x[CONSTANTS] = {prior[0], prior[1], prior[2]};
    struct fitting fitting = {gpu, rows, left_out};
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++)
        n += counts(&fitting, i);
    struct nonlinear problem = {.parameters = CONSTANTS,
                                .residuals = n,
                                .evaluate = evaluate,
                                .context = &fitting,
                                .prior = prior,
                                .sigma = sigma,
                                .scale = kernel_problem_scale};
    nonlinear_fit(&problem, x);
    return at(x);
}
