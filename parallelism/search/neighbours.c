#include "parallelism/search/neighbours.h"
#include "parallelism/search/values.h"

struct search {
    const struct scenario *scenario;
    const struct search_options *options;
    const struct ranked *best;
    struct neighbours *out;
};

/* What follows from a changed degree: replicas, the schedule, sequence parallelism, ZeRO. False:
 * the GPUs do not divide. */
static bool follow(const struct search *x, struct strategy *s)
{
    long long gpus = (long long)x->scenario->system.gpus, model = (long long)s->tp * s->cp * s->pp;
    if (gpus % model != 0)
        return false;
    s->dp = (int)(gpus / model);
    if (s->tp == 1)
        s->sequence_parallel = false;
    else if (x->best->strategy.tp == 1)
        s->sequence_parallel = x->scenario->stack.sequence_parallel;
    if (s->pp > 1 && x->best->strategy.pp == 1 && s->zero == 2)
        s->zero = 1; /* gradients are reduced once a step */
    if (s->pp == 1) {
        s->schedule = SCHEDULE_NONE;
        s->vpp = 1;
    } else if (s->schedule == SCHEDULE_NONE || (s->schedule == SCHEDULE_1F1B && s->vpp > 1) ||
               (s->schedule == SCHEDULE_INTERLEAVED && s->vpp == 1)) {
        s->schedule = s->vpp > 1 ? SCHEDULE_INTERLEAVED : SCHEDULE_1F1B;
    }
    return true;
}

static void judge(const struct ranked *best, struct neighbour *n)
{
    if (!n->cost.legal) {
        n->verdict = NEIGHBOUR_ILLEGAL;
        return;
    }
    n->slower_s = n->cost.step_s - best->cost.step_s;
    for (int t = 0; t < TERMS; t++) {
        double more = n->cost.term_s[t] - best->cost.term_s[t];
        if (t == 0 || more > n->term_s) {
            n->term = (enum term)t;
            n->term_s = more;
        }
    }
    n->verdict = n->slower_s > 0 ? NEIGHBOUR_SLOWER : NEIGHBOUR_FASTER;
    if (n->cost.fits)
        return;
    n->verdict = NEIGHBOUR_MEMORY;
    n->short_bytes = n->cost.memory_total_bytes - n->cost.memory_capacity_bytes;
}

static void add(const struct search *x, enum search_dimension d, enum overlap overlap,
                const struct strategy *s)
{
    if (x->out->count == NEIGHBOURS_MAX)
        return;
    struct neighbour *n = &x->out->neighbour[x->out->count++];
    *n = (struct neighbour){.dimension = d, .overlap = overlap, .strategy = *s};
    step_estimate(x->scenario, s, &n->cost);
    judge(x->best, n);
}

/* The strategy with another value; false if the options or the GPUs do not admit it. */
static bool try_value(const struct search *x, enum search_dimension d, int value)
{
    struct strategy s = x->best->strategy;
    search_dimension_set(&s, d, value);
    if (!search_allows(x->options, d, value) || !follow(x, &s))
        return false;
    add(x, d, (enum overlap)0, &s);
    return true;
}

/* The next smaller value of an increasing list that the GPUs admit, and the next larger. */
static void try_next(const struct search *x, enum search_dimension d,
                     const struct search_values *values)
{
    int now = search_dimension_get(&x->best->strategy, d);
    for (int i = values->count - 1; i >= 0; i--)
        if (values->value[i] < now && try_value(x, d, values->value[i]))
            break;
    for (int i = 0; i < values->count; i++)
        if (values->value[i] > now && try_value(x, d, values->value[i]))
            break;
}

static void try_divisors(const struct search *x, enum search_dimension d, double n, int most)
{
    struct search_values values = {.count = 0};
    search_values_divisors(&values, (int)n, 1, most);
    try_next(x, d, &values);
}

/* Every other value of an enum or a flag. */
static void try_others(const struct search *x, enum search_dimension d, int count, unsigned have)
{
    int now = search_dimension_get(&x->best->strategy, d);
    for (int i = 0; i < count; i++)
        if (i != now && (have >> i & 1))
            try_value(x, d, i);
}

static void try_degrees(const struct search *x)
{
    const struct strategy *s = &x->best->strategy;
    const struct model *m = &x->scenario->model;
    double gpus = x->scenario->system.gpus;
    try_divisors(x, SEARCH_TP, gpus, m->heads);
    if (x->scenario->stack.context_parallel)
        try_divisors(x, SEARCH_CP, gpus, (int)(x->scenario->job.seq_length / 2));
    try_divisors(x, SEARCH_PP, gpus, PIPELINE_MAX_RANKS);
    if (m->experts > 0)
        try_divisors(x, SEARCH_EP, m->experts, m->experts);
    if (m->experts > 0)
        try_divisors(x, SEARCH_ETP, s->tp, s->tp);
    try_divisors(x, SEARCH_MICRO_BATCH, x->scenario->job.global_batch, 1 << 20);
}

static void try_virtual_stages(const struct search *x)
{
    const struct strategy *s = &x->best->strategy;
    struct search_values values = {.count = 0};
    for (int v = 1; v <= PIPELINE_MAX_CHUNKS; v++)
        search_values_add(&values, v);
    if (s->pp > 1 && (s->schedule == SCHEDULE_1F1B || s->schedule == SCHEDULE_INTERLEAVED))
        try_next(x, SEARCH_VPP, &values);
}

