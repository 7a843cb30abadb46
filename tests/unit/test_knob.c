#include "hardware/collective.h"
#include "parallelism/sweep/knob.h"
#include "tests/unit/check.h"
#include "tests/unit/scenarios.h"
#include <string.h>

static struct knobs list;

static struct knob knob_of(const struct scenario *s, const char *name)
{
    struct knob knob;
    struct error e;
    error_init(&e);
    knobs_list(s, &list);
    if (knob_find(&list, name, &knob, &e) != STATUS_OK)
        fail_msg("%s: %s", name, e.message);
    return knob;
}

static void test_names(void **state)
{
    static const struct {
        const char *given, *full;
    } names[] = {
        {"gpus",                            "system.gpus"                    },
        {"system.gpus",                     "system.gpus"                    },
        {"Global-Batch",                    "job.global_batch"               },
        {"memory_bandwidth",                "gpu.memory_bandwidth"           },
        {"gpu.memory",                      "gpu.memory"                     },
        {"system.tier.scale_out.bandwidth", "system.tier.scale_out.bandwidth"},
        {"system.tier.1.bandwidth",         "system.tier.scale_out.bandwidth"},
        {"tier.0.latency",                  "system.tier.scale_up.latency"   },
        {"attention",                       "kernel.attention"               },
        {"stack.attention",                 "stack.attention"                },
        {"optimizer",                       "job.optimizer"                  },
        {"compute",                         "stack.compute"                  },
        {"gemm.bf16.phi",                   "gpu.gemm.bf16.phi"              },
        {"gpu.scale_up_bandwidth",          "system.tier.scale_up.bandwidth" },
        {"system.power_limit",              "gpu.power_cap"                  },
        {"nic",                             "system.tier.scale_out.bandwidth"},
        {"scale_up_domain",                 "system.tier.scale_up.domain_gpus"},
        {"gpu",                             "gpu"                            },
    };
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16);
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct knob knob = knob_of(s, names[i].given);
        assert_string_equal(knob.name, names[i].full);
    }
    free(s);
}

static void test_wrong_names(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16);
    struct knob knob;
    struct error e;
    (void)state;
    knobs_list(s, &list);
    assert_true(list.count < KNOBS_MAX);
    error_init(&e);
    assert_int_equal(knob_find(&list, "bandwidth", &knob, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "system.tier.scale_out.bandwidth"));
    error_init(&e);
    assert_int_equal(knob_find(&list, "gpu.memory_bandwith", &knob, &e), STATUS_USAGE);
    assert_non_null(strstr(e.hint, "gpu.memory_bandwidth"));
    /* words are no inputs */
    error_init(&e);
    assert_int_equal(knob_find(&list, "gpu.vendor", &knob, &e), STATUS_USAGE);
    free(s);
}

/* Every numeric knob gives back what was set, and leaves all others alone but those it means. */
static void test_set_and_get(void **state)
{
    struct scenario *s = catalog_scenario("mixtral-8x7b", "dgx-h100", 16);
    struct scenario *changed = malloc(sizeof *changed);
    (void)state;
    knobs_list(s, &list);
    for (int i = 0; i < list.count; i++) {
        const struct knob *k = &list.knob[i];
        if (k->section == KNOB_CATALOG || k->section == KNOB_KERNEL || !knob_is_number(k))
            continue;
        double value = knob_get(s, k);
        *changed = *s;
        knob_set(changed, k, k->field->kind == FIELD_INT ? value + 1 : 1.5 * value + 0.5);
        double got = knob_get(changed, k);
        check_near(got, k->field->kind == FIELD_INT ? value + 1 : 1.5 * value + 0.5, 1e-12);
    }
    free(changed);
    free(s);
}

