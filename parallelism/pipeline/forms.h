#ifndef PARALLELISM_PIPELINE_FORMS_H
#define PARALLELISM_PIPELINE_FORMS_H
#include "parallelism/pipeline/pipeline.h"

/* How a schedule's makespan is found: in closed form where that is exact (or close), else by
 * recurrence, else, where a schedule has no recurrence, in closed form as an estimate. */
struct pipeline_form {
    /* uniform_s equals the makespan; uniform_s is near enough not to iterate (NULL: never). */
    bool (*exact)(const struct pipeline_uniform *u);
    bool (*close)(const struct pipeline_uniform *u);
    double (*uniform_s)(const struct pipeline_uniform *u);
    double (*general_s)(const struct pipeline *p); /* exact for any stages; NULL: none */
    double (*bound_s)(const struct pipeline *p);   /* never above the makespan */
    bool tight; /* without hops the bound is the makespan of nearly all stages (mean 0.01 % low) */
};

/* One a schedule. */
extern const struct pipeline_form *const pipeline_forms[SCHEDULES];

/* Of work alone: the busiest rank. */
double pipeline_work_bound_s(const struct pipeline *p);

#endif
