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

/* FLA 0.5.1, states of 128 x 128 in bf16, ms: github.com/QwenLM/FlashQLA,
 * benchmark_results_H200.txt and benchmark_results_GB200.txt. Sequences of several lengths share a
 * pass; the longest is the chain. Backward's are cut at random: generate_rand_seqlens of its
 * bench_gated_delta_rule.py, which torch's generator of seed 42 makes these. */
enum { FORWARDS = 12, BACKWARDS = 8 };
struct pass {
    double tokens, longest;
};
static const struct pass forwards[FORWARDS] = {
    {32768, 32768},
    {16384, 16384},
    {8192,  8192 },
    {4096,  4096 },
    {2048,  2048 },
    {32768, 28672},
    {32768, 24576},
    {32768, 16384},
    {8192,  4096 },
    {32768, 8192 },
    {32768, 4096 },
    {8192,  2048 }
};
static const struct pass backwards[BACKWARDS] = {
    {8192,  8192 },
    {8192,  7053 },
    {8192,  5809 },
    {8192,  3157 },
    {32768, 32768},
    {32768, 25556},
    {32768, 13725},
    {32768, 9932 }
};

struct times {
    double heads, ms[FORWARDS];
};
static const struct times h200_forward[] = {
    {8,  {.902, .455, .234, .132, .081, .829, .757, .611, .162, .467, .471, .126}       },
    {16, {1.241, .614, .316, .166, .098, 1.166, 1.089, .937, .241, .935, .945, .244}    },
    {24, {1.556, .764, .391, .213, .115, 1.480, 1.410, 1.559, .394, 1.410, 1.423, .361} },
    {32, {1.885, .914, .466, .244, .131, 1.875, 1.877, 1.877, .469, 1.886, 1.902, .478} },
    {48, {2.711, 1.311, .665, .344, .191, 2.611, 2.525, 2.733, .674, 2.532, 2.550, .629}},
    {64, {3.331, 1.598, .814, .417, .220, 3.345, 3.338, 3.350, .819, 3.362, 3.390, .829}},
    {0,  {0}                                                                            }
};
static const struct times h200_backward[] = {
    {32, {1.444, 1.453, 1.467, 1.500, 5.697, 5.708, 5.721, 5.781}},
    {16, {.957, .894, .830, .788, 3.701, 3.323, 3.093, 2.973}    },
    {8,  {.722, .656, .587, .455, 2.743, 2.360, 1.739, 1.727}    },
    {4,  {.606, .538, .469, .331, 2.311, 1.906, 1.251, 1.057}    },
    {0,  {0}                                                     }
};
static const struct times gb200_forward[] = {
    {8,  {1.016, .519, .264, .147, .089, .922, .828, .643, .171, .455, .458, .124}      },
    {16, {1.253, .642, .333, .171, .100, 1.158, 1.064, .877, .238, .879, .882, .243}    },
    {24, {1.524, .779, .402, .218, .115, 1.434, 1.340, 1.518, .404, 1.339, 1.339, .363} },
    {32, {1.747, .884, .459, .242, .126, 1.653, 1.735, 1.746, .463, 1.743, 1.666, .468} },
    {48, {2.521, 1.275, .655, .341, .189, 2.399, 2.275, 2.520, .661, 2.283, 2.296, .607}},
    {64, {2.943, 1.478, .755, .396, .211, 2.822, 2.945, 2.948, .761, 2.956, 2.852, .772}},
    {0,  {0}                                                                            }
};
static const struct times gb200_backward[] = {
    {32, {1.446, 1.396, 1.418, 1.444, 5.714, 5.730, 5.583, 5.602}},
    {16, {1.013, .942, .860, .760, 3.934, 3.466, 3.157, 2.982}   },
    {8,  {.798, .727, .645, .476, 3.068, 2.596, 1.812, 1.769}    },
    {4,  {.671, .605, .523, .354, 2.640, 2.169, 1.389, 1.143}    },
    {0,  {0}                                                     }
};

/* The mean of errors' sizes, each no larger than `most`. */
static double mean_error(const char *gpu_name, bool backward, const struct times *t, double most)
{
    struct gpu gpu = part(gpu_name);
    const struct pass *passes = backward ? backwards : forwards;
    int n = backward ? BACKWARDS : FORWARDS, rows = 0;
    double sum = 0;
    for (; t->heads > 0; t++) {
        for (int i = 0; i < n; i++, rows++) {
            struct scan s = {SCAN_DELTA,
                             passes[i].tokens / passes[i].longest,
                             passes[i].longest,
                             t->heads,
                             t->heads,
                             128,
                             128,
                             64};
            double error = scan_s(&gpu, backward, &s) * 1e3 / t->ms[i] - 1;
            if (fabs(error) > most)
                fail_msg("%s, %g heads, row %d: %.1f %% off", gpu_name, t->heads, i, 100 * error);
            sum += fabs(error);
        }
    }
    return sum / rows;
}

/* Rates of an H200's times; of a GB200, whose chunks take longer, they are too fast. */
static void published_delta_times(void **state)
{
    (void)state;
    assert_true(mean_error("h200-sxm", false, h200_forward, 0.29) < 0.057);
    assert_true(mean_error("h200-sxm", true, h200_backward, 0.16) < 0.051);
    assert_true(mean_error("gb200", false, gb200_forward, 0.38) < 0.17);
    assert_true(mean_error("gb200", true, gb200_backward, 0.23) < 0.141);
}

/* Wider tensor cores do not help, more bandwidth does little. */
static void other_parts(void **state)
{
    (void)state;
    struct gpu b200 = part("b200-sxm"), h200 = part("h200-sxm"), h100 = part("h100-sxm");
    struct scan s = {SCAN_DELTA, 16, 8192, 8, 8, 128, 128, 64};
    assert_true(scan_s(&b200, false, &s) < scan_s(&h200, false, &s));
    assert_true(scan_s(&b200, false, &s) > 0.8 * scan_s(&h200, false, &s));
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
