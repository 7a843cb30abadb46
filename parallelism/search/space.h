#ifndef PARALLELISM_SEARCH_SPACE_H
#define PARALLELISM_SEARCH_SPACE_H
#include "base/pool.h"
#include "parallelism/rules.h"
#include "parallelism/search/values.h"

/* The space of a search, level by level: units, which are the shards; for each unit the ways to cut
 * the model into pipeline stages; for each of those the ways to recompute, and ZeRO with its
 * tuning. All that is legal is counted before anything is evaluated. */

/* Strategies that share a shard. */
struct search_unit {
    int tp, cp, ep, etp, micro_batch;
    bool sequence_parallel;
    enum dispatcher dispatcher;
    enum cp_comm cp_comm;
    unsigned overlaps; /* of those that layer costs depend on: tp, ep */
    size_t group;      /* units that differ in their experts' place alone */
    size_t index;      /* in the order of the space */
    double bound_s;    /* no strategy of the unit is faster */
    double rest_s;     /* pipeline without experts, at least */
    long long legal;   /* strategies */
};

/* One way to cut the model: pp, vpp, schedule, layout; legal for the stack. */
struct search_split {
    int pp, vpp;
    enum schedule schedule;
    int first_stage_layers, last_stage_layers;
    int recomputes; /* ways to recompute that are legal */
    struct split split;
};

/* The splits of one pp that a number of micro-batches admits. */
struct search_layouts {
    int micro_batches;
    int count, *split;    /* indices of splits; owned */
    int illegal;          /* splits that the schedule does not admit */
    long long recomputes; /* ways to recompute, of all splits together */
};

/* Rules that values of one level break, and how many break each. */
enum { SEARCH_LEVEL_RULES = 4 };
struct search_broken {
    int rules;
    struct search_rejected rule[SEARCH_LEVEL_RULES];
};
void search_broken_add(struct search_broken *broken, const char *rule);

/* All splits of one pp. */
enum { SEARCH_PPS_MAX = 64 };
struct search_cuts {
    int pp;
    int first, count;              /* among the splits */
    double first_rank_layers;      /* on rank 0 of any of them, at least */
    struct search_broken broken;   /* by splits of this pp */
    struct search_layouts *layout; /* by number of micro-batches */
    int layouts;
    size_t layout_room;
    int zeros_dp, zeros_cp, zeros; /* ways of ZeRO, tuned, that were counted last */
    bool zeros_replicas;
    struct search_broken zeros_broken;
};

/* A way to recompute, from the least to the most. */
struct search_recompute {
    enum recompute recompute;
    int layers;
};
enum { SEARCH_RECOMPUTES_MAX = MODEL_LAYERS_MAX + 2 };

/* A ZeRO stage with its groups, and under ZeRO 3 whether gathered parameters are freed after the
 * forward pass. */
struct search_zero {
    int zero, zero_group, fsdp_shard;
    bool reshard_after_forward;
};
enum { SEARCH_ZEROS_MAX = 4 * SEARCH_VALUES_MAX };

struct search_space {
    const struct scenario *scenario;
    const struct search_options *options;
    struct pool *pool; /* that passes run on */
    int gpus;
    struct search_unit *unit;
    size_t units, unit_room, groups;
    bool bounded; /* the units have bounds and are sorted by them */
    struct search_split *split;
    int splits;
    size_t split_room;
    struct search_cuts cut[SEARCH_PPS_MAX]; /* by pp, increasing */
    int cuts;
    unsigned inner_overlaps, pp_overlap; /* bits tried on and off inside a layout, and for one */
    bool offloads[2];                    /* optimizer: not offloaded, offloaded */
    long long configs, legal;
    int rules;
    struct search_rejected rejected[SEARCH_RULES_MAX];
};

/* STATUS_IO out of memory; freed by search_space_free, even after an error. */
enum status search_space_init(const struct scenario *scenario, const struct search_options *options,
                              struct search_space *space, struct error *e);
void search_space_free(struct search_space *space);

/* The splits of every pp, and those that the micro-batches of a strategy admit: false, NULL when
 * out of memory. For search_space_init. */
bool search_splits_init(struct search_space *space);
struct search_layouts *search_layouts_find(const struct search_space *space,
                                           const struct search_cuts *cuts,
                                           const struct strategy *s);
struct search_layouts *search_layouts_add(struct search_space *space, struct search_cuts *cuts,
                                          const struct strategy *s);

/* A strategy of the unit: all else as in the base. */
struct strategy search_unit_strategy(const struct search_space *space,
                                     const struct search_unit *unit);

/* The splits of a pp that are legal for a strategy with its unit's fields; sets its pp and dp. NULL
 * if there are none. */
const struct search_layouts *search_space_layouts(const struct search_space *space,
                                                  const struct search_cuts *cuts,
                                                  struct strategy *s);

/* How often a split is tried: with its transfers overlapped and not. */
int search_pp_overlaps(const struct search_space *space, int pp);

/* Sets pp, vpp, schedule and layout. */
void search_split_apply(const struct search_split *split, struct strategy *s);

/* Ways to recompute that are legal for a split; returns their number. */
int search_recomputes(const struct search_space *space, int most_layers,
                      struct search_recompute out[SEARCH_RECOMPUTES_MAX]);

/* Whether some parameters lie on several ranks: those of experts may where no others do. */
bool search_has_replicas(const struct search_space *space, const struct strategy *s);

/* ZeRO stages and groups that are legal for a strategy with its unit's fields, pp and dp; returns
 * their number. broken, if not NULL: of those asked for that are not, the rules. */
int search_zeros(const struct search_space *space, const struct strategy *s,
                 struct search_zero out[SEARCH_ZEROS_MAX], struct search_broken *broken);

/* Overlaps that are tried on and off under a way of ZeRO: the prefetch of parameters' shards only
 * where there are some. */
unsigned search_inner_overlaps(const struct search_space *space, const struct search_zero *zero);
int search_subsets(unsigned overlaps);

/* Ways to tune what is left, those overlaps and offload, over all ways of ZeRO. */
int search_tunings(const struct search_space *space, const struct search_zero *zeros, int count);

/* Overlaps of the k-th subset of the bits `open`, the others as in `overlaps`. */
unsigned search_overlaps(unsigned overlaps, unsigned open, int k);

#endif