/* Another schedule keeps its virtual stages where it has some. */
static void try_schedules(const struct search *x)
{
    const struct strategy *best = &x->best->strategy;
    for (int i = SCHEDULE_GPIPE; i < SCHEDULES && best->pp > 1; i++) {
        struct strategy s = *best;
        bool tried = i == SCHEDULE_1F1B || i == SCHEDULE_INTERLEAVED;
        tried = tried || x->options->open[SEARCH_SCHEDULE] ||
                x->options->choices[SEARCH_SCHEDULE].count > 0;
        if (i == (int)best->schedule || i == SCHEDULE_INTERLEAVED || !tried ||
            !(x->scenario->stack.schedules >> i & 1) ||
            !search_allows(x->options, SEARCH_SCHEDULE, i))
            continue;
        s.schedule = (enum schedule)i;
        s.vpp = 1;
        add(x, SEARCH_SCHEDULE, (enum overlap)0, &s);
    }
}

static void try_recompute(const struct search *x)
{
    const struct strategy *s = &x->best->strategy;
    struct search_values layers = {.count = 0};
    for (int r = 0; r < RECOMPUTES; r++) {
        struct strategy other = *s;
        other.recompute = (enum recompute)r;
        other.recompute_layers = 0;
        if (r != (int)s->recompute && (x->scenario->stack.recomputes >> r & 1) &&
            search_allows(x->options, SEARCH_RECOMPUTE, r))
            add(x, SEARCH_RECOMPUTE, (enum overlap)0, &other);
    }
    for (int n = 1; n <= s->recompute_layers + 1; n++)
        search_values_add(&layers, n);
    if (s->recompute == RECOMPUTE_FULL && s->recompute_layers > 0)
        try_next(x, SEARCH_RECOMPUTE_LAYERS, &layers);
}

static void try_zero(const struct search *x)
{
    const struct strategy *s = &x->best->strategy;
    int replicas = s->dp * s->cp;
    if (replicas == 1)
        return;
    try_others(x, SEARCH_ZERO, 4, x->scenario->stack.zero_stages);
    if (s->zero == 3) {
        struct search_values shards = {.count = 0};
        search_values_add(&shards, 0);
        search_values_divisors(&shards, replicas, 2, replicas - 1);
        try_next(x, SEARCH_FSDP_SHARD, &shards);
        if (x->scenario->stack.keeps_gathered_on_request)
            try_others(x, SEARCH_RESHARD_AFTER_FORWARD, 2, 3);
    }
}

/* Whether the strategy has what an overlap hides. */
static bool has_transfers(const struct strategy *s, enum overlap overlap)
{
    bool replicas = (double)s->dp * s->cp > 1;
    const bool has[OVERLAPS] = {
        [OVERLAP_DP_GRAD_REDUCE] = replicas,
        [OVERLAP_DP_PARAM_GATHER] = replicas && s->zero > 0,
        [OVERLAP_TP] = s->tp > 1,
        [OVERLAP_PP] = s->pp > 1,
        [OVERLAP_FSDP_PREFETCH] = s->zero == 3,
        [OVERLAP_EP] = s->ep > 1,
    };
    return has[overlap];
}

static void try_overlaps(const struct search *x)
{
    const struct stack *stack = &x->scenario->stack;
    unsigned have = stack->overlaps | stack->overlaps_on_request | x->best->strategy.overlaps;
    for (int i = 0; i < OVERLAPS; i++) {
        struct strategy s = x->best->strategy;
        s.overlaps ^= 1u << i;
        if ((have >> i & 1) && has_transfers(&s, (enum overlap)i))
            add(x, SEARCH_DIMENSIONS, (enum overlap)i, &s);
    }
}

/* The stack's dispatchers whose kernels serve the system's domains. */
static unsigned serving_dispatchers(const struct scenario *scenario)
{
    unsigned have = scenario->stack.dispatchers;
    for (int i = 0; i < DISPATCHERS; i++)
        if (strategy_serving_dispatcher(scenario, (enum dispatcher)i) != (enum dispatcher)i)
            have &= ~(1u << i);
    return have;
}

void neighbours_find(const struct scenario *scenario, const struct search_options *options,
                     const struct ranked *best, struct neighbours *out)
{
    struct search x = {scenario, options, best, out};
    const struct stack *stack = &scenario->stack;
    out->count = 0;
    try_degrees(&x);
    try_virtual_stages(&x);
    try_schedules(&x);
    if (best->strategy.tp > 1 && stack->sequence_parallel)
        try_others(&x, SEARCH_SEQUENCE_PARALLEL, 2, 3);
    try_zero(&x);
    try_recompute(&x);
    if (best->strategy.ep > 1)
        try_others(&x, SEARCH_DISPATCHER, DISPATCHERS, serving_dispatchers(scenario));
    if (best->strategy.cp > 1)
        try_others(&x, SEARCH_CP_COMM, CP_COMMS, stack->cp_comms);
    try_others(&x, SEARCH_OFFLOAD_OPTIMIZER, 2, 3);
    try_overlaps(&x);
}
