#ifndef REPORTS_REVIEW_REVIEW_H
#define REPORTS_REVIEW_REVIEW_H
#include "parallelism/provenance.h"
#include "parallelism/search/limits.h"
#include "parallelism/search/neighbours.h"
#include "parallelism/sweep/sensitivity.h"
#include "reports/plot/figure.h"

/* A design review: the question, the answer and what it rests on, as one page that opens from a
 * disk. */

/* A figure, its numbers and its picture. */
struct review_figure {
    const char *name; /* of its kind, its files and its place in the page */
    struct figure figure;
    struct text svg;    /* empty: not drawn */
    struct text reason; /* why */
};
enum { REVIEW_FIGURES_MAX = 12 };

struct review {
    const struct scenario *scenario;
    const struct search_options *options;
    const struct search_result *found;
    const struct provenance *provenance; /* of the fastest */
    const struct limits *limits;
    const struct neighbours *neighbours;
    const struct sensitivities *sensitivities;
    double range_frac; /* of their ends */
    int top;           /* strategies in the table */
    const struct review_figure *figures;
    int figure_count;
    const char *command; /* makes the page again */
};

/* Something fits. */
void review_page(const struct review *review, struct text *out);

/* Nothing does: the question, how far off the nearest strategy is, and what would make it fit.
 * Needs scenario, found and command alone. */
struct remedies;
void review_nothing_page(const struct review *review, const struct remedies *remedies,
                         struct text *out);

#endif
