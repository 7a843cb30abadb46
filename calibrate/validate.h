#ifndef CALIBRATE_VALIDATE_H
#define CALIBRATE_VALIDATE_H
#include "calibrate/cases.h"
#include "calibrate/error_summary.h"

/* Measured training runs against their forecasts. */
struct prediction {
    double step_s, memory_bytes;    /* meaningful unless skipped; memory: what the run's counts */
    double step_low_s, step_high_s; /* 80 % interval */
    double kind_variance; /* of it what runs of any stack have for their kind (interval.h) */
    bool fits;
    char skipped[256]; /* why there is no prediction; "": there is one */
};

/* Predicts a case by step_estimate, the code of every other command. */
void case_predict(const struct run_case *c, struct prediction *out);

/* Error of the step time, predicted / measured - 1; NAN where one of them is not known. */
double case_step_error(const struct run_case *c, const struct prediction *p);

/* How good the predictions of some cases are. NAN where nothing was measured. */
struct validation {
    size_t cases, predicted, skipped, memory_compared;
    struct error_summary step; /* of step times */
    double coverage;           /* share of the compared step times inside their 80 % intervals */
    double memory_mape, memory_bias;
    size_t oom, oom_foreseen; /* ran out of memory; of those, predicted not to fit */
    size_t ran, fit_foreseen;
};

/* Summary of the cases of `family` (NULL: all). STATUS_IO if memory is short. */
enum status validation_summarise(const struct cases *cases, const struct prediction *predictions,
                                 const char *family, struct validation *out, struct error *e);

#endif
