#include "base/values.h"
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void values_sort(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
}

double values_median(double *values, size_t n)
{
    values_sort(values, n);
    return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

double values_upper_median(double *values, size_t n)
{
    values_sort(values, n);
    return values[n / 2];
}
