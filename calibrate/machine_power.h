#ifndef CALIBRATE_MACHINE_POWER_H
#define CALIBRATE_MACHINE_POWER_H
#include "base/op.h"
#include "calibrate/sample_table.h"

/* The constants of the power model (hardware/power.h) as long loads show them; 0 where they do not.
 */
struct machine_power {
    double idle_w;         /* without a load */
    double byte_j;         /* of a byte of HBM traffic, from the copies */
    double flop_j[DTYPES]; /* of a FLOP at the full clock, from the products at every duty */
    double error_frac;     /* mean |fitted / measured power - 1| of the products */
    size_t products;
};

/* From sustained.csv: a row a load, with duty, clock_mhz, power_w, busy_frac, time_us, flop and
 * bytes of a call. */
void machine_power_fit(const struct sample_table *sustained, struct machine_power *power);

#endif
