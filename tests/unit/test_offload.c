/* Offload over the host link: what is saved and what is waited for say the same bytes. */
#include "parallelism/search/search.h"
#include "tests/unit/scenarios.h"
#include <string.h>

/* 16 sequences of 4096 tokens on 8 GPUs: 2 micro-batches of one sequence each. */
static struct scenario *llama(double host_bytes_per_s)
{
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 8);
    c->system.gpu.host_bandwidth_bytes_per_s = host_bytes_per_s;
    return c;
}

static struct strategy plain(void)
{
    struct strategy s;
    strategy_default(&s);
    s.dp = 8;
    s.zero = 1;
    return s;
}

/* m micro-batches of B bytes there and back, 2 m B / beta, less the work and the waiting for
 * replicas that they hide behind: at half the rate twice the bytes' time. */
static void test_activation_time(void **state)
{
    (void)state;
    const double beta = 4e9, micro_batches = 2;
    struct scenario *slow = llama(beta), *slower = llama(beta / 2), *fast = llama(1e15);
    struct strategy s = plain();
    struct step_cost none = legal_cost(slow, &s);
    double bytes = none.memory_bytes[MEMORY_ACTIVATIONS];
    assert_true(none.term_s[TERM_OFFLOAD] <= 0);
    s.offload_activations = 0.5;
    struct step_cost a = legal_cost(slow, &s), b = legal_cost(slower, &s), c = legal_cost(fast, &s);
    double link_s = 2 * micro_batches * 0.5 * bytes / beta;
    check_near(b.term_s[TERM_OFFLOAD] - a.term_s[TERM_OFFLOAD], link_s, 1e-9);
    /* no pipeline: all but the rest of the tail */
    double work_s = none.term_s[TERM_HOST] - slow->stack.constant[STACK_STEP].value;
    for (int i = 0; i <= TERM_DP; i++)
        work_s += none.term_s[i];
    check_near(a.term_s[TERM_OFFLOAD], link_s - work_s, 1e-9);
    assert_true(c.term_s[TERM_OFFLOAD] <= 0); /* hidden */
    check_near(c.step_s, none.step_s, 1e-12);
    free(slow);
    free(slower);
    free(fast);
}

/* Where the host link binds, transfers between stages and bubbles pass beside it: links twice as
 * fast between the GPUs change nothing. */
static void test_pipeline_beside_host_link(void **state)
{
    (void)state;
    struct scenario *slow = llama(1e9), *fast = llama(1e9);
    struct strategy s = plain();
    s.pp = 4;
    s.dp = 2;
    s.schedule = SCHEDULE_1F1B;
    s.offload_activations = 0.5;
    fast->system.tier[0].bandwidth_bytes_per_s *= 2;
    struct step_cost a = legal_cost(slow, &s), b = legal_cost(fast, &s);
    assert_true(a.term_s[TERM_PP] > b.term_s[TERM_PP]);
    check_near(a.step_s - a.term_s[TERM_STRAGGLER], b.step_s - b.term_s[TERM_STRAGGLER], 1e-9);
    free(slow);
    free(fast);
}

/* A GPU whose host link nobody states has no price for offload: illegal, in a search as alone. */
static void test_no_host_link(void **state)
{
    (void)state;
    struct scenario *c = llama(0);
    struct strategy s = plain();
    char reason[160];
    assert_null(strategy_illegal(c, &s, reason, sizeof reason));
    s.offload_activations = 0.5;
    assert_string_equal(strategy_illegal(c, &s, reason, sizeof reason), "offload-supported");
    assert_non_null(strstr(reason, "h100-sxm has no host_bandwidth"));
    s.offload_activations = 0;
    s.offload_optimizer = true;
    assert_string_equal(strategy_illegal(c, &s, reason, sizeof reason), "offload-supported");

    struct search_options *options = calloc(1, sizeof *options);
    struct search_result result;
    struct error e;
    error_init(&e);
    search_options_default(options);
    options->threads = 1;
    options->base.offload_activations = 0.5;
    assert_int_equal(search_run(c, options, &result, &e), STATUS_OK);
    assert_int_equal(result.count, 0);
    assert_true(result.rejected[0].count > 0);
    search_result_free(&result);
    free(options);
    free(c);
}

static void check_words(double share, const char *want)
{
    struct text words = {0};
    struct strategy s = plain();
    s.offload_activations = share;
    strategy_describe_rest(&s, &words);
    assert_string_equal(text_string(&words), want);
    text_free(&words);
}

static void test_words(void **state)
{
    (void)state;
    check_words(0, "");
    check_words(0.25, ", 0.25 of the activations offloaded");
    check_words(1, ", activations offloaded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activation_time),
        cmocka_unit_test(test_pipeline_beside_host_link),
        cmocka_unit_test(test_no_host_link),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
