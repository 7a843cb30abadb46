#include "parallelism/layer_cost.h"
#include "parallelism/step.h"
#include "tests/unit/check.h"
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
    return layer;
}

static struct layer_recompute recompute_of(bool alternate, unsigned modules, enum recompute how)
{
    struct block_cost layer = even_layer();
    struct stack stack;
    struct strategy s;
    memset(&stack, 0, sizeof stack);
    strategy_default(&s);
    stack.saves_alternate_products = alternate;
    s.recompute_modules = modules;
    return layer_recompute(&layer, &stack, &s, how);
}

/* Of the products q, k, v, out, gate, up, down the second, fourth and sixth run again: half of the
 * attention's linear layers, a third of the MLP's; norms and activation whole, attention never. */
static void test_alternate_products(void **state)
{
    (void)state;
    struct layer_recompute r = recompute_of(true, 0, RECOMPUTE_SELECTIVE);
    double whole = 5, halves = 2, thirds = 2; /* norms, MLP activation, router, experts, theirs */
    double repeated = whole + halves / 2 + thirds / 3;
    check_near(r.seconds, 6 * repeated, 1e-12);
    check_near(r.working_bytes, 60 * repeated, 1e-12);
    check_near(r.kept_bytes, 60 * (MODULES - repeated), 1e-12);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_alternate_products),
                                       cmocka_unit_test(test_named_modules_come_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
