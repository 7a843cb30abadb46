#include "calibrate/fit/kernel_table.h"
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

/* Two neighbouring knots differ like the mean of one row does; each knot is drawn to zero a fifth
 * as strongly. Chosen on held-out blocks of all six GPUs (0.3 to 1 and 0.1 to 1 do alike). */
static const double smoothness = 0.6, shrinkage = 0.2;

/* One wild row may not bend the table: residuals count at most this much. */
static const double residual_most = 0.4;

/* Axes of a table: log2 of the first knot, knots, octaves between them. What the axes are is told
 * where hardware/ evaluates the correction. */
static const struct layout {
    const char *op, *part;
    struct correction table;
} layouts[] = {
    {"gemm",         "",        {.knots = {9, 6, 6}, .low = {0, 5, 5}, .step = {2, 2.2, 2.2}}},
    {"grouped_gemm", "",        {.knots = {8, 5, 7}, .low = {0, 0, 15}, .step = {2, 2, 2}}   },
    {"attention",    "prefill", {.knots = {7, 8, 4}, .low = {0, 0, 6}, .step = {2.5, 2, 1}}  },
    {"attention",    "decode",  {.knots = {8, 9, 5}, .low = {0, 1, 0}, .step = {2.5, 2, 2}}  },
};

static bool layout_of(const struct calibration_slot *slot, struct correction *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        if (strcmp(layouts[i].op, slot->op) != 0 ||
            strncmp(layouts[i].part, slot->name, strlen(layouts[i].part)) != 0)
            continue;
        *out = layouts[i].table;
        return true;
    }
    return false;
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

static void add(gsl_matrix *h, int i, int j, double value)
{
    *gsl_matrix_ptr(h, (size_t)i, (size_t)j) += value;
}

/* Normal equations of sum (residual - table)^2. */
static void add_rows(const struct kernel_rows *rows, const double *residual,
                     const struct correction *table, gsl_matrix *h, gsl_vector *g)
{
    for (size_t i = 0; i < rows->n; i++) {
        struct correction_weights w;
        double point[CORRECTION_AXES];
        if (!point_of(rows->row[i], point))
            continue;
        correction_weights(table, point, &w);
        double r = fmax(-residual_most, fmin(residual_most, residual[i]));
        for (int p = 0; p < 8; p++) {
            *gsl_vector_ptr(g, (size_t)w.knot[p]) += w.weight[p] * r;
            for (int q = 0; q < 8; q++)
                add(h, w.knot[p], w.knot[q], w.weight[p] * w.weight[q]);
        }
    }
}

/* smoothness sum over neighbours (a - b)^2 + shrinkage sum a^2. */
static void add_penalties(const struct correction *table, gsl_matrix *h)
{
    int stride = 1, count = correction_count(table);
    for (int i = 0; i < count; i++)
        add(h, i, i, shrinkage);
    for (int axis = CORRECTION_AXES - 1; axis >= 0; axis--) {
        for (int i = 0; i < count; i++) {
            if (i / stride % table->knots[axis] + 1 == table->knots[axis])
                continue;
            add(h, i, i, smoothness);
            add(h, i + stride, i + stride, smoothness);
            add(h, i, i + stride, -smoothness);
            add(h, i + stride, i, -smoothness);
        }
        stride *= table->knots[axis];
    }
}

bool kernel_table_fit(const struct calibration_slot *slot, const struct kernel_rows *rows,
                      const double *residual, struct correction *out)
{
    const double unit = 1e-4; /* of a stored value */
    if (!layout_of(slot, out))
        return true;
    size_t n = (size_t)correction_count(out);
    gsl_matrix *h = gsl_matrix_calloc(n, n);
    gsl_vector *g = gsl_vector_calloc(n);
    if (h && g) {
        add_rows(rows, residual, out, h, g);
        add_penalties(out, h);
    }
    if (h && g && gsl_linalg_cholesky_decomp1(h) == GSL_SUCCESS &&
        gsl_linalg_cholesky_svx(h, g) == GSL_SUCCESS)
        for (size_t i = 0; i < n; i++)
            out->value[i] = (short)lround(gsl_vector_get(g, i) / unit);
    else
        memset(out, 0, sizeof *out);
    bool memory = h && g;
    gsl_matrix_free(h);
    gsl_vector_free(g);
    return memory;
}
