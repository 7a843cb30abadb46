#include "parallelism/layer_cost.h"
#include "parallelism/step.h"
#include "tests/unit/scenarios.h"
#include <string.h>

/* A layer whose modules take 6 s and keep 60 B each. */
static struct block_cost even_layer(void)
{
    struct block_cost layer;
    memset(&layer, 0, sizeof layer);
    for (int i = 0; i < MODULES; i++) {
        layer.module_forward_s[i] = 6;
        layer.activation_bytes[i] = 60;
    }
    layer.forward = 100;
    layer.unread_forward_s = 4;
    return layer;
}

static struct layer_recompute recompute_layer(const struct block_cost *layer,
                                              const struct stack *stack, enum dtype precision,
                                              unsigned modules, enum recompute how)
{
    struct strategy s;
    strategy_default(&s);
    s.recompute_modules = modules;
    return layer_recompute(layer, stack, &s, precision, how);
}

static struct layer_recompute recompute_in(enum dtype precision, bool alternate, unsigned modules,
                                           enum recompute how)
{
    struct block_cost layer = even_layer();
    struct stack stack = {.saves_alternate_products = alternate};
    return recompute_layer(&layer, &stack, precision, modules, how);
}

static struct layer_recompute recompute_of(bool alternate, unsigned modules, enum recompute how)
{
    return recompute_in(DTYPE_BF16, alternate, modules, how);
}

/* Of the products q, k, v, out, gate, up, down the second, fourth and sixth run again: half of the
 * attention's linear layers and of a scan's, a third of the MLP's; norms and activation whole,
 * attention never. */
static void test_alternate_products(void **state)
{
    (void)state;
    struct layer_recompute r = recompute_of(true, 0, RECOMPUTE_SELECTIVE);
    double whole = 5, halves = 2, thirds = 2; /* norms, MLP activation, router, experts, theirs */
    double scans = 1;                         /* has two products and is like them itself */
    double repeated = whole + (halves + scans) / 2 + thirds / 3;
    check_near(r.seconds, 6 * repeated, 1e-12);
    check_near(r.working_bytes, 60 * repeated, 1e-12);
    check_near(r.kept_bytes, 60 * (MODULES - repeated), 1e-12);
}

/* Projections that add biases are saved all, and so is what collectives brought, beside what is
 * made of it again. */
static void test_biased_products_and_exchanges_are_saved(void **state)
{
    (void)state;
    struct block_cost layer = even_layer();
    struct stack stack = {.saves_alternate_products = true};
    double plain = recompute_of(true, 0, RECOMPUTE_SELECTIVE).kept_bytes;
    layer.biased_attention = true;
    layer.exchanged_bytes = 7;
    struct layer_recompute r = recompute_layer(&layer, &stack, DTYPE_BF16, 0, RECOMPUTE_SELECTIVE);
    check_near(r.kept_bytes, plain + 30 + 7, 1e-12);
    check_near(r.working_bytes + r.kept_bytes, 60 * MODULES + 7, 1e-12);
    r = recompute_layer(&layer, &stack, DTYPE_BF16, 0, RECOMPUTE_FULL);
    check_near(r.kept_bytes, 60, 1e-12);
}

/* A policy that saves products keeps no output of attention that runs again; where attention is
 * not repeated its output stays. */
static void test_attention_output_is_no_product(void **state)
{
    (void)state;
    struct block_cost layer = even_layer();
    struct stack stack = {.saves_products_alone = true};
    layer.attention_output_bytes = 20;
    for (int attention = 0; attention < 2; attention++) {
        unsigned modules = 1u << (attention ? MODULE_CORE_ATTENTION : MODULE_LAYERNORM);
        struct layer_recompute r =
            recompute_layer(&layer, &stack, DTYPE_BF16, modules, RECOMPUTE_SELECTIVE);
        check_near(r.kept_bytes, 60 * (MODULES - 1) - (attention ? 20 : 0), 1e-12);
        check_near(r.working_bytes, attention ? 80 : 60, 1e-12);
    }
}

