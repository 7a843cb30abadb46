#ifndef PARALLELISM_SWEEP_VARY_H
#define PARALLELISM_SWEEP_VARY_H
#include "parallelism/sweep/knob.h"

/* An axis of a sweep: an input, or several that move together, and the values it takes.
 *     gpus=64:4096:x2                       from, to, times
 *     gpu.memory=80GiB:288GiB:+32GiB        from, to, plus
 *     system.tier.1.bandwidth=200Gb/s,400Gb/s
 *     gpu.peak=0.5x,1x,2x                   relative to the scenario's own
 *     gpus+global_batch=1x:8x:x2            together
 *     gpu=h100-sxm,b200-sxm                 catalog names */
enum { VARY_VALUES_MAX = 128, VARY_KNOBS_MAX = 4, VARY_WORD_MAX = 96 };

struct axis {
    int knobs;
    struct knob knob[VARY_KNOBS_MAX]; /* of the scenario it was read for */
    int count;
    char value[VARY_VALUES_MAX][VARY_WORD_MAX]; /* as knob_parse takes it */
    char label[VARY_VALUES_MAX][VARY_WORD_MAX]; /* as a reader sees it */
};

/* STATUS_USAGE with what was expected. */
enum status axis_parse(const struct scenario *scenario, const struct knobs *knobs, const char *text,
                       struct axis *out, struct error *e);

/* The names of its inputs, joined by '+'. */
void axis_name(const struct axis *axis, struct text *out);

/* Sets value `i` in a scenario; number[k] receives what input k became (NAN: a name). The inputs
 * are looked up anew: an axis before may have replaced the system. */
enum status axis_apply(const struct axis *axis, int i, const char *catalog,
                       struct scenario *scenario, double number[VARY_KNOBS_MAX], struct error *e);

#endif
