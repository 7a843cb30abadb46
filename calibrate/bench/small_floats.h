#ifndef CALIBRATE_BENCH_SMALL_FLOATS_H
#define CALIBRATE_BENCH_SMALL_FLOATS_H
#include <stdint.h>

/* Values of the datatypes that C has no name for, for the host reference that kernels are checked
 * by. */
double value_bf16(uint16_t bits);
double value_fp16(uint16_t bits); /* [IEEE754] binary16 */
double value_e4m3(uint8_t bits);  /* [OCP-FP8]: no infinities, one NaN a sign */
double value_e5m2(uint8_t bits);  /* [OCP-FP8]: as IEEE */

#endif
