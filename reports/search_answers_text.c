#include "reports/format.h"
#include "reports/search_answers.h"
#include "reports/table.h"
#include <math.h>

enum { TIES_SHOWN = 30 };

/* ---- --maximize ---- */

static const struct {
    const char *largest, *unit;
} maxima[LARGEST_QUANTITIES] = {
    [LARGEST_SEQ_LENGTH] = {"Longest sequence that fits",    "tokens"   },
    [LARGEST_MICRO_BATCH] = {"Largest micro-batch that fits", "sequences"},
    [LARGEST_LAYERS] = {"Most layers that fit",          "layers"   },
};

static void add_maximum(const struct maximum *m, struct text *out)
{
    const struct largest *largest = m->largest;
    const struct step_cost *closest = &largest->closest.cost;
    struct text scratch = {0};
    text_addf(out, "%s: ", maxima[m->quantity].largest);
    if (largest->value > 0)
        text_addf(out, "%s %s", format_count(&scratch, largest->value), maxima[m->quantity].unit);
    else
        text_add(out, "none");
    if (largest->next > 0 && closest->legal)
        text_addf(out, "; at %s the nearest strategy %s", format_count(&scratch, largest->next),
                  closest->reason);
    else if (largest->next > 0)
        text_addf(out, "; at %s no strategy is legal", format_count(&scratch, largest->next));
    text_add(out, "\n\n");
    text_free(&scratch);
}

/* ---- several clusters ---- */

static const struct table_column cluster_columns[] = {
    {"",              true },
    {"GPUs",          false},
    {"step",          false},
    {"tokens/s",      false},
    {"tokens/s/GPU",  false},
    {"USD/M tokens",  false},
    {"memory",        false},
    {"fastest there", true },
};

static double usd_per_million(const struct scenario *here, const struct cluster_options *how,
                              const struct step_cost *cost)
{
    return 1e6 * cost_per_token_usd(here, cost, how->price_usd_per_gpu_h);
}

static void add_cluster(struct table *t, const struct scenario *here,
                        const struct cluster_answer *answer, int i)
{
    const struct cluster *c = &answer->clusters->cluster[i];
    const struct ranked *best = c->result.results;
    table_cell(t, "%s", i == answer->chosen ? "->" : "");
    table_count(t, c->gpus);
    if (c->result.count == 0) {
        for (int k = 0; k < 5; k++)
            table_cell(t, "-");
        table_cell(t, "nothing fits");
    } else {
        double tokens_per_s = step_tokens_per_s(here, &best->cost);
        double usd = usd_per_million(here, answer->how, &best->cost);
        table_unit(t, best->cost.step_s, UNIT_SECONDS, 4);
        table_count(t, tokens_per_s);
        table_count(t, tokens_per_s / c->gpus);
        table_cell(t, isnan(usd) ? "-" : "%.4g", usd);
        table_unit(t, best->cost.memory_total_bytes, UNIT_BYTES, 3);
        table_strategy(t, &best->strategy);
    }
}

/* The smallest of those that were tried: between it and the one before a smaller may do. */
enum { FINER_STEPS = 16 };

static void add_untried(const struct cluster_answer *answer, double host, struct text *out)
{
    const struct cluster *c = &answer->clusters->cluster[answer->chosen];
    double gap = answer->chosen > 0 ? c->gpus - c[-1].gpus : 0;
    if (gap > host)
        text_addf(out, "; for what lies between: --gpus %.0f:%.0f:+%.0f", c[-1].gpus, c->gpus,
                  host * ceil(gap / FINER_STEPS / host));
}

