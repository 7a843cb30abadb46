#ifndef CALIBRATE_FIT_SYSTEM_FIT_H
#define CALIBRATE_FIT_SYSTEM_FIT_H
#include "base/text.h"
#include "calibrate/fit/collective_errors.h"
#include "calibrate/samples.h"
#include "hardware/system.h"

/* The collectives of a cluster from samples: those inside a scale-up domain set the constants of
 * its first tier, those across domains the constants of its second. */
struct system_fit {
    size_t domain_rows, fabric_rows;         /* fitted */
    struct collective_errors domain, fabric; /* of octaves of size, of whole logs that were left out */
    struct text notes; /* a line each: outliers, the error of each log, what is not used and why */
};
void system_fit_free(struct system_fit *fit);

/* Sets the collectives of the system's tiers; unchanged on errors. The rows of one op, number of
 * ranks and ranks a node in one file are one log. Rows inside a domain that cannot tell their
 * constants are left out with a note where others cross domains. STATUS_INPUT where no row is a
 * collective or none can be fitted, and where rows are faster than the links. `date`: ISO, of
 * today. */
enum status system_fit(struct system *system, const struct samples *samples, const char *date,
                       struct system_fit *out, struct error *e);

#endif
