#ifndef REPORTS_PLOT_VALIDATION_H
#define REPORTS_PLOT_VALIDATION_H
#include "calibrate/validate.h"
#include "reports/plot/figure.h"

/* Predicted against measured step times with a band of 10 %, and the errors by family. left_out:
 * every run was predicted by constants fitted without it. STATUS_NO: no case was compared. */
enum status plot_validation(struct figure *f, const struct cases *cases,
                            const struct prediction *predictions, bool left_out, struct error *e);

#endif
