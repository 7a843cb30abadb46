#ifndef HARDWARE_COLLECTIVE_LEG_H
#define HARDWARE_COLLECTIVE_LEG_H
#include "hardware/collective_constants.h"

/* One collective on one tier as a function of its size alone: constants with all that the group and
 * the network decide worked out. */
struct collective_leg {
    const struct collective_constants *constants;
    double ranks;
    double latency_s[COLLECTIVE_REGIMES];  /* HUGE_VAL: not for this group */
    double s_per_byte[COLLECTIVE_REGIMES]; /* transfer time over nccl-tests' size */
    double
        switch_bytes; /* to it the regimes before switch_regime, then the others; HUGE_VAL: none */
    bool corrected;   /* by the measured ratios */
};

/* Seconds of `bytes`; never decreases with bytes, nor with any latency or s_per_byte. */
double collective_leg_s(const struct collective_leg *leg, double bytes);

/* Least time of the regimes [from, to), without corrections. */
double collective_leg_regimes_s(const struct collective_leg *leg, int from, int to, double bytes);

/* Linear in 1/ranks between the groups of a calibration, constant beyond. */
double collective_group_frac(const struct collective_constants *c, double ranks);

#endif
