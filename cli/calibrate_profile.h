#ifndef CLI_CALIBRATE_PROFILE_H
#define CLI_CALIBRATE_PROFILE_H
#include "cli/arguments.h"

/* calibrate fit SAMPLES.csv... --gpu NAME -o FILE: fits the constants of a GPU to samples and
 * writes its file; with --into FILE only the members "calibration" and "collective" of that file
 * change. */
enum status calibrate_profile(const struct arguments *a, struct error *e);

/* calibrate show FILE [SAMPLES.csv...]: the constants of a gpu or a system file with their errors,
 * and what it predicts of samples against what they measured. */
enum status calibrate_show(const struct arguments *a, struct error *e);

#endif
