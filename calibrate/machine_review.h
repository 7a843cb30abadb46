#ifndef CALIBRATE_MACHINE_REVIEW_H
#define CALIBRATE_MACHINE_REVIEW_H
#include "calibrate/machine.h"

/* What bringing up a machine is about: is it as fast as its datasheet and as its kind, and which
 * part of it is not? */

/* One figure that was reached, and what the datasheet, or the catalog, says of it (0: nothing). */
struct machine_figure {
    char name[64];
    enum unit unit;
    double measured, datasheet;
};

/* The measured times of a group of ops against two forecasts: of the profile that the catalog had
 * (for a processor, of no meaning: the built-in defaults), and of the one fitted here. Errors are
 * mean absolute and mean predicted / measured - 1. */
struct machine_forecast {
    char name[48];
    size_t rows;
    double before_error, before_bias, fitted_error, fitted_bias;
    double held_out_error; /* of rows that were not fitted to; 0: not known */
};

/* A GPU or link that takes longer than the others' median, by that share. */
struct machine_outlier {
    char name[160];
    double slower_frac;
};

enum { REVIEW_FIGURES = 32, REVIEW_FORECASTS = 32, REVIEW_OUTLIERS = 64 };
struct machine_review {
    size_t figures, forecasts, outliers, outliers_left_out;
    struct machine_figure figure[REVIEW_FIGURES];
    struct machine_forecast forecast[REVIEW_FORECASTS];
    struct machine_outlier outlier[REVIEW_OUTLIERS];
};

/* fitted: the machine's GPU by the constants of its own samples. STATUS_IO out of memory. */
enum status machine_review(const struct machine *machine, const struct gpu *fitted,
                           struct machine_review *review, struct error *e);

#endif
