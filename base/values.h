#ifndef BASE_VALUES_H
#define BASE_VALUES_H
#include <stddef.h>

/* Arrays of numbers in order. */
void values_sort(double *values, size_t n); /* upwards */

/* The median of n >= 1 values, which it sorts: of an even number the mean of the two in the middle;
 * the larger of them. */
double values_median(double *values, size_t n);
double values_upper_median(double *values, size_t n);

#endif
