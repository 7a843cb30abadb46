#include "calibrate/error_summary.h"
#include "base/values.h"
#include <math.h>

/* The value below which the share q of the sorted sizes lies, as the published scores take it. */
static double quantile(const double *sorted, size_t n, double q)
{
    size_t i = (size_t)(q * (double)n);
    return sorted[i < n ? i : n - 1];
}

struct error_summary error_summary_of(double *sizes, size_t n, double signed_sum)
{
    double sum = 0, unknown = (double)NAN;
    if (n == 0)
        return (struct error_summary){0, unknown, unknown, unknown, unknown, unknown};
    for (size_t i = 0; i < n; i++)
        sum += sizes[i];
    values_sort(sizes, n);
    return (struct error_summary){.n = n,
                                  .mape = sum / (double)n,
                                  .median = quantile(sizes, n, 0.5),
                                  .p90 = quantile(sizes, n, 0.9),
                                  .worst = sizes[n - 1],
                                  .bias = signed_sum / (double)n};
}
