#include "calibrate/fit/collective_fabric.h"
#include "calibrate/fit/collective_node.h"
#include "calibrate/fit/quiet.h"
#include "hardware/collective_defaults.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <string.h>

enum { ROWS = 4096 };
static struct collective_sample rows[ROWS];
static size_t count;

static void add(enum collective op, double ranks, double per_node, double bytes, double time_s,
                int log)
{
    assert_true(count < ROWS);
    rows[count] =
        (struct collective_sample){op, ranks, per_node, bytes, time_s, log, (int)count + 1};
    count++;
}

static struct gpu plain_gpu(void)
{
    struct gpu gpu = {.scale_up_bandwidth_bytes_per_s = 100e9, .scale_up_domain_gpus = 8};
    snprintf(gpu.scale_up_technology, sizeof gpu.scale_up_technology, "wire");
    return gpu;
}

/* All-gather of two protocols: 4 us + 1 us a step at 5 GB/s, 20 us + 2 us a step at 80 GB/s. */
static double truth_s(double bytes, double n)
{
    double volume = bytes * (n - 1) / n;
    return fmin(4e-6 + 1e-6 * (n - 1) + volume / 5e9, 20e-6 + 2e-6 * (n - 1) + volume / 80e9);
}

static void add_truth(void)
{
    count = 0;
    for (double n = 2; n <= 8; n *= 2)
        for (double bytes = 1024; bytes <= 1 << 29; bytes *= 2)
            add(COLLECTIVE_ALL_GATHER, n, 0, bytes, truth_s(bytes, n), 0);
}

static void fit_node(struct system *system, struct collective_calibration *c, struct text *report)
{
    struct gpu gpu = plain_gpu();
    struct collective_errors errors;
    struct error e;
    error_init(&e);
    assert_int_equal(collective_fit_node(&gpu, &(struct collective_samples){rows, count}, c,
                                         &errors, report, &e),
                     STATUS_OK);
    collective_node_system(&gpu, 8, system);
    system->tier[0].collective = *c;
}

static double predict(const struct system *s, double bytes, double n)
{
    struct group g = {n, n, n, 1};
    return collective_s(s, COLLECTIVE_ALL_GATHER, bytes, &g);
}

/* Sizes and groups between those measured and beyond them. */
static void test_node_recovers(void **state)
{
    (void)state;
    static struct system s;
    static struct collective_calibration c;
    struct text report = {0};
    add_truth();
    fit_node(&s, &c, &report);
    assert_true(c.error_frac < 0.03);
    for (double bytes = 700; bytes < 4e9; bytes *= 3.3) {
        check_near(predict(&s, bytes, 8), truth_s(bytes, 8), 0.05);
        check_near(predict(&s, bytes, 6), truth_s(bytes, 6), 0.12);
    }
    assert_true(c.samples == (double)count && c.low_ranks == 2 && c.high_ranks == 8);
    assert_true(report.length == 0);
    text_free(&report);
}

/* A time three times too long is named, and what is predicted beside it does not follow. */
static void test_node_outlier(void **state)
{
    (void)state;
    static struct system s;
    static struct collective_calibration c;
    struct text report = {0};
    add_truth();
    for (size_t i = 0; i < count; i++)
        if (rows[i].ranks == 4 && rows[i].bytes == 65536)
            rows[i].time_s *= 3;
    fit_node(&s, &c, &report);
    assert_non_null(report.data);
    assert_non_null(strstr(report.data, "all_gather of 4 ranks, 65536 bytes"));
    check_near(predict(&s, 65536, 4), truth_s(65536, 4), 0.1);
    check_near(predict(&s, 90000, 4), truth_s(90000, 4), 0.1);
    text_free(&report);
}

