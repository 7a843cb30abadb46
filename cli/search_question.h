#ifndef CLI_SEARCH_QUESTION_H
#define CLI_SEARCH_QUESTION_H
#include "cli/arguments.h"
#include "reports/search_answers.h"

/* What `search` is asked beside the ranking. */
struct search_question {
    bool near_ties, pareto, simulate;
    bool maximizes;
    enum largest_quantity quantity;
    bool several; /* the clusters of `counts` are compared, or one must be fast enough */
    struct gpu_counts counts;
    struct cluster_options how;
    bool priced;
    struct price price;
};

/* STATUS_USAGE for questions that exclude each other, and for a cost without a price. */
enum status search_question_read(const struct arguments *a, const struct scenario *scenario,
                                 struct search_question *out, struct error *e);

/* --open: dimensions that the search otherwise leaves alone. */
enum status search_openings_read(const struct arguments *a, struct search_options *options,
                                 struct error *e);

#endif
