#include "calibrate/fit/collective_errors.h"
#include <math.h>

void collective_errors_add(struct collective_errors *errors, enum collective op, double predicted_s,
                           double measured_s)
{
    errors->sum[op] += fabs(predicted_s / measured_s - 1);
    errors->rows[op]++;
}

double collective_errors_mean(const struct collective_errors *errors, int op)
{
    double sum = 0, rows = 0;
    for (int i = 0; i < COLLECTIVES; i++)
        if (op == i || op == COLLECTIVES) {
            sum += errors->sum[i];
            rows += errors->rows[i];
        }
    return rows > 0 ? sum / rows : 0;
}