/* So is one five times too short: it, not the sizes before it, which are right. */
static void test_node_dip(void **state)
{
    (void)state;
    static struct system s;
    static struct collective_calibration c;
    struct text report = {0};
    add_truth();
    for (size_t i = 0; i < count; i++)
        if (rows[i].ranks == 8 && rows[i].bytes == 1 << 24)
            rows[i].time_s /= 5;
    fit_node(&s, &c, &report);
    assert_non_null(report.data);
    assert_non_null(strstr(report.data, "all_gather of 8 ranks, 16777216 bytes"));
    assert_null(strchr(strchr(report.data, '\n') + 1, '\n'));
    for (double bytes = 1 << 22; bytes <= 1 << 26; bytes *= 2)
        check_near(predict(&s, bytes, 8), truth_s(bytes, 8), 0.1);
    text_free(&report);
}

/* A large message at 0.6 of its time stands out of the curve though it is slower than the one
 * before it; the jump of a protocol, here every size from 64 MiB on at twice its time, does not. */
static void test_node_hollow(void **state)
{
    (void)state;
    static struct system s;
    static struct collective_calibration c;
    struct text report = {0};
    add_truth();
    for (size_t i = 0; i < count; i++)
        if (rows[i].ranks == 8)
            rows[i].time_s *= rows[i].bytes == 1 << 26 ? 0.6 : 1;
        else if (rows[i].ranks == 4)
            rows[i].time_s *= rows[i].bytes >= 1 << 26 ? 2 : 1;
    fit_node(&s, &c, &report);
    assert_non_null(report.data);
    assert_non_null(strstr(report.data, "all_gather of 8 ranks, 67108864 bytes"));
    assert_null(strchr(strchr(report.data, '\n') + 1, '\n'));
    for (double bytes = 1 << 24; bytes <= 1 << 28; bytes *= 2)
        check_near(predict(&s, bytes, 8), truth_s(bytes, 8), 0.1);
    text_free(&report);
}

/* What was fitted predicts the same bits when it was written and read. */
static void test_written_and_read(void **state)
{
    (void)state;
    static struct system s, back;
    static struct collective_calibration c;
    struct text report = {0}, text = {0};
    struct json_writer w;
    struct error e;
    error_init(&e);
    add_truth();
    fit_node(&s, &c, &report);
    snprintf(c.source, sizeof c.source, "a test");
    json_writer_init(&w, &text);
    json_open_object(&w, NULL);
    collective_calibration_write(&w, "collective", &c);
    json_close_object(&w);
    struct json *json = json_parse(text.data, text.length, "test", &e);
    assert_non_null(json);
    back = s;
    memset(&back.tier[0].collective, 0, sizeof back.tier[0].collective);
    assert_int_equal(collective_calibration_read(json, json_member(json_root(json), "collective"),
                                                 &back.tier[0].collective, &e),
                     STATUS_OK);
    for (double bytes = 8; bytes < 1e10; bytes *= 1.37)
        for (double n = 2; n <= 12; n++)
            assert_true(predict(&s, bytes, n) == predict(&back, bytes, n));
    json_free(json);
    text_free(&text);
    text_free(&report);
}

static void check_refused(const char *says)
{
    static struct collective_calibration c;
    struct gpu gpu = plain_gpu();
    struct collective_errors errors;
    struct text report = {0};
    struct error e;
    error_init(&e);
    assert_int_equal(collective_fit_node(&gpu, &(struct collective_samples){rows, count}, &c,
                                         &errors, &report, &e),
                     STATUS_INPUT);
    if (!strstr(e.message, says))
        fail_msg("\"%s\" does not say \"%s\"", e.message, says);
    text_free(&report);
}

static void test_refusals(void **state)
{
    (void)state;
    count = 0;
    check_refused("no collective");
    add(COLLECTIVE_ALL_GATHER, 8, 0, 1024, 1e-5, 0);
    check_refused("do not tell latency from bandwidth");
    add_truth();
    rows[3].time_s = 0;
    check_refused("row 4");
    add_truth();
    rows[3].time_s = sqrt(-1.0);
    check_refused("row 4");
    count = 0;
    for (double bytes = 1 << 20; bytes <= 1 << 30; bytes *= 2)
        add(COLLECTIVE_ALL_GATHER, 8, 0, bytes, truth_s(bytes, 8), 0);
    check_refused("measure from 1 KiB");
    count = 0;
    for (double bytes = 16; bytes <= 65536; bytes *= 2)
        add(COLLECTIVE_ALL_GATHER, 8, 0, bytes, truth_s(bytes, 8), 0);
    check_refused("measure to 512 MiB");
}

