#include "parallelism/search/space.h"

/* The lowest level of a space: ZeRO with its groups, overlaps, offload. */

/* Groups of a dimension under n replicas: 0, all of them, and their proper divisors where those are
 * tried. */
static void groups_of(const struct search_space *space, enum search_dimension d, int n, bool tried,
                      struct search_values *out)
{
    out->count = 0;
    if (search_values_given(out, space->options, d))
        return;
    search_values_add(out, search_dimension_get(&space->options->base, d));
    if (!tried)
        return;
    search_values_divisors(out, n, 2, n - 1);
    search_values_add(out, 0);
}

struct zeros {
    const struct search_space *space;
    struct strategy s;
    int count;
    struct search_zero *out;
    struct search_broken *broken;
};

/* False if the strategy as it stands breaks a rule, which is counted where it was asked for. */
static bool legal(struct zeros *z, bool asked)
{
    const char *rule = strategy_illegal_at(z->space->scenario, &z->s, RULE_ZERO, NULL, 0);
    if (rule && asked && z->broken)
        search_broken_add(z->broken, rule);
    return !rule;
}

static void add_groups(struct zeros *z, enum search_dimension d, int n, bool tried)
{
    struct search_values groups;
    groups_of(z->space, d, n, tried, &groups);
    for (int i = 0; i < groups.count && z->count < SEARCH_ZEROS_MAX; i++) {
        search_dimension_set(&z->s, d, groups.value[i]);
        if (legal(z, true))
            z->out[z->count++] = (struct search_zero){z->s.zero, z->s.zero_group, z->s.fsdp_shard,
                                                      z->s.reshard_after_forward};
    }
}

/* ZeRO 3: both ways of gathered parameters where the stack leaves the choice. */
static void add_shards(struct zeros *z, int ranks)
{
    bool open = z->space->scenario->stack.keeps_gathered_on_request;
    for (int reshard = 1; reshard >= 0; reshard--) {
        z->s.reshard_after_forward = reshard;
        if (search_tries(z->space->options, SEARCH_RESHARD_AFTER_FORWARD, open, reshard))
            add_groups(z, SEARCH_FSDP_SHARD, ranks, true);
    }
}

bool search_has_replicas(const struct search_space *space, const struct strategy *s)
{
    int dense = s->dp * s->cp;
    return dense > 1 || (space->scenario->model.experts > 0 && dense * s->tp > s->ep * s->etp);
}

/* A stage that the stack runs as another one is not proposed beside that. */
static bool runs_as_higher(const struct search_space *space, const struct strategy *s)
{
    return space->scenario->stack.shards_over_context && s->cp > 1 && s->zero < 3 &&
           search_allows(space->options, SEARCH_ZERO, 3) &&
           (space->scenario->stack.zero_stages >> 3 & 1);
}

int search_zeros(const struct search_space *space, const struct strategy *s,
                 struct search_zero out[SEARCH_ZEROS_MAX], struct search_broken *broken)
{
    struct zeros z = {space, *s, 0, out, broken};
    bool asked = space->options->choices[SEARCH_ZERO].count > 0;
    const struct stack *stack = &space->scenario->stack;
    int replicas = s->dp * s->cp, shards = stack->shards_over_context ? s->dp : replicas;
    bool groups = space->options->open[SEARCH_ZERO_GROUP];
    for (int zero = 0; zero <= 3; zero++) {
        z.s.zero = zero;
        z.s.zero_group = z.s.fsdp_shard = 0;
        z.s.reshard_after_forward = space->options->base.reshard_after_forward;
        bool alone =
            !search_has_replicas(space, s) && search_allows(space->options, SEARCH_ZERO, 0);
        if (!search_allows(space->options, SEARCH_ZERO, zero) || (zero > 0 && alone) ||
            runs_as_higher(space, &z.s) || !legal(&z, asked))
            continue;
        if (zero == 3)
            add_shards(&z, shards);
        else if (zero > 0)
            add_groups(&z, SEARCH_ZERO_GROUP, replicas, groups);
        else
            out[z.count++] = (struct search_zero){0, 0, 0, z.s.reshard_after_forward};
    }
    return z.count;
}

unsigned search_inner_overlaps(const struct search_space *space, const struct search_zero *zero)
{
    return zero->zero == 3 ? space->inner_overlaps
                           : space->inner_overlaps & ~(1u << OVERLAP_FSDP_PREFETCH);
}

int search_subsets(unsigned overlaps)
{
    int n = 1;
    for (; overlaps; overlaps &= overlaps - 1)
        n *= 2;
    return n;
}

int search_tunings(const struct search_space *space, const struct search_zero *zeros, int count)
{
    int sum = 0;
    for (int i = 0; i < count; i++)
        sum += search_subsets(search_inner_overlaps(space, &zeros[i]));
    return sum * (space->offloads[0] + space->offloads[1]);
}

unsigned search_overlaps(unsigned overlaps, unsigned open, int k)
{
    unsigned on = 0;
    for (int bit = 0; bit < OVERLAPS; bit++) {
        if (!(open >> bit & 1))
            continue;
        on |= (unsigned)(k & 1) << bit;
        k >>= 1;
    }
    return (overlaps & ~open) | on;
}
