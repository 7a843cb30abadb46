#include "hardware/collective.h"
#include "hardware/roofline.h"
#include "parallelism/data_parallel.h"
#include "parallelism/placement.h"
#include "parallelism/step_parts.h"
#include "tests/unit/gpt.h"
#include "tests/unit/scenarios.h"
#include <stdlib.h>

static struct scenario *scenario_of(int gpus)
{
    struct scenario *c = stack_scenario(NULL, "dgx-a100", "untuned", gpus);
    c->job.seq_length = 2048;
    c->job.global_batch = gpus;
    c->model = gpt_model(32, 4096, 32, 51200);
    return c;
}

/* One micro-batch on as many replicas as GPUs, taken apart. Of the caller: free. */
static struct step_parts *parts_of(const struct scenario *c, int zero)
{
    struct strategy s;
    struct step_parts *parts = malloc(sizeof *parts);
    assert_non_null(parts);
    strategy_default(&s);
    s.dp = (int)c->system.gpus;
    s.micro_batch = 1;
    s.schedule = SCHEDULE_NONE;
    s.zero = zero;
    step_take_apart(c, &s, parts);
    return parts;
}

static double gather_of(const struct scenario *c, double *parameters)
{
    struct step_parts *parts = parts_of(c, 1);
    double gather_s = parts->zero.gather_s;
    *parameters = parts->stages.tail_parameters.dense;
    free(parts);
    return gather_s;
}

/* n owners broadcast 1/n of the 16-bit parameters each, in turn: the ring's latency and the wait
 * for its ranks n times, which a gather pays once. */
static void test_parameters_broadcast_in_turn(void **state)
{
    (void)state;
    double more[2], p;
    for (int i = 0; i < 2; i++) {
        int n = i == 0 ? 16 : 256;
        struct scenario *c = scenario_of(n);
        double gathered = gather_of(c, &p);
        c->stack.broadcasts_parameters = true;
        double broadcast = gather_of(c, &p);
        struct group g = placement_group(&c->system, n, 1);
        double once = collective_s(&c->system, COLLECTIVE_BROADCAST, 2 * p / n, &g);
        check_near(broadcast, n * (once + c->stack.collective_wait_s), 1e-12);
        more[i] = broadcast - gathered;
        free(c);
    }
    assert_true(more[1] > more[0] && more[1] > 0);
}

/* ZeRO 2 reduces gradients after the backward pass of every micro-batch, ZeRO 1 after the last;
 * both gather parameters once. */
static void test_gradients_reduced_every_micro_batch(void **state)
{
    (void)state;
    struct scenario *c = scenario_of(16);
    struct strategy s;
    struct step_cost once, each, one, two;
    strategy_default(&s);
    s.dp = 16;
    for (s.zero = 1; s.zero <= 2; s.zero++) {
        struct step_cost *few = s.zero == 1 ? &one : &two, *many = s.zero == 1 ? &once : &each;
        c->job.global_batch = 16;
        step_estimate(c, &s, few);
        c->job.global_batch = 5 * 16;
        step_estimate(c, &s, many);
    }
    check_near(two.term_s[TERM_DP], one.term_s[TERM_DP], 1e-12);
    check_near(once.term_s[TERM_DP], one.term_s[TERM_DP], 1e-12);
    struct step_parts *parts = parts_of(c, 2);
    assert_true(parts->zero.reductions > 4.5 && parts->zero.reductions < 5.5);
    check_near(each.term_s[TERM_DP] - two.term_s[TERM_DP], 4 * parts->zero.reduce_s, 1e-9);
    free(parts);
    free(c);
}

static struct zero_block layer_of(const struct scenario *c, double *parameters)
{
    struct step_parts *parts = parts_of(c, 3);
    struct zero_block layer = parts->zero.layer[0];
    *parameters = parts->shard.layer[0].parameters.dense;
    free(parts);
    return layer;
}

/* Four matrices a layer, each a collective of its own that is waited for and whose n parts the host
 * slices and copies. */
