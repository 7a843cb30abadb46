#ifndef REPORTS_PLOT_SAMPLES_H
#define REPORTS_PLOT_SAMPLES_H
#include "calibrate/validate_samples.h"
#include "reports/plot/figure.h"

/* Measured samples against their forecasts. STATUS_NO: there are none of that kind. */
struct samples_picture {
    const struct system *system;
    const struct samples *samples;
    const struct sample_prediction *predictions; /* one a sample */
};

/* Matrix products: share of the peak over the size, measured and fitted, and the residuals. */
enum status plot_gemm(struct figure *f, const struct samples_picture *picture, struct error *e);

/* Collectives: time over size with the forecast and an alpha-beta line, and the residuals. */
enum status plot_collective(struct figure *f, const struct samples_picture *picture,
                            struct error *e);

#endif
