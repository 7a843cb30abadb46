#ifndef PARALLELISM_SEARCH_UNIT_H
#define PARALLELISM_SEARCH_UNIT_H
#include "parallelism/memo.h"
#include "parallelism/search/bounds.h"
#include "parallelism/search/experts.h"
#include "parallelism/search/ranking.h"
#include "parallelism/search/space.h"

/* The search of one unit: all strategies of a shard, level by level, with what strategies share
 * computed where it is fixed. Pure but for the worker. */

/* What is wanted of the strategies. */
enum search_goal {
    GOAL_TIME,  /* the fastest that fit */
    GOAL_MEMORY /* those that need least memory, whether or not they fit */
};

struct search_counts {
    long long evaluated, fitting, unfit;
    long long pruned_by[SEARCH_BOUNDS];
};
void search_counts_add(struct search_counts *to, const struct search_counts *counts);

/* One thread's workspace. */
struct search_worker {
    const struct search_space *space;
    const struct step_constants *constants;
    enum search_goal goal;
    bool prune;
    struct memo memo;
    /* of the unit that is searched */
    struct search_ranking *ranking;
    double limit; /* objectives above it are of no use */
    struct search_counts counts;
    struct strategy s;
    struct shard_cost shard;
    struct stages stages;
    struct peaks peaks;
    struct bound_ranks ranks;
    struct layout_cost layout;
    struct zero_cost least;   /* bound_zero of all */
    int zeros, tunings, ways; /* tunings: of all ways of ZeRO together */
    struct search_zero zero[SEARCH_ZEROS_MAX];
    struct zero_cost cost[SEARCH_ZEROS_MAX];
    bool priced[SEARCH_ZEROS_MAX];
    double tail_s[SEARCH_ZEROS_MAX];              /* bound_tail_s of those that are priced */
    enum search_bound bound[SEARCH_ZEROS_MAX][2]; /* of the layout, by offload */
    bool open;                                    /* some of it must be evaluated */
    double fastest_s[4];      /* of the splits of a pp and schedule, by ZeRO stage */
    enum schedule fastest_of; /* that schedule; SCHEDULES: none yet */
    struct search_recompute way[SEARCH_RECOMPUTES_MAX];
};

void search_worker_init(struct search_worker *w, const struct search_space *space,
                        const struct step_constants *constants, enum search_goal goal);

/* Finds the bounds that all units of its group share. */
void search_unit_bound(struct search_worker *w, struct search_unit *unit);

/* Offers the unit's strategies to the ranking. limit: an objective that is reached elsewhere; what
 * is above it is not needed. Counts are added to w->counts. */
void search_unit_run(struct search_worker *w, const struct search_unit *unit, double limit,
                     struct search_ranking *ranking);

#endif