/* "Smallest cluster with at least 1,000,000 tokens/s: 512 GPUs" */
static void add_chosen(const struct cluster_answer *answer, double host, struct text *out)
{
    static const char *const best[OBJECTIVES] = {
        [OBJECTIVE_STEP_TIME] = "Fastest",
        [OBJECTIVE_TOKENS_PER_GPU] = "Most tokens per second and GPU",
        [OBJECTIVE_COST_PER_TOKEN] = "Cheapest per token",
    };
    struct text scratch = {0};
    double wanted = answer->how->tokens_per_s;
    if (answer->chosen < 0)
        text_add(out, wanted > 0 ? "No cluster" : "Nothing fits on any cluster");
    else
        text_add(out, answer->how->smallest ? "Smallest cluster" : best[answer->how->objective]);
    if (wanted > 0)
        text_addf(out, " with at least %s tokens/s", format_count(&scratch, wanted));
    if (answer->chosen >= 0)
        text_addf(out, ": %s GPUs",
                  format_count(&scratch, answer->clusters->cluster[answer->chosen].gpus));
    if (answer->chosen >= 0 && answer->how->smallest)
        add_untried(answer, host, out);
    text_add(out, "\n\n");
    text_free(&scratch);
}

static void add_clusters(const struct scenario *scenario, const struct cluster_answer *answer,
                         struct text *out)
{
    struct scenario here = *scenario;
    struct table t;
    table_init(&t, cluster_columns, sizeof cluster_columns / sizeof *cluster_columns);
    for (int i = 0; i < answer->clusters->count; i++) {
        here.system.gpus = answer->clusters->cluster[i].gpus;
        add_cluster(&t, &here, answer, i);
    }
    table_write_within(&t, 0, FORMAT_WIDTH, out);
    table_free(&t);
    text_add(out, "\n");
    add_chosen(answer, scenario->system.gpus_per_node, out);
}

void search_answers_head_text(const struct scenario *scenario, const struct search_answers *answers,
                              struct text *out)
{
    if (answers->maximum)
        add_maximum(answers->maximum, out);
    if (answers->clusters)
        add_clusters(scenario, answers->clusters, out);
}

/* ---- the headline ---- */

const char *const limit_words[LIMITS] = {
    [LIMIT_COMPUTE] = "compute", [LIMIT_MEMORY_BANDWIDTH] = "memory bandwidth",
    [LIMIT_NETWORK] = "network", [LIMIT_PIPELINE] = "bubbles and waiting",
    [LIMIT_HOST] = "host",
};

/* The margin of memory where a forecast's usual error exceeds it, and what a safe one costs. */
static void add_margin(const struct limits *limits, const struct ranked *best, struct text *out)
{
    const struct step_cost *safe = &limits->safe.cost;
    struct text scratch = {0};
    text_addf(out, "  memory margin     %s, and one run in ten takes over ",
              format_unit(&scratch, limits->memory_free_frac, UNIT_FRACTION, 2));
    text_addf(out, "%s more than forecast; ",
              format_unit(&scratch, memory_margin_frac, UNIT_FRACTION, 2));
    if (!safe->legal) {
        text_add(out, "nothing leaves that much\n");
        text_free(&scratch);
        return;
    }
    text_addf(out, "with that to spare %s, ", format_unit(&scratch, safe->step_s, UNIT_SECONDS, 4));
    text_addf(out, "%s slower, in ",
              format_unit(&scratch, safe->step_s / best->cost.step_s - 1, UNIT_FRACTION, 2));
    text_addf(out, "%s: ", format_unit(&scratch, safe->memory_total_bytes, UNIT_BYTES, 3));
    strategy_describe(&limits->safe.strategy, out);
    text_add(out, "\n");
    text_free(&scratch);
}

void limits_text(const struct limits *limits, const struct ranked *best, struct text *out)
{
    struct text scratch = {0};
    bool told[LIMITS] = {false};
    text_add(out, "  what limits it   ");
    for (int n = 0; n < LIMITS; n++) {
        int most = -1;
        for (int i = 0; i < LIMITS; i++)
            if (!told[i] && (most < 0 || limits->share[i] > limits->share[most]))
                most = i;
        told[most] = true;
        text_addf(out, "%s %.1f %% %s", n > 0 ? "," : "", 100 * limits->share[most],
                  limit_words[most]);
    }
    text_add(out, "\n");
    if (limits->memory_tight)
        add_margin(limits, best, out);
    if (limits->memory_binds) {
        text_addf(out, "  memory costs      with all it wants %s would do, ",
                  format_unit(&scratch, limits->roomy.cost.step_s, UNIT_SECONDS, 4));
        text_addf(out, "%s less, in ",
                  format_unit(&scratch, 1 - limits->roomy.cost.step_s / best->cost.step_s,
                              UNIT_FRACTION, 2));
        text_addf(out, "%s a GPU: ",
                  format_unit(&scratch, limits->roomy.cost.memory_total_bytes, UNIT_BYTES, 3));
        strategy_describe(&limits->roomy.strategy, out);
        text_add(out, "\n");
    }
    text_free(&scratch);
}

