#include "calibrate/fit/collective_spread.h"
#include <math.h>

/* Running mean and sum of squared deviations. [Welford62] */
void collective_spread_add(struct collective_spread *spread, const struct collective_constants *c)
{
    spread->fits++;
    for (int i = 0; i < c->regimes; i++) {
        const struct collective_regime *g = &c->regime[i];
        const double value[SPREAD_NUMBERS] = {g->alpha_s, g->step_s, g->hop_s, g->bandwidth_frac};
        for (int k = 0; k < SPREAD_NUMBERS; k++) {
            double off = value[k] - spread->mean[i][k];
            spread->mean[i][k] += off / spread->fits;
            spread->square[i][k] += off * (value[k] - spread->mean[i][k]);
        }
    }
}

void collective_spread_set(const struct collective_spread *spread, struct collective_constants *c)
{
    const double noise = 1e-4; /* of the solver's stopping rule */
    for (int i = 0; i < c->regimes; i++) {
        double sd[SPREAD_NUMBERS];
        for (int k = 0; k < SPREAD_NUMBERS; k++) {
            sd[k] = spread->fits > 1 ? sqrt(spread->square[i][k] / (spread->fits - 1)) : 0;
            if (sd[k] <= noise * fabs(spread->mean[i][k]))
                sd[k] = 0;
        }
        c->standard_error[i] = (struct collective_regime){.algorithm = c->regime[i].algorithm,
                                                          .alpha_s = sd[0],
                                                          .step_s = sd[1],
                                                          .hop_s = sd[2],
                                                          .bandwidth_frac = sd[3]};
    }
}
