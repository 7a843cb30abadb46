#include "calibrate/fit/kernel_table.h"
#include "calibrate/fit/kernel_problem.h"
#include <gsl/gsl_linalg.h>
#include <limits.h>
#include <math.h>
#include <string.h>

static const double unit = 1e-4; /* of a stored value */

/* Solutions of the weighted equations, each with the weights that the one before gives: five more
 * move no class's error on left-out blocks by more than 0.01 %. */
enum { SOLUTIONS = 5 };

/* Axes of a table: log2 of the first knot, knots, octaves between them. What the axes are is told
 * where hardware/ evaluates the correction. The weights are in units of one row's on the table: of
 * the difference of two neighbouring knots, and of a knot from zero. Both they and the steps were
 * chosen on held-out blocks of all six GPUs; a factor of two in either changes no error by more
 * than 0.5 %. Libraries choose kernels of products by rules that change from one (n, k) to the
 * next, which takes knots an octave or so apart; the other ops' rows do not carry that many. */
static const struct layout {
    const char *op, *part;
    double smoothness, shrinkage;
    struct correction table;
} layouts[] = {
    {"gemm",         "",        0.05, 0.05, {{13, 10, 10}, {0, 5, 5}, {1.25, 1.225, 1.225}, {0}}},
    {"grouped_gemm", "",        0.3,  0.1,  {{8, 5, 7}, {0, 0, 15}, {2, 2, 2}, {0}}             },
    {"attention",    "prefill", 0.3,  0.1,  {{7, 8, 4}, {0, 0, 6}, {2.5, 2, 1}, {0}}            },
    {"attention",    "decode",  0.3,  0.1,  {{8, 9, 5}, {0, 1, 0}, {2.5, 2, 2}, {0}}            },
};

static const struct layout *layout_of(const struct calibration_slot *slot)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        if (strcmp(layouts[i].op, slot->op) != 0 ||
            strncmp(layouts[i].part, slot->name, strlen(layouts[i].part)) != 0)
            continue;
        return &layouts[i];
    }
    return NULL;
}

/* Where a sample lies in its table; false for rows that are not corrected. */
static bool point_of(const struct sample *s, double point[CORRECTION_AXES])
{
    const struct attention *a = &s->attention;
    double of[CORRECTION_AXES] = {s->gemm.m * s->gemm.batch, s->gemm.n, s->gemm.k};
    if (s->kind == SAMPLE_MOE) {
        of[0] = s->moe.tokens;
        of[1] = s->moe.experts / s->moe.ep;
        of[2] = s->moe.hidden * s->moe.expert_ffn / s->moe.tp;
    } else if (s->kind == SAMPLE_ATTENTION && s->pass == ATTENTION_DECODE) {
        of[0] = a->batch * a->kv_heads;
        of[1] = a->seq_kv;
        of[2] = a->heads / a->kv_heads;
    } else if (s->kind == SAMPLE_ATTENTION) {
        of[0] = a->batch * a->heads;
        of[1] = a->seq_q;
        of[2] = a->head_dim_qk;
    }
    for (int axis = 0; axis < CORRECTION_AXES; axis++)
        point[axis] = log2(of[axis]);
    return s->kind == SAMPLE_GEMM || s->kind == SAMPLE_MOE ||
           (s->kind == SAMPLE_ATTENTION && (s->prefill || s->pass == ATTENTION_DECODE));
}

/* Knots that one row or one difference joins are few places apart, so that the normal equations are
 * a band: element (i, j) with i >= j at column i - j of row j. */
static void add(gsl_matrix *h, int i, int j, double value)
{
    if (i >= j)
        *gsl_matrix_ptr(h, (size_t)j, (size_t)(i - j)) += value;
}

static int band_of(const struct correction *table)
{
    return (table->knots[1] + 1) * table->knots[2] + 1;
}

/* Normal equations of sum rho((residual - table) / scale), the loss of nonlinear.c, by weights
 *     1 / sqrt(1 + ((residual - table) / scale)^2)
 * so that no wild row bends the table; `table` is the solution before. */
static void add_rows(const struct kernel_rows *rows, const double *residual,
                     const struct correction *table, gsl_matrix *h, gsl_vector *g)
{
    for (size_t i = 0; i < rows->n; i++) {
        struct correction_weights w;
        double point[CORRECTION_AXES], left = residual[i];
        if (!point_of(rows->row[i], point))
            continue;
        correction_weights(table, point, &w);
        for (int p = 0; p < 8; p++)
            left -= unit * w.weight[p] * table->value[w.knot[p]];
        double trust = 1 / hypot(1, left / kernel_problem_scale);
        for (int p = 0; p < 8; p++) {
            *gsl_vector_ptr(g, (size_t)w.knot[p]) += trust * w.weight[p] * residual[i];
            for (int q = 0; q < 8; q++)
                add(h, w.knot[p], w.knot[q], trust * w.weight[p] * w.weight[q]);
        }
    }
}

/* smoothness sum over neighbours (a - b)^2 + shrinkage sum a^2. */
static void add_penalties(const struct layout *layout, gsl_matrix *h)
{
    const struct correction *table = &layout->table;
    int stride = 1, count = correction_count(table);
    for (int i = 0; i < count; i++)
        add(h, i, i, layout->shrinkage);
    for (int axis = CORRECTION_AXES - 1; axis >= 0; axis--) {
        for (int i = 0; i < count; i++) {
            if (i / stride % table->knots[axis] + 1 == table->knots[axis])
                continue;
            add(h, i, i, layout->smoothness);
            add(h, i + stride, i + stride, layout->smoothness);
            add(h, i + stride, i, -layout->smoothness);
        }
        stride *= table->knots[axis];
    }
}

/* One solution for the table; false where there is none. */
static bool solve(const struct layout *layout, gsl_matrix *h, gsl_vector *g, struct correction *out)
{
    add_penalties(layout, h);
    if (gsl_linalg_cholesky_band_decomp(h) != GSL_SUCCESS ||
        gsl_linalg_cholesky_band_svx(h, g) != GSL_SUCCESS)
        return false;
    for (size_t i = 0; i < g->size; i++)
        out->value[i] = (short)lround(fmin(fmax(gsl_vector_get(g, i) / unit, SHRT_MIN), SHRT_MAX));
    return true;
}

bool kernel_table_fit(const struct calibration_slot *slot, const struct kernel_rows *rows,
                      const double *residual, struct correction *out)
{
    const struct layout *layout = layout_of(slot);
    memset(out, 0, sizeof *out);
    if (!layout)
        return true;
    *out = layout->table;
    size_t n = (size_t)correction_count(out);
    gsl_matrix *h = gsl_matrix_alloc(n, (size_t)band_of(out) + 1);
    gsl_vector *g = gsl_vector_alloc(n);
    bool memory = h && g, solved = memory;
    for (int i = 0; i < SOLUTIONS && solved; i++) {
        gsl_matrix_set_zero(h);
        gsl_vector_set_zero(g);
        add_rows(rows, residual, out, h, g);
        solved = solve(layout, h, g, out);
    }
    if (!solved)
        memset(out, 0, sizeof *out);
    gsl_matrix_free(h);
    gsl_vector_free(g);
    return memory;
}
