#include "parallelism/weight_bytes.h"
#include "tests/unit/check.h"
#include <string.h>

static struct scenario scenario_on(const char *gpu, enum dtype precision)
{
    struct scenario c;
    struct error e;
    error_init(&e);
    memset(&c, 0, sizeof c);
    assert_int_equal(gpu_find(gpu, NULL, &c.system.gpu, &e), STATUS_OK);
    c.job.precision = precision;
    c.stack.weight_bytes = 2;
    c.stack.param_gather_bytes = 2;
    c.stack.fp8_weights = true;
    return c;
}

/* Hopper keeps the transposed copy, Blackwell needs none; other precisions keep 16 bit. */
static void test_copies(void **state)
{
    (void)state;
    static const struct {
        const char *gpu;
        enum dtype precision;
        double memory, gather;
    } rows[] = {
        {"h100-sxm", DTYPE_FP8,   2, 1},
        {"b200-sxm", DTYPE_FP8,   1, 1},
        {"gb300",    DTYPE_FP8,   1, 1},
        {"b200-sxm", DTYPE_BF16,  2, 2},
        {"b200-sxm", DTYPE_NVFP4, 2, 2},
        {"b200-sxm", DTYPE_MXFP8, 2, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scenario c = scenario_on(rows[i].gpu, rows[i].precision);
        check_near(weight_memory_bytes(&c), rows[i].memory, 0);
        check_near(weight_gather_bytes(&c), rows[i].gather, 0);
    }
}

static void test_a_stack_without(void **state)
{
    (void)state;
    struct scenario c = scenario_on("b200-sxm", DTYPE_FP8);
    c.stack.fp8_weights = false;
    check_near(weight_memory_bytes(&c), 2, 0);
    check_near(weight_gather_bytes(&c), 2, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_a_stack_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
