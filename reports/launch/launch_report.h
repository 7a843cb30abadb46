#ifndef REPORTS_LAUNCH_LAUNCH_REPORT_H
#define REPORTS_LAUNCH_LAUNCH_REPORT_H
#include "parallelism/frameworks/framework.h"

/* A strategy as a script that launches it: a Slurm stub around the framework's own configuration. */
struct launch_request {
    const struct framework *framework;
    const struct scenario *scenario;
    const struct strategy *strategy;
    const struct step_cost *cost; /* the forecast, for a comment; NULL: none */
};

/* STATUS_NO, with the reason, where the framework cannot express it. What is written was read back
 * and gave the same model, job and strategy. */
enum status launch_text(const struct launch_request *request, struct text *out, struct error *e);

#endif
