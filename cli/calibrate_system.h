#ifndef CLI_CALIBRATE_SYSTEM_H
#define CLI_CALIBRATE_SYSTEM_H
#include "cli/arguments.h"

/* calibrate fit SAMPLES.csv... --system NAME -o FILE: fits the collectives of a cluster to samples,
 * inside its scale-up domains and across them, and writes its file, complete. */
enum status calibrate_system(const struct arguments *a, struct error *e);

#endif
