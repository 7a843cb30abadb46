#include "parallelism/pipeline/recurrence_period.h"
#include <math.h>

static bool differ_by(const double *now, const double *before, int n, double step, double tolerance)
{
    for (int i = 0; i < n; i++)
        if (fabs(now[i] - before[i] - step) > tolerance)
            return false;
    return true;
}

double ends_period_s(const struct ends *now, const struct ends *before, int ranks)
{
    double step = now->free_s[0] - before->free_s[0],
           tolerance = 1e-13 * now->free_s[0]; /* rounding */
    bool alike = differ_by(now->free_s, before->free_s, ranks, step, tolerance) &&
                 differ_by(now->forward_s, before->forward_s, ranks, step, tolerance) &&
                 differ_by(now->backward_s, before->backward_s, ranks, step, tolerance);
    return alike ? step : 0;
}

double ends_last_s(const struct ends *ends, const double *begin_s, int ranks)
{
    double last = 0;
    for (int r = 0; r < ranks; r++)
        last = fmax(last, ends->free_s[r] - begin_s[r]);
    return last;
}
