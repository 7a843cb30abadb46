#ifndef BASE_MINMAX_H
#define BASE_MINMAX_H

/* The smaller and the larger of two numbers, in one instruction: fmin and fmax, which look for
 * NANs, are calls. */
static inline double min2(double a, double b)
{
    return a < b ? a : b;
}

static inline double max2(double a, double b)
{
    return a > b ? a : b;
}

static inline int min_int(int a, int b)
{
    return a < b ? a : b;
}

static inline int max_int(int a, int b)
{
    return a > b ? a : b;
}

#endif
