#include "parallelism/blocks.h"
#include "parallelism/step_parts.h"
#include "reports/explain/explain.h"
#include "tests/unit/scenarios.h"
#include <stdlib.h>
#include <string.h>

/* Explanations and provenance are drawn from the ops that the cost code prices: they must add up.
 */

struct sums {
    const struct scenario *scenario;
    const struct strategy *strategy;
    const struct stages *stages;
    int rank;
    double passes;
    double term_s[TERMS];
};

static void add(void *context, const struct block *block, const struct op *op, struct op_time time)
{
    struct sums *s = context;
    s->term_s[op_term(op)] += blocks_on_rank(block, s->stages, s->rank) * s->passes *
                              (time.seconds - time.hidden_s);
}

/* The ops of the bottleneck rank sum to the terms of work. */
static void check_sums(const char *model, const struct strategy *base)
{
    struct scenario *scenario = catalog_scenario(model, "dgx-h100", 64);
    struct strategy s = *base;
    struct step_cost cost;
    struct step_parts *parts = malloc(sizeof *parts);
    strategy_complete(&s, NULL, scenario);
    step_estimate(scenario, &s, &cost);
    if (!cost.legal)
        fail_msg("%s: %s", model, cost.reason);
    step_take_apart(scenario, &s, parts);
    struct sums sums = {scenario, &s, &parts->stages, cost.bottleneck_stage, parts->layout.passes,
                        {0}};
    blocks_visit(scenario, &s, add, &sums);
    static const enum term of_ops[] = {TERM_GEMM, TERM_ATTENTION, TERM_MEMORY_BOUND, TERM_TP,
                                       TERM_EP};
    for (size_t i = 0; i < sizeof of_ops / sizeof *of_ops; i++)
        check_near(sums.term_s[of_ops[i]], cost.term_s[of_ops[i]], 1e-9);
    free(parts);
    free(scenario);
}

static void test_ops_sum_to_terms(void **state)
{
    (void)state;
    struct strategy s;
    strategy_default(&s);
    check_sums("llama3-8b", &s);
    s.tp = 4;
    s.pp = 2;
    check_sums("llama3-8b", &s);
    s.vpp = 2;
    check_sums("llama3-70b", &s);
    s.vpp = 1;
    s.ep = 8;
    check_sums("mixtral-8x7b", &s);
    s.tp = 1;
    s.pp = 1;
    check_sums("deepseek-v2-lite", &s);
}

/* The rows of a term without overlap are the whole of it, whatever the schedule. */
static void test_rows_are_the_whole_term(void **state)
{
    (void)state;
    static const enum schedule schedules[] = {SCHEDULE_1F1B, SCHEDULE_ZB_V, SCHEDULE_DUALPIPE,
                                              SCHEDULE_DUALPIPEV};
    struct scenario *scenario = catalog_scenario("llama3-70b", "dgx-h100", 64);
    scenario->job.global_batch = 256;
    for (size_t i = 0; i < sizeof schedules / sizeof *schedules; i++) {
        struct strategy s;
        struct step_cost cost;
        struct error e;
        struct text out = {0};
        error_init(&e);
        strategy_default(&s);
        s.tp = 2;
        s.pp = 4;
        strategy_complete(&s, NULL, scenario);
        s.schedule = schedules[i];
        step_estimate(scenario, &s, &cost);
        if (!cost.legal)
            fail_msg("%s", cost.reason);
        struct result result = {.scenario = scenario, .strategy = &s, .cost = &cost};
        assert_int_equal(explain_text(&result, "gemm", &out, &e), STATUS_OK);
        assert_non_null(strstr(out.data, "in the step"));
        assert_null(strstr(out.data, "behind compute"));
        text_free(&out);
    }
    free(scenario);
}

static void test_every_topic_is_explained(void **state)
{
    (void)state;
    struct scenario *scenario = catalog_scenario("llama3-8b", "dgx-h100", 16);
    struct strategy s;
    struct step_cost cost;
    struct provenance *provenance = malloc(sizeof *provenance);
    struct error e;
    error_init(&e);
    strategy_default(&s);
    s.tp = 2;
    s.pp = 2;
    s.recompute = RECOMPUTE_SELECTIVE;
    strategy_complete(&s, NULL, scenario);
    step_estimate(scenario, &s, &cost);
    provenance_find(scenario, &s, provenance);
    struct result result = {
        .scenario = scenario, .strategy = &s, .cost = &cost, .provenance = provenance};
    for (size_t i = 0; explain_topics[i]; i++) {
        struct text out = {0};
        assert_int_equal(explain_text(&result, explain_topics[i], &out, &e), STATUS_OK);
        assert_non_null(strstr(out.data, explain_topics[i]));
        text_free(&out);
    }
    struct text out = {0};
    assert_int_equal(explain_text(&result, "gemn", &out, &e), STATUS_USAGE);
    assert_non_null(strstr(e.hint, "gemm"));
    text_free(&out);
    free(provenance);
    free(scenario);
}

