#include "parallelism/sweep/knob.h"
#include "tests/unit/random_scenario.h"
#include "tests/unit/scenarios.h"

/* Faster hardware and faster kernels do not make a strategy slower, to a thousandth: a GPU that
 * waits less draws more under its power cap, and the wait for the slowest rank is that of its work
 * and its gathers together, but the bubble that of its work. */
static const double tolerance = 1e-3;

static void set(struct scenario *c, const char *name, double factor)
{
    static struct knobs knobs;
    struct knob knob;
    struct error e;
    error_init(&e);
    knobs_list(c, &knobs);
    if (knob_find(&knobs, name, &knob, &e) != STATUS_OK)
        fail_msg("%s", e.message);
    if (knob_get(c, &knob) > 0)
        knob_set(c, &knob, factor * knob_get(c, &knob));
}

static void check_never_slower(const struct scenario *c, const struct strategy *s, const char *name,
                               double factor)
{
    struct scenario *fast = malloc(sizeof *fast);
    assert_non_null(fast);
    *fast = *c;
    set(fast, name, factor);
    double before = legal_cost(c, s).step_s, after = legal_cost(fast, s).step_s;
    if (after > before * (1 + tolerance)) {
        struct text text = {0};
        strategy_describe(s, &text);
        fail_msg("%s times %g: %.9g s, not %.9g (%s on %s: %s)", name, factor, after, before,
                 c->model.name, c->system.name, text.data);
    }
    free(fast);
}

static struct strategy strategy_on(const struct scenario *c, const struct strategy *wanted)
{
    struct strategy s = *wanted;
    bool given[STRATEGY_FIELDS_MAX] = {false};
    given[strategy_row("zero")] = true;
    strategy_complete(&s, given, c);
    return s;
}

/* Under ZeRO 3 the rank with the heavy head is the busiest, and with its gathers one with more
 * layers the slowest: faster kernels of the head change neither. */
static void test_busiest_rank_under_zero_3(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("deepseek-v2-lite", "gcp-a3-mega", 256);
    c->job.seq_length = 2048;
    c->job.global_batch = 768;
    struct strategy wanted;
    strategy_default(&wanted);
    wanted.tp = 2;
    wanted.pp = 4;
    wanted.ep = 8;
    wanted.micro_batch = 3;
    wanted.zero = 3;
    wanted.recompute = RECOMPUTE_FULL;
    struct strategy s = strategy_on(c, &wanted);
    check_never_slower(c, &s, "kernel.cross_entropy", 1.5);
    check_never_slower(c, &s, "stack.memory", 2. / 3);
    check_never_slower(c, &s, "gpu.memory_bandwidth", 1.5);
    check_never_slower(c, &s, "gpu.peak", 3);
    free(c);
}

/* Shards inside a node, copies over nodes: both kinds of transfers hide behind the layers. */
static void test_copies_of_shards(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("qwen3-30b-a3b", "gcp-a3-mega", 256);
    c->job.seq_length = 2048;
    c->job.global_batch = 256;
    struct strategy wanted;
    strategy_default(&wanted);
    wanted.zero = 3;
    wanted.ep = 8;
    wanted.fsdp_shard = 2;
    wanted.recompute = RECOMPUTE_FULL;
    struct strategy s = strategy_on(c, &wanted);
    const double factors[] = {1.1, 1.5, 3, 10};
    for (int i = 0; i < 4; i++)
        check_never_slower(c, &s, "gpu.peak", factors[i]);
    free(c);
}

static struct strategy random_strategy(struct random *r, const struct scenario *c)
{
    struct strategy s;
    for (int i = 0; i < 1000; i++) {
        strategy_default(&s);
        s.tp = 1 << random_below(r, 4);
        s.pp = 1 << random_below(r, 3);
        s.cp = 1 << random_below(r, 2);
        s.ep = c->model.experts > 0 ? 1 << random_below(r, 3) : 1;
        s.micro_batch = 1 + random_below(r, 2);
        s.vpp = s.pp > 1 ? 1 + random_below(r, 3) : 1;
        s.zero = random_below(r, 4);
        s.recompute = (enum recompute)random_below(r, RECOMPUTES);
        s.fsdp_shard = s.zero == 3 ? 2 * random_below(r, 3) : 0;
        s = strategy_on(c, &s);
        if (!strategy_illegal(c, &s, NULL, 0))
            return s;
    }
    s.dp = 0;
    return s;
}

/* Networks and memory, of any strategy. Peaks, attention and the exponential unit are left out:
 * under a power cap faster kernels draw more beside others; and a busy host, of whose time a
 * recomputed module repeats its share of the GPU's. */
static void test_any_strategy(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double factor;
    } changes[] = {
        {"gpu.memory",                      1.5},
        {"gpu.memory_bandwidth",            1.1},
        {"gpu.memory_bandwidth",            2  },
        {"gpu.host_bandwidth",              2  },
        {"system.tier.scale_up.bandwidth",  1.1},
        {"system.tier.scale_up.bandwidth",  3  },
        {"system.tier.scale_out.bandwidth", 1.1},
        {"system.tier.scale_out.bandwidth", 3  },
        {"system.tier.scale_up.latency",    0.9},
        {"system.tier.scale_up.latency",    0.5},
        {"system.tier.scale_out.latency",   0.9},
        {"system.tier.scale_out.latency",   0.5},
        {"stack.network",                   0.8},
        {"stack.scale_up",                  0.8},
    };
    struct random r = {0x9e3779b97f4a7c15u};
    struct scenario *c = malloc(sizeof *c);
    int compared = 0;
    for (int i = 0; i < 300; i++) {
        random_scenario(&r, c);
        c->job.global_batch *= c->system.gpus;
        c->stack.constant[STACK_HOST].value = 0;
        struct strategy s = random_strategy(&r, c);
        if (s.dp == 0)
            continue;
        for (size_t k = 0; k < sizeof changes / sizeof *changes; k++)
            check_never_slower(c, &s, changes[k].name, changes[k].factor);
        compared++;
    }
    assert_true(compared > 200);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_busiest_rank_under_zero_3),
        cmocka_unit_test(test_copies_of_shards),
        cmocka_unit_test(test_any_strategy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