static struct system cluster(void)
{
    struct system s = {.gpus = 1024, .gpus_per_node = 8, .nics_per_node = 8, .tiers = 2};
    s.tier[0] =
        (struct tier){.domain_gpus = 8, .bandwidth_bytes_per_s = 450e9, .oversubscription = 1};
    s.tier[1] = (struct tier){.bandwidth_bytes_per_s = 50e9, .oversubscription = 1};
    snprintf(s.tier[0].technology, sizeof s.tier[0].technology, "nvlink4");
    snprintf(s.tier[1].technology, sizeof s.tier[1].technology, "infiniband-ndr");
    return s;
}

/* The rows of two logs of an op, of so many ranks each and of sizes from `least` on, as `truth`
 * times them. */
static void measure_logs(const struct system *truth, enum collective op, const double ranks[2],
                         double least)
{
    count = 0;
    for (int log = 0; log < 2; log++)
        for (double bytes = least; bytes <= 1e10; bytes *= 4) {
            struct collective_sample s = {op, ranks[log], 8, bytes, 0, log, 0};
            struct group g = collective_sample_group(truth, &s);
            add(s.op, s.ranks, 8, bytes, collective_s(truth, s.op, bytes, &g), log);
        }
}

/* A fabric with three times the latency and 0.8 of the bandwidth of its technology: all-reduces on
 * 4 and 16 nodes tell what 8 nodes do, and what an all-gather does that nobody measured. */
static void test_fabric_recovers(void **state)
{
    (void)state;
    static struct system truth, fitted;
    static struct collective_calibration c;
    truth = fitted = cluster();
    for (int op = 0; op < COLLECTIVES; op++) {
        struct collective_constants *k = &truth.tier[1].collective.op[op];
        *k = *collective_default("infiniband-ndr", (enum collective)op);
        for (int i = 0; i < k->regimes; i++) {
            k->regime[i].alpha_s *= 3;
            k->regime[i].hop_s *= 3;
            k->regime[i].bandwidth_frac *= 0.8;
        }
    }
    measure_logs(&truth, COLLECTIVE_ALL_REDUCE, (double[]){32, 128}, 8);
    struct collective_errors errors;
    struct text report = {0};
    struct error e;
    error_init(&e);
    assert_int_equal(collective_fit_fabric(&fitted, &(struct collective_samples){rows, count}, &c,
                                           &errors, &report, &e),
                     STATUS_OK);
    assert_true(c.error_frac < 0.1);
    fitted.tier[1].collective = c;
    struct group g = {64, 8, 8, 1};
    for (double bytes = 1e6; bytes < 1e10; bytes *= 3) {
        check_near(collective_s(&fitted, COLLECTIVE_ALL_REDUCE, bytes, &g),
                   collective_s(&truth, COLLECTIVE_ALL_REDUCE, bytes, &g), 0.06);
        check_near(collective_s(&fitted, COLLECTIVE_ALL_GATHER, bytes, &g),
                   collective_s(&truth, COLLECTIVE_ALL_GATHER, bytes, &g), 0.25);
    }
    count = 0;
    add(COLLECTIVE_ALL_REDUCE, 8, 8, 1e6, 1e-4, 0);
    assert_int_equal(collective_fit_fabric(&fitted, &(struct collective_samples){rows, count}, &c,
                                           &errors, &report, &e),
                     STATUS_INPUT);
    assert_non_null(strstr(e.message, "across the nodes"));
    text_free(&report);
}

/* Where each further rank of a node takes twice the technology's time, all-gathers tell what a
 * reduce-scatter and a broadcast do. */
