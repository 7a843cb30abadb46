#include "calibrate/bench/small_floats.h"
#include "tests/fake_cuda/fake.h"
#include <math.h>
#include <string.h>

/* The datatypes' numbers, by their definitions (calibrate/bench/small_floats.c). */

size_t fake_type_bytes(cudaDataType type)
{
    return type == CUDA_R_32F ? 4 : type == CUDA_R_16BF || type == CUDA_R_16F ? 2 : 1;
}

double fake_value(cudaDataType type, const void *array, size_t i)
{
    uint16_t two;
    float four;
    const unsigned char *bytes = array;
    if (type == CUDA_R_32F) {
        memcpy(&four, bytes + 4 * i, sizeof four);
        return (double)four;
    }
    if (type == CUDA_R_8F_E4M3 || type == CUDA_R_8F_E5M2)
        return type == CUDA_R_8F_E4M3 ? value_e4m3(bytes[i]) : value_e5m2(bytes[i]);
    memcpy(&two, bytes + 2 * i, sizeof two);
    return type == CUDA_R_16BF ? value_bf16(two) : value_fp16(two);
}

/* The nearest number of a format with `mantissa` bits, exponents from `least`; ties to even. */
static double rounded(double x, int mantissa, int least, double largest)
{
    int exponent;
    if (x == 0 || isnan(x))
        return x;
    frexp(fabs(x), &exponent);
    int unit = (exponent - 1 > least ? exponent - 1 : least) - mantissa;
    double y = ldexp(nearbyint(ldexp(x, -unit)), unit);
    return fabs(y) > largest ? copysign(largest, x) : y;
}

/* Bits of a number that the format has: sign, exponent with `bias`, mantissa. */
static unsigned bits_of(double x, int mantissa, int bias, int sign_at)
{
    int exponent;
    unsigned sign = signbit(x) ? 1U << sign_at : 0;
    double fraction = frexp(fabs(x), &exponent);
    if (x == 0)
        return sign;
    if (exponent - 1 < 1 - bias) /* subnormal */
        return sign | (unsigned)ldexp(fabs(x), bias - 1 + mantissa);
    unsigned significant = (unsigned)ldexp(2 * fraction - 1, mantissa);
    return sign | (unsigned)(exponent - 1 + bias) << mantissa | significant;
}

void fake_store(cudaDataType type, void *array, size_t i, double value)
{
    unsigned char *bytes = array;
    uint16_t two;
    float four = (float)value;
    if (type == CUDA_R_32F) {
        memcpy(bytes + 4 * i, &four, sizeof four);
    } else if (type == CUDA_R_8F_E4M3) {
        bytes[i] = (unsigned char)bits_of(rounded(value, 3, -6, 448), 3, 7, 7);
    } else if (type == CUDA_R_8F_E5M2) {
        bytes[i] = (unsigned char)bits_of(rounded(value, 2, -14, 57344), 2, 15, 7);
    } else {
        bool bf16 = type == CUDA_R_16BF;
        double near = bf16 ? rounded(value, 7, -126, 3.38e38) : rounded(value, 10, -14, 65504);
        two = (uint16_t)(bf16 ? bits_of(near, 7, 127, 15) : bits_of(near, 10, 15, 15));
        memcpy(bytes + 2 * i, &two, sizeof two);
    }
}
