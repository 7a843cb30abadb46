#ifndef PARALLELISM_SWEEP_SENSITIVITY_H
#define PARALLELISM_SWEEP_SENSITIVITY_H
#include "parallelism/search/search.h"
#include "parallelism/sweep/knob.h"

/* How the step time moves with every constant of the hardware and of the software: as the strategy
 * stands, and optimised anew. */

/* What a strategy costs with an input at one of its ends. */
struct sensitivity_end {
    double value;
    double step_s; /* of the fixed strategy */
    bool fits;     /* the fixed strategy */
    double best_s; /* of the fastest strategy there; 0: nothing fits, or not searched */
    struct strategy best;
    bool moves; /* the fastest is another one than the fixed */
};

struct sensitivity {
    struct knob knob;
    double value;
    /* d ln step / d ln value of the fixed strategy: -1 where the whole step goes with 1 / value */
    double elasticity;
    struct sensitivity_end low, high;
    double effect; /* what the rows are ordered by: the largest change of the step time at the two
                      ends, fixed or optimised anew, relative */
    bool searched; /* the ends were optimised anew */
    double best_elasticity; /* over the whole range of the ends, optimised anew */
};

struct sensitivity_request {
    const struct scenario *scenario;
    const struct strategy *fixed;         /* legal */
    const struct search_options *options; /* what is searched anew; NULL: nothing */
    double range_frac;                    /* the ends: 0.2 is 0.8 and 1.2 times the value */
    int searches;     /* at most so many inputs are optimised anew, those with most effect first,
                         the hardware's before the rest where there is none; 0: all */
    bool calibration; /* also the single constants of the kernels' forms */
    void (*progress)(void *context, int done, int inputs);
    void *progress_context;
};

struct sensitivities {
    struct sensitivity *rows; /* largest effect first, the names breaking ties */
    int count;
    int idle;      /* inputs that change neither time nor memory of the fixed strategy: left out */
    double step_s; /* of the fixed strategy now */
};

/* STATUS_IO out of memory; *out is freed by sensitivities_free. */
enum status sensitivities_find(const struct sensitivity_request *request, struct sensitivities *out,
                               struct error *e);
void sensitivities_free(struct sensitivities *s);

/* True if two strategies differ in a key that is searched. */
bool strategies_differ(const struct strategy *a, const struct strategy *b);

#endif
