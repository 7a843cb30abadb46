#include "tests/unit/random_scenario.h"
#include <stdlib.h>

/* The search against loops that know nothing of it: every strategy of a small cluster is estimated,
 * and the fastest that fits is the one that is found. */

struct whole {
    struct scenario scenario;
    struct search_options options;
    double fastest_s;
};

static const int chunks[] = {1, 2, 4};

static void take(struct whole *w, struct strategy s)
{
    struct step_cost cost;
    step_estimate(&w->scenario, &s, &cost);
    if (cost.legal && cost.fits)
        w->fastest_s = fmin(w->fastest_s, cost.step_s);
}

static void take_recomputes(struct whole *w, struct strategy s)
{
    for (int how = 0; how < RECOMPUTES; how++) {
        s.recompute = (enum recompute)how;
        take(w, s);
    }
}

static void take_zeros(struct whole *w, struct strategy s)
{
    for (s.zero = 0; s.zero < 3; s.zero++)
        take_recomputes(w, s);
    bool keeps = w->scenario.stack.keeps_gathered_on_request;
    for (s.fsdp_shard = 0; s.fsdp_shard <= s.dp * s.cp; s.fsdp_shard++)
        for (int freed = keeps ? 0 : 1; freed < 2; freed++) {
            s.reshard_after_forward = freed;
            take_recomputes(w, s);
        }
}

static void take_schedules(struct whole *w, struct strategy s)
{
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        s.vpp = chunks[i];
        s.schedule = s.pp == 1 ? SCHEDULE_NONE : s.vpp == 1 ? SCHEDULE_1F1B : SCHEDULE_INTERLEAVED;
        take_zeros(w, s);
    }
}

static void take_shards(struct whole *w, struct strategy s)
{
    int experts = w->scenario.model.experts > 0 ? (int)w->scenario.system.gpus : 1;
    for (s.ep = 1; s.ep <= experts; s.ep++)
        for (s.etp = 1; s.etp <= (experts > 1 ? s.tp : 1); s.etp++)
            for (s.micro_batch = 1; s.micro_batch <= 4; s.micro_batch++)
                for (int sp = 0; sp <= (s.tp > 1); sp++) {
                    s.sequence_parallel = sp;
                    s.dispatcher = strategy_usual_dispatcher(&w->scenario, s.ep);
                    take_schedules(w, s);
                }
}

static void take_all(struct whole *w)
{
    int gpus = (int)w->scenario.system.gpus;
    struct strategy s = w->options.base;
    for (s.tp = 1; s.tp <= gpus; s.tp++)
        for (s.cp = 1; s.tp * s.cp <= gpus; s.cp++)
            for (s.pp = 1; s.tp * s.cp * s.pp <= gpus; s.pp++) {
                s.dp = gpus / (s.tp * s.cp * s.pp);
                if (strategy_gpus(&s) == gpus)
                    take_shards(w, s);
            }
}

static void choose(struct whole *w)
{
    search_options_default(&w->options);
    search_options_complete(&w->options, NULL, &w->scenario);
    w->options.open_overlaps = 0;
    w->options.threads = 1;
    w->options.top = 1;
    w->options.choices[SEARCH_RECOMPUTE_LAYERS] = (struct choices){1, {0}};
    w->options.choices[SEARCH_VPP] = (struct choices){
        3, {chunks[0], chunks[1], chunks[2]}
    };
    w->options.choices[SEARCH_MICRO_BATCH] = (struct choices){
        4, {1, 2, 3, 4}
    };
}

static void start(struct random *r, struct whole *w)
{
    static const char *const stacks[] = {"default", "deepspeed", "torchtitan", "megatron-core",
                                         "megatron-lm"};
    static const int gpus[] = {4, 6, 8};
    struct error e;
    error_init(&e);
    *w = (struct whole){.fastest_s = HUGE_VAL};
    random_scenario(r, &w->scenario);
    w->scenario.system.gpus = gpus[random_below(r, 3)];
    w->scenario.system.gpu.memory_bytes *= random_between(r, 1, 6);
    assert_int_equal(stack_find(stacks[random_below(r, 5)], NULL, &w->scenario.stack, &e),
                     STATUS_OK);
    choose(w);
}

static void test_nothing_is_faster(void **state)
{
    (void)state;
    enum { SCENARIOS = 24 };
    struct random r = {0x2545f4914f6cdd1du};
    struct whole *w = malloc(sizeof *w);
    int found = 0;
    assert_non_null(w);
    for (int i = 0; i < SCENARIOS; i++) {
        struct search_result result;
        struct error e;
        error_init(&e);
        start(&r, w);
        take_all(w);
        assert_int_equal(search_run(&w->scenario, &w->options, &result, &e), STATUS_OK);
        assert_int_equal(result.count > 0, w->fastest_s < HUGE_VAL);
        if (result.count > 0)
            check_near(result.results[0].cost.step_s, w->fastest_s, 1e-12);
        found += result.count > 0;
        search_result_free(&result);
    }
    assert_true(found > SCENARIOS / 2);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_is_faster)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