static void test_values(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16);
    struct knob memory = knob_of(s, "gpu.memory"), gpus = knob_of(s, "gpus");
    struct knob precision = knob_of(s, "precision"), price = knob_of(s, "gpu.price");
    struct error e;
    double value = 0;
    (void)state;
    error_init(&e);
    assert_int_equal(knob_parse(s, &memory, "100 GB", &value, &e), STATUS_OK);
    check_near(value, 100e9, 0);
    assert_int_equal(knob_parse(s, &memory, "1.5x", &value, &e), STATUS_OK);
    check_near(value, 1.5 * s->system.gpu.memory_bytes, 1e-15);
    assert_int_equal(knob_parse(s, &gpus, "2x", &value, &e), STATUS_OK);
    check_near(value, 32, 0);
    assert_int_equal(knob_parse(s, &precision, "fp8", &value, &e), STATUS_OK);
    check_near(value, DTYPE_FP8, 0);
    /* a size is no rate, half a GPU is none, nothing times two is nothing */
    assert_int_equal(knob_parse(s, &memory, "100 GB/s", &value, &e), STATUS_USAGE);
    assert_string_equal(e.path, "gpu.memory");
    error_init(&e);
    assert_int_equal(knob_parse(s, &gpus, "2.5", &value, &e), STATUS_USAGE);
    error_init(&e);
    s->system.gpu.price_usd_per_h = 0;
    assert_int_equal(knob_parse(s, &price, "2x", &value, &e), STATUS_USAGE);
    free(s);
}

/* The kernel that an op's time comes from, as knob_kernel_names has it. */
static void check_speed(const struct scenario *s, const char *kernel, const struct op *op)
{
    struct scenario *fast = malloc(sizeof *fast);
    struct strategy strategy;
    strategy_default(&strategy);
    strategy.tp = 8;
    strategy.ep = 16;
    struct knob knob = knob_of(s, kernel);
    *fast = *s;
    knob_set(fast, &knob, 1.25);
    check_near(op_cost_s(fast, &strategy, op), op_cost_s(s, &strategy, op) / 1.25, 1e-12);
    free(fast);
}

/* A kernel at 1.25 times its speed takes 1/1.25 of its time, whatever the shape. */
static void test_kernel_speeds(void **state)
{
    struct scenario *s = catalog_scenario("mixtral-8x7b", "dgx-h100", 16);
    (void)state;
    for (double m = 16; m <= 16384; m *= 4) {
        struct op gemm = {
            .kind = OP_GEMM, .gemm = {m, 4096, 1024, 1, 2, false, 1}
        };
        struct op grouped = {
            .kind = OP_GROUPED_GEMM, .gemm = {m, 4096, 1024, 8, 2, false, 1.5}
        };
        struct op attention = {
            .kind = OP_ATTENTION, .attention = {1, 32, 8, m, m, 128, 128, 0.5}
        };
        struct op norm = {
            .kind = OP_MEMORY, .memory = {MEMORY_NORM, m * 8192}
        };
        check_speed(s, "gemm", &gemm);
        check_speed(s, "grouped_gemm", &grouped);
        check_speed(s, "attention", &attention);
        check_speed(s, "memory_bound", &norm);
        check_speed(s, "kernel.norm", &norm);
    }
    free(s);
}

/* Collectives inside a domain and across: also where a tier states its efficiency. */
static void test_collective_speeds(void **state)
{
    static const char *const systems[] = {"dgx-h100", "dgx-a100", "gb200-nvl72"};
    (void)state;
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
        struct scenario *s = catalog_scenario("mixtral-8x7b", systems[i], 288);
        s->stack.collective_wait_s = 0; /* no kernel's */
        for (int stated = 0; stated < 2; stated++) {
            s->system.tier[1].efficiency_frac = stated ? 0.7 : 0;
            for (int c = 0; c < COLLECTIVE_BROADCAST; c++) {
                for (double bytes = 1024; bytes < 1e10; bytes *= 64) {
                    struct op op = {.kind = OP_COLLECTIVE, .collective = (enum collective)c};
                    op.bytes = bytes;
                    op.comm = COMM_TP;
                    check_speed(s, collective_names[c], &op);
                    op.comm = COMM_EP;
                    check_speed(s, collective_names[c], &op);
                }
            }
        }
        free(s);
    }
}