void price_text(const struct scenario *scenario, const struct price *price,
                const struct step_cost *cost, struct text *out)
{
    double usd = cost_per_token_usd(scenario, cost, price->usd_per_gpu_h);
    double tokens = scenario->job.seq_length * scenario->job.global_batch;
    text_addf(out,
              "  cost              %.4g USD per million tokens, %.4g USD a step, at %.4g USD a "
              "GPU and hour (%s)\n",
              1e6 * usd, tokens * usd, price->usd_per_gpu_h, price->source);
}

/* ---- near ties ---- */

void ties_text(const struct ties *ties, struct text *out)
{
    static const struct table_column columns[] = {
        {"step",     false},
        {"slower",   false},
        {"interval", false},
        {"strategy", true },
    };
    struct table t;
    text_addf(out,
              "%d strateg%s that the forecast cannot tell from the fastest (the difference is "
              "within its own 80 %% interval):\n",
              ties->count, ties->count == 1 ? "y" : "ies");
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (int i = 0; i < ties->count && i < TIES_SHOWN; i++) {
        const struct tie *tie = &ties->ties[i];
        table_unit(&t, tie->ranked.cost.step_s, UNIT_SECONDS, 4);
        table_cell(&t, "%.2f %%", 100 * tie->slower_frac);
        table_cell(&t, "+- %.2f %%", 100 * tie->interval_frac);
        table_strategy(&t, &tie->ranked.strategy);
    }
    table_write_within(&t, 2, FORMAT_WIDTH, out);
    if (ties->count > TIES_SHOWN)
        text_addf(out, "  and %d more: --json and --csv list all\n", ties->count - TIES_SHOWN);
    text_add(out, "\n");
    table_free(&t);
}

/* ---- neighbours ---- */

void neighbour_change(const struct neighbour *n, const struct strategy *best, struct text *out)
{
    if (n->dimension == SEARCH_DIMENSIONS) {
        bool on = n->strategy.overlaps >> n->overlap & 1;
        text_addf(out, "overlap %s %s", overlap_names[n->overlap], on ? "on" : "off");
        return;
    }
    const struct field *field = search_dimension_field(n->dimension);
    text_addf(out, "%s ", field->key);
    field_get(field, best, out);
    text_add(out, " -> ");
    field_get(field, &n->strategy, out);
}

void neighbour_loss(const struct neighbour *n, const struct ranked *best, struct text *out)
{
    struct text scratch = {0};
    if (n->verdict == NEIGHBOUR_ILLEGAL)
        text_addf(out, "not possible: %s", n->cost.reason);
    if (n->verdict == NEIGHBOUR_MEMORY)
        text_addf(out, "%s too much memory on stage %d",
                  format_unit(&scratch, n->short_bytes, UNIT_BYTES, 3), n->cost.memory_stage);
    bool shown = n->slower_s >= 1e-4 * best->cost.step_s; /* 0.01 % */
    if (n->verdict == NEIGHBOUR_SLOWER) {
        text_addf(out, "%s slower",
                  shown ? format_unit(&scratch, n->slower_s / best->cost.step_s, UNIT_FRACTION, 2)
                        : "less than 0.01 %");
        text_addf(out, ": %s more of %s", format_unit(&scratch, n->term_s, UNIT_SECONDS, 3),
                  term_names[n->term]);
    }
    if (n->verdict == NEIGHBOUR_FASTER && n->slower_s < 0)
        text_addf(out, "%s faster, outside the space that was searched",
                  format_unit(&scratch, -n->slower_s / best->cost.step_s, UNIT_FRACTION, 2));
    if (n->verdict == NEIGHBOUR_FASTER && !(n->slower_s < 0))
        text_add(out, "as fast");
    text_free(&scratch);
}

