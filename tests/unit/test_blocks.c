#include "parallelism/blocks.h"
#include "parallelism/step_parts.h"
#include "tests/unit/scenarios.h"
#include <stdlib.h>

/* A GPU of 1 PFLOP/s: a product of 1000^3 takes 2 us at its peak. */
static const struct gpu board = {.peak_flop_per_s[DTYPE_BF16] = 1e15};
static const struct op product = {
    .kind = OP_GEMM,
    .dtype = DTYPE_BF16,
    .repeat = 1,
    .gemm = {.m = 1000, .n = 1000, .k = 1000, .batch = 1}
};
static const struct op copy = {.kind = OP_MEMORY, .dtype = DTYPE_BF16, .repeat = 1};

/* A product of 2 us at the peak takes no less, however high the clock; what is not clocked keeps
 * its time. */
static void test_a_product_keeps_to_the_peak(void **state)
{
    (void)state;
    struct op twice = product;
    twice.repeat = 2;
    check_near(op_clocked_s(&board, &product, 3e-6, 1), 3e-6, 0);
    check_near(op_clocked_s(&board, &product, 3e-6, 0.5), 6e-6, 0);
    check_near(op_clocked_s(&board, &product, 1e-6, 1), 2e-6, 1e-12);
    check_near(op_clocked_s(&board, &product, 1e-6, 0.8), 2e-6, 1e-12);
    check_near(op_clocked_s(&board, &twice, 1e-6, 1), 4e-6, 1e-12);
    check_near(op_clocked_s(&board, &copy, 1e-6, 0.5), 1e-6, 0);
}

/* Seconds of each place's products and attention, and those at the peak. */
struct clocked {
    const struct gpu *gpu;
    double seconds[BLOCK_MTP + 1], peak_s[BLOCK_MTP + 1];
};

static void add(void *context, const struct block *block, const struct op *op, struct op_time time)
{
    struct clocked *c = context;
    if (!op_clocked(op))
        return;
    c->seconds[block->place] += time.seconds;
    c->peak_s[block->place] += op->repeat * op_peak_s(c->gpu, op);
}

/* A head of 60 million words is priced near its peak, layers are not: a stack's factor of 0.8 takes
 * the head alone to it. */
static void test_head_keeps_to_the_peak(void **state)
{
    (void)state;
    struct scenario *scenario = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct clocked c = {.gpu = &scenario->system.gpu};
    struct shard_cost *shard = malloc(sizeof *shard);
    struct strategy s;
    strategy_default(&s);
    s.tp = 8;
    scenario->model.vocab_size = 60e6;
    scenario->stack.constant[STACK_COMPUTE].value = 0.8;
    scenario->system.gpu.power_cap_w = 0;
    strategy_complete(&s, NULL, scenario);
    blocks_visit(scenario, &s, add, &c);
    shard_cost_compute(scenario, &s, NULL, shard);
    assert_true(c.seconds[BLOCK_LAYER] > c.peak_s[BLOCK_LAYER] * 1.01);
    check_near(c.seconds[BLOCK_HEAD], c.peak_s[BLOCK_HEAD], 1e-9);
    check_near(shard->head.total_s[TERM_GEMM], c.peak_s[BLOCK_HEAD], 1e-9);
    free(shard);
    free(scenario);
}

/* Four context ranks on four nodes: of the attention three of four steps cover the ring. */
static void test_ring_beside_attention(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 32);
    struct step_parts *open = malloc(sizeof *open), *covered = malloc(sizeof *covered);
    struct strategy s;
    assert_true(open && covered);
    strategy_default(&s);
    s.tp = 8;
    s.cp = 4;
    s.cp_comm = CP_COMM_P2P;
    for (int slow = 0; slow < 2; slow++) {
        c->job.seq_length = slow ? 4096 : 65536;
        c->stack.hides_ring = false;
        step_take_apart(c, &s, open);
        c->stack.hides_ring = true;
        step_take_apart(c, &s, covered);
        const double *with = covered->shard.layer[0].forward_s;
        const double *without = open->shard.layer[0].forward_s;
        double cover = 0.75 * without[TERM_ATTENTION];
        assert_true(slow ? without[TERM_CP] > cover : without[TERM_CP] < cover);
        check_near(with[TERM_CP], slow ? without[TERM_CP] - cover : 0, 1e-9);
        check_near(with[TERM_ATTENTION], without[TERM_ATTENTION], 0);
    }
    free(open);
    free(covered);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring_beside_attention),
        cmocka_unit_test(test_a_product_keeps_to_the_peak),
        cmocka_unit_test(test_head_keeps_to_the_peak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
