#include "base/file.h"
#include "calibrate/collective_log.h"
#include "calibrate/fit/collective_fabric.h"
#include "calibrate/fit/collective_node.h"
#include "calibrate/fit/quiet.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What fits of collectives predict of measured data beside the repository. */

enum { ROWS = 4096 };
static struct collective_sample rows[ROWS];
static size_t count;

static const char *shared(void)
{
    const char *folder = getenv("STEPCAST_SHARED");
    return folder && *folder ? folder : NULL;
}

static void add_csv(const char *csv, int log)
{
    for (const char *p = csv; p && *p && count < ROWS; p += strcspn(p, "\n") + 1) {
        char op[40], dtype[20];
        double ranks, bytes, time_us, per_node = 0;
        if (*p == '#' || sscanf(p, "%39[^,],%19[^,],%lf,%lf,%lf,%lf", op, dtype, &ranks, &bytes,
                                &time_us, &per_node) < 5)
            continue;
        int index = names_find(collective_names, op);
        if (index >= 0 && bytes > 0)
            rows[count++] = (struct collective_sample){
                (enum collective)index, ranks, per_node, bytes, time_us * 1e-6, log, 0};
    }
}

/* Octaves of size left out; L40S's eight ranks are one run of noise (see calibrate/COLLECTIVES.md). */
static void test_node_accuracy(void **state)
{
    (void)state;
    static const struct {
        const char *gpu;
        double error_frac;
    } bands[] = {
        {"a100-sxm-80gb", 0.037},
        {"h100-sxm",      0.040},
        {"b200-sxm",      0.038},
        {"gb200",         0.024},
        {"gb300",         0.026},
        {"l40s",          0.067}
    };
    if (!shared())
        skip();
    for (size_t i = 0; i < sizeof bands / sizeof *bands; i++) {
        static struct gpu gpu;
        static struct collective_calibration c;
        struct collective_errors errors;
        struct text report = {0}, csv = {0};
        struct error e;
        char path[600];
        error_init(&e);
        snprintf(path, sizeof path, "%s/measured/kernels/%s/collective.csv", shared(),
                 bands[i].gpu);
        if (file_read(path, 0, &csv, &e) != STATUS_OK)
            skip();
        assert_int_equal(gpu_find(bands[i].gpu, NULL, &gpu, &e), STATUS_OK);
        count = 0;
        add_csv(csv.data, 0);
        assert_int_equal(collective_fit_node(&gpu, &(struct collective_samples){rows, count}, &c,
                                             &errors, &report, &e),
                         STATUS_OK);
        if (c.error_frac > bands[i].error_frac)
            fail_msg("%s: %.2f %%", bands[i].gpu, 100 * c.error_frac);
        text_free(&report);
        text_free(&csv);
    }
}

static void add_log(const char *name, int log)
{
    struct text text = {0}, csv = {0}, warnings = {0};
    struct log_hints hints = {0};
    struct error e;
    char path[600];
    error_init(&e);
    snprintf(path, sizeof path, "%s/measured/collectives/%s", shared(), name);
    if (file_read(path, 0, &text, &e) != STATUS_OK)
        skip();
    struct log_file file = {text.data, text.length, path};
    assert_int_equal(collective_log_import(&file, &hints, &csv, &warnings, &e), STATUS_OK);
    add_csv(csv.data, log);
    text_free(&text);
    text_free(&csv);
    text_free(&warnings);
}

/* Whole logs left out. */
static void check_fabric(const char *system, const char *const *logs, int n, double error_frac)
{
    static struct system s;
    static struct collective_calibration c;
    struct collective_errors errors;
    struct text report = {0};
    struct error e;
    error_init(&e);
    count = 0;
    for (int i = 0; i < n; i++)
        add_log(logs[i], i);
    assert_int_equal(system_find(system, NULL, &s, &e), STATUS_OK);
    assert_int_equal(collective_fit_fabric(&s, &(struct collective_samples){rows, count}, &c,
                                           &errors, &report, &e),
                     STATUS_OK);
    if (c.error_frac > error_frac)
        fail_msg("%s: %.2f %%\n%s", system, 100 * c.error_frac, report.data);
    text_free(&report);
}

/* Ten InfiniBand nodes with 1, 2, 4 and 8 H100 each, two with 8 A100; two racks and twenty. */
static void test_fabric_accuracy(void **state)
{
    (void)state;
    static const char *const ndr[] = {"h100_10n_1gpn_all_reduce_double_2.17.8.txt",
                                      "h100_10n_1gpn_alltoall_double_2.17.8.txt",
                                      "h100_10n_1gpn_reduce_scatter_double_2.17.8.txt",
                                      "h100_10n_1gpn_sendrecv_double_2.17.8.txt",
                                      "h100_10n_2gpn_all_gather_double_2.17.8.txt",
                                      "h100_10n_2gpn_alltoall_double_2.17.8.txt",
                                      "h100_10n_2gpn_reduce_scatter_double_2.17.8.txt",
                                      "h100_10n_4gpn_all_gather_double_2.17.8.txt",
                                      "h100_10n_4gpn_all_reduce_double_2.17.8.txt",
                                      "h100_10n_4gpn_alltoall_double_2.17.8.txt",
                                      "h100_10n_4gpn_reduce_scatter_double_2.17.8.txt",
                                      "h100_10n_8gpn_all_gather_double_2.17.8.txt",
                                      "h100_10n_8gpn_all_reduce_double_2.17.8.txt",
                                      "h100_10n_8gpn_alltoall_double_2.17.8.txt",
                                      "h100_10n_8gpn_sendrecv_double_2.17.8.txt"};
    static const char *const hdr[] = {
        "sophia_dgxa100_2n_all_gather.txt", "sophia_dgxa100_2n_all_reduce.txt",
        "sophia_dgxa100_2n_alltoall.txt", "azure_aks_2n_all_reduce_ib.txt"};
    static const char *const racks[] = {"coreweave_gb200_2rack_144gpu_all_reduce.txt",
                                        "coreweave_gb200_20rack_1440gpu_all_reduce.txt"};
    if (!shared())
        skip();
    check_fabric("dgx-h100", ndr, sizeof ndr / sizeof *ndr, 0.046);
    check_fabric("dgx-a100", hdr, sizeof hdr / sizeof *hdr, 0.101);
    check_fabric("gb200-nvl72", racks, sizeof racks / sizeof *racks, 0.079);
}

/* 8 H100 nodes whose switches reduce, by the constants of ten whose do not. */
static void test_reducing_switches(void **state)
{
    (void)state;
    static struct system s;
    struct group g = {64, 8, 8, 1};
    struct error e;
    error_init(&e);
    if (!shared())
        skip();
    assert_int_equal(system_find("dgx-h100", NULL, &s, &e), STATUS_OK);
    snprintf(s.tier[1].technology, sizeof s.tier[1].technology, "infiniband-sharp-ndr");
    count = 0;
    add_log("coreweave_h100_64gpu_sharp_all_reduce.txt", 0);
    assert_true(count == 5 && rows[0].ranks == g.ranks);
    for (size_t i = 0; i < count; i++)
        check_near(collective_s(&s, rows[i].op, rows[i].bytes, &g), rows[i].time_s, 0.04);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_node_accuracy),
                                       cmocka_unit_test(test_fabric_accuracy),
                                       cmocka_unit_test(test_reducing_switches)};
    fit_quiet();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
