#include "parallelism/search/space.h"
#include "base/array.h"
#include <stdlib.h>
#include <string.h>

enum { MICRO_BATCH_MOST = 64 }; /* sequences; larger ones fit no GPU of today */

static const unsigned shard_overlaps = 1u << OVERLAP_TP | 1u << OVERLAP_EP;

static void reject(struct search_space *space, const char *rule, long long n)
{
    int i = 0;
    space->configs += n;
    while (i < space->rules && strcmp(space->rejected[i].name, rule) != 0)
        i++;
    if (i == SEARCH_RULES_MAX || n == 0)
        return;
    if (i == space->rules)
        space->rejected[space->rules++] = (struct search_rejected){rule, 0};
    space->rejected[i].count += n;
}

/* Each so many times. */
static void reject_all(struct search_space *space, const struct search_broken *broken,
                       long long times)
{
    for (int i = 0; i < broken->rules; i++)
        reject(space, broken->rule[i].name, times * broken->rule[i].count);
}

struct strategy search_unit_strategy(const struct search_space *space,
                                     const struct search_unit *unit)
{
    struct strategy s = space->options->base;
    s.tp = unit->tp;
    s.cp = unit->cp;
    s.ep = unit->ep;
    s.etp = unit->etp;
    s.micro_batch = unit->micro_batch;
    s.sequence_parallel = unit->sequence_parallel;
    s.dispatcher = unit->dispatcher;
    s.cp_comm = unit->cp_comm;
    s.overlaps = (s.overlaps & ~shard_overlaps) | unit->overlaps;
    return s;
}

/* Sets pp and dp; false if what is left of the GPUs does not divide, or dp is not asked for. */
static bool place(const struct search_space *space, int pp, struct strategy *s)
{
    long long model = (long long)s->tp * s->cp * pp;
    s->pp = pp;
    if (model > space->gpus || space->gpus % model != 0)
        return false;
    s->dp = (int)(space->gpus / model);
    return search_allows(space->options, SEARCH_DP, s->dp);
}

const struct search_layouts *search_space_layouts(const struct search_space *space,
                                                  const struct search_cuts *cuts,
                                                  struct strategy *s)
{
    if (!place(space, cuts->pp, s) ||
        strategy_illegal_at(space->scenario, s, RULE_REPLICAS, NULL, 0))
        return NULL;
    return search_layouts_find(space, cuts, s);
}

int search_pp_overlaps(const struct search_space *space, int pp)
{
    return pp > 1 && space->pp_overlap ? 2 : 1;
}

/* Ways of ZeRO with their tunings: the same for all units with one dp and cp, which come one after
 * the other, but for experts of which there are no copies. */
static int count_zeros(const struct search_space *space, struct search_cuts *cuts,
                       const struct strategy *s)
{
    struct search_zero zeros[SEARCH_ZEROS_MAX];
    bool replicas = search_has_replicas(space, s);
    if (cuts->zeros_dp != s->dp || cuts->zeros_cp != s->cp || cuts->zeros_replicas != replicas) {
        cuts->zeros_broken.rules = 0;
        cuts->zeros =
            search_tunings(space, zeros, search_zeros(space, s, zeros, &cuts->zeros_broken));
    }
    cuts->zeros_dp = s->dp;
    cuts->zeros_cp = s->cp;
    cuts->zeros_replicas = replicas;
    return cuts->zeros;
}

/* Counts the strategies of a unit with one pp. False: out of memory. */
static bool count_pp(struct search_space *space, struct search_cuts *cuts, struct strategy *s,
                     struct search_unit *unit)
{
    if (!place(space, cuts->pp, s))
        return true;
    const char *rule = strategy_illegal_at(space->scenario, s, RULE_REPLICAS, NULL, 0);
    if (rule) {
        reject(space, rule, 1);
        return true;
    }
    const struct search_layouts *layouts = search_layouts_find(space, cuts, s);
    if (!layouts && !(layouts = search_layouts_add(space, cuts, s)))
        return false;
    reject_all(space, &cuts->broken, 1);
    reject(space, "schedule", layouts->illegal);
    unit->legal +=
        layouts->recomputes * search_pp_overlaps(space, cuts->pp) * count_zeros(space, cuts, s);
    if (space->offloads[0] || space->offloads[1])
        reject_all(space, &cuts->zeros_broken, layouts->recomputes);
    else /* the stack does not offload as it is asked to */
        reject(space, "offload-supported", layouts->recomputes);
    return true;
}

static bool keep_unit(struct search_space *space, const struct search_unit *unit)
{
    struct search_unit *grown =
        array_grow(space->unit, space->units, &space->unit_room, sizeof *grown);
    if (!grown)
        return false;
    space->unit = grown;
    space->unit[space->units] = *unit;
    space->unit[space->units].index = space->units;
    space->unit[space->units].group = space->groups;
    space->units++;
    return true;
}