void neighbours_text(const struct neighbours *neighbours, const struct ranked *best,
                     struct text *out)
{
    static const struct table_column columns[] = {
        {"one change",   true },
        {"step",         false},
        {"why it loses", true },
    };
    struct table t;
    struct text scratch = {0};
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (int i = 0; i < neighbours->count; i++) {
        const struct neighbour *n = &neighbours->neighbour[i];
        neighbour_change(n, &best->strategy, &scratch);
        table_text(&t, &scratch);
        if (n->cost.legal)
            table_unit(&t, n->cost.step_s, UNIT_SECONDS, 4);
        else
            table_cell(&t, "-");
        neighbour_loss(n, best, &scratch);
        table_text(&t, &scratch);
    }
    table_write_within(&t, 0, FORMAT_WIDTH, out);
    text_add(out, "\n");
    table_free(&t);
    text_free(&scratch);
}

/* ---- the front ---- */

void front_text(const struct pareto_clusters *front, const struct scenario *scenario,
                struct text *out)
{
    static const struct table_column columns[] = {
        {"GPUs",         false},
        {"step",         false},
        {"tokens/s/GPU", false},
        {"memory",       false},
        {"strategy",     true },
    };
    struct table t;
    text_add(out, "No strategy is as fast in as little memory on as few GPUs as one of these:\n");
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (int i = 0; i < front->count; i++) {
        const struct pareto_cluster_point *p = &front->point[i];
        const struct step_cost *cost = &p->ranked.cost;
        table_count(&t, p->gpus);
        table_unit(&t, cost->step_s, UNIT_SECONDS, 4);
        table_count(&t, step_tokens_per_s(scenario, cost) / p->gpus);
        table_unit(&t, cost->memory_total_bytes, UNIT_BYTES, 3);
        table_strategy(&t, &p->ranked.strategy);
    }
    table_write_within(&t, 2, FORMAT_WIDTH, out);
    text_add(out, "\n");
    table_free(&t);
}

/* ---- nothing fits ---- */

static void add_remedy(const struct remedy *r, struct text *out)
{
    struct text scratch = {0};
    switch (r->kind) {
    case REMEDY_RELEASE:
        text_addf(out, "any %s", search_dimension_names[r->dimension]);
        break;
    case REMEDY_OFFLOAD_OPTIMIZER:
        text_add(out, "the optimizer's state in host memory (--offload-optimizer)");
        break;
    case REMEDY_UNEVEN_STAGES:
        text_add(out, "other layers on the first and last stage (--open uneven-stages)");
        break;
    case REMEDY_GPUS:
        text_addf(out, "%s GPUs", format_count(&scratch, r->value));
        break;
    case REMEDY_FEWER_GPUS:
        text_addf(out, "%s of the GPUs", format_count(&scratch, r->value));
        break;
    case REMEDY_SEQ_LENGTH:
        text_addf(out, "sequences of %s tokens", format_count(&scratch, r->value));
        break;
    case REMEDY_MEMORY:
        text_addf(out, "GPUs with %s", format_unit(&scratch, r->value, UNIT_BYTES, 4));
        break;
    case REMEDY_KINDS:
        break;
    }
    text_free(&scratch);
}

void remedies_table(const struct remedies *remedies, struct table *out)
{
    static const struct table_column columns[] = {
        {"what would make it fit", true },
        {"step",                   false},
        {"memory",                 false},
        {"strategy then",          true },
    };
    struct text scratch = {0};
    table_init(out, columns, sizeof columns / sizeof *columns);
    for (int i = 0; i < remedies->count; i++) {
        const struct remedy *r = &remedies->remedy[i];
        add_remedy(r, &scratch);
        table_text(out, &scratch);
        table_unit(out, r->best.cost.step_s, UNIT_SECONDS, 4);
        table_unit(out, r->best.cost.memory_total_bytes, UNIT_BYTES, 3);
        table_strategy(out, &r->best.strategy);
    }
    text_free(&scratch);
}

void remedies_text(const struct remedies *remedies, struct text *out)
{
    struct table t;
    if (remedies->count == 0)
        return;
    remedies_table(remedies, &t);
    text_add(out, "\n");
    table_write_within(&t, 0, FORMAT_WIDTH, out);
    text_add(out, "\n");
    table_free(&t);
}
