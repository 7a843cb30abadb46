#include "calibrate/bench/small_floats.h"
#include <math.h>

/* sign, exponent and mantissa of a format with `exponent` and `mantissa` bits:
 *     normal     (-1)^s (1 + M / 2^m) 2^(E - bias)
 *     subnormal  (-1)^s (M / 2^m) 2^(1 - bias)                            bias = 2^(e-1) - 1 */
static double value_of(unsigned bits, int exponent, int mantissa, int has_infinity)
{
    int bias = (1 << (exponent - 1)) - 1, top = (1 << exponent) - 1;
    unsigned m = bits & ((1U << mantissa) - 1);
    int e = (int)(bits >> mantissa) & top;
    double sign = (bits >> (exponent + mantissa)) & 1 ? -1 : 1;
    if (has_infinity && e == top)
        return m ? (double)NAN : sign * (double)INFINITY;
    if (!has_infinity && e == top && m == (1U << mantissa) - 1)
        return (double)NAN;
    double fraction = ldexp(m, -mantissa);
    return e ? sign * ldexp(1 + fraction, e - bias) : sign * ldexp(fraction, 1 - bias);
}

double value_bf16(uint16_t bits)
{
    return value_of(bits, 8, 7, 1);
}

double value_fp16(uint16_t bits)
{
    return value_of(bits, 5, 10, 1);
}

double value_e4m3(uint8_t bits)
{
    return value_of(bits, 4, 3, 0);
}

double value_e5m2(uint8_t bits)
{
    return value_of(bits, 5, 2, 1);
}
