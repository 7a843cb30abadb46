#ifndef CALIBRATE_FIT_COLLECTIVE_SPREAD_H
#define CALIBRATE_FIT_COLLECTIVE_SPREAD_H
#include "hardware/collective_constants.h"

/* Spread of an op's constants over refits: their standard errors. Zero-initialised. */
enum { SPREAD_NUMBERS = 4 };
struct collective_spread {
    double fits;
    double mean[COLLECTIVE_REGIMES][SPREAD_NUMBERS], square[COLLECTIVE_REGIMES][SPREAD_NUMBERS];
};

void collective_spread_add(struct collective_spread *spread, const struct collective_constants *c);

/* Sets c->standard_error; 0, not known, where the refits did not differ. */
void collective_spread_set(const struct collective_spread *spread, struct collective_constants *c);

#endif