/* What explain says of a topic, owned by the caller. */
static struct text explained(struct scenario *scenario, struct strategy *s, const char *topic)
{
    struct step_cost cost;
    struct text out = {0};
    struct provenance *provenance = malloc(sizeof *provenance);
    struct error e;
    error_init(&e);
    strategy_complete(s, NULL, scenario);
    step_estimate(scenario, s, &cost);
    provenance_find(scenario, s, provenance);
    struct result result = {
        .scenario = scenario, .strategy = s, .cost = &cost, .provenance = provenance};
    assert_int_equal(explain_text(&result, topic, &out, &e), STATUS_OK);
    free(provenance);
    return out;
}

static void check_says(struct scenario *scenario, struct strategy *s, const char *topic,
                       const char *words)
{
    struct text out = explained(scenario, s, topic);
    if (!strstr(out.data, words))
        fail_msg("%s: not said: %s", topic, words);
    text_free(&out);
}

/* Ops that their term's equation does not price alone are named with their factor. */
static void test_own_factors_are_told(void **state)
{
    (void)state;
    struct scenario *scenario = catalog_scenario("mixtral-8x7b", "dgx-h100", 64);
    struct stack_constant *k = scenario->stack.constant;
    struct strategy s;
    strategy_default(&s);
    s.tp = s.etp = 2;
    s.ep = 4;
    s.dispatcher = DISPATCHER_DEEPEP;
    k[STACK_EXPERTS].value = 1.625;
    k[STACK_SCALE_UP].value = 1.375;
    k[STACK_NETWORK].value = 1.125;
    check_says(scenario, &s, "gemm",
               "grouped products of experts: x 1 + 0.625 / (1 + n k / (n + k) / 1000)");
    check_says(scenario, &s, "memory_bound", "kernels of routing and experts: x 1.625 instead");
    check_says(scenario, &s, "memory_bound", "of the embedding: once = t0 + bytes / (");
    check_says(scenario, &s, "ep", "once = 65 us");
    check_says(scenario, &s, "ep", "collectives of expert-tensor ranks: once = (");
    check_says(scenario, &s, "ep", "x 1.375, the stack's scale_up factor");
    struct strategy ring = s;
    ring.cp = 8;
    ring.cp_comm = CP_COMM_P2P;
    check_says(scenario, &ring, "cp", "ring between domains, which their channels bind: x 1");
    scenario->model.kind[0].head_dim = 108; /* 216 bytes, no multiple of 16 */
    scenario->stack.attention = ATTENTION_UNFUSED;
    check_says(scenario, &s, "attention", "no multiple of 16 bytes: x 11 besides");
    check_says(scenario, &s, "attention", "once = (t0 + mean by rank over the tiles");
    scenario->stack.flash_generation = 2;
    scenario->stack.attention = ATTENTION_FLASH;
    check_says(scenario, &s, "attention", "x 1.9, an older generation");
    free(scenario);
}

/* The topics begin with the terms, in their order. */
static void test_topics_are_the_terms(void **state)
{
    (void)state;
    for (int t = 0; t < TERMS; t++)
        assert_string_equal(explain_topics[t], term_names[t]);
}

/* Shares sum to one; a range that the ops leave is named, one that holds them is not. */
static void test_provenance(void **state)
{
    (void)state;
    struct scenario *scenario = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct calibration_group *group = &scenario->system.gpu.calibration.gemm_group[DTYPE_BF16];
    struct provenance *p = malloc(sizeof *p);
    struct strategy s;
    strategy_default(&s);
    strategy_complete(&s, NULL, scenario);
    group->kind = CALIBRATION_MEASURED;
    strcpy(group->source, "a bench");
    for (int d = 0; d < 3; d++) {
        group->low[d] = 1;
        group->high[d] = 1e9;
    }
    provenance_find(scenario, &s, p);
    double sum = 0;
    int found = -1;
    for (int i = 0; i < p->items; i++) {
        sum += p->item[i].time_frac;
        if (strcmp(p->item[i].what, "gemm bf16") == 0)
            found = i;
        if (i > 0)
            assert_true(p->item[i].time_frac <= p->item[i - 1].time_frac);
    }
    check_near(sum, 1, 1e-9);
    assert_int_equal(found, 0); /* most of a dense model's time */
    assert_string_equal(p->item[0].kind, "measured");
    assert_string_equal(p->item[0].source, "a bench");
    for (int i = 0; i < p->extrapolated_count; i++)
        assert_null(strstr(p->extrapolated[i], "gemm bf16"));
    group->high[1] = 100; /* no layer is that narrow */
    provenance_find(scenario, &s, p);
    bool named = false;
    for (int i = 0; i < p->extrapolated_count; i++)
        named = named || strstr(p->extrapolated[i], "gemm bf16: n ");
    assert_true(named);
    free(p);
    free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ops_sum_to_terms),
        cmocka_unit_test(test_rows_are_the_whole_term),
        cmocka_unit_test(test_every_topic_is_explained),
        cmocka_unit_test(test_own_factors_are_told),
        cmocka_unit_test(test_topics_are_the_terms),
        cmocka_unit_test(test_provenance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