static void test_parts_in_lists(void **state)
{
    (void)state;
    for (int n = 64; n <= 1024; n *= 16) {
        double p;
        struct scenario *c = scenario_of(n);
        c->stack.lists_partitions = true;
        c->stack.constant[STACK_HOST].value = 6e-6;
        struct zero_block b = layer_of(c, &p);
        struct group g = placement_group(&c->system, n, 1);
        struct memory_op gathered = {MEMORY_ELEMENTWISE, 3 * 2 * p};
        struct memory_op reduced = {MEMORY_ELEMENTWISE, 2 * c->stack.gradient_reduce_bytes * p};
        double host_s = 4 * n * 2 * 6e-6 + 4 * c->stack.collective_wait_s;
        check_near(b.gather_s,
                   4 * collective_s(&c->system, COLLECTIVE_ALL_GATHER, 2 * p / 4, &g) + host_s +
                       memory_op_s(&c->system.gpu, &gathered),
                   1e-12);
        check_near(b.reduce_s,
                   4 * collective_s(&c->system, COLLECTIVE_REDUCE_SCATTER,
                                    c->stack.gradient_reduce_bytes * p / 4, &g) +
                       host_s + memory_op_s(&c->system.gpu, &reduced),
                   1e-12);
        free(c);
    }
}

/* Layers of more parameters than the stack keeps are gathered a third time, under full recompute.
 */
static void test_large_layers_are_gathered_again(void **state)
{
    (void)state;
    double p;
    struct block_cost block = {.forward = 0};
    struct strategy s;
    struct scenario *c = scenario_of(64);
    strategy_default(&s);
    c->stack.copies_parameters = false;
    struct zero_block kept = layer_of(c, &p);
    c->stack.reuse_parameters = 1.01 * p;
    check_near(layer_of(c, &p).regather_s, 0, 0);
    c->stack.reuse_parameters = 0.99 * p;
    struct zero_block again = layer_of(c, &p);
    check_near(kept.regather_s, 0, 0);
    check_near(again.regather_s, again.gather_s, 0);
    s.overlaps = 0;
    s.reshard_after_forward = true;
    s.recompute = RECOMPUTE_SELECTIVE;
    check_near(fsdp_block_exposed_s(c, &again, &s, &block), 2 * again.gather_s + again.reduce_s,
               1e-12);
    s.recompute = RECOMPUTE_FULL;
    check_near(fsdp_block_exposed_s(c, &again, &s, &block), 3 * again.gather_s + again.reduce_s,
               1e-12);
    free(c);
}

/* Views of one flat parameter: 16-bit gradients are joined (2 + 2 bytes), cast to fp32 (2 + 4) and
 * divided (4 + 4), or joined and divided alone where they are reduced as they are; the gather's own
 * buffer is what they are views of. */
static void test_flat_gradients_are_joined_and_cast(void **state)
{
    (void)state;
    static const double cases[][2] = {
        {4, 18},
        {2, 8 }
    };
    double p;
    struct scenario *c = scenario_of(64);
    c->stack.copies_parameters = true;
    c->stack.flattens_parameters = true;
    for (int i = 0; i < 2; i++) {
        c->stack.gradient_reduce_bytes = cases[i][0];
        struct zero_block flat = layer_of(c, &p);
        struct memory_op copies = {MEMORY_ELEMENTWISE, cases[i][1] * p};
        assert_true(flat.copy_in_s > 0);
        check_near(flat.copy_in_s, memory_op_s(&c->system.gpu, &copies), 1e-12);
        check_near(flat.copy_out_s, 0, 0);
    }
    free(c);
}

/* Parameters sharded one by one: read and written once more after each gather, their 16-bit
 * gradients read and written in fp32 before the reduction, with nothing beside. */