static void test_fabric_shares(void **state)
{
    (void)state;
    static struct system truth, fitted;
    static struct collective_calibration c;
    struct collective_errors errors;
    struct text report = {0};
    struct error e;
    error_init(&e);
    truth = fitted = cluster();
    for (int op = 0; op < COLLECTIVES; op++) {
        struct collective_constants *k = &truth.tier[1].collective.op[op];
        *k = *collective_default("infiniband-ndr", (enum collective)op);
        for (int i = 0; i < k->regimes; i++)
            k->regime[i].step_s *= 2;
    }
    measure_logs(&truth, COLLECTIVE_ALL_GATHER, (double[]){128, 16}, 1024);
    assert_int_equal(collective_fit_fabric(&fitted, &(struct collective_samples){rows, count}, &c,
                                           &errors, &report, &e),
                     STATUS_OK);
    fitted.tier[1].collective = c;
    struct group g = {64, 8, 8, 1};
    for (double bytes = 1e5; bytes < 1e10; bytes *= 3) {
        check_near(collective_s(&fitted, COLLECTIVE_REDUCE_SCATTER, bytes, &g),
                   collective_s(&truth, COLLECTIVE_REDUCE_SCATTER, bytes, &g), 0.05);
        check_near(collective_s(&fitted, COLLECTIVE_BROADCAST, bytes, &g),
                   collective_s(&truth, COLLECTIVE_BROADCAST, bytes, &g), 0.05);
    }
    text_free(&report);
}

/* Six logs of a fabric, one of them three times too slow, another with one row ten times too slow:
 * both are named, and the forecast for 48 nodes is what it is without them. */
static void test_fabric_outlier(void **state)
{
    (void)state;
    static struct system truth, fitted;
    static struct collective_calibration c;
    struct collective_errors errors;
    struct text report = {0};
    struct error e;
    truth = fitted = cluster();
    count = 0;
    for (int log = 0; log < 6; log++)
        for (double bytes = 1024; bytes <= 1e10; bytes *= 4) {
            struct collective_sample s = {COLLECTIVE_ALL_REDUCE, 16 << log, 8, bytes, 0, log, 0};
            struct group g = collective_sample_group(&truth, &s);
            double t = collective_s(&truth, s.op, bytes, &g);
            bool row = log == 2 && bytes == 1024 * 4096.0;
            add(s.op, s.ranks, 8, bytes, log == 4 ? 3 * t : row ? 10 * t : t, log);
        }
    error_init(&e);
    assert_int_equal(collective_fit_fabric(&fitted, &(struct collective_samples){rows, count}, &c,
                                           &errors, &report, &e),
                     STATUS_OK);
    assert_non_null(strstr(report.data, "all_reduce of 256 ranks: its large messages take"));
    assert_null(strstr(report.data, "all_reduce of 128 ranks: its"));
    assert_non_null(strstr(report.data, "all_reduce of 64 ranks, 4194304 bytes"));
    assert_null(strstr(report.data, "all_reduce of 64 ranks, 1048576 bytes"));
    fitted.tier[1].collective = c;
    struct group g = {384, 8, 8, 1};
    for (double bytes = 1e6; bytes < 1e10; bytes *= 3)
        check_near(collective_s(&fitted, COLLECTIVE_ALL_REDUCE, bytes, &g),
                   collective_s(&truth, COLLECTIVE_ALL_REDUCE, bytes, &g), 0.05);
    count = 0;
    add(COLLECTIVE_ALL_REDUCE, 16, 8, 1e6, 1e-4, 0);
    assert_int_equal(collective_fit_fabric(&fitted, &(struct collective_samples){rows, count}, &c,
                                           &errors, &report, &e),
                     STATUS_INPUT);
    assert_non_null(strstr(e.message, "do not tell latency from bandwidth"));
    text_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_node_recovers),    cmocka_unit_test(test_node_outlier),
        cmocka_unit_test(test_node_dip),         cmocka_unit_test(test_node_hollow),
        cmocka_unit_test(test_written_and_read), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_fabric_recovers),  cmocka_unit_test(test_fabric_shares),
        cmocka_unit_test(test_fabric_outlier)};
    fit_quiet();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
