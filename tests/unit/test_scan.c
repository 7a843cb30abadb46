/* Scans on one GPU: work by their products one by one, times by published runs of the kernels. */
#include "hardware/scan.h"
#include "tests/unit/check.h"

/* 8 heads share the keys of 2 groups; 4 chunks of 64 tokens; states of 16 x 24. */
enum { HEADS = 8, GROUPS = 2, KEYS = 16, VALUES = 24, CHUNK = 64, CHUNKS = 4 };

static struct scan small(enum scan_form form)
{
    return (struct scan){form, 1, CHUNK * CHUNKS, HEADS, GROUPS, KEYS, VALUES, CHUNK};
}

static double product(double m, double n, double k)
{
    return 2 * m * n * k;
}

/* A chunk of Mamba-2: scores of a group, then per head half of scores times values (the causal
 * triangle), the chunk's state and the output of the state before. Backward: the scores' products
 * three times, half products of values three times, five products of a state. */
static void ssd_work(void **state)
{
    (void)state;
    struct scan s = small(SCAN_SSD);
    double scores = product(CHUNK, CHUNK, KEYS), values = product(CHUNK, VALUES, CHUNK) / 2;
    double states = product(KEYS, VALUES, CHUNK);
    check_near(scan_flop(false, &s), CHUNKS * (GROUPS * scores + HEADS * (values + 2 * states)),
               1e-14);
    check_near(scan_flop(true, &s),
               CHUNKS * (GROUPS * 3 * scores + HEADS * (3 * values + 5 * states)), 1e-14);
}

/* A chunk and head of the delta rule: K K', the inverse of a triangle (2/3 n^3), W and U of it, U
 * less W S, the state's update, Q K', and the outputs of both. */
static void delta_work(void **state)
{
    (void)state;
    struct scan s = small(SCAN_DELTA);
    double keys = product(CHUNK, CHUNK, KEYS), values = product(CHUNK, VALUES, CHUNK);
    double states = product(KEYS, VALUES, CHUNK);
    double inverse = 2.0 / 3 * CHUNK * CHUNK * CHUNK;
    check_near(scan_flop(false, &s),
               CHUNKS * HEADS * (3 * keys + inverse + 2 * values + 3 * states), 1e-14);
    /* W, U, S and Q K' again (2 keys, values, 2 states), the recurrence back (3 states), gradients
     * of q, k, v and w (2 keys, 2 values, 3 states), those of the triangle (5 keys, 2 values, 2
     * squares)
     */
    double square = product(CHUNK, CHUNK, CHUNK);
    check_near(scan_flop(true, &s),
               CHUNKS * HEADS * (9 * keys + 5 * values + 8 * states + 2 * square), 1e-14);
}

/* Two sequences are twice the work of one, half the tokens half. */
static void work_goes_with_tokens(void **state)
{
    (void)state;
    for (int form = 0; form < SCAN_FORMS; form++)
        for (int backward = 0; backward < 2; backward++) {
            struct scan one = small((enum scan_form)form), two = one, half = one;
            two.batch = 2;
            half.tokens /= 2;
            check_near(scan_flop(backward, &two), 2 * scan_flop(backward, &one), 1e-14);
            check_near(scan_bytes(backward, &two), 2 * scan_bytes(backward, &one), 1e-14);
            check_near(scan_bytes(backward, &half), scan_bytes(backward, &one) / 2, 1e-14);
            assert_true(scan_bytes(backward, &one) > 0);
        }
}

/* Each tensor of Mamba-2's forward pass as often as a kernel reads or writes it: values twice in
 * and once out, the state written, passed (read and written) in fp32 and 16 bit, and read; keys and
 * queries twice each, the scores of a group written and read in fp32. */
static void ssd_bytes(void **state)
{
    (void)state;
    struct scan s = small(SCAN_SSD);
    double values = CHUNK * VALUES * (2 + 2 + 2), passed = KEYS * VALUES * (4 + 4 + 2 + 2);
    double keys = CHUNK * KEYS * 2 * (2 + 2), scores = CHUNK * CHUNK * (4 + 4);
    check_near(scan_bytes(false, &s),
               CHUNKS * (HEADS * (values + passed) + GROUPS * (keys + scores)), 1e-14);
}

