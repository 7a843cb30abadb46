#ifndef CALIBRATE_RUNLOG_HYPOTHESES_H
#define CALIBRATE_RUNLOG_HYPOTHESES_H
#include "parallelism/step.h"

/* What may be different in a run from what its forecast assumes. */
struct hypothesis {
    const char *what;
    /* Changes scenario and strategy to what the hypothesis says; false: it says nothing here. */
    bool (*apply)(struct scenario *scenario, struct strategy *strategy);
    bool told; /* the run's own arguments would say so: not tried where they are the forecast's */
    int alternative; /* hypotheses of the same number exclude each other: the best counts; 0: none
                      */
};
extern const struct hypothesis hypotheses[]; /* ended by {NULL} */

#endif
