#include "parallelism/search/largest.h"
#include "parallelism/search/limits.h"
#include "parallelism/search/neighbours.h"
#include "parallelism/search/pareto_clusters.h"
#include "parallelism/search/remedies.h"
#include "tests/unit/model_from.h"
#include <stdlib.h>

/* What is drawn from a search: fronts, neighbours, the smallest cluster, the largest job. */

struct work {
    struct scenario scenario;
    struct search_options options;
    struct search_result result;
    struct error e;
};

static struct work *work_on(const char *model, double gpus, double seq_length, double batch)
{
    struct work *w = calloc(1, sizeof *w);
    assert_non_null(w);
    error_init(&w->e);
    w->scenario.model = catalog_model(model);
    assert_int_equal(system_find("dgx-h100", NULL, &w->scenario.system, &w->e), STATUS_OK);
    assert_int_equal(stack_find(NULL, NULL, &w->scenario.stack, &w->e), STATUS_OK);
    job_default(&w->scenario.job);
    w->scenario.system.gpus = gpus;
    w->scenario.job.seq_length = seq_length;
    w->scenario.job.global_batch = batch;
    search_options_default(&w->options);
    strategy_complete(&w->options.base, NULL, &w->scenario);
    return w;
}

static void restrict_to(struct work *w, enum search_dimension d, int value)
{
    w->options.choices[d] = (struct choices){1, {value}};
}

static void run(struct work *w)
{
    assert_int_equal(search_run(&w->scenario, &w->options, &w->result, &w->e), STATUS_OK);
}

static void done(struct work *w)
{
    search_result_free(&w->result);
    free(w);
}

/* A search that is not asked for a dispatcher takes what an estimate of the strategy would: DeepEP
 * inside a host, the stack's other one across hosts. */
