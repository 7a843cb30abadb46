#include "calibrate/bench/small_floats.h"
#include "tests/unit/check.h"
#include <string.h>

/* Published values: OCP 8-bit floating point specification, table 2; IEEE 754 binary16. */
static void landmarks(void **state)
{
    (void)state;
    check_near(value_e4m3(0x7e), 448, 0);
    check_near(value_e4m3(0x08), 0x1p-6, 0);
    check_near(value_e4m3(0x01), 0x1p-9, 0);
    check_near(value_e4m3(0x38), 1, 0);
    check_near(value_e4m3(0xb8), -1, 0);
    assert_true(isnan(value_e4m3(0x7f)));
    check_near(value_e5m2(0x7b), 57344, 0);
    check_near(value_e5m2(0x04), 0x1p-14, 0);
    check_near(value_e5m2(0x01), 0x1p-16, 0);
    assert_true(isinf(value_e5m2(0x7c)));
    check_near(value_fp16(0x7bff), 65504, 0);
    check_near(value_fp16(0x3c00), 1, 0);
    check_near(value_fp16(0x0001), 0x1p-24, 0);
    check_near(value_fp16(0xc000), -2, 0);
}

/* bf16 is the upper half of an fp32. */
static void bf16_is_half_a_float(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 0x10000; bits++) {
        uint32_t whole = bits << 16;
        float expected;
        memcpy(&expected, &whole, sizeof expected);
        double got = value_bf16((uint16_t)bits);
        if (isnan(expected))
            assert_true(isnan(got));
        else
            assert_true(got == (double)expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(landmarks),
        cmocka_unit_test(bf16_is_half_a_float),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
