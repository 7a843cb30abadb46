#include "calibrate/fit/kernel_roofline.h"
#include "calibrate/fit/kernel_validate.h"
#include "calibrate/fit/profile_fit.h"
#include "calibrate/fit/quiet.h"
#include "calibrate/sample_predict.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct gpu gpu_named(const char *name)
{
    struct gpu gpu;
    struct error e;
    error_init(&e);
    assert_int_equal(gpu_find(name, NULL, &gpu, &e), STATUS_OK);
    calibration_default(&gpu.calibration, gpu.architecture);
    return gpu;
}

/* A GPU whose products are made with constants inside the range that fits search. */
static struct gpu known_gpu(void)
{
    struct gpu gpu = gpu_named("h100-sxm");
    gpu.calibration.gemm[DTYPE_BF16] = (struct gemm_constants){.peak_frac = 0.9,
                                                               .a0 = 8,
                                                               .tile_area = 3000,
                                                               .k0 = 210,
                                                               .persistence = 0.6,
                                                               .phi = 0.7,
                                                               .p = 3.5,
                                                               .beta = 0.3,
                                                               .bandwidth_frac = 0.71,
                                                               .l2_ratio = 1.8,
                                                               .l2_frac = 0.8,
                                                               .write_weight = 1.4,
                                                               .t0_s = 4e-6,
                                                               .split_s = 3e-6,
                                                               .droop = 0.03};
    return gpu;
}

/* A deterministic deviate in -1 .. 1. */
static double noise(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / (1 << 23) - 1;
}

/* Rows of a grid of products as the GPU's constants give them, times 1 +- spread. */
static void add_products(const struct gpu *gpu, double spread, struct text *csv)
{
    static const double m[] = {1, 16, 64, 256, 1024, 4096, 8192},
                        nk[] = {64, 512, 1536, 4096, 7168, 16384};
    unsigned state = 7;
    text_add(csv, "# source: made by a test\ndtype,m,n,k,time_us\n");
    for (size_t i = 0; i < 7; i++)
        for (size_t j = 0; j < 6; j++)
            for (size_t l = 0; l < 6; l++) {
                struct gemm g = {m[i], nk[j], nk[l], 1, 2, false, 1};
                double t = gemm_benchmark_s(gpu, DTYPE_BF16, &g) * (1 + spread * noise(&state));
                text_addf(csv, "bf16,%g,%g,%g,%.9g\n", g.m, g.n, g.k, 1e6 * t);
            }
}

static void parse(const char *text, struct samples *samples)
{
    struct error e;
    error_init(&e);
    memset(samples, 0, sizeof *samples);
    assert_int_equal(samples_parse(text, strlen(text), "made.csv", samples, &e), STATUS_OK);
}

/* Fits bf16 products; the caller frees what it gets. */
static struct profile_fit *fitted(struct gpu *gpu, const struct samples *samples,
                                  const struct kernel_fit_options *options)
{
    struct profile_fit *fit = malloc(sizeof *fit);
    struct error e;
    error_init(&e);
    assert_non_null(fit);
    assert_int_equal(profile_fit(gpu, samples, options, fit, &e), STATUS_OK);
    assert_int_equal(fit->kernels.count, 1);
    return fit;
}

static void discard(struct profile_fit *fit)
{
    profile_fit_free(fit);
    free(fit);
}

/* Rows made with known constants: the well-determined constants come back, and so does the time of
 * a shape that was not among them. */
static void test_recovery(void **state)
{
    (void)state;
    static const struct kernel_fit_options options = {.form_alone = true, .quick = true};
    struct gpu truth = known_gpu(), gpu = gpu_named("h100-sxm");
    struct samples samples;
    struct text csv = {0};
    struct gemm_constants *want = &truth.calibration.gemm[DTYPE_BF16];
    const struct gemm_constants *got = &gpu.calibration.gemm[DTYPE_BF16];
    add_products(&truth, 0, &csv);
    parse(csv.data, &samples);
    struct profile_fit *fit = fitted(&gpu, &samples, &options);
    assert_int_equal(fit->kernels.group[0].rows, 252);
    double worst = 0;
    for (size_t i = 0; i < samples.count; i++)
        worst = fmax(worst,
                     fabs(kernel_sample_s(&gpu, &samples.items[i]) / samples.items[i].time_s - 1));
    assert_true(worst < 0.03);
    check_near(got->bandwidth_frac, want->bandwidth_frac, 0.02);
    check_near(got->t0_s, want->t0_s, 0.03);
    struct gemm unseen = {3000, 5000, 2000, 1, 2, false, 1};
    check_near(gemm_s(&gpu, DTYPE_BF16, &unseen), gemm_s(&truth, DTYPE_BF16, &unseen), 0.02);
    discard(fit);
    samples_free(&samples);
    text_free(&csv);
}

