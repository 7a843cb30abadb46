#ifndef PARALLELISM_SEARCH_VALUES_H
#define PARALLELISM_SEARCH_VALUES_H
#include "parallelism/search/search.h"

/* Values that a dimension takes, increasing, each once. */
enum { SEARCH_VALUES_MAX = 512 };
struct search_values {
    int count;
    int value[SEARCH_VALUES_MAX];
};

void search_values_add(struct search_values *values, int value);

/* Divisors of n from `least` to `most`. */
void search_values_divisors(struct search_values *values, int n, int least, int most);

/* The choices of a dimension, where some were given. */
bool search_values_given(struct search_values *values, const struct search_options *options,
                         enum search_dimension dimension);

/* True if the choices, where some were given, hold the value. */
bool search_allows(const struct search_options *options, enum search_dimension dimension,
                   int value);

/* Whether a dimension's value is tried: where values are given, if it is one of them; else any
 * where all are open, the base's where not. */
bool search_tries(const struct search_options *options, enum search_dimension dimension, bool open,
                  int value);

#endif