/* In nvfp4 every product runs again but the one that makes the layer's output, and so does what
 * lies between them; attention and the input stay. */
static void test_products_that_no_operator_saves(void **state)
{
    (void)state;
    struct layer_recompute r = recompute_in(DTYPE_NVFP4, true, 0, RECOMPUTE_SELECTIVE);
    check_near(r.seconds, 6 * (MODULES - 1) - 4, 1e-12);
    check_near(r.kept_bytes, 2 * 60, 1e-12);
    check_near(r.working_bytes, 60 * (MODULES - 2), 1e-12);
    check_near(recompute_in(DTYPE_NVFP4, false, 0, RECOMPUTE_SELECTIVE).seconds, 6, 1e-12);
}

static void test_named_modules_come_first(void **state)
{
    (void)state;
    for (int alternate = 0; alternate < 2; alternate++) {
        struct layer_recompute r =
            recompute_of(alternate, 1u << MODULE_LAYERNORM, RECOMPUTE_SELECTIVE);
        check_near(r.seconds, 6, 1e-12);
        check_near(recompute_of(alternate, 0, RECOMPUTE_NONE).seconds, 0, 0);
        check_near(recompute_of(alternate, 0, RECOMPUTE_FULL).seconds, 100, 0);
        check_near(recompute_of(alternate, 0, RECOMPUTE_FULL).kept_bytes, 60, 1e-12);
    }
    check_near(recompute_of(false, 0, RECOMPUTE_SELECTIVE).seconds, 6, 1e-12);
}

/* Megatron-Core's "mlp" runs its activation again, "moe" the router and the experts' activation
 * too; of either alone nothing else. */
