#ifndef CLI_CALIBRATE_FIT_H
#define CLI_CALIBRATE_FIT_H
#include "cli/arguments.h"

/* stepcast calibrate fit --stack NAME CASES.json...: the constants of a training stack from its
 * runs.
 * --stack all: of every stack that the cases name, as the catalog's file of constants. */
enum status calibrate_fit(const struct arguments *a, struct error *e);

#endif