static void test_copies_around_collectives(void **state)
{
    (void)state;
    double p;
    struct block_cost block = {.forward = 1e3, .backward_input = 2e3};
    struct strategy s;
    struct scenario *c = scenario_of(64);
    strategy_default(&s);
    s.overlaps = 1u << OVERLAP_FSDP_PREFETCH;
    s.reshard_after_forward = true;
    c->stack.copies_parameters = false;
    struct zero_block plain = layer_of(c, &p);
    c->stack.copies_parameters = true;
    c->stack.gradient_reduce_bytes = 4;
    struct zero_block copied = layer_of(c, &p);
    struct memory_op out = {MEMORY_ELEMENTWISE, 4 * p}, in = {MEMORY_ELEMENTWISE, 6 * p};
    double copies_s = 2 * memory_op_s(&c->system.gpu, &out) + memory_op_s(&c->system.gpu, &in);
    assert_true(copies_s > 0);
    check_near(plain.copy_out_s + plain.copy_in_s, 0, 0);
    check_near(2 * copied.copy_out_s + copied.copy_in_s, copies_s, 1e-12);
    plain.reduce_s = copied.reduce_s;
    check_near(fsdp_block_exposed_s(c, &copied, &s, &block),
               fsdp_block_exposed_s(c, &plain, &s, &block) + copies_s, 1e-12);
    s.reshard_after_forward = false;
    check_near(fsdp_block_exposed_s(c, &copied, &s, &block),
               fsdp_block_exposed_s(c, &plain, &s, &block) + copies_s - copied.copy_out_s, 1e-12);
    free(c);
}

/* A reduction of 10 s, the last tenth of it alone, beside 6 s of backward pass: 4 s stay. A gather
 * of 4 s beside as much forward pass as there may be: its last tenth. What is hidden slows the
 * compute by a fifth of itself. */
static void test_windows_of_data_parallelism(void **state)
{
    (void)state;
    struct scenario *c = scenario_of(16);
    struct zero_cost zero = {
        .zero = 1, .reduce_s = 10, .gather_s = 4, .reductions = 1, .bucket_frac = 0.1};
    struct strategy s;
    strategy_default(&s);
    c->stack.contention_frac = 0.2;
    s.overlaps = 1u << OVERLAP_DP_GRAD_REDUCE;
    check_near(data_parallel_exposed_s(c, &zero, &s, 100, 6), 4 + 0.2 * 6 + 4, 1e-12);
    s.overlaps |= 1u << OVERLAP_DP_PARAM_GATHER;
    check_near(data_parallel_exposed_s(c, &zero, &s, 100, 6), 5.2 + 0.4 + 0.2 * 3.6, 1e-12);
    check_near(data_parallel_exposed_s(c, &zero, &s, 100, 100), 1 + 0.2 * 9 + 1.12, 1e-12);
    zero.bucket_frac = 3; /* fewer parameters than a bucket: nothing to hide behind */
    check_near(data_parallel_exposed_s(c, &zero, &s, 100, 100), 14, 1e-12);
    s.overlaps = 0;
    check_near(data_parallel_exposed_s(c, &zero, &s, 100, 100), 14, 1e-12);
    free(c);
}

/* Shards' all-reduce over their replicas, 10 s beside a backward pass of 6: hidden by prefetching
 * stacks' streams as by a flag of its own, but not where no rank holds a part. */
static void test_replicas_reduced_beside_the_backward_pass(void **state)
{
    (void)state;
    struct scenario *c = scenario_of(16);
    struct zero_cost zero = {
        .zero = 3, .reduce_s = 10, .reductions = 1, .bucket_frac = 0.1, .dense.parameter = 8};
    struct strategy s;
    strategy_default(&s);
    c->stack.contention_frac = 0.2;
    s.overlaps = 0;
    check_near(data_parallel_exposed_s(c, &zero, &s, 100, 6), 10, 1e-12);
    s.overlaps = 1u << OVERLAP_FSDP_PREFETCH;
    check_near(data_parallel_exposed_s(c, &zero, &s, 100, 6), 4 + 0.2 * 6, 1e-12);
    zero.dense.parameter = 1;
    check_near(data_parallel_exposed_s(c, &zero, &s, 100, 6), 10, 1e-12);
    zero = (struct zero_cost){.zero = 1, .reduce_s = 10, .reductions = 1, .bucket_frac = 0.1};
    check_near(data_parallel_exposed_s(c, &zero, &s, 100, 6), 10, 1e-12);
    free(c);
}