/* Decode of a benchmark that reads twice as fast as the memory, as A100's does: what a part is
 * measured at, its fit follows, from assumed constants too. */
static void test_decode_beyond_datasheet(void **state)
{
    (void)state;
    static const struct kernel_fit_options options = {.form_alone = true, .quick = true};
    static const double batch[] = {1, 8, 64}, heads[] = {16, 32, 64}, kv_heads[] = {8, 16},
                        keys[] = {128, 1024, 8192, 32768};
    struct gpu truth, gpu = gpu_named("a100-sxm-80gb");
    struct error e;
    error_init(&e);
    assert_int_equal(gpu_find("a100-sxm-80gb", NULL, &truth, &e), STATUS_OK);
    assert_true(truth.calibration.decode[0].group.bandwidth_frac > 2);
    struct samples samples;
    struct text csv = {0};
    text_add(&csv, "phase,dtype,kv_dtype,batch,seq_q,seq_kv,heads,kv_heads,head_dim,time_us\n");
    for (int i = 0; i < 72; i++) {
        struct attention a = {
            batch[i % 3], heads[i / 3 % 3], kv_heads[i / 9 % 2], 1, keys[i / 18 % 4], 128, 128, 1};
        text_addf(&csv, "decode,bf16,bf16,%g,1,%g,%g,%g,128,%.9g\n", a.batch, a.seq_kv, a.heads,
                  a.kv_heads, 1e6 * attention_decode_s(&truth, DTYPE_BF16, &a));
    }
    parse(csv.data, &samples);
    struct profile_fit *fit = fitted(&gpu, &samples, &options);
    double sum = 0;
    for (size_t i = 0; i < samples.count; i++)
        sum += fabs(kernel_sample_s(&gpu, &samples.items[i]) / samples.items[i].time_s - 1);
    assert_true(sum / (double)samples.count < 0.08);
    discard(fit);
    samples_free(&samples);
    text_free(&csv);
}

/* A tenth of the rows five times too long: named, and the others are fitted as if without them. */
static void test_outliers(void **state)
{
    (void)state;
    static const struct kernel_fit_options options = {.form_alone = true, .quick = true};
    struct gpu gpu = known_gpu();
    struct samples samples;
    struct text csv = {0};
    add_products(&gpu, 0.02, &csv);
    parse(csv.data, &samples);
    for (size_t i = 0; i < samples.count; i += 10)
        samples.items[i].time_s *= 5;
    struct profile_fit *fit = fitted(&gpu, &samples, &options);
    assert_non_null(strstr(fit->kernels.notes.data, "26 of 252 rows are outliers"));
    double sum = 0;
    for (size_t i = 0; i < samples.count; i++)
        if (i % 10 != 0)
            sum += fabs(kernel_sample_s(&gpu, &samples.items[i]) / samples.items[i].time_s - 1);
    assert_true(sum / 226 < 0.02);
    discard(fit);
    samples_free(&samples);
    text_free(&csv);
}

/* With noise of 5 % at the most (2.5 % in the mean), shapes left out are predicted about as well as
 * that, every constant that was fitted has a standard error, and the group says where it is from.
 */
static void test_cross_validation(void **state)
{
    (void)state;
    static const struct kernel_fit_options options = {.date = "2026-01-01"};
    struct gpu gpu = known_gpu();
    struct samples samples;
    struct text csv = {0};
    add_products(&gpu, 0.05, &csv);
    parse(csv.data, &samples);
    struct profile_fit *fit = fitted(&gpu, &samples, &options);
    const struct kernel_fit_group *found = &fit->kernels.group[0];
    assert_in_range((int)(1e4 * found->error_frac), 200, 400);
    assert_in_range((int)(1e4 * found->form_error_frac), 200, 400);
    const struct calibration_group *group = &gpu.calibration.gemm_group[DTYPE_BF16];
    assert_int_equal(group->kind, CALIBRATION_MEASURED);
    assert_string_equal(group->source, "made by a test");
    assert_string_equal(group->date, "2026-01-01");
    check_near(group->low[0], 1, 0);
    check_near(group->high[2], 16384, 0);
    check_near(group->error_frac, found->error_frac, 5e-3); /* it keeps three digits */
    assert_true(group->standard_error[0] > 0);
    assert_int_equal(gpu.calibration.gemm_group[DTYPE_FP16].kind, CALIBRATION_TRANSFERRED);
    discard(fit);
    samples_free(&samples);
    text_free(&csv);
}

