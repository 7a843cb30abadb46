#ifndef HARDWARE_POWER_H
#define HARDWARE_POWER_H
#include "base/op.h"
#include "hardware/gpu.h"

/* Sustained clocks under a power cap. The controller averages over 10 to 100 ms, longer than a
 * layer, so one clock follows from the average power of a layer, and only what runs at the SM clock
 * stretches. MODELLING 2.5 */

/* Work of some stretch of time on one GPU at the benchmark's clock. */
struct power_load {
    double math_j;    /* energy of the tensor cores at full clock */
    double other_j;   /* energy of memory and links: does not depend on the SM clock */
    double clocked_s; /* time that scales with 1 / clock */
    double fixed_s;   /* time that does not */
};

/* Energy of one FLOP of the tensor cores at full clock in datatype d, its operands fetched through
 * the caches (0 where the gpu's is not known), and of one byte of HBM traffic. */
double power_flop_j(const struct gpu *gpu, enum dtype d);
double power_byte_j(void);

/* The clock as a fraction of the benchmark's, in [0.3, 1]: the largest f <= 1 with
 *     P_idle + (f^2 math_j + other_j) / (clocked_s / f + fixed_s) <= P_cap
 * 1 where cap, idle power or the energy of a FLOP is not known. */
double power_clock_frac(const struct gpu *gpu, const struct power_load *load);

/* Whether cap, idle power and the energy of a FLOP of datatype d are known, and the part computes
 * in it. */
bool power_is_known(const struct gpu *gpu, enum dtype d);

/* What a second of datatype d at the peak takes longer once clocks have settled, 1 / f - 1 with the
 * f above; 0 where the power suffices or a figure is not known. */
double power_slow_down(const struct gpu *gpu, enum dtype d);

#endif
