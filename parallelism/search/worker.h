#ifndef PARALLELISM_SEARCH_WORKER_H
#define PARALLELISM_SEARCH_WORKER_H
#include "parallelism/memo.h"
#include "parallelism/search/bounds.h"
#include "parallelism/search/ranking.h"
#include "parallelism/search/space.h"

/* One thread's workspace, and what it does with one split of the layers: every way to recompute and
 * every way of ZeRO under it is evaluated, or bounded away. */

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
    struct zero_cost least; /* bound_zero of all */
    int zeros, ways;
    long long tunings; /* of all ways of ZeRO together: strategies with one way to recompute */
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

/* Whether strategies that take at least that long, and at least that much memory, are of no use. */
bool search_hopeless(const struct search_worker *w, double step_s, double memory_bytes);
/* A step that is no longer than any of a pipeline that takes at least work_s. */
double search_floor_s(const struct search_worker *w, double work_s);
/* Puts way i of ZeRO into w->s. */
void search_apply_zero(struct search_worker *w, int i);

/* All strategies of a split, for the shard, ways of ZeRO and ranking that the worker holds. */
void search_split_run(struct search_worker *w, const struct search_split *split);

#endif
