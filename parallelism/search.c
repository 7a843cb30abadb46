#include "parallelism/search.h"
#include "parallelism/data_parallel.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *const search_dimension_names[SEARCH_DIMENSIONS + 1] = {"tp",
                                                                   "cp",
                                                                   "pp",
                                                                   "vpp",
                                                                   "dp",
                                                                   "ep",
                                                                   "etp",
                                                                   "micro_batch",
                                                                   "sequence_parallel",
                                                                   "zero",
                                                                   "recompute",
                                                                   "recompute_layers",
                                                                   "schedule",
                                                                   0};

void search_options_default(struct search_options *options)
{
    memset(options, 0, sizeof *options);
    strategy_default(&options->base);
    options->top = 10;
}

/* Everything the walk over the space carries. */
struct walk {
    const struct scenario *scenario;
    const struct search_options *options;
    struct search_result *out;
    struct step_constants constants;
    struct shard_cost *shard;
    struct split *split;
    struct stages *stages;
    struct strategy s;
    bool shard_ready;
    double best_miss_bytes;
};

static bool allowed(const struct walk *w, enum search_dimension d, int value)
{
    const struct choices *c = &w->options->choices[d];
    for (int i = 0; i < c->count; i++)
        if (c->value[i] == value)
            return true;
    return c->count == 0;
}

static void reject(struct search_result *out, const char *rule)
{
    int i = 0;
    while (i < out->rules && strcmp(out->rejected[i].name, rule) != 0)
        i++;
    if (i == SEARCH_RULES_MAX)
        return;
    if (i == out->rules) {
        out->rejected[i].name = rule;
        out->rejected[i].count = 0;
        out->rules++;
    }
    out->rejected[i].count++;
}

/* Order of results: faster first, then the smaller strategy field by field, so that the same bytes
 * come out whatever the order of evaluation. */
