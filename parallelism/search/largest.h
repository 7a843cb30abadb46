#ifndef PARALLELISM_SEARCH_LARGEST_H
#define PARALLELISM_SEARCH_LARGEST_H
#include "parallelism/search/search.h"

/* The longest sequence, the largest micro-batch, the most layers for which some strategy of the
 * space fits, all else as the scenario has it. */
enum largest_quantity {
    LARGEST_SEQ_LENGTH,
    LARGEST_MICRO_BATCH,
    LARGEST_LAYERS,
    LARGEST_QUANTITIES
};
extern const char *const largest_quantity_names[LARGEST_QUANTITIES + 1]; /* "seq_length" ... */

struct largest {
    double value;          /* 0: nothing fits at any */
    struct ranked best;    /* the fastest there */
    double next;           /* the least that was tried and does not fit; 0: none */
    struct ranked closest; /* the strategy that misses by least at `next` */
    int searches;
};

/* Values are multiples of `step` (0: 1024 tokens, 1 layer); micro-batches are divisors of the
 * global batch. Powers of two times the step are tried upwards until two in a row do not fit, then
 * the range between is halved: memory grows with each of the quantities. Further layers are of the
 * kinds that the last ones repeat. */
enum status largest_find(const struct scenario *scenario, const struct search_options *options,
                         enum largest_quantity quantity, double step, struct largest *out,
                         struct error *e);

/* Gives a scenario and its options that value of the quantity. */
void largest_apply(enum largest_quantity quantity, double value, struct scenario *scenario,
                   struct search_options *options);

#endif
