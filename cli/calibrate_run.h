#ifndef CLI_CALIBRATE_RUN_H
#define CLI_CALIBRATE_RUN_H
#include "cli/arguments.h"

/* stepcast calibrate run -o DIR: measures this machine with stepcast-bench (continuing what DIR holds),
 * fits DIR/profile.json to the samples, and prints what was reached against the datasheet and the catalog.
 * --no-measure: DIR was filled by a batch job. */
enum status calibrate_run(const struct arguments *a, struct error *e);

extern const char *const calibrate_devices[]; /* values of --device, NULL-ended */

#endif