static int compare_strategies(const struct strategy *a, const struct strategy *b)
{
    const int x[] = {a->tp,
                     a->cp,
                     a->pp,
                     a->vpp,
                     a->ep,
                     a->etp,
                     a->micro_batch,
                     a->sequence_parallel,
                     a->zero,
                     (int)a->recompute,
                     a->recompute_layers,
                     (int)a->schedule};
    const int y[] = {b->tp,
                     b->cp,
                     b->pp,
                     b->vpp,
                     b->ep,
                     b->etp,
                     b->micro_batch,
                     b->sequence_parallel,
                     b->zero,
                     (int)b->recompute,
                     b->recompute_layers,
                     (int)b->schedule};
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

static bool better(const struct ranked *a, const struct ranked *b)
{
    if (a->cost.step_s != b->cost.step_s)
        return a->cost.step_s < b->cost.step_s;
    return compare_strategies(&a->strategy, &b->strategy) < 0;
}

/* Insertion into the sorted list of the best. */
static void keep(struct search_result *out, int top, const struct ranked *r)
{
    int i = out->count;
    if (i == top && (top == 0 || !better(r, &out->results[i - 1])))
        return;
    if (out->count < top)
        out->count++;
    for (i = out->count - 1; i > 0 && better(r, &out->results[i - 1]); i--)
        out->results[i] = out->results[i - 1];
    out->results[i] = *r;
}

static void evaluate_legal(struct walk *w, struct step_cost *out)
{
    struct peaks peaks;
    struct layout_cost layout;
    struct zero_cost zero;
    struct schedule_shape shape = layout_shape(w->scenario, &w->s);
    split_compute(w->scenario, &w->s, w->split);
    split_peaks(w->split, &shape, &peaks);
    stages_init(w->scenario, w->shard, &w->s, w->split, NULL, w->stages);
    stages_recompute(w->scenario, w->shard, &w->s, w->stages);
    layout_compute(w->scenario, w->shard, w->stages, &peaks, &w->s, &layout);
    zero_cost_init(w->scenario, w->shard, &w->s, &zero);
    zero_cost_price(w->scenario, w->shard, &w->stages->tail_parameters, &w->s, NULL, &zero);
    struct step_inputs in = {w->scenario, &w->constants, w->shard, &layout, &zero};
    step_evaluate(&in, &w->s, out);
}

static void evaluate(struct walk *w)
{
    struct search_result *out = w->out;
    struct ranked r;
    out->configs++;
    r.strategy = w->s;
    const char *rule = strategy_illegal(w->scenario, &w->s, r.cost.reason, sizeof r.cost.reason);
    if (rule) {
        reject(out, rule);
        return;
    }
    out->legal++;
    if (!w->shard_ready)
        shard_cost_compute(w->scenario, &w->s, NULL, w->shard);
    w->shard_ready = true;
    evaluate_legal(w, &r.cost);
    out->evaluated++;
    if (r.cost.fits) {
        out->fitting++;
        keep(out, w->options->top, &r);
        return;
    }
    reject(out, "memory");
    double miss = r.cost.memory_total_bytes - r.cost.memory_capacity_bytes;
    if (out->fitting == 0 && (w->best_miss_bytes < 0 || miss < w->best_miss_bytes)) {
        w->best_miss_bytes = miss;
        out->closest = r;
    }
}

static void walk_zero(struct walk *w)
{
    bool replicas = w->s.dp * w->s.cp > 1;
    for (int zero = 0; zero <= 3; zero++) {
        if (!allowed(w, SEARCH_ZERO, zero) || (zero > 0 && !replicas))
            continue;
        w->s.zero = zero;
        evaluate(w);
    }
}

static void walk_recompute(struct walk *w)
{
    for (int r = RECOMPUTE_NONE; r < RECOMPUTES; r++) {
        if (!allowed(w, SEARCH_RECOMPUTE, r))
            continue;
        w->s.recompute = (enum recompute)r;
        walk_zero(w);
    }
}

static void walk_schedule(struct walk *w)
{
    for (int vpp = 1; vpp <= PIPELINE_MAX_CHUNKS && vpp * w->s.pp <= w->scenario->model.layers + 2;
         vpp++) {
        if (!allowed(w, SEARCH_VPP, vpp) || (vpp > 1 && w->s.pp == 1))
            continue;
        w->s.vpp = vpp;
        w->s.schedule = w->s.pp == 1 ? SCHEDULE_NONE
                        : vpp > 1    ? SCHEDULE_INTERLEAVED
                                     : SCHEDULE_1F1B;
        if (allowed(w, SEARCH_SCHEDULE, (int)w->s.schedule))
            walk_recompute(w);
    }
}

/* The shard is fixed; what is left of the GPUs are pipeline stages and replicas. */
static void walk_pipeline(struct walk *w, int ranks_left)
{
    for (int sp = 0; sp <= 1; sp++) {
        if (!allowed(w, SEARCH_SEQUENCE_PARALLEL, sp) || (sp && w->s.tp == 1))
            continue;
        w->s.sequence_parallel = sp;
        w->shard_ready = false;
        for (int pp = 1; pp <= ranks_left && pp <= PIPELINE_MAX_RANKS; pp++) {
            if (ranks_left % pp || !allowed(w, SEARCH_PP, pp) || pp > w->scenario->model.layers + 2)
                continue;
            w->s.pp = pp;
            w->s.dp = ranks_left / pp;
            if (allowed(w, SEARCH_DP, w->s.dp))
                walk_schedule(w);
        }
    }
}

static void walk_micro_batch(struct walk *w, int ranks_left)
{
    int largest = (int)fmin(w->scenario->job.global_batch, 64);
    for (int b = 1; b <= largest; b++) {
        if (!allowed(w, SEARCH_MICRO_BATCH, b) || fmod(w->scenario->job.global_batch, b) != 0)
            continue;
        w->s.micro_batch = b;
        walk_pipeline(w, ranks_left);
    }
}

static void walk_experts(struct walk *w, int ranks_left)
{
    int experts = w->scenario->model.experts;
    for (int ep = 1; ep <= (experts > 0 ? experts : 1); ep++) {
        if ((experts > 0 && experts % ep) || !allowed(w, SEARCH_EP, ep))
            continue;
        for (int etp = 1; etp <= (experts > 0 ? w->s.tp : 1); etp++) {
            if (w->s.tp % etp || !allowed(w, SEARCH_ETP, etp))
                continue;
            w->s.ep = ep;
            w->s.etp = etp;
            walk_micro_batch(w, ranks_left);
        }
    }
}

static void walk_space(struct walk *w)
{
    int gpus = (int)w->scenario->system.gpus;
    for (int tp = 1; tp <= gpus && tp <= w->scenario->model.heads; tp++) {
        if (gpus % tp || !allowed(w, SEARCH_TP, tp))
            continue;
        for (int cp = 1; cp <= gpus / tp && cp <= w->scenario->job.seq_length / 2; cp++) {
            bool open = cp == 1 || w->options->choices[SEARCH_CP].count > 0 ||
                        w->scenario->job.seq_length > 8192;
            if ((gpus / tp) % cp || !open || !allowed(w, SEARCH_CP, cp))
                continue;
            w->s.tp = tp;
            w->s.cp = cp;
            walk_experts(w, gpus / tp / cp);
        }
        if (w->options->progress)
            w->options->progress(w->options->progress_context, (double)tp / gpus,
                                 w->out->evaluated);
    }
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum status search_run(const struct scenario *scenario, const struct search_options *options,
                       struct search_result *out, struct error *e)
{
    double start_s = now_s();
    memset(out, 0, sizeof *out);
    struct walk w = {.scenario = scenario,
                     .options = options,
                     .out = out,
                     .s = options->base,
                     .best_miss_bytes = -1};
    out->results = calloc((size_t)(options->top > 0 ? options->top : 1), sizeof *out->results);
    w.shard = malloc(sizeof *w.shard);
    w.split = malloc(sizeof *w.split);
    w.stages = malloc(sizeof *w.stages);
    step_constants_compute(scenario, &w.constants);
    if (!out->results || !w.shard || !w.split || !w.stages)
        error_set(e, STATUS_IO, "out of memory for the search");
    else
        walk_space(&w);
    free(w.shard);
    free(w.split);
    free(w.stages);
    out->threads = 1;
    out->elapsed_s = now_s() - start_s;
    return out->results ? e->status : STATUS_IO;
}

void search_result_free(struct search_result *r)
{
    free(r->results);
    memset(r, 0, sizeof *r);
}