static void test_dispatcher_of_an_estimate(void **state)
{
    (void)state;
    static const struct {
        int ep;
        enum dispatcher dispatcher;
    } cases[] = {
        {8,  DISPATCHER_DEEPEP  },
        {16, DISPATCHER_ALLTOALL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct work *w = work_on("qwen3-30b-a3b", 32, 4096, 256);
        search_options_complete(&w->options, NULL, &w->scenario);
        restrict_to(w, SEARCH_EP, cases[i].ep);
        run(w);
        const struct strategy *best = &w->result.results[0].strategy;
        assert_int_equal(best->ep, cases[i].ep);
        assert_int_equal(best->dispatcher, cases[i].dispatcher);
        assert_int_equal(best->dispatcher, strategy_usual_dispatcher(&w->scenario, best->ep));
        done(w);
    }
}

/* DeepEP's kernels do not serve a domain of 72: it is no neighbour there, as it is no candidate. */
static void test_neighbours_have_dispatchers_that_serve(void **state)
{
    (void)state;
    struct work *w = work_on("qwen3-30b-a3b", 32, 4096, 256);
    struct neighbours *n = malloc(sizeof *n);
    assert_int_equal(system_find("gb200-nvl72", NULL, &w->scenario.system, &w->e), STATUS_OK);
    w->scenario.system.gpus = 32;
    search_options_complete(&w->options, NULL, &w->scenario);
    restrict_to(w, SEARCH_EP, 16);
    run(w);
    neighbours_find(&w->scenario, &w->options, &w->result.results[0], n);
    int others = 0;
    for (int i = 0; i < n->count; i++) {
        others += n->neighbour[i].dimension == SEARCH_DISPATCHER;
        assert_int_not_equal(n->neighbour[i].strategy.dispatcher, DISPATCHER_DEEPEP);
    }
    assert_true(others > 0);
    free(n);
    done(w);
}

static void test_neighbours_of_the_best(void **state)
{
    (void)state;
    struct work *w = work_on("llama3-8b", 64, 8192, 256);
    struct neighbours *n = malloc(sizeof *n);
    run(w);
    const struct ranked *best = &w->result.results[0];
    neighbours_find(&w->scenario, &w->options, best, n);
    assert_true(n->count > 10);
    int slower = 0;
    for (int i = 0; i < n->count; i++) {
        const struct neighbour *x = &n->neighbour[i];
        assert_true(memcmp(&x->strategy, &best->strategy, sizeof x->strategy) != 0);
        if (x->verdict == NEIGHBOUR_SLOWER) {
            slower++;
            assert_true(x->cost.fits && x->slower_s > 0 && x->term_s > 0);
        }
        if (x->verdict == NEIGHBOUR_MEMORY)
            check_near(x->short_bytes, x->cost.memory_total_bytes - x->cost.memory_capacity_bytes,
                       1e-12);
        if (x->verdict == NEIGHBOUR_ILLEGAL)
            assert_non_null(x->cost.rule);
        if (x->verdict == NEIGHBOUR_FASTER) /* as fast, or switched off an overlap that the search
                                               leaves on */
            assert_true(x->slower_s >= 0 || x->dimension == SEARCH_DIMENSIONS);
    }
    assert_true(slower > 3);
    free(n);
    done(w);
}

/* All strategies of a small space, each for itself. */
static void list_all(struct work *w)
{
    w->options.top = 1000000;
    w->options.every_tuning = true;
    run(w);
    assert_int_equal(w->result.count, w->result.fitting);
}

static bool dominates(const struct step_cost *a, const struct step_cost *b)
{
    return a->step_s <= b->step_s && a->memory_total_bytes <= b->memory_total_bytes &&
           (a->step_s < b->step_s || a->memory_total_bytes < b->memory_total_bytes);
}

/* With steps of memory that no two strategies are apart by, the front of a small space is what is
 * left of all its strategies. */
static void test_front_is_what_nothing_dominates(void **state)
{
    (void)state;
    struct work *w = work_on("llama3-8b", 16, 4096, 64);
    struct pareto *pareto = malloc(sizeof *pareto);
    restrict_to(w, SEARCH_MICRO_BATCH, 1);
    restrict_to(w, SEARCH_CP, 1);
    restrict_to(w, SEARCH_TP, 2);
    assert_int_equal(pareto_find(&w->scenario, &w->options, 1e-12, pareto, &w->e), STATUS_OK);
    list_all(w);
    double slowest_s = pareto->point[pareto->count - 1].cost.step_s;
    for (int i = 0; i < w->result.count; i++) {
        const struct step_cost *c = &w->result.results[i].cost;
        bool dominated = false, found = false;
        for (int j = 0; j < w->result.count && !dominated; j++)
            dominated = dominates(&w->result.results[j].cost, c);
        for (int j = 0; j < pareto->count && !found; j++)
            found = memcmp(&pareto->point[j].cost.step_s, &c->step_s, sizeof(double)) == 0;
        assert_true(dominated || found || (pareto->count == PARETO_MAX && c->step_s > slowest_s));
    }
    assert_true(pareto->count > 3);
    free(pareto);
    done(w);
}

/* More GPUs are on the front only where they are faster or leave more memory free. */
static void test_front_over_clusters(void **state)
{
    (void)state;
    struct work *w = work_on("llama3-8b", 16, 8192, 256);
    struct gpu_counts counts;
    struct pareto_clusters front;
    assert_int_equal(gpu_counts_range(8, 64, 2, 0, &counts, &w->e), STATUS_OK);
    assert_int_equal(counts.count, 4);
    assert_int_equal(pareto_clusters_find(&w->scenario, &w->options, &counts, 0.05, &front, &w->e),
                     STATUS_OK);
    assert_true(front.count > 4);
    for (int i = 0; i < front.count; i++)
        for (int j = 0; j < i; j++)
            assert_false(front.point[j].gpus <= front.point[i].gpus &&
                         dominates(&front.point[j].ranked.cost, &front.point[i].ranked.cost));
    pareto_clusters_free(&front);
    done(w);
}

static void test_smallest_cluster_that_is_fast_enough(void **state)
{
    (void)state;
    struct work *w = work_on("llama3-8b", 8, 8192, 256);
    struct gpu_counts counts;
    struct clusters clusters;
    assert_int_equal(gpu_counts_range(8, 128, 2, 0, &counts, &w->e), STATUS_OK);
    struct cluster_options how = {.tokens_per_s = 4e5, .smallest = true};
    assert_int_equal(clusters_search(&w->scenario, &w->options, &counts, &how, &clusters, &w->e),
                     STATUS_OK);
    assert_true(clusters.smallest > 0);
    for (int i = 0; i <= clusters.smallest; i++) {
        w->scenario.system.gpus = clusters.cluster[i].gpus;
        double rate = step_tokens_per_s(&w->scenario, &clusters.cluster[i].result.results[0].cost);
        assert_true((rate >= how.tokens_per_s) == (i == clusters.smallest));
    }
    assert_int_equal(clusters.count, clusters.smallest + 1);
    clusters_free(&clusters);
    done(w);
}

/* 2 USD per GPU and hour: what a token costs follows from the rate, and is least where a GPU does
 * most. */
static void test_cost_per_token(void **state)
{
    (void)state;
    struct work *w = work_on("llama3-8b", 8, 8192, 256);
    struct gpu_counts counts;
    struct clusters clusters;
    assert_int_equal(gpu_counts_range(8, 64, 2, 0, &counts, &w->e), STATUS_OK);
    struct cluster_options how = {.objective = OBJECTIVE_COST_PER_TOKEN, .price_usd_per_gpu_h = 2};
    assert_int_equal(clusters_search(&w->scenario, &w->options, &counts, &how, &clusters, &w->e),
                     STATUS_OK);
    for (int i = 0; i < clusters.count; i++) {
        const struct cluster *c = &clusters.cluster[i];
        w->scenario.system.gpus = c->gpus;
        double rate = step_tokens_per_s(&w->scenario, &c->result.results[0].cost);
        check_near(c->objective, 2 * c->gpus / 3600 / rate, 1e-12);
        assert_true(c->objective >= clusters.cluster[clusters.best].objective);
    }
    clusters_free(&clusters);
    w->scenario.system.gpu.price_usd_per_h = 0;
    how.price_usd_per_gpu_h = 0;
    assert_int_equal(clusters_search(&w->scenario, &w->options, &counts, &how, &clusters, &w->e),
                     STATUS_USAGE);
    clusters_free(&clusters);
    done(w);
}

static void check_largest(struct work *w, enum largest_quantity quantity, double step)
{
    struct largest *largest = malloc(sizeof *largest);
    assert_int_equal(largest_find(&w->scenario, &w->options, quantity, step, largest, &w->e),
                     STATUS_OK);
    assert_true(largest->value > 0);
    assert_true(largest->best.cost.fits);
    if (largest->next > 0) {
        assert_true(largest->next > largest->value);
        assert_true(largest->closest.cost.legal && !largest->closest.cost.fits);
    }
    free(largest);
}

static void test_largest_that_fits(void **state)
{
    (void)state;
    struct work *w = work_on("llama3-8b", 8, 8192, 64);
    check_largest(w, LARGEST_SEQ_LENGTH, 0);
    check_largest(w, LARGEST_MICRO_BATCH, 0);
    check_largest(w, LARGEST_LAYERS, 0);
    done(w);
}

/* 405 billion parameters, 18 bytes each, do not fit into 8 GPUs, nor into any with tp 1 and nothing
 * sharded. */
static void test_remedies(void **state)
{
    (void)state;
    struct work *w = work_on("llama3.1-405b", 8, 8192, 512);
    struct remedies *r = malloc(sizeof *r);
    restrict_to(w, SEARCH_ZERO, 0);
    run(w);
    assert_int_equal(w->result.count, 0);
    assert_true(w->result.closest.cost.legal && !w->result.closest.cost.fits);
    assert_non_null(strstr(w->result.closest.cost.reason, "GiB"));
    assert_int_equal(remedies_find(&w->scenario, &w->options, &w->result.closest, r, &w->e),
                     STATUS_OK);
    bool gpus = false, memory = false;
    for (int i = 0; i < r->count; i++) {
        const struct remedy *x = &r->remedy[i];
        gpus = gpus || x->kind == REMEDY_GPUS;
        memory = memory || x->kind == REMEDY_MEMORY;
        assert_true(x->best.cost.fits || x->kind == REMEDY_MEMORY);
        if (x->kind == REMEDY_MEMORY)
            assert_true(x->value > w->scenario.system.gpu.memory_bytes);
    }
    assert_true(gpus && memory);
    free(r);
    done(w);
}

/* Released, a dimension that forbade everything lets the job fit. */
static void test_released_dimension(void **state)
{
    (void)state;
    struct work *w = work_on("llama3-70b", 64, 8192, 512);
    struct remedies *r = malloc(sizeof *r);
    restrict_to(w, SEARCH_TP, 8); /* 70 billion x 18 bytes / 8 */
    restrict_to(w, SEARCH_ZERO, 0);
    restrict_to(w, SEARCH_PP, 1);
    run(w);
    assert_int_equal(w->result.count, 0);
    assert_int_equal(remedies_find(&w->scenario, &w->options, &w->result.closest, r, &w->e),
                     STATUS_OK);
    int released = 0;
    for (int i = 0; i < r->count; i++)
        released += r->remedy[i].kind == REMEDY_RELEASE;
    assert_int_equal(released, 3);
    free(r);
    done(w);
}

/* 520 is 8 x 5 x 13: no degree of 128 heads, 8192 tokens or 512 sequences takes the 5 nor the 13,
 * and 65 stages are one more than are modelled. Of one host of 8 less all are used. */
static void test_fewer_gpus(void **state)
{
    (void)state;
    struct work *w = work_on("llama3.1-405b", 520, 8192, 512);
    struct remedies *r = malloc(sizeof *r);
    run(w);
    assert_int_equal(w->result.legal, 0);
    assert_int_equal(remedies_find(&w->scenario, &w->options, &w->result.closest, r, &w->e),
                     STATUS_OK);
    assert_int_equal(r->count, 1);
    assert_int_equal(r->remedy[0].kind, REMEDY_FEWER_GPUS);
    check_near(r->remedy[0].value, 512, 0);
    assert_true(r->remedy[0].best.cost.fits);
    free(r);
    done(w);
}

/* What fills the memory to the last byte fits; a byte less, and it does not. */
static void test_full_to_the_byte(void **state)
{
    (void)state;
    struct work *w = work_on("llama3-8b", 8, 4096, 16);
    w->scenario.stack.reserve_bytes = 0;
    restrict_to(w, SEARCH_TP, 2);
    restrict_to(w, SEARCH_PP, 1);
    restrict_to(w, SEARCH_CP, 1);
    restrict_to(w, SEARCH_MICRO_BATCH, 1);
    restrict_to(w, SEARCH_SEQUENCE_PARALLEL, 1);
    restrict_to(w, SEARCH_ZERO, 1);
    restrict_to(w, SEARCH_RECOMPUTE, RECOMPUTE_NONE);
    run(w);
    assert_int_equal(w->result.count, 1);
    double bytes = w->result.results[0].cost.memory_total_bytes;
    for (int less = 0; less < 2; less++) {
        search_result_free(&w->result);
        w->scenario.system.gpu.memory_bytes = bytes - less;
        run(w);
        assert_int_equal(w->result.count, less ? 0 : 1);
    }
    done(w);
}

/* One replica of all but the experts, of which two tensor ranks each hold a copy: their optimizer
 * can be sharded, and where they fill the memory it must. */
static void test_copies_of_experts_alone(void **state)
{
    (void)state;
    struct work *w = work_on("mixtral-8x7b", 8, 4096, 16);
    restrict_to(w, SEARCH_TP, 8);
    restrict_to(w, SEARCH_ETP, 4);
    restrict_to(w, SEARCH_EP, 1);
    w->scenario.system.gpu.memory_bytes = 400e9;
    run(w);
    assert_true(w->result.count > 0);
    search_result_free(&w->result);
    restrict_to(w, SEARCH_ZERO, 0);
    run(w);
    double bytes = w->result.results[0].cost.memory_total_bytes;
    search_result_free(&w->result);
    w->options.choices[SEARCH_ZERO].count = 0;
    restrict_to(w, SEARCH_MICRO_BATCH, w->options.base.micro_batch);
    restrict_to(w, SEARCH_RECOMPUTE, RECOMPUTE_FULL);
    w->scenario.system.gpu.memory_bytes = 0.8 * bytes + w->scenario.stack.reserve_bytes;
    run(w);
    assert_true(w->result.count > 0);
    assert_true(w->result.results[0].strategy.zero > 0);
    done(w);
}

static void test_limits(void **state)
{
    (void)state;
    struct work *w = work_on("llama3-70b", 64, 8192, 512);
    struct limits limits;
    run(w);
    const struct ranked *best = &w->result.results[0];
    assert_int_equal(limits_find(&w->scenario, &w->options, best, &limits, &w->e), STATUS_OK);
    double sum = 0;
    for (int i = 0; i < LIMITS; i++)
        sum += limits.share[i];
    check_near(sum, 1, 1e-9);
    assert_int_equal(limits.largest, LIMIT_COMPUTE);
    assert_true(limits.roomy.cost.step_s <= best->cost.step_s);
    assert_true(limits.memory_binds); /* 70 billion parameters on 64 GPUs recompute */
    done(w);
}

/* At the edge of the memory what leaves the margin is told, and it is the fastest that does. */
static void test_memory_margin(void **state)
{
    (void)state;
    struct work *w = work_on("llama3-70b", 64, 8192, 512);
    struct limits limits;
    run(w);
    w->scenario.system.gpu.memory_bytes =
        1.001 * w->result.results[0].cost.memory_total_bytes + w->scenario.stack.reserve_bytes;
    search_result_free(&w->result);
    run(w);
    const struct ranked *best = &w->result.results[0];
    double usable = best->cost.memory_capacity_bytes / (1 + memory_margin_frac);
    assert_int_equal(limits_find(&w->scenario, &w->options, best, &limits, &w->e), STATUS_OK);
    check_near(limits.memory_free_frac,
               best->cost.memory_capacity_bytes / best->cost.memory_total_bytes - 1, 1e-12);
    assert_true(limits.memory_tight);
    assert_true(limits.safe.cost.legal && limits.safe.cost.memory_total_bytes <= usable);
    assert_true(limits.safe.cost.step_s > best->cost.step_s);
    search_result_free(&w->result);
    w->scenario.system.gpu.memory_bytes = usable + w->scenario.stack.reserve_bytes;
    run(w);
    check_near(w->result.results[0].cost.step_s, limits.safe.cost.step_s, 1e-12);
    done(w);
}

/* Where memory is plenty there is nothing to tell. */
static void test_memory_is_plenty(void **state)
{
    (void)state;
    struct work *w = work_on("llama3-8b", 64, 8192, 512);
    struct limits limits;
    w->scenario.system.gpu.memory_bytes = 1e12;
    run(w);
    assert_int_equal(limits_find(&w->scenario, &w->options, &w->result.results[0], &limits, &w->e),
                     STATUS_OK);
    assert_false(limits.memory_tight || limits.safe.cost.legal);
    assert_true(limits.memory_free_frac >= memory_margin_frac);
    done(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dispatcher_of_an_estimate),
        cmocka_unit_test(test_neighbours_of_the_best),
        cmocka_unit_test(test_neighbours_have_dispatchers_that_serve),
        cmocka_unit_test(test_front_is_what_nothing_dominates),
        cmocka_unit_test(test_front_over_clusters),
        cmocka_unit_test(test_smallest_cluster_that_is_fast_enough),
        cmocka_unit_test(test_cost_per_token),
        cmocka_unit_test(test_largest_that_fits),
        cmocka_unit_test(test_remedies),
        cmocka_unit_test(test_released_dimension),
        cmocka_unit_test(test_fewer_gpus),
        cmocka_unit_test(test_full_to_the_byte),
        cmocka_unit_test(test_copies_of_experts_alone),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_memory_margin),
        cmocka_unit_test(test_memory_is_plenty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
