#include "calibrate/validate.h"
#include "parallelism/interval.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void case_predict(const struct run_case *c, struct prediction *out)
{
    struct step_cost cost;
    *out = (struct prediction){.fits = false};
    if (c->skipped[0] != '\0') {
        snprintf(out->skipped, sizeof out->skipped, "%s", c->skipped);
        return;
    }
    step_estimate(&c->scenario, &c->strategy, &cost);
    if (!cost.legal) {
        snprintf(out->skipped, sizeof out->skipped, "%s: %s", cost.rule, cost.reason);
        return;
    }
    out->step_s = cost.step_s;
    out->step_low_s = step_low_s(&cost);
    out->step_high_s = step_high_s(&cost);
    out->kind_variance = interval_kind_variance(&c->scenario, &cost);
    out->memory_bytes =
        memory_measured(&c->scenario, &c->strategy, cost.memory_bytes, c->memory_of);
    out->fits = cost.fits;
}

static double relative_error(double predicted, double measured, const struct prediction *p)
{
    return p->skipped[0] == '\0' && measured > 0 ? predicted / measured - 1 : (double)NAN;
}

double case_step_error(const struct run_case *c, const struct prediction *p)
{
    return relative_error(p->step_s, c->oom ? 0 : c->step_s, p);
}

static double memory_error_of(const struct run_case *c, const struct prediction *p)
{
    return relative_error(p->memory_bytes, c->oom ? 0 : c->memory_bytes, p);
}

static void count_case(const struct run_case *c, const struct prediction *p, struct validation *out)
{
    out->cases++;
    if (p->skipped[0] != '\0') {
        out->skipped++;
        return;
    }
    out->predicted++;
    out->oom += c->oom;
    out->oom_foreseen += c->oom && !p->fits;
    out->ran += !c->oom;
    out->fit_foreseen += !c->oom && p->fits;
}

static bool inside(const struct run_case *c, const struct prediction *p)
{
    return c->step_s >= p->step_low_s && c->step_s <= p->step_high_s;
}

enum status validation_summarise(const struct cases *cases, const struct prediction *predictions,
                                 const char *family, struct validation *out, struct error *e)
{
    memset(out, 0, sizeof *out);
    double *absolute = malloc((cases->count > 0 ? cases->count : 1) * sizeof *absolute);
    if (!absolute)
        return error_set(e, STATUS_IO, "out of memory");
    size_t n = 0, covered = 0;
    double signed_sum = 0, memory_sum = 0, memory_signed_sum = 0;
    for (size_t i = 0; i < cases->count; i++) {
        const struct run_case *c = &cases->items[i];
        if (family && strcmp(family, c->family) != 0)
            continue;
        count_case(c, &predictions[i], out);
        double error = case_step_error(c, &predictions[i]);
        double memory_error = memory_error_of(c, &predictions[i]);
        if (!isnan(error)) {
            absolute[n++] = fabs(error);
            signed_sum += error;
            covered += inside(c, &predictions[i]);
        }
        if (!isnan(memory_error)) {
            out->memory_compared++;
            memory_sum += fabs(memory_error);
            memory_signed_sum += memory_error;
        }
    }
    out->step = error_summary_of(absolute, n, signed_sum);
    out->coverage = (double)covered / (double)n;
    double memory_count = (double)out->memory_compared;
    out->memory_mape = memory_sum / memory_count;
    out->memory_bias = memory_signed_sum / memory_count;
    free(absolute);
    return STATUS_OK;
}
