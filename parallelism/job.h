#ifndef PARALLELISM_JOB_H
#define PARALLELISM_JOB_H
#include "base/fields.h"
#include "base/op.h"

enum optimizer { OPTIMIZER_ADAM, OPTIMIZER_ADAM_BF16, OPTIMIZER_MUON, OPTIMIZER_SGD, OPTIMIZERS };
extern const char *const optimizer_names[OPTIMIZERS + 1];

/* What must be computed in a step, however it is split. */
struct job {
    double seq_length;   /* tokens */
    double global_batch; /* sequences */
    enum dtype precision;
    enum optimizer optimizer;
    double document_mean, document_spread; /* packed documents: tokens; 0: none */
    double expert_imbalance;               /* max over mean load of expert ranks; 1 balanced */
    double expert_capacity;                /* capacity factor; 0 dropless */
};
extern const struct field job_fields[];
extern const size_t job_field_count;
void job_default(struct job *job);

#endif
