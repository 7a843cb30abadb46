#ifndef REPORTS_EXPLAIN_PARTS_H
#define REPORTS_EXPLAIN_PARTS_H
#include "parallelism/step_parts.h"
#include "reports/result.h"

/* The sections of an explanation. Internal to explain.c. */
struct explanation {
    const struct result *result;
    const struct step_parts *parts;
    struct text *out;
};

/* A term that is a sum over the bottleneck rank's ops: one row an op. */
void explain_ops(const struct explanation *x, enum term term);
/* Terms with an equation of their own. */
void explain_recompute(const struct explanation *x);
void explain_pipeline(const struct explanation *x, enum term term);
void explain_data_parallel(const struct explanation *x);
void explain_optimizer(const struct explanation *x);
void explain_offload(const struct explanation *x);
void explain_host(const struct explanation *x);
void explain_straggler(const struct explanation *x);
void explain_memory(const struct explanation *x);
void explain_mfu(const struct explanation *x);

#endif
