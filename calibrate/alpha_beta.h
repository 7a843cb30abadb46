#ifndef CALIBRATE_ALPHA_BETA_H
#define CALIBRATE_ALPHA_BETA_H
#include <stddef.h>

/* Cost of a transfer of x bytes: t(x) = alpha + beta x. [Hockney94] */
struct linear_cost {
    double alpha_s, beta_s_per_byte;
};
double linear_cost_at(struct linear_cost c, double bytes);

/* The line t(x) = alpha + beta x through measured times that is nearest to them relative to each:
 * what "latency and bandwidth" of a link mean in one pair of numbers. Neither is negative. n = 0:
 * both 0. */
struct linear_cost alpha_beta_fit(const double *bytes, const double *time_s, size_t n);

/* Mean of |fit / measured - 1|. */
double alpha_beta_error(struct linear_cost fit, const double *bytes, const double *time_s,
                        size_t n);

#endif