/* Rows of shapes that a fit did not see: near what was measured, nearer than rooflines; a
 * collective is skipped. A profile that has seen the rows does not help. */
static void test_left_out(void **state)
{
    (void)state;
    static const struct kernel_fit_options options = {.form_alone = true};
    static const struct sample_choice all = {NULL, -1, SAMPLES_ALL};
    struct gpu gpu = known_gpu(), other = gpu_named("h100-sxm");
    struct samples samples;
    struct sample_prediction left_out[260], again[260], rooflines[260];
    struct sample_error form, roofline;
    struct text csv = {0};
    struct error e;
    error_init(&e);
    add_products(&gpu, 0.05, &csv);
    parse(csv.data, &samples);
    assert_int_equal(kernels_cross_validate(&gpu, &samples, &options, left_out, rooflines, &e),
                     STATUS_OK);
    assert_int_equal(samples_error(&samples, left_out, &all, &form, &e), STATUS_OK);
    assert_int_equal(samples_error(&samples, rooflines, &all, &roofline, &e), STATUS_OK);
    assert_int_equal(form.time.n, 252);
    assert_in_range((int)(1e4 * form.time.mape), 200, 400);
    assert_true(roofline.time.mape > 2 * form.time.mape);
    assert_int_equal(kernels_cross_validate(&other, &samples, &options, again, rooflines, &e),
                     STATUS_OK);
    for (size_t i = 0; i < samples.count; i++)
        assert_memory_equal(&left_out[i].time_s, &again[i].time_s, sizeof again[i].time_s);
    samples_free(&samples);
    text_free(&csv);
}

/* Rows of one (n, k) are in one fold, other shapes in others. */
static void test_folds(void **state)
{
    (void)state;
    struct gpu gpu = known_gpu();
    struct samples samples;
    struct text csv = {0};
    size_t in_fold[KERNEL_FOLDS] = {0};
    add_products(&gpu, 0, &csv);
    parse(csv.data, &samples);
    for (size_t i = 0; i < samples.count; i++) {
        const struct gemm *a = &samples.items[i].gemm;
        in_fold[kernel_fold(&samples.items[i])]++;
        for (size_t j = 0; j < samples.count; j++) {
            const struct gemm *b = &samples.items[j].gemm;
            bool same = a->n == b->n && a->k == b->k;
            assert_true(same ==
                        (kernel_block(&samples.items[i]) == kernel_block(&samples.items[j])));
        }
    }
    for (int f = 0; f < KERNEL_FOLDS; f++)
        assert_in_range(in_fold[f], 1, 252 / 2);
    samples_free(&samples);
    text_free(&csv);
}

static void refuses(const char *text, const char *words)
{
    static const struct kernel_fit_options options = {.quick = true};
    struct gpu gpu = gpu_named("h100-sxm"), before = gpu;
    struct samples samples;
    struct profile_fit *fit = malloc(sizeof *fit);
    struct error e;
    error_init(&e);
    parse(text, &samples);
    assert_non_null(fit);
    assert_int_equal(profile_fit(&gpu, &samples, &options, fit, &e), STATUS_INPUT);
    if (!strstr(e.message, words))
        fail_msg("\"%s\" lacks \"%s\"", e.message, words);
    assert_memory_equal(&gpu.calibration, &before.calibration, sizeof gpu.calibration);
    samples_free(&samples);
    discard(fit);
}

/* Keeps the header and the rows that `keep` likes, times a factor. */
static void filtered(const struct text *csv, bool (*keep)(const struct sample *), double factor,
                     struct text *out)
{
    struct samples samples;
    parse(csv->data, &samples);
    text_add(out, "dtype,m,n,k,time_us\n");
    for (size_t i = 0; i < samples.count; i++) {
        const struct gemm *g = &samples.items[i].gemm;
        if (keep(&samples.items[i]))
            text_addf(out, "bf16,%g,%g,%g,%.9g\n", g->m, g->n, g->k,
                      1e6 * factor * samples.items[i].time_s);
    }
    samples_free(&samples);
}
static bool any(const struct sample *s)
{
    return s->gemm.m > 0;
}
static bool small_only(const struct sample *s)
{
    return s->gemm.m <= 16;
}
static bool large_only(const struct sample *s)
{
    return s->gemm.m >= 1024 && s->gemm.n >= 1024 && s->gemm.k >= 1024;
}
static bool one_shape(const struct sample *s)
{
    return s->gemm.n == 4096 && s->gemm.k == 4096;
}