static struct gpu part(const char *name)
{
    struct gpu gpu;
    struct error e;
    error_init(&e);
    assert_int_equal(gpu_find(name, NULL, &gpu, &e), STATUS_OK);
    return gpu;
}

/* FLA 0.5.1 on an H200, states of 128 x 128: github.com/QwenLM/FlashQLA,
 * benchmark/benchmark_results_H200.txt. */
static void published_delta_times(void **state)
{
    (void)state;
    static const struct {
        int backward;
        double batch, tokens, heads, ms;
    } rows[] = {
        {0, 1, 32768, 8,  0.902},
        {0, 1, 8192,  8,  0.234},
        {0, 1, 32768, 16, 1.241},
        {0, 1, 32768, 32, 1.885},
        {0, 1, 8192,  32, 0.466},
        {0, 1, 32768, 64, 3.331},
        {0, 4, 8192,  8,  0.467},
        {0, 4, 8192,  64, 3.362},
        {0, 8, 4096,  8,  0.471},
        {1, 1, 32768, 32, 5.697},
        {1, 4, 8192,  32, 5.721},
        {1, 1, 32768, 16, 3.701},
        {1, 4, 8192,  16, 3.093},
        {1, 1, 32768, 8,  2.743},
        {1, 4, 8192,  8,  1.739},
        {1, 1, 32768, 4,  2.311},
        {1, 1, 8192,  16, 0.957},
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    struct gpu h200 = part("h200-sxm");
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
        struct scan s = {
            SCAN_DELTA, rows[i].batch, rows[i].tokens, rows[i].heads, rows[i].heads, 128, 128, 64};
        double error = scan_s(&h200, rows[i].backward, &s) * 1e3 / rows[i].ms - 1;
        if (fabs(error) > 0.2)
            fail_msg("row %d: %.1f %% off", i, 100 * error);
        sum += fabs(error);
    }
    assert_true(sum / ROWS < 0.07);
}

/* 131072 tokens of 8 heads take FLA 1.71 ms on a B200 [FlashInfer pull request 3902, 8192x16]: its
 * wider tensor cores and its bandwidth do not help. */
static void other_parts(void **state)
{
    (void)state;
    struct gpu b200 = part("b200-sxm"), h200 = part("h200-sxm"), h100 = part("h100-sxm");
    struct scan s = {SCAN_DELTA, 16, 8192, 8, 8, 128, 128, 64};
    check_near(scan_s(&b200, false, &s) * 1e3, 1.71, 0.2);
    assert_true(scan_s(&b200, false, &s) < scan_s(&h200, false, &s));
    assert_true(scan_s(&h100, false, &s) >= scan_s(&h200, false, &s)); /* less bandwidth */
    for (int form = 0; form < SCAN_FORMS; form++) {
        struct scan any = {(enum scan_form)form, 1, 4096, 64, 8, 128, 64, 128};
        double peak_s = scan_flop(true, &any) / h100.peak_flop_per_s[DTYPE_BF16];
        assert_true(scan_s(&h100, true, &any) > peak_s);
        assert_true(scan_s(&h100, true, &any) > scan_s(&h100, false, &any));
    }
}

/* Few cores, each wide, are priced by their peak: 464 of 8192 of it. */
static void wide_cores(void **state)
{
    (void)state;
    struct gpu tpu = part("tpu-v5p");
    struct scan s = {SCAN_DELTA, 1, 64, 4096, 4096, 128, 128, 64};
    double peak = tpu.peak_flop_per_s[DTYPE_BF16];
    check_near(scan_s(&tpu, false, &s), scan_flop(false, &s) / (peak * 464 / 8192), 1e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ssd_work),
        cmocka_unit_test(delta_work),
        cmocka_unit_test(work_goes_with_tokens),
        cmocka_unit_test(ssd_bytes),
        cmocka_unit_test(published_delta_times),
        cmocka_unit_test(other_parts),
        cmocka_unit_test(wide_cores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
