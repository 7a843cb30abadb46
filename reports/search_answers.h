#ifndef REPORTS_SEARCH_ANSWERS_H
#define REPORTS_SEARCH_ANSWERS_H
#include "base/json_write.h"
#include "parallelism/search/clusters.h"
#include "parallelism/search/largest.h"
#include "parallelism/search/limits.h"
#include "parallelism/search/neighbours.h"
#include "parallelism/search/pareto_clusters.h"
#include "parallelism/search/remedies.h"
#include "parallelism/search/ties.h"
#include "reports/table.h"

/* What is drawn from searches beside the ranking, as text and as members of an open JSON object. */

/* --maximize: the quantity and what was found of it. */
struct maximum {
    enum largest_quantity quantity;
    const struct largest *largest;
};

/* Several numbers of GPUs. */
struct cluster_answer {
    const struct clusters *clusters;
    const struct cluster_options *how;
    int chosen; /* index of the cluster whose results are shown; -1: none is fast enough */
};

/* What a token costs. */
struct price {
    double usd_per_gpu_h; /* 0: not asked for */
    const char *source;
};

/* NULL members were not asked for, or are not known. */
struct search_answers {
    const double *simulated_s; /* of each result */
    const struct price *price;
    const struct maximum *maximum;
    const struct cluster_answer *clusters;
    const struct limits *limits;
    const struct neighbours *neighbours;
    const struct ties *ties;
    const struct pareto_clusters *front;
    const struct remedies *remedies;
};

/* Before the ranking: the largest value, the clusters. */
void search_answers_head_text(const struct scenario *scenario, const struct search_answers *answers,
                              struct text *out);

/* What limits the best, as a line of its headline. */
void limits_text(const struct limits *limits, const struct ranked *best, struct text *out);
/* What it costs, as another. */
void price_text(const struct scenario *scenario, const struct price *price,
                const struct step_cost *cost, struct text *out);

/* After the ranking: near ties, neighbours, the front, remedies. */
void ties_text(const struct ties *ties, struct text *out);
void neighbours_text(const struct neighbours *neighbours, const struct ranked *best,
                     struct text *out);
void front_text(const struct pareto_clusters *front, const struct scenario *scenario,
                struct text *out);
/* What would make it fit: one row a remedy. The caller frees the table. */
void remedies_table(const struct remedies *remedies, struct table *out);
void remedies_text(const struct remedies *remedies, struct text *out);

/* best: NULL when nothing fits. */
void search_answers_json(struct json_writer *w, const struct scenario *scenario,
                         const struct search_answers *answers, const struct ranked *best);

/* "tp 4 -> 2"; "overlap tp off". */
void neighbour_change(const struct neighbour *n, const struct strategy *best, struct text *out);

/* Why a neighbour loses: "13.1 % slower: 2.1 s more of tp"; "as fast" where it does not. */
void neighbour_loss(const struct neighbour *n, const struct ranked *best, struct text *out);

/* What binds, in words, by enum limit. */
extern const char *const limit_words[LIMITS];

#endif