/* A layer gathered in 3 s and reduced in 5 beside a forward pass of 2 s and a backward pass of 8,
 * which gathers again: 1 s of the first gather and nothing else is exposed, and a tenth of what is
 * hidden, 2 and 8 s. */
static void test_prefetched_layers(void **state)
{
    (void)state;
    struct scenario *c = scenario_of(16);
    struct zero_block zero = {.gather_s = 3, .reduce_s = 5};
    struct block_cost block = {.forward = 2, .backward_input = 5, .backward_weight = 3};
    struct strategy s;
    strategy_default(&s);
    c->stack.contention_frac = 0.1;
    s.reshard_after_forward = true;
    s.overlaps = 1u << OVERLAP_FSDP_PREFETCH;
    check_near(fsdp_block_exposed_s(c, &zero, &s, &block), 1 + 0.1 * (2 + 8), 1e-12);
    s.reshard_after_forward = false;
    check_near(fsdp_block_exposed_s(c, &zero, &s, &block), 1 + 0.1 * (2 + 5), 1e-12);
    s.overlaps = 1u << OVERLAP_DP_GRAD_REDUCE; /* gathers wait, reductions do not */
    check_near(fsdp_block_exposed_s(c, &zero, &s, &block), 3 + 0.1 * 5, 1e-12);
    s.overlaps = 0;
    check_near(fsdp_block_exposed_s(c, &zero, &s, &block), 3 + 5, 1e-12);
    free(c);
}

/* Of four micro-batches three reduce nothing: a quarter of a waiting reduction and of the copy into
 * its buffer is left a micro-batch, the gathers are not touched; below ZeRO 3 and by one
 * micro-batch nothing is held. */
static void test_reduced_by_the_last_micro_batch(void **state)
{
    (void)state;
    struct scenario *c = scenario_of(64);
    struct zero_block all = {.gather_s = 3, .reduce_s = 8, .copy_out_s = 0.5, .copy_in_s = 2};
    struct zero_block last = all;
    struct block_cost block = {.forward = 2};
    struct zero_cost zero;
    struct step_parts *parts = parts_of(c, 3);
    struct strategy s;
    strategy_default(&s);
    s.overlaps = 0;
    s.reshard_after_forward = true;
    last.held_frac = 0.75;
    check_near(fsdp_block_exposed_s(c, &all, &s, &block), 3 + 3 + 8 + 2 * 0.5 + 2, 1e-12);
    check_near(fsdp_block_exposed_s(c, &last, &s, &block), 3 + 3 + 8 / 4.0 + 2 * 0.5 + 2 / 4.0,
               1e-12);
    s.dp = 64;
    s.micro_batch = 1;
    c->job.global_batch = 4 * 64;
    c->stack.accumulates_whole = true;
    for (int stage = 0; stage <= 3; stage++) {
        s.zero = stage;
        zero_cost_init(c, &parts->shard, &s, &zero);
        check_near(zero.held_frac, stage == 3 ? 0.75 : 0, 1e-12);
    }
    s.micro_batch = 4;
    zero_cost_init(c, &parts->shard, &s, &zero);
    check_near(zero.held_frac, 0, 0);
    free(parts);
    free(c);
}

/* A pipeline whose last reduction follows its last backward pass: of 8 s, beside which 20 s of
 * backward pass would have hidden all but the contention of a tenth, a quarter a micro-batch waits.
 */
