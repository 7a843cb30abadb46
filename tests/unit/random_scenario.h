#ifndef TESTS_UNIT_RANDOM_SCENARIO_H
#define TESTS_UNIT_RANDOM_SCENARIO_H
#include "parallelism/search/search.h"
#include "tests/unit/model_from.h"
#include "tests/unit/random.h"

/* Random scenarios and spaces for properties of the cost code and the search: models, clusters and
 * stacks of the catalogs with their figures disturbed, fitted constants and factors below 1 among
 * them. The same seed gives the same scenario. */

static inline void random_stack(struct random *r, struct stack *stack)
{
    struct error e;
    size_t n = 0;
    while (stack_catalog_name(n))
        n++;
    error_init(&e);
    assert_int_equal(stack_find(stack_catalog_name((size_t)random_below(r, (int)n)), NULL, stack, &e),
                     STATUS_OK);
    stack->constant[STACK_COMPUTE].value = random_between(r, 0.5, 1.5);
    stack->constant[STACK_MEMORY].value = random_between(r, 0.5, 4);
    stack->constant[STACK_NETWORK].value = random_between(r, 0.4, 3);
    stack->constant[STACK_HOST].value = random_between(r, 0, 5e-5);
    stack->constant[STACK_SCALE_UP].value = random_between(r, 0.4, 2);
    stack->tp_hidden_frac = random_between(r, 0, 1);
    stack->ep_hidden_frac = random_between(r, 0, 1);
    stack->wgrad_gather_hidden_frac = random_between(r, 0, 1);
    stack->wgrad_scatter_hidden_frac = random_between(r, 0, 1);
    stack->contention_frac = random_below(r, 2) ? random_between(r, 0, 1) : 0;
    stack->overlaps = (unsigned)random_below(r, 1 << OVERLAPS);
    stack->p2p_synchronous = random_below(r, 2);
    stack->uneven_stages = random_below(r, 2);
    stack->straggler_spread_frac = random_between(r, 0, 0.1);
    stack->straggler_share = random_between(r, 0, 0.01);
    stack->collective_wait_s = random_below(r, 2) ? random_between(r, 0, 2e-4) : 0;
    stack->expert_half_width = random_below(r, 2) ? random_between(r, 100, 1e4) : 0;
    stack->dp_bucket_parameters = random_between(r, 1e6, 1e9);
}

static inline void random_system(struct random *r, struct system *system)
{
    static const char *const names[] = {"dgx-a100", "dgx-h100",    "dgx-b200", "gb200-nvl72",
                                        "aws-p4d",  "gcp-a3-mega", "frontier"};
    struct error e;
    error_init(&e);
    const char *name = names[random_below(r, (int)(sizeof names / sizeof *names))];
    if (system_find(name, NULL, system, &e) != STATUS_OK)
        fail_msg("%s: %s", name, e.message);
    static const int gpus[] = {8, 16, 24, 32, 48, 64, 128};
    system->gpus = gpus[random_below(r, (int)(sizeof gpus / sizeof *gpus))];
    system->gpu.memory_bytes *= random_between(r, 0.3, 1.5);
    for (int d = 0; d < DTYPES; d++) {
        struct gemm_constants *g = &system->gpu.calibration.gemm[d];
        g->peak_frac *= random_between(r, 0.6, 1);
        g->t0_s *= random_between(r, 0, 4);
        g->a0 *= random_between(r, 0.3, 2);
    }
    for (int t = 0; t < system->tiers; t++)
        system->tier[t].bandwidth_bytes_per_s *= random_between(r, 0.1, 2);
}

static inline void random_model(struct random *r, struct model *model)
{
    static const char *const names[] = {"llama3-8b",    "llama3-70b", "gpt3-175b",
                                        "mixtral-8x7b", "gemma2-9b",  "deepseek-v2-lite",
                                        "qwen3-30b-a3b"};
    struct error e;
    error_init(&e);
    const char *name = names[random_below(r, (int)(sizeof names / sizeof *names))];
    if (model_find(name, NULL, model, &e) != STATUS_OK)
        fail_msg("%s: %s", name, e.message);
    model->layers -= random_below(r, model->layers / 2); /* uneven ones too */
    if (random_below(r, 8) == 0)
        model->mtp_layers = 1;
}

static inline void random_scenario(struct random *r, struct scenario *scenario)
{
    static const enum dtype precisions[] = {DTYPE_BF16, DTYPE_BF16, DTYPE_FP8};
    memset(scenario, 0, sizeof *scenario);
    random_model(r, &scenario->model);
    random_system(r, &scenario->system);
    random_stack(r, &scenario->stack);
    job_default(&scenario->job);
    scenario->job.seq_length = 1024 << random_below(r, 4);
    scenario->job.global_batch = 1 << (4 + random_below(r, 4));
    scenario->job.global_batch *= random_below(r, 3) ? 1 : 3;
    scenario->job.precision = precisions[random_below(r, 3)];
}

/* Keeps a dimension to one value now and then, so that the space stays small. */
static inline void random_choice(struct random *r, struct search_options *options,
                                 enum search_dimension d, int value)
{
    options->choices[d].count = 0;
    if (random_below(r, 3) == 0)
        options->choices[d].value[options->choices[d].count++] = value;
}

static inline void random_options(struct random *r, const struct scenario *scenario,
                                  struct search_options *options)
{
    search_options_default(options);
    strategy_complete(&options->base, NULL, scenario);
    options->top = 1 + random_below(r, 12);
    options->threads = 1;
    random_choice(r, options, SEARCH_TP, 1 << random_below(r, 4));
    random_choice(r, options, SEARCH_CP, 1 << random_below(r, 2));
    random_choice(r, options, SEARCH_PP, 1 << random_below(r, 4));
    random_choice(r, options, SEARCH_MICRO_BATCH, 1 << random_below(r, 3));
    random_choice(r, options, SEARCH_VPP, 1 + random_below(r, 4));
    random_choice(r, options, SEARCH_EP, 1 << random_below(r, 3));
    options->open[SEARCH_SCHEDULE] = random_below(r, 4) == 0;
    options->open[SEARCH_ZERO_GROUP] = random_below(r, 4) == 0;
    options->open[SEARCH_OFFLOAD_OPTIMIZER] = random_below(r, 4) == 0;
    options->open[SEARCH_DISPATCHER] = random_below(r, 4) == 0;
    options->open[SEARCH_CP_COMM] = random_below(r, 4) == 0;
    if (random_below(r, 3) == 0)
        options->open_overlaps = (unsigned)random_below(r, 1 << OVERLAPS);
    if (random_below(r, 4) == 0)
        options->every_tuning = true;
    if (random_below(r, 4) == 0)
        options->within_frac = random_between(r, 0, 0.2);
    bool uneven = random_below(r, 4) == 0;
    options->open[SEARCH_FIRST_STAGE_LAYERS] = options->open[SEARCH_LAST_STAGE_LAYERS] = uneven;
}

#endif
