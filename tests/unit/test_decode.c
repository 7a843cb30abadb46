#include "hardware/roofline.h"
#include "tests/unit/check.h"
#include <string.h>

/* 100 SMs, 1 PB/s, 1 PFLOP/s, no cache; kernels in round numbers, roofs joined by (almost) the
 * larger. */
static struct gpu round_gpu(void)
{
    struct gpu gpu;
    memset(&gpu, 0, sizeof gpu);
    gpu.sm_count = 100;
    gpu.memory_bandwidth_bytes_per_s = 1e15;
    gpu.peak_flop_per_s[DTYPE_FP16] = 1e15;
    gpu.calibration.decode[0] = (struct decode_constants){
        .group = {1, 10e-6, 2, 3e-6, 10e-9, 0.5e-6, 1},
        .head = {1, 5e-6,  0, 1e-6, 20e-9, 0,      1},
        .group_least = 2,
        .group_most = 32,
        .group_fill = 0.25,
        .group_head_s = 0.5e-6,
        .group_size_power = 1,
        .group_64_s = 4e-6,
        .head_256 = 2,
        .l2_ratio = 1,
        .p = 100,
    };
    return gpu;
}

static double time_us(const struct gpu *gpu, struct attention a)
{
    return 1e6 * attention_decode_s(gpu, DTYPE_FP16, &a);
}

static struct attention shape(double batch, double keys, double heads, double kv_heads, double size)
{
    return (struct attention){.batch = batch,
                              .seq_q = 1,
                              .seq_kv = keys,
                              .heads = heads,
                              .kv_heads = kv_heads,
                              .head_dim_qk = size,
                              .head_dim_v = size,
                              .visible_frac = 1};
}

/* 250 CTAs on 100 SMs are three waves: two more of 3 us and 4 heads of 0.5 us. */
static void test_waves(void **state)
{
    (void)state;
    struct gpu gpu = round_gpu();
    check_near(time_us(&gpu, shape(250, 1, 4, 1, 128)), 10 + 2 * (3 + 4 * 0.5), 0.01);
    check_near(time_us(&gpu, shape(100, 1, 4, 1, 128)), 10, 0.01);
    gpu.calibration.decode[0].group_phi = 1;
    check_near(time_us(&gpu, shape(250, 1, 4, 1, 128)), 10 + 1.5 * (3 + 4 * 0.5), 0.01);
}

/* 25 CTAs, or 13 with two blocks of keys, fill a quarter of the SMs; fewer, and groups that the
 * kernel is not written for, have a CTA a head. */
static void test_choice(void **state)
{
    (void)state;
    struct gpu gpu = round_gpu();
    check_near(time_us(&gpu, shape(25, 1, 2, 1, 128)), 10, 0.01);
    check_near(time_us(&gpu, shape(24, 1, 2, 1, 128)), 5, 0.01);
    check_near(time_us(&gpu, shape(13, 256, 2, 1, 128)), 10 + 0.5 + 1.28, 0.01);
    check_near(time_us(&gpu, shape(12, 256, 2, 1, 128)), 5 + 5.12, 0.01);
    check_near(time_us(&gpu, shape(100, 1, 1, 1, 128)), 5, 0.01);
    check_near(time_us(&gpu, shape(2, 1, 128, 2, 128)), 5 + 1.56, 0.01);
}

/* A sequence is split into parts of 128 keys or more, two CTAs an SM at the most, and the parts are
 * reduced: 25 x 8 = 200 CTAs of 128 keys. */
static void test_split(void **state)
{
    (void)state;
    struct gpu gpu = round_gpu();
    double one_wave = 3 + 2 * 0.5;
    check_near(time_us(&gpu, shape(25, 1024, 2, 1, 128)), 10 + 7 * 0.5 + one_wave, 0.02);
    gpu.calibration.decode[0].group.splits = 0;
    check_near(time_us(&gpu, shape(25, 1024, 2, 1, 128)), 10 + 10.24, 0.01);
}

/* Heads are stored at powers of two: 192 costs what 256 does. 64 is a kernel of its own. */
static void test_head_size(void **state)
{
    (void)state;
    struct gpu gpu = round_gpu();
    gpu.calibration.decode[0].group.splits = 0;
    double of_256 = time_us(&gpu, shape(25, 4096, 2, 1, 256));
    check_near(of_256, 10 + 40.96 * 2 / 2, 0.01);
    check_near(time_us(&gpu, shape(25, 4096, 2, 1, 192)), of_256, 1e-9);
    check_near(time_us(&gpu, shape(25, 1, 2, 1, 64)), 10 + 4, 0.01);
}

/* Long caches of many sequences stream at the bandwidth: 64 x 65536 keys x 8 heads x 512 bytes. */
static void test_bandwidth(void **state)
{
    (void)state;
    struct gpu gpu = round_gpu();
    gpu.memory_bandwidth_bytes_per_s = 1e12;
    double bytes = 64.0 * 65536 * 8 * 512 + 64.0 * 32 * 512;
    check_near(time_us(&gpu, shape(64, 65536, 32, 8, 128)), 10 + 1e6 * bytes / 1e12, 0.01);
}

/* Constants of another part, on which pages were shared, do not read faster than this part's
 * memory; measured ones are taken at their word. */
static void test_transferred(void **state)
{
    (void)state;
    struct gpu gpu = round_gpu();
    gpu.memory_bandwidth_bytes_per_s = 1e12;
    gpu.calibration.decode[0].group.bandwidth_frac = 2;
    gpu.calibration.decode_group[0].kind = CALIBRATION_TRANSFERRED;
    double bytes = 64.0 * 65536 * 8 * 512 + 64.0 * 32 * 512;
    check_near(time_us(&gpu, shape(64, 65536, 32, 8, 128)), 1e6 * bytes / 1e12, 1e-9);
    gpu.calibration.decode_group[0].kind = CALIBRATION_MEASURED;
    check_near(time_us(&gpu, shape(64, 65536, 32, 8, 128)), 10 + 1e6 * bytes / 2e12, 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waves),     cmocka_unit_test(test_choice),
        cmocka_unit_test(test_split),     cmocka_unit_test(test_head_size),
        cmocka_unit_test(test_bandwidth), cmocka_unit_test(test_transferred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
