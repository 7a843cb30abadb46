#include "calibrate/alpha_beta.h"
#include <math.h>

double linear_cost_at(struct linear_cost c, double bytes)
{
    return c.alpha_s + c.beta_s_per_byte * bytes;
}

/* Least squares of (alpha u + beta v - 1) with u = 1 / t, v = x / t: each row counts by its
 * relative error. Where one of the two would come out negative it is 0 and the other fitted alone.
 */
struct linear_cost alpha_beta_fit(const double *bytes, const double *time_s, size_t n)
{
    double uu = 0, uv = 0, vv = 0, u1 = 0, v1 = 0;
    for (size_t i = 0; i < n; i++) {
        double u = 1 / time_s[i], v = bytes[i] / time_s[i];
        uu += u * u;
        uv += u * v;
        vv += v * v;
        u1 += u;
        v1 += v;
    }
    struct linear_cost fit = {0, 0};
    double determinant = uu * vv - uv * uv;
    if (determinant > 1e-12 * uu * vv) {
        fit.alpha_s = (u1 * vv - v1 * uv) / determinant;
        fit.beta_s_per_byte = (v1 * uu - u1 * uv) / determinant;
    }
    if (n > 0 && (fit.beta_s_per_byte <= 0 || determinant <= 1e-12 * uu * vv))
        return (struct linear_cost){u1 / uu, 0};
    if (n > 0 && fit.alpha_s < 0)
        return (struct linear_cost){0, v1 / vv};
    return fit;
}

double alpha_beta_error(struct linear_cost fit, const double *bytes, const double *time_s, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fabs(linear_cost_at(fit, bytes[i]) / time_s[i] - 1);
    return n > 0 ? sum / (double)n : 0;
}
