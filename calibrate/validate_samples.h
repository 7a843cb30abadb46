#ifndef CALIBRATE_VALIDATE_SAMPLES_H
#define CALIBRATE_VALIDATE_SAMPLES_H
#include "calibrate/error_summary.h"
#include "calibrate/samples.h"
#include "hardware/system.h"

/* One row of samples against its forecast. */
struct sample_prediction {
    double time_s;
    const char *skipped; /* why there is no prediction (static); NULL: there is one */
};

/* predictions: one a sample. */
void samples_predict(const struct system *system, const struct samples *samples,
                     struct sample_prediction *predictions);

/* The classes in which errors are told. */
enum sample_class { SAMPLES_ALL, SAMPLES_LARGE, SAMPLE_CLASSES };
extern const char *const sample_class_names[SAMPLE_CLASSES + 1];

/* Large: products with m, n, k of 512 and more, messages of 1 MB and more; false for other kinds.
 */
bool sample_is_large(const struct sample *s);

struct sample_error {
    size_t skipped;
    struct error_summary time;
};

/* Which rows. */
struct sample_choice {
    const struct sample_file *file; /* NULL: all */
    int dtype;                      /* sample_compute_dtype; -1: all */
    enum sample_class class_;
};
enum status samples_error(const struct samples *samples,
                          const struct sample_prediction *predictions,
                          const struct sample_choice *choice, struct sample_error *out,
                          struct error *e);

/* Machine of samples that a gpu alone describes: one scale-up domain of its usual size. */
void samples_system(const struct gpu *gpu, struct system *system);

#endif
