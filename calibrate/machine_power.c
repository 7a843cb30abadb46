#include "calibrate/machine_power.h"
#include "base/fields.h"
#include <math.h>
#include <string.h>

static bool is_load(const struct sample_table *t, size_t row, const char *name)
{
    return strcmp(sample_table_cell(t, row, sample_table_column(t, "load")), name) == 0;
}

/* Of the loads' seconds, not of the pauses of a duty: what a call does in its time, by its share.
 */
static double rate_of(const struct sample_table *t, size_t row, const char *what)
{
    double time_s = 1e-6 * sample_table_value(t, row, "time_us");
    return time_s > 0
               ? sample_table_value(t, row, "busy_frac") * sample_table_value(t, row, what) / time_s
               : 0;
}

/* The full clock: the highest that a product ran at. */
static double full_clock_mhz(const struct sample_table *t)
{
    double highest = 0;
    for (size_t i = 0; i < t->rows; i++)
        if (is_load(t, i, "gemm"))
            highest = fmax(highest, sample_table_value(t, i, "clock_mhz"));
    return highest;
}

/* P = P_idle + byte_j bytes/s, of the copies. */
static void fit_idle_and_copies(const struct sample_table *t, struct machine_power *p)
{
    for (size_t i = 0; i < t->rows; i++)
        if (is_load(t, i, "idle"))
            p->idle_w = sample_table_value(t, i, "power_w");
    for (size_t i = 0; i < t->rows && p->idle_w > 0; i++) {
        double rate = is_load(t, i, "copy") ? rate_of(t, i, "bytes") : 0;
        if (rate > 0)
            p->byte_j = fmax((sample_table_value(t, i, "power_w") - p->idle_w) / rate, 0);
    }
}

/* x = (f / f0)^2 FLOP/s and y = P - P_idle - byte_j bytes/s of a product: y = flop_j x. */
static bool product_of(const struct sample_table *t, size_t row, const struct machine_power *p,
                       double *x, double *y)
{
    double full = full_clock_mhz(t), rate = is_load(t, row, "gemm") ? rate_of(t, row, "flop") : 0;
    if (!(rate > 0) || !(full > 0))
        return false;
    *x = pow(sample_table_value(t, row, "clock_mhz") / full, 2) * rate;
    *y = sample_table_value(t, row, "power_w") - p->idle_w - p->byte_j * rate_of(t, row, "bytes");
    return *x > 0;
}

static int dtype_of(const struct sample_table *t, size_t row)
{
    return names_find(dtype_names, sample_table_cell(t, row, sample_table_column(t, "dtype")));
}

/* Least squares through the origin: flop_j = sum x y / sum x^2. */
static void fit_products(const struct sample_table *t, struct machine_power *p)
{
    double xy[DTYPES] = {0}, xx[DTYPES] = {0}, x, y;
    for (size_t i = 0; i < t->rows; i++)
        if (dtype_of(t, i) >= 0 && product_of(t, i, p, &x, &y)) {
            xy[dtype_of(t, i)] += x * y;
            xx[dtype_of(t, i)] += x * x;
        }
    for (int d = 0; d < DTYPES; d++)
        p->flop_j[d] = xx[d] > 0 ? fmax(xy[d] / xx[d], 0) : 0;
}

static void judge(const struct sample_table *t, struct machine_power *p)
{
    double x, y, sum = 0;
    for (size_t i = 0; i < t->rows; i++) {
        int d = dtype_of(t, i);
        double power_w = sample_table_value(t, i, "power_w");
        if (d < 0 || !(power_w > 0) || !product_of(t, i, p, &x, &y))
            continue;
        sum += fabs(p->flop_j[d] * x - y) / power_w;
        p->products++;
    }
    p->error_frac = p->products > 0 ? sum / (double)p->products : 0;
}

void machine_power_fit(const struct sample_table *sustained, struct machine_power *power)
{
    *power = (struct machine_power){0};
    fit_idle_and_copies(sustained, power);
    if (power->idle_w <= 0)
        return;
    fit_products(sustained, power);
    judge(sustained, power);
}