static bool add_unit(struct search_space *space, struct search_unit *unit)
{
    struct strategy s = search_unit_strategy(space, unit);
    const char *rule = "gpus-multiply";
    unit->legal = 0;
    s.pp = 1;
    if (space->gpus % ((long long)s.tp * s.cp) == 0)
        rule = strategy_illegal_at(space->scenario, &s, RULE_SHARD, NULL, 0);
    if (rule) {
        reject(space, rule, 1);
        return true;
    }
    for (int i = 0; i < space->cuts; i++)
        if (!count_pp(space, &space->cut[i], &s, unit))
            return false;
    space->legal += unit->legal;
    space->configs += unit->legal;
    return unit->legal == 0 || keep_unit(space, unit);
}

/* The bits of a set that the space may hold, in the order of the enum, where the options leave the
 * dimension open; else the base's. */
static void enum_values(const struct search_space *space, enum search_dimension d, unsigned stack,
                        struct search_values *out)
{
    out->count = 0;
    if (search_values_given(out, space->options, d))
        return;
    int base = search_dimension_get(&space->options->base, d);
    for (int i = 0; i < 8 && (space->options->open[d] || !(stack >> base & 1)); i++)
        if (stack >> i & 1)
            search_values_add(out, i);
    if (out->count == 0)
        search_values_add(out, base);
}

/* What the rules rejected before. */
struct tally {
    long long configs;
    int rules;
    long long count[SEARCH_RULES_MAX];
};

static struct tally tally_of(const struct search_space *space)
{
    struct tally t = {.configs = space->configs, .rules = space->rules};
    for (int i = 0; i < space->rules; i++)
        t.count[i] = space->rejected[i].count;
    return t;
}

/* The unit again, as add_unit counted it since `before`. */
static bool repeat_unit(struct search_space *space, const struct search_unit *unit,
                        const struct tally *before, const struct tally *after)
{
    space->configs += after->configs - before->configs;
    space->legal += unit->legal;
    for (int i = 0; i < after->rules; i++)
        space->rejected[i].count += after->count[i] - (i < before->rules ? before->count[i] : 0);
    return unit->legal == 0 || keep_unit(space, unit);
}

/* The dispatchers to try: those given, else an estimate's, and where the dimension is open all that
 * the stack has. */
static void dispatchers_of(const struct search_space *space, const struct search_unit *unit,
                           struct search_values *out)
{
    const struct search_options *options = space->options;
    out->count = 0;
    if (unit->ep > 1 && search_values_given(out, options, SEARCH_DISPATCHER))
        return;
    search_values_add(out, (int)(options->usual_dispatcher
                                     ? strategy_usual_dispatcher(space->scenario, unit->ep)
                                     : options->base.dispatcher));
    if (unit->ep == 1 || !options->open[SEARCH_DISPATCHER])
        return;
    for (int i = 0; i < DISPATCHERS; i++)
        if (space->scenario->stack.dispatchers >> i & 1)
            search_values_add(
                out, (int)strategy_serving_dispatcher(space->scenario, (enum dispatcher)i));
}

/* What is left to choose of a unit of a group: where its experts lie, and their dispatcher. No rule
 * looks at the dispatcher or at overlaps: all variants count like the first. */
static bool add_dispatchers(struct search_space *space, struct search_unit *unit)
{
    struct tally before = tally_of(space), after = before;
    struct search_values dispatchers;
    unsigned bit = 1u << OVERLAP_EP, open = unit->ep > 1 ? space->options->open_overlaps & bit : 0;
    unsigned overlaps = unit->overlaps;
    int variants = open ? 2 : 1;
    dispatchers_of(space, unit, &dispatchers);
    for (int i = 0; i < dispatchers.count * variants; i++) {
        unit->dispatcher = (enum dispatcher)dispatchers.value[i / variants];
        unit->overlaps = search_overlaps(overlaps, open, i % variants);
        if (!(i == 0 ? add_unit(space, unit) : repeat_unit(space, unit, &before, &after)))
            return false;
        if (i == 0 && dispatchers.count * variants > 1)
            after = tally_of(space);
    }
    unit->overlaps = overlaps;
    return true;
}

static bool add_experts(struct search_space *space, struct search_unit *unit)
{
    struct search_values ep = {.count = 0}, etp = {.count = 0};
    int experts = space->scenario->model.experts;
    if (!search_values_given(&ep, space->options, SEARCH_EP))
        search_values_divisors(&ep, experts > 0 ? experts : 1, 1, space->gpus);
    if (!search_values_given(&etp, space->options, SEARCH_ETP))
        search_values_divisors(&etp, experts > 0 ? unit->tp : 1, 1, unit->tp);
    for (int i = 0; i < ep.count * etp.count; i++) {
        unit->ep = ep.value[i / etp.count];
        unit->etp = etp.value[i % etp.count];
        if (!add_dispatchers(space, unit))
            return false;
    }
    space->groups += space->units > 0 && space->unit[space->units - 1].group == space->groups;
    return true;
}

