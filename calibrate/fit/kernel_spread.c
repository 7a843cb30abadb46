#include "calibrate/fit/kernel_spread.h"
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { P = NONLINEAR_PARAMETERS, DRAWS = 200 };

/* Sums over the rows of one block: gradient and curvature of the robust cost. */
struct block {
    unsigned key;
    double gradient[P];
    double curvature[P * P];
};

struct blocks {
    struct block *item;
    size_t n;
};

static struct block *block_of(struct blocks *blocks, unsigned key)
{
    for (size_t i = 0; i < blocks->n; i++)
        if (blocks->item[i].key == key)
            return &blocks->item[i];
    struct block *b = &blocks->item[blocks->n++];
    memset(b, 0, sizeof *b);
    b->key = key;
    return b;
}

/* jacobian[j n + i] = d r_i / d x_j by central differences: steps wide enough to average over the
 * kinks of tiles and waves. */
static void differentiate(const struct kernel_problem *p, const struct kernel_rows *rows,
                          const double *x, double *jacobian, double *room)
{
    const double step = 0.05;
    double moved[P];
    for (size_t j = 0; j < p->parameters.count; j++) {
        double *column = jacobian + j * rows->n;
        memcpy(moved, x, p->parameters.count * sizeof *x);
        moved[j] = x[j] + step;
        kernel_problem_set(p, moved);
        kernel_problem_residuals(p, rows, column);
        moved[j] = x[j] - step;
        kernel_problem_set(p, moved);
        kernel_problem_residuals(p, rows, room);
        for (size_t i = 0; i < rows->n; i++)
            column[i] = (column[i] - room[i]) / (2 * step);
    }
    kernel_problem_set(p, x);
}

static void add_row(struct block *b, const double *jacobian, size_t stride, size_t parameters,
                    double r, double weight)
{
    for (size_t j = 0; j < parameters; j++) {
        b->gradient[j] += weight * r * jacobian[j * stride];
        for (size_t k = 0; k <= j; k++)
            b->curvature[j * P + k] += weight * jacobian[j * stride] * jacobian[k * stride];
    }
}

static void sum_blocks(const struct kernel_problem *p, const struct kernel_rows *rows,
                       const double *jacobian, const double *r, struct blocks *blocks)
{
    for (size_t i = 0; i < rows->n; i++) {
        double z = r[i] / kernel_problem_scale;
        double weight = kernel_weight(rows->row[i]) / sqrt(1 + z * z);
        struct block *b = block_of(blocks, kernel_block(rows->row[i]));
        add_row(b, jacobian + i, rows->n, p->parameters.count, r[i], weight);
    }
}

/* One draw: -H^-1 g of as many blocks, chosen with replacement, and the prior. */
static bool draw(const struct blocks *blocks, size_t n, gsl_rng *rng, gsl_matrix *h, gsl_vector *g)
{
    double prior = pow(kernel_problem_scale / kernel_problem_sigma, 2);
    gsl_matrix_set_identity(h);
    gsl_matrix_scale(h, prior);
    gsl_vector_set_zero(g);
    for (size_t i = 0; i < blocks->n; i++) {
        const struct block *b = &blocks->item[gsl_rng_uniform_int(rng, blocks->n)];
        for (size_t j = 0; j < n; j++) {
            *gsl_vector_ptr(g, j) -= b->gradient[j];
            for (size_t k = 0; k <= j; k++)
                *gsl_matrix_ptr(h, j, k) += b->curvature[j * P + k];
        }
    }
    return gsl_linalg_cholesky_decomp1(h) == GSL_SUCCESS &&
           gsl_linalg_cholesky_svx(h, g) == GSL_SUCCESS;
}

/* sum, square: of the steps of all draws. Their number; negative: out of memory. */
static int draw_all(const struct blocks *blocks, size_t n, double *sum, double *square)
{
    int draws = 0;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus);
    gsl_matrix *h = gsl_matrix_alloc(n, n);
    gsl_vector *g = gsl_vector_alloc(n);
    if (!rng || !h || !g)
        draws = -1;
    for (int i = 0; rng && h && g && i < DRAWS; i++) {
        if (!draw(blocks, n, rng, h, g))
            continue;
        draws++;
        for (size_t j = 0; j < n; j++) {
            sum[j] += gsl_vector_get(g, j);
            square[j] += gsl_vector_get(g, j) * gsl_vector_get(g, j);
        }
    }
    gsl_rng_free(rng);
    gsl_matrix_free(h);
    gsl_vector_free(g);
    return draws;
}

/* A constant that the rows do not tell has an error as large as itself. */
static void store(const struct kernel_problem *p, const double *x, size_t j, double spread,
                  double *out)
{
    double value = kernel_parameter_from_solver(&p->parameters.parameter[j], x[j]);
    double relative = spread * kernel_parameter_slope(&p->parameters.parameter[j], x[j]);
    out[p->parameters.row[j]] = value * fmin(1, relative);
}

void kernel_spread(const struct kernel_problem *p, const struct kernel_rows *rows, const double *x,
                   double *out)
{
    size_t n = p->parameters.count;
    double *jacobian = malloc((n + 2) * (rows->n + 1) * sizeof *jacobian);
    struct blocks blocks = {malloc((rows->n + 1) * sizeof *blocks.item), 0};
    double sum[P] = {0}, square[P] = {0};
    if (jacobian && blocks.item && n > 0) {
        double *r = jacobian + n * rows->n;
        differentiate(p, rows, x, jacobian, r);
        kernel_problem_residuals(p, rows, r);
        sum_blocks(p, rows, jacobian, r, &blocks);
        double draws = draw_all(&blocks, n, sum, square);
        *p->starved = *p->starved || draws < 0;
        for (size_t j = 0; j < n && draws > 1; j++)
            store(p, x, j, sqrt(fmax(0, square[j] / draws - pow(sum[j] / draws, 2))), out);
    }
    *p->starved = *p->starved || !jacobian || !blocks.item;
    free(jacobian);
    free(blocks.item);
}