/* What the rows cannot tell is refused with what to measure; so are other units, a datatype that
 * the GPU lacks, one row and one shape. */
static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        bool (*keep)(const struct sample *);
        double factor;
        const char *words;
    } cases[] = {
        {small_only, 1,    "m, n and k of 1024" },
        {large_only, 1,    "tell the bandwidth" },
        {one_shape,  1,    "40 rows of products"},
        {any,        1e-3, "times the least"    },
        {any,        1e3,  "times the least"    },
    };
    struct gpu gpu = known_gpu();
    struct text csv = {0};
    add_products(&gpu, 0, &csv);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text some = {0};
        filtered(&csv, cases[i].keep, cases[i].factor, &some);
        refuses(some.data, cases[i].words);
        text_free(&some);
    }
    /* right in bf16, in milliseconds in fp16 */
    struct text other = {0};
    filtered(&csv, large_only, 1e-3, &other);
    for (char *p = other.data; (p = strstr(p, "bf16")) != NULL; p++)
        memcpy(p, "fp16", 4);
    text_add(&csv, strstr(other.data, "fp16"));
    refuses(csv.data, "rows in fp16 take");
    text_free(&other);
    text_free(&csv);
    refuses("dtype,m,n,k,time_us\nbf16,512,512,512,9\n", "got 1");
    refuses("dtype,m,n,k,time_us\nnvfp4,512,512,512,9\n", "no peak in nvfp4");
    refuses("op,dtype,ranks,bytes,time_us,ranks_per_node\nall_reduce,half,16,1024,9,8\n",
            "across nodes");
}

/* A profile written and read back predicts the same bits, corrections and relatives included. */
static void test_read_back(void **state)
{
    (void)state;
    static const struct kernel_fit_options options = {.quick = true};
    struct gpu gpu = gpu_named("h100-sxm"), back;
    struct samples samples;
    struct text csv = {0}, written = {0};
    struct json_writer w;
    struct error e;
    error_init(&e);
    add_products(&gpu, 0.05, &csv);
    parse(csv.data, &samples);
    struct profile_fit *fit = fitted(&gpu, &samples, &options);
    json_writer_init(&w, &written);
    json_open_object(&w, NULL);
    gpu_write(&w, &gpu);
    json_close_object(&w);
    struct json *json = json_parse(written.data, written.length, "written.json", &e);
    assert_non_null(json);
    assert_int_equal(gpu_read(json, json_root(json), NULL, &back, &e), STATUS_OK);
    json_free(json);
    assert_true(correction_count(&back.calibration.gemm_correction[DTYPE_BF16]) > 0);
    for (size_t i = 0; i < samples.count; i++) {
        struct sample s = samples.items[i];
        for (int d = 0; d < 2; d++) {
            s.dtype = d == 0 ? DTYPE_BF16 : DTYPE_FP16;
            double a = kernel_sample_s(&gpu, &s), b = kernel_sample_s(&back, &s);
            assert_memory_equal(&a, &b, sizeof a);
        }
    }
    discard(fit);
    samples_free(&samples);
    text_free(&csv);
    text_free(&written);
}

/* Rows that are a roofline give its constants back. */
static void test_roofline(void **state)
{
    (void)state;
    struct gpu gpu = known_gpu();
    struct samples samples;
    struct text csv = {0};
    const struct kernel_roofline truth = {4e-6, 0.6, 0.8};
    add_products(&gpu, 0, &csv);
    parse(csv.data, &samples);
    const struct sample **row = malloc(samples.count * sizeof *row);
    assert_non_null(row);
    for (size_t i = 0; i < samples.count; i++) {
        row[i] = &samples.items[i];
        samples.items[i].time_s = kernel_roofline_s(&truth, &gpu, row[i]);
    }
    struct kernel_rows rows = {row, samples.count, samples.items};
    for (int fold = -1; fold < KERNEL_FOLDS; fold++) {
        struct kernel_roofline r = kernel_roofline_fit(&gpu, &rows, fold);
        check_near(r.t0_s, truth.t0_s, 0.01);
        check_near(r.rate_frac, truth.rate_frac, 0.01);
        check_near(r.bandwidth_frac, truth.bandwidth_frac, 0.01);
    }
    free((void *)row);
    samples_free(&samples);
    text_free(&csv);
}

int main(void)
{
    fit_quiet();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recovery), cmocka_unit_test(test_decode_beyond_datasheet),
        cmocka_unit_test(test_outliers), cmocka_unit_test(test_cross_validation),
        cmocka_unit_test(test_left_out), cmocka_unit_test(test_folds),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_read_back),
        cmocka_unit_test(test_roofline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