static void test_reduced_behind_a_pipeline(void **state)
{
    (void)state;
    struct scenario *c = scenario_of(64);
    struct zero_block block = {.reduce_s = 8, .held_frac = 0.75};
    struct block_cost layer = {.backward_input = 20};
    struct zero_cost zero;
    struct step_parts *parts = parts_of(c, 3);
    struct strategy s;
    strategy_default(&s);
    c->stack.contention_frac = 0.1;
    s.overlaps = 1u << OVERLAP_FSDP_PREFETCH;
    check_near(fsdp_block_exposed_s(c, &block, &s, &layer), 0.1 * 8 / 4, 1e-12);
    block.reduces_alone = true;
    check_near(fsdp_block_exposed_s(c, &block, &s, &layer), 8 / 4.0, 1e-12);
    c->stack.pipelines_accumulate_whole = true;
    c->job.global_batch = 64;
    s.zero = 3;
    s.dp = 16;
    for (s.pp = 1; s.pp <= 4; s.pp *= 4) {
        zero_cost_init(c, &parts->shard, &s, &zero);
        check_near(zero.held_frac, s.pp > 1 ? 0.75 : 0, 1e-12);
        assert_int_equal(zero.reduces_alone, s.pp > 1);
    }
    free(parts);
    free(c);
}

/* The update passes what a rank owns of 16, and clears the gradients that it holds: all of them
 * under ZeRO 1, its own under ZeRO 2. */
static void test_update_clears_what_is_held(void **state)
{
    (void)state;
    for (int zero = 1; zero <= 2; zero++) {
        struct scenario *c = scenario_of(16);
        struct step_parts *parts = parts_of(c, zero);
        double p = parts->stages.tail_parameters.dense, held = zero == 1 ? p : p / 16;
        struct memory_op op = {MEMORY_OPTIMIZER, p / 16 * c->stack.optimizer_traffic_bytes +
                                                     held * c->stack.gradient_bytes};
        assert_true(c->stack.gradient_bytes > 0 && c->stack.optimizer_traffic_bytes > 0);
        check_near(parts->zero.optimizer_s, memory_op_s(&c->system.gpu, &op), 1e-12);
        free(parts);
        free(c);
    }
}

/* ZeRO 3 holds two gathered layers, or a vocabulary matrix of 256,000 rows of 4096, which is more
 * than 2 x 12 x 4096^2 parameters, and in a backward pass the gradients of one layer: in 16 bit and
 * in what is reduced, where they are copied. Matrix by matrix it is the largest, 4 x 4096^2. */
static void test_buffers_of_gathered_parameters(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scenario *c = scenario_of(16);
        c->model = gpt_model(32, 4096, 32, i == 0 ? 51200 : 256000);
        struct step_parts *parts = parts_of(c, 3);
        double layer = parts->shard.layer[0].parameters.dense;
        double gathered = i == 0 ? 2 * layer : 256001.0 * 4096;
        assert_true(layer > 12.0 * 4096 * 4096 && gathered >= 2 * layer);
        check_near(parts->zero.communication_bytes,
                   c->stack.communicator_bytes + gathered * c->stack.param_gather_bytes, 1e-12);
        assert_true(c->stack.copies_parameters);
        check_near(parts->zero.reduction_bytes, layer * (2 + c->stack.gradient_reduce_bytes),
                   1e-12);
        free(parts);
        c->stack.gathers_each_matrix = true;
        c->stack.copies_parameters = false;
        parts = parts_of(c, 3);
        double matrix = 4 * 4096.0 * 4096;
        check_near(parts->zero.reduction_bytes, matrix * c->stack.gradient_reduce_bytes, 1e-12);
        free(parts);
        free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters_broadcast_in_turn),
        cmocka_unit_test(test_gradients_reduced_every_micro_batch),
        cmocka_unit_test(test_copies_around_collectives),
        cmocka_unit_test(test_flat_gradients_are_joined_and_cast),
        cmocka_unit_test(test_parts_in_lists),
        cmocka_unit_test(test_large_layers_are_gathered_again),
        cmocka_unit_test(test_windows_of_data_parallelism),
        cmocka_unit_test(test_replicas_reduced_beside_the_backward_pass),
        cmocka_unit_test(test_prefetched_layers),
        cmocka_unit_test(test_reduced_by_the_last_micro_batch),
        cmocka_unit_test(test_reduced_behind_a_pipeline),
        cmocka_unit_test(test_update_clears_what_is_held),
        cmocka_unit_test(test_buffers_of_gathered_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
