#include "model/ops.h"
#include "parallelism/layer_cost.h"
#include "tests/unit/scenarios.h"
#include <string.h>

/* What layers keep by kernels that are compiled and by those that are not: of gpt-oss-20b, 2880
 * wide as its experts are, 4 of 32 a token, 64 heads of 64. */

enum { TOKENS = 4096, WIDE = 2880, CHOSEN = 4 };

static struct activations saved_of(const char *model, const char *stack, bool compiled, int ep)
{
    struct scenario *c = stack_scenario(model, "dgx-h100", stack, 8);
    struct shard shard;
    struct strategy s;
    struct activations a;
    strategy_default(&s);
    s.micro_batch = 1;
    s.ep = ep;
    s.torch_compile = compiled;
    shard = strategy_shard(&s, &c->job);
    assert_true(shard_tokens(&shard) == TOKENS);
    layer_activations(&c->model, &c->model.kind[0], &shard, &c->stack.kernels, &a);
    free(c);
    return a;
}

/* Compiled, the experts keep 16-bit inputs, FC1's two halves and outputs, and what FC2 reads.
 * Eager, the outputs in 32 bit, and of 16 bit the clamped gate, its sigmoid, their product and the
 * other clamped half. */
static void test_clamped_experts(void **state)
{
    (void)state;
    double rows = (double)TOKENS * CHOSEN * WIDE;
    struct activations compiled = saved_of("gpt-oss-20b", "torchtitan", true, 1);
    struct activations eager = saved_of("gpt-oss-20b", "torchtitan", false, 1);
    check_near(compiled.bytes[MODULE_MOE], rows * (2 + 4 + 2), 1e-12);
    check_near(compiled.bytes[MODULE_MOE_ACT], rows * 2, 1e-12);
    check_near(eager.bytes[MODULE_MOE], rows * (2 + 4 + 4), 1e-12);
    check_near(eager.bytes[MODULE_MOE_ACT], rows * (2 + 4 * 2), 1e-12);
}

/* Megatron weights what FC2 reads: no output of an expert is kept. */
static void test_weighted_inside(void **state)
{
    (void)state;
    double rows = (double)TOKENS * CHOSEN * WIDE;
    struct activations a = saved_of("gpt-oss-20b", "megatron-bridge", false, 1);
    check_near(a.bytes[MODULE_MOE], rows * (2 + 4), 1e-12);
    check_near(a.bytes[MODULE_MOE_ACT], rows * 2, 1e-12);
}

/* SwiGLU of a dense layer, 14336 wide: the activated half where no compiler fuses it. */
static void test_eager_activation(void **state)
{
    (void)state;
    double wide = TOKENS * 14336.0;
    struct activations compiled = saved_of("llama3-8b", "torchtitan", true, 1);
    struct activations eager = saved_of("llama3-8b", "torchtitan", false, 1);
    check_near(compiled.bytes[MODULE_MLP_ACT], 2 * wide, 1e-12);
    check_near(eager.bytes[MODULE_MLP_ACT], 4 * wide, 1e-12);
}

/* Sinks that rescale what attention made keep it beside the product; a kernel that takes them
 * along keeps one. */
static void test_sinks(void **state)
{
    (void)state;
    double output = 2.0 * TOKENS * 64 * 64;
    struct activations within = saved_of("gpt-oss-20b", "megatron-bridge", true, 1);
    struct activations after = saved_of("gpt-oss-20b", "torchtitan", true, 1);
    check_near(after.bytes[MODULE_LAYERNORM] - within.bytes[MODULE_LAYERNORM], output, 1e-12);
    check_near(after.attention_output, output, 1e-12);
}

/* An exchange among 8 ranks brings as many rows as there are, there and back. */
static void test_exchanged_rows(void **state)
{
    (void)state;
    double rows = (double)TOKENS * CHOSEN * WIDE;
    check_near(saved_of("gpt-oss-20b", "torchtitan", true, 1).exchanged, 0, 0);
    check_near(saved_of("gpt-oss-20b", "torchtitan", true, 8).exchanged, 2 * 2 * rows, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clamped_experts), cmocka_unit_test(test_weighted_inside),
        cmocka_unit_test(test_eager_activation), cmocka_unit_test(test_sinks),
        cmocka_unit_test(test_exchanged_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