/* Twice the latency doubles what a small message takes and leaves a large one alone. */
static void test_latency(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 64),
                    *slow = malloc(sizeof *slow);
    struct group g = {.ranks = 64, .per_domain = 8, .per_node = 8, .sharing = 1};
    struct knob knob = knob_of(s, "tier.scale_out.latency");
    (void)state;
    *slow = *s;
    knob_set(slow, &knob, 2 * knob_get(s, &knob));
    check_near(knob_get(slow, &knob), 2 * knob_get(s, &knob), 1e-12);
    double small = collective_s(&s->system, COLLECTIVE_ALL_REDUCE, 8, &g);
    double large = collective_s(&s->system, COLLECTIVE_ALL_REDUCE, 64e9, &g);
    check_near(collective_s(&slow->system, COLLECTIVE_ALL_REDUCE, 8, &g), 2 * small, 1e-3);
    check_near(collective_s(&slow->system, COLLECTIVE_ALL_REDUCE, 64e9, &g), large, 1e-2);
    free(slow);
    free(s);
}

/* Less latency makes no collective slower, wherever the planner turns to another protocol. */
static void test_less_latency_is_never_slower(void **state)
{
    (void)state;
    const char *systems[] = {"dgx-a100", "dgx-h100", "dgx-b200"};
    const struct group g = {.ranks = 8, .per_domain = 8, .per_node = 8, .sharing = 1};
    for (int i = 0; i < 3; i++) {
        struct scenario *s = catalog_scenario("llama3-8b", systems[i], 64),
                        *fast = malloc(sizeof *fast);
        struct knob knob = knob_of(s, "tier.scale_up.latency");
        *fast = *s;
        knob_set(fast, &knob, 0.9 * knob_get(s, &knob));
        for (int op = 0; op < COLLECTIVES; op++)
            for (double bytes = 64; bytes < 1e10; bytes *= 1.1)
                assert_true(collective_s(&fast->system, (enum collective)op, bytes, &g) <=
                            collective_s(&s->system, (enum collective)op, bytes, &g) * (1 + 1e-9));
        free(fast);
        free(s);
    }
}

static void test_peak_scales_all(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16);
    struct knob knob = knob_of(s, "gpu.peak");
    double fp8 = s->system.gpu.peak_flop_per_s[DTYPE_FP8];
    (void)state;
    knob_set(s, &knob, 2 * knob_get(s, &knob));
    check_near(s->system.gpu.peak_flop_per_s[DTYPE_FP8], 2 * fp8, 1e-15);
    free(s);
}

static void test_catalog_names(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 48);
    struct knob system = knob_of(s, "system"), gpu = knob_of(s, "gpu");
    struct error e;
    (void)state;
    error_init(&e);
    assert_int_equal(knob_set_name(s, &gpu, "b200-sxm", NULL, &e), STATUS_OK);
    assert_string_equal(s->system.gpu.name, "b200-sxm");
    check_near(s->system.tier[0].bandwidth_bytes_per_s,
               s->system.gpu.scale_up_bandwidth_bytes_per_s, 0);
    assert_int_equal(knob_set_name(s, &system, "dgx-a100", NULL, &e), STATUS_OK);
    assert_string_equal(s->system.gpu.name, "a100-sxm-80gb");
    check_near(s->system.gpus, 48, 0);
    assert_int_equal(knob_set_name(s, &system, "dgx-a10", NULL, &e), STATUS_INPUT);
    free(s);
}

/* The peak of a datatype that the part lacks: it alone is set. */
static void test_peak_that_the_part_lacks(void **state)
{
    (void)state;
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-a100", 8);
    double bf16 = s->system.gpu.peak_flop_per_s[DTYPE_BF16];
    s->job.precision = DTYPE_FP8;
    struct knob knob = knob_of(s, "gpu.peak");
    knob_set(s, &knob, 624e12);
    check_near(s->system.gpu.peak_flop_per_s[DTYPE_FP8], 624e12, 0);
    check_near(s->system.gpu.peak_flop_per_s[DTYPE_BF16], bf16, 0);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),         cmocka_unit_test(test_wrong_names),
        cmocka_unit_test(test_set_and_get),   cmocka_unit_test(test_values),
        cmocka_unit_test(test_kernel_speeds), cmocka_unit_test(test_collective_speeds),
        cmocka_unit_test(test_less_latency_is_never_slower),
        cmocka_unit_test(test_latency),       cmocka_unit_test(test_peak_scales_all),
        cmocka_unit_test(test_catalog_names),
        cmocka_unit_test(test_peak_that_the_part_lacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