/* Exchange of context ranks, and overlap of tensor-parallel communication. */
static bool add_exchanges(struct search_space *space, struct search_unit *unit)
{
    struct search_values comms = {.count = 0};
    unsigned bit = 1u << OVERLAP_TP, open = unit->tp > 1 ? space->options->open_overlaps & bit : 0;
    int variants = open ? 2 : 1;
    search_values_add(&comms, (int)space->options->base.cp_comm);
    if (unit->cp > 1)
        enum_values(space, SEARCH_CP_COMM, space->scenario->stack.cp_comms, &comms);
    for (int i = 0; i < comms.count * variants; i++) {
        unit->cp_comm = (enum cp_comm)comms.value[i / variants];
        unit->overlaps =
            search_overlaps(space->options->base.overlaps, open, i % variants) & shard_overlaps;
        if (unit->tp == 1)
            unit->overlaps &= ~bit;
        if (!add_experts(space, unit))
            return false;
    }
    return true;
}

static bool add_sequence_parallel(struct search_space *space, struct search_unit *unit)
{
    for (int sp = 0; sp <= (unit->tp > 1); sp++) {
        unit->sequence_parallel = sp;
        if ((unit->tp == 1 || search_allows(space->options, SEARCH_SEQUENCE_PARALLEL, sp)) &&
            !add_exchanges(space, unit))
            return false;
    }
    return true;
}

static bool add_micro_batches(struct search_space *space, struct search_unit *unit)
{
    struct search_values b = {.count = 0};
    if (!search_values_given(&b, space->options, SEARCH_MICRO_BATCH))
        search_values_divisors(&b, (int)space->scenario->job.global_batch, 1, MICRO_BATCH_MOST);
    for (int i = 0; i < b.count; i++) {
        unit->micro_batch = b.value[i];
        if (!add_sequence_parallel(space, unit))
            return false;
    }
    return true;
}

static int most_heads(const struct model *m)
{
    int heads = 1;
    for (int i = 0; i < m->kinds; i++)
        heads = m->kind[i].heads > heads ? m->kind[i].heads : heads;
    return heads;
}

static bool add_units(struct search_space *space)
{
    const struct scenario *c = space->scenario;
    struct search_unit unit = {.tp = 1};
    struct search_values tp = {.count = 0};
    bool splits = c->stack.context_parallel && c->job.seq_length >= 2;
    int half_sequence = splits ? (int)(c->job.seq_length / 2) : 1;
    if (!search_values_given(&tp, space->options, SEARCH_TP))
        search_values_divisors(&tp, space->gpus, 1,
                               c->stack.tensor_parallel ? most_heads(&c->model) : 1);
    for (int i = 0; i < tp.count; i++) {
        struct search_values cp = {.count = 0};
        unit.tp = tp.value[i];
        if (!search_values_given(&cp, space->options, SEARCH_CP))
            search_values_divisors(&cp, space->gpus % unit.tp == 0 ? space->gpus / unit.tp : 1, 1,
                                   half_sequence);
        for (int j = 0; j < cp.count; j++) {
            unit.cp = cp.value[j];
            if (!add_micro_batches(space, &unit))
                return false;
        }
    }
    return true;
}

static void find_tunings(struct search_space *space)
{
    const struct search_options *options = space->options;
    const unsigned inner =
        1u << OVERLAP_DP_GRAD_REDUCE | 1u << OVERLAP_DP_PARAM_GATHER | 1u << OVERLAP_FSDP_PREFETCH;
    const struct stack *stack = &space->scenario->stack;
    bool open = options->open[SEARCH_OFFLOAD_OPTIMIZER];
    space->inner_overlaps = options->open_overlaps & inner;
    space->pp_overlap = options->open_overlaps & 1u << OVERLAP_PP;
    for (int i = 0; i < 2; i++) {
        bool linked =
            (i == 0 && options->base.offload_activations <= 0) || rules_host_link(space->scenario);
        space->offloads[i] = search_tries(options, SEARCH_OFFLOAD_OPTIMIZER, open, i) && linked &&
                             (i == 0 || stack->offloads_optimizer);
    }
}

enum status search_space_init(const struct scenario *scenario, const struct search_options *options,
                              struct search_space *space, struct error *e)
{
    memset(space, 0, sizeof *space);
    space->scenario = scenario;
    space->options = options;
    space->gpus = (int)scenario->system.gpus;
    find_tunings(space);
    if (!search_splits_init(space) || !add_units(space))
        return error_set(e, STATUS_IO, "out of memory for the space of strategies");
    space->pool = pool_create(options->threads, e);
    return e->status;
}

void search_space_free(struct search_space *space)
{
    for (int i = 0; i < space->cuts; i++) {
        for (int j = 0; j < space->cut[i].layouts; j++)
            free(space->cut[i].layout[j].split);
        free(space->cut[i].layout);
    }
    free(space->split);
    free(space->unit);
    pool_free(space->pool);
    memset(space, 0, sizeof *space);
}
