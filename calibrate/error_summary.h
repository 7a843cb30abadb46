#ifndef CALIBRATE_ERROR_SUMMARY_H
#define CALIBRATE_ERROR_SUMMARY_H
#include <stddef.h>

/* How far predictions are off, over n errors predicted / measured - 1: of their sizes the mean, the
 * median, the 90th percentile and the largest; bias is the signed mean. NAN where n is 0. */
struct error_summary {
    size_t n;
    double mape, median, p90, worst, bias;
};

/* sizes: of the n errors, which it sorts; signed_sum: of the errors. */
struct error_summary error_summary_of(double *sizes, size_t n, double signed_sum);

#endif
