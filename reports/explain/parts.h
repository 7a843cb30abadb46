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

/* Ops that the equation of their term does not price alone, by another factor of the stack's. */
enum own_factor {
    OWN_GROUPED,   /* grouped products of experts */
    OWN_UNALIGNED, /* products whose rows are no multiple of 16 bytes */
    OWN_EXPERTS,   /* memory-bound kernels of expert layers */
    OWN_MEASURED,  /* memory-bound kernels that run as the benchmark's */
    OWN_ETP,       /* collectives of expert-tensor ranks */
    OWN_RING,      /* messages of a ring of context ranks */
    OWN_SCAN,      /* scans of recurrent layers */
    OWN_FACTORS
};
/* The bit of the op's own factor, or 0. */
unsigned own_factor_of(const struct op *op);
/* How one run of an op of the term is priced, and those of its ops with an own factor. */
void explain_equation(const struct explanation *x, enum term term, unsigned own_factors);

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
