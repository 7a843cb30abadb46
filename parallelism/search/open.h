#ifndef PARALLELISM_SEARCH_OPEN_H
#define PARALLELISM_SEARCH_OPEN_H
#include "parallelism/search/search.h"

/* Dimensions that a search leaves as the base has them unless they are opened, by name. */
enum search_opening {
    OPEN_SCHEDULE,          /* every schedule of the stack */
    OPEN_OFFLOAD_OPTIMIZER, /* optimizer state on the GPU and in host memory */
    OPEN_UNEVEN_STAGES,     /* layers of the first and of the last stage */
    OPEN_ZERO_GROUP,        /* ranks that share one copy of the optimizer state */
    OPEN_DISPATCHER,
    OPEN_CP_COMM,
    OPEN_ALL,
    SEARCH_OPENINGS
};
extern const char *const search_opening_names[SEARCH_OPENINGS + 1];

void search_open(struct search_options *options, enum search_opening opening);

/* True if that is open: for OPEN_ALL, if all is. */
bool search_is_open(const struct search_options *options, enum search_opening opening);

#endif
