#ifndef PARALLELISM_SEARCH_TIES_H
#define PARALLELISM_SEARCH_TIES_H
#include "parallelism/search/search.h"

/* Strategies that the forecast cannot tell from the best: whose difference from it lies within its
 * own interval. On one cluster most of the errors of two forecasts are the same and cancel. */

/* Standard deviation of ln(a / b) of two forecasts of one scenario: each class of work has an error
 * that both share, by how differently they spend their time on it, and each forecast one of its
 * own. MODELLING 11.6 */
double difference_sigma(const struct scenario *scenario, const struct step_cost *a,
                        const struct step_cost *b);

/* Half of the 80 % interval of their difference, relative. */
double difference_interval_frac(const struct scenario *scenario, const struct step_cost *a,
                                const struct step_cost *b);

/* How many of a search's results after the first the forecast cannot tell from it; the narrowest
 * such interval (half, relative) in *interval_frac where there is one. */
int ties_among(const struct scenario *scenario, const struct search_result *result,
               double *interval_frac);

struct tie {
    struct ranked ranked;
    double slower_frac;   /* than the best; 0: the best itself */
    double interval_frac; /* half of the 80 % interval of that difference */
};
struct ties {
    struct tie *ties; /* fastest first */
    int count;
    struct search_result search; /* its counts and results: `top` at least */
};
enum status ties_find(const struct scenario *scenario, const struct search_options *options,
                      struct ties *out, struct error *e);
void ties_free(struct ties *ties);

#endif
