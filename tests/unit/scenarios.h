#ifndef TESTS_UNIT_SCENARIOS_H
#define TESTS_UNIT_SCENARIOS_H
#include "parallelism/step.h"
#include "tests/unit/check.h"
#include <stdlib.h>

/* A scenario from the catalogs: sequences of 4096 tokens, two a GPU. model: NULL leaves it to the
 * caller; stack: NULL is the default one. The caller frees it. */
static inline struct scenario *stack_scenario(const char *model, const char *system,
                                              const char *stack, double gpus)
{
    struct scenario *s = calloc(1, sizeof *s);
    struct error e;
    error_init(&e);
    assert_non_null(s);
    if (model)
        assert_int_equal(model_find(model, NULL, &s->model, &e), STATUS_OK);
    assert_int_equal(system_find(system, NULL, &s->system, &e), STATUS_OK);
    assert_int_equal(stack_find(stack, NULL, &s->stack, &e), STATUS_OK);
    job_default(&s->job);
    s->system.gpus = gpus;
    s->job.seq_length = 4096;
    s->job.global_batch = 2 * gpus;
    return s;
}

static inline struct scenario *catalog_scenario(const char *model, const char *system, double gpus)
{
    return stack_scenario(model, system, NULL, gpus);
}

/* What a strategy costs that must be legal. */
static inline struct step_cost legal_cost(const struct scenario *c, const struct strategy *s)
{
    struct step_cost cost;
    step_estimate(c, s, &cost);
    assert_true(cost.legal);
    return cost;
}

#endif
