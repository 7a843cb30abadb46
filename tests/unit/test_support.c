#include "hardware/support.h"
#include "tests/unit/check.h"
#include <string.h>

/* What constants rest on, told from the groups that price a step. */

static struct system find(const char *name)
{
    struct system system;
    struct error e;
    error_init(&e);
    assert_int_equal(system_find(name, NULL, &system, &e), STATUS_OK);
    return system;
}

static void test_measured_machine(void **state)
{
    (void)state;
    struct system system = find("dgx-h100");
    struct support part[SUPPORT_PARTS];
    assert_true(support_find(&system, DTYPE_BF16, part));
    assert_string_equal(part[SUPPORT_GEMM].kind, "measured");
    assert_true(part[SUPPORT_GEMM].error_frac > 0 && part[SUPPORT_GEMM].samples > 0);
    assert_int_equal(strlen(part[SUPPORT_GEMM].date), strlen("2026-11-21"));
    assert_int_equal(support_answer(part), SUPPORT_YES);
    /* Hopper has no FP4 tensor cores. */
    assert_false(support_find(&system, DTYPE_NVFP4, part));
    assert_string_equal(part[SUPPORT_GEMM].kind, "");
}

static void test_transferred_machine(void **state)
{
    (void)state;
    struct system system = find("dgx-h200");
    struct support part[SUPPORT_PARTS];
    assert_true(support_find(&system, DTYPE_BF16, part));
    assert_string_equal(part[SUPPORT_GEMM].kind, "transferred");
    assert_non_null(strstr(part[SUPPORT_GEMM].source, "h100-sxm"));
    check_near(part[SUPPORT_GEMM].error_frac, 0, 0);
    assert_int_equal(support_answer(part), SUPPORT_NO);
}

/* One measured part is not the linear layers. */
static void test_partly(void **state)
{
    (void)state;
    struct system system = find("dgx-h200");
    struct support part[SUPPORT_PARTS];
    system.gpu.calibration.memory_group[0].kind = CALIBRATION_MEASURED;
    assert_true(support_find(&system, DTYPE_BF16, part));
    assert_int_equal(support_answer(part), SUPPORT_NO); /* the weakest class speaks for all */
    for (int i = 0; i < MEMORY_CLASSES; i++)
        system.gpu.calibration.memory_group[i].kind = CALIBRATION_MEASURED;
    assert_true(support_find(&system, DTYPE_BF16, part));
    assert_int_equal(support_answer(part), SUPPORT_PARTLY);
    system.gpu.calibration.gemm_group[DTYPE_BF16].kind = CALIBRATION_MEASURED;
    assert_true(support_find(&system, DTYPE_BF16, part));
    assert_int_equal(support_answer(part), SUPPORT_YES);
}

/* A tier's own constants come before the gpu's, these before the technology's. */
static void test_collectives(void **state)
{
    (void)state;
    struct system system = find("dgx-h100");
    struct support own, of_gpu, of_links;
    const enum collective op = COLLECTIVE_ALL_REDUCE;
    support_collective(&system, 0, op, &of_gpu);
    assert_string_equal(of_gpu.source, system.gpu.calibration.collective.source);
    assert_string_equal(of_gpu.kind, "measured");
    strcpy(system.tier[0].technology, "photonic"); /* they stand in for links that are others */
    support_collective(&system, 0, op, &of_gpu);
    assert_string_equal(of_gpu.kind, "transferred");
    assert_int_equal(strncmp(of_gpu.source, "nvlink4: ", 9), 0);
    system.tier[0].collective = system.gpu.calibration.collective;
    strcpy(system.tier[0].collective.source, "ours");
    support_collective(&system, 0, op, &own);
    assert_string_equal(own.source, "ours");
    system.tier[0].collective.op[op].regimes = system.gpu.calibration.collective.op[op].regimes = 0;
    strcpy(system.tier[0].technology, "pcie");
    support_collective(&system, 0, op, &of_links);
    assert_string_equal(of_links.kind, "assumed");
    assert_string_equal(of_links.source, "PCIe through host memory");
}

/* Of several collectives the least known one speaks. */
static void test_weakest_collective(void **state)
{
    (void)state;
    struct system system = find("dgx-h100");
    struct support part[SUPPORT_PARTS];
    system.tier[1].collective.op[COLLECTIVE_ALL_TO_ALL].regimes = 0;
    strcpy(system.tier[1].technology, "tcp");
    assert_true(support_find(&system, DTYPE_BF16, part));
    assert_string_equal(part[SUPPORT_SCALE_OUT].kind, "assumed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measured_machine),
        cmocka_unit_test(test_transferred_machine),
        cmocka_unit_test(test_partly),
        cmocka_unit_test(test_collectives),
        cmocka_unit_test(test_weakest_collective),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
