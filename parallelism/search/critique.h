#ifndef PARALLELISM_SEARCH_CRITIQUE_H
#define PARALLELISM_SEARCH_CRITIQUE_H
#include "parallelism/search/search.h"

/* What would make a run faster that is configured already: the fastest strategy of the search, and
 * changes of one key at a time. */
struct change {
    const struct field *field; /* the key that changes; dp and the schedule follow it */
    struct strategy strategy;
    double step_s; /* legal and fits */
};

enum { CHANGES_MAX = 8 };
struct critique {
    struct step_cost own;
    bool searched; /* something fits */
    struct ranked best;
    int changes; /* the best value of each key that gains, fastest first; where the run itself does
                    not fit, those that make it fit */
    struct change change[CHANGES_MAX];
};

/* options: threads and progress of the search; its choices are those of search_options_default.
 * What the search leaves as it is stays as the run has it, but for the stages' layers, and for
 * overlaps and attention, which the stack offers for nothing. */
enum status critique_make(const struct scenario *scenario, const struct strategy *own,
                          const struct search_options *options, struct critique *out,
                          struct error *e);

/* Calls visit for every key whose effect differs, with both values as text. */
void strategy_differences(const struct scenario *scenario, const struct strategy *from,
                          const struct strategy *to,
                          void (*visit)(void *context, const struct field *field, const char *from,
                                        const char *to),
                          void *context);

#endif
