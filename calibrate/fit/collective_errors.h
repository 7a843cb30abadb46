#ifndef CALIBRATE_FIT_COLLECTIVE_ERRORS_H
#define CALIBRATE_FIT_COLLECTIVE_ERRORS_H
#include "base/op.h"

/* Error of held-out rows: mean absolute predicted over measured - 1, by op. */
struct collective_errors {
    double sum[COLLECTIVES];
    double rows[COLLECTIVES];
};

void collective_errors_add(struct collective_errors *errors, enum collective op, double predicted_s,
                           double measured_s);

/* Of one op; of all of them for op COLLECTIVES. 0 without rows. */
double collective_errors_mean(const struct collective_errors *errors, int op);

#endif
