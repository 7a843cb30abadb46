#ifndef CLI_VALIDATE_SAMPLES_H
#define CLI_VALIDATE_SAMPLES_H
#include "cli/arguments.h"

/* validate --gpu NAME SAMPLES.csv... (or --system NAME): kernels and collectives against their
 * forecast. */
enum status validate_samples(const struct arguments *a, struct error *e);

/* The machine of --system or --gpu: a gpu alone is one scale-up domain of its usual size. */
struct system;
enum status find_sample_machine(const struct arguments *a, struct system *system, struct error *e);

/* Adds the sample files among the operands from number `from` on; what they say of themselves goes
 * to standard error. */
struct samples;
enum status load_samples(const struct arguments *a, size_t from, struct samples *samples,
                         struct error *e);

#endif