static void test_modules_within_modules(void **state)
{
    static const struct {
        enum module named;
        double modules;
    } cases[] = {
        {MODULE_MLP,     2},
        {MODULE_MOE,     3},
        {MODULE_MLP_ACT, 1},
        {MODULE_MOE_ACT, 1},
        {MODULE_ROUTER,  1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct layer_recompute r = recompute_of(false, 1u << cases[i].named, RECOMPUTE_SELECTIVE);
        check_near(r.seconds, 6 * cases[i].modules, 1e-12);
        check_near(r.working_bytes, 60 * cases[i].modules, 1e-12);
    }
}

/* Llama 2 7B on one rank: 8192 tokens through 11008 x 4096, which no gradient inside the layer
 * reads; a norm behind the MLP reads it. */
static void test_last_product_is_left_out(void **state)
{
    (void)state;
    struct scenario *scenario = catalog_scenario("llama2-7b", "dgx-h100", 8);
    struct shard_cost *shard = malloc(sizeof *shard);
    struct strategy s;
    strategy_default(&s);
    s.micro_batch = 2;
    strategy_complete(&s, NULL, scenario);
    shard_cost_compute(scenario, &s, NULL, shard);
    const struct block_cost *layer = &shard->layer[0];
    double flop = 2.0 * 8192 * 11008 * 4096;
    check_near(layer->unread_forward_flop, flop, 1e-12);
    check_near(shard->recompute[RECOMPUTE_FULL][0].seconds, layer->forward, 1e-12);
    scenario->stack.prunes_recompute = true;
    struct layer_recompute r =
        layer_recompute(layer, &scenario->stack, &s, DTYPE_BF16, RECOMPUTE_FULL);
    check_near(r.flop, layer->forward_flop - flop, 1e-12);
    check_near(layer->unread_launches, 2, 0); /* the product and the addition */
    check_near(r.seconds, layer->forward - layer->unread_forward_s, 1e-3); /* and its gap */
    assert_true(r.seconds > 0.7 * layer->forward && r.seconds < 0.85 * layer->forward);
    scenario->model.norms_per_layer = 4;
    shard_cost_compute(scenario, &s, NULL, shard);
    check_near(shard->layer[0].unread_forward_flop, 0, 0);
    free(shard);
    free(scenario);
}

/* A ring of context ranks hides behind attention: what repeats the MLP takes as long over fast
 * links as over slow ones, what repeats attention as much longer as more of the ring shows. */
static void test_ring_belongs_to_attention(void **state)
{
    (void)state;
    struct scenario *scenario = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct shard_cost *slow = malloc(sizeof *slow), *fast = malloc(sizeof *fast);
    struct strategy s;
    scenario->job.seq_length = 16384;
    scenario->stack.constant[STACK_HOST].value = 0;
    scenario->stack.hides_ring = true;
    strategy_default(&s);
    s.cp = 4;
    strategy_complete(&s, NULL, scenario);
    shard_cost_compute(scenario, &s, NULL, fast);
    scenario->system.tier[0].bandwidth_bytes_per_s /= 10;
    shard_cost_compute(scenario, &s, NULL, slow);
    const struct block_cost *a = &fast->layer[0], *b = &slow->layer[0];
    double shown = b->forward_s[TERM_CP] - a->forward_s[TERM_CP];
    assert_true(shown > 0);
    check_near(b->module_forward_s[MODULE_MLP], a->module_forward_s[MODULE_MLP], 1e-2);
    double longer =
        b->module_forward_s[MODULE_CORE_ATTENTION] - a->module_forward_s[MODULE_CORE_ATTENTION];
    check_near(longer, shown, 2e-2);
    free(fast);
    free(slow);
    free(scenario);
}

/* Seconds of recomputing `modules` (0: the whole layer) where launching sets the pace, over links
 * of a given share of their bandwidth. */
static double host_bound_recompute_s(unsigned modules, double bandwidth_frac, double launches_s[2])
{
    struct scenario *scenario = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct shard_cost *shard = malloc(sizeof *shard);
    struct strategy s;
    strategy_default(&s);
    s.tp = 8;
    s.recompute_modules = modules;
    strategy_complete(&s, NULL, scenario);
    scenario->stack.constant[STACK_HOST].value = 1e-3; /* far above any kernel of this layer */
    scenario->system.tier[0].bandwidth_bytes_per_s *= bandwidth_frac;
    shard_cost_compute(scenario, &s, NULL, shard);
    const struct block_cost *layer = &shard->layer[0];
    launches_s[0] = layer->module_launches[MODULE_LAYERNORM] * 1e-3;
    launches_s[1] = layer->forward_launches * 1e-3;
    double seconds = shard->recompute[modules ? RECOMPUTE_SELECTIVE : RECOMPUTE_FULL][0].seconds;
    free(shard);
    free(scenario);
    return seconds;
}

/* Where the host sets the pace, what is recomputed takes as long as its own launches, however fast
 * the links that other modules use. */
static void test_host_time_goes_with_launches(void **state)
{
    (void)state;
    double launches_s[2];
    double norms_s = host_bound_recompute_s(1u << MODULE_LAYERNORM, 1, launches_s);
    check_near(norms_s, launches_s[0], 2e-2);
    check_near(host_bound_recompute_s(1u << MODULE_LAYERNORM, 0.1, launches_s), norms_s, 1e-12);
    check_near(host_bound_recompute_s(0, 1, launches_s), launches_s[1], 2e-2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alternate_products),
        cmocka_unit_test(test_products_that_no_operator_saves),
        cmocka_unit_test(test_biased_products_and_exchanges_are_saved),
        cmocka_unit_test(test_attention_output_is_no_product),
        cmocka_unit_test(test_named_modules_come_first),
        cmocka_unit_test(test_ring_belongs_to_attention),
        cmocka_unit_test(test_host_time_goes_with_launches),
        cmocka_unit_test(test_modules_within_modules),
        cmocka_unit_test(test_last_product_is_left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
