#include "base/file.h"
#include "hardware/collective_defaults.h"
#include "hardware/gpu.h"
#include "hardware/power.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void find(const char *name, struct gpu *gpu)
{
    struct error e;
    char text[1024];
    error_init(&e);
    if (gpu_find(name, NULL, gpu, &e) != STATUS_OK) {
        error_format(&e, text, sizeof text);
        fail_msg("%s", text);
    }
}

/* ---- reading ---- */

static enum status read_text(const char *text, struct gpu *gpu, struct error *e)
{
    error_init(e);
    struct json *json = json_parse(text, strlen(text), "mine.json", e);
    if (!json)
        return e->status;
    enum status status = gpu_read(json, json_root(json), NULL, gpu, e);
    json_free(json);
    return status;
}

#define SOURCED(value) "{\"value\": " value ", \"source\": \"assumed: a test\"}"
#define MINE(peak, extra)                                                                          \
    "{\"name\": \"mine\", \"architecture\": \"hopper\",\n"                                         \
    " \"peak_bf16\": " peak ",\n"                                                                  \
    " \"memory\": " SOURCED(                                                                       \
        "\"100 GiB\"") ",\n"                                                                       \
                       " \"memory_bandwidth\": " SOURCED(                                          \
                           "\"4 TB/s\"") ",\n"                                                     \
                                         " \"sm_count\": " SOURCED(                                \
                                             "100") ",\n"                                          \
                                                    " \"clock\": " SOURCED(                        \
                                                        "\"2 GHz\"") ",\n"                         \
                                                                     " \"scale_up_bandwidth\":"    \
                                                                     " " SOURCED("\"800 Gb/s\"")   \
                                                                         extra "}"

static void test_reads_units_and_sources(void **state)
{
    (void)state;
    struct gpu gpu;
    struct error e;
    assert_int_equal(read_text(MINE(SOURCED("\"1 PFLOP/s\""), ""), &gpu, &e), STATUS_OK);
    check_near(gpu.peak_flop_per_s[DTYPE_BF16], 1e15, 1e-12);
    check_near(gpu.memory_bytes, 107374182400.0, 1e-12);
    check_near(gpu.scale_up_bandwidth_bytes_per_s, 100e9, 1e-12);
    assert_int_equal(gpu_source(&gpu, "memory")->kind, SOURCE_ASSUMED);
    assert_string_equal(gpu_source(&gpu, "memory")->text, "a test");
    assert_int_equal(gpu_source(&gpu, "price")->kind, SOURCE_NONE);
    assert_int_equal(gpu_source(&gpu, "no such key")->kind, SOURCE_NONE);
}

static void expect_error(const char *text, const char *message, const char *hint)
{
    struct gpu gpu = {.name = "untouched"};
    struct error e;
    char line[1024];
    assert_int_equal(read_text(text, &gpu, &e), STATUS_INPUT);
    error_format(&e, line, sizeof line);
    if (!strstr(line, message) || !strstr(line, hint) || e.line < 1)
        fail_msg("%s\nlacks \"%s\" or \"%s\"", line, message, hint);
    assert_string_equal(gpu.name, "untouched");
}

static void test_bad_input(void **state)
{
    (void)state;
    expect_error("{}", "the keys \"name\", \"architecture\", \"memory\", ", "");
    expect_error("[1]", "expected an object, got an array", "");
    expect_error(MINE("\"1 PFLOP/s\"", ""), "mine.json:2:15: peak_bf16: expected a figure with its",
                 "write {\"value\"");
    expect_error(MINE(SOURCED("\"1 PB\""), ""), "peak_bf16", "");
    expect_error(MINE(SOURCED("-1"), ""), "peak_bf16", "");
    expect_error(MINE("null", ""), "the peak of a datatype", "");
    expect_error(MINE(SOURCED("\"1 PFLOP/s\""), ",\n \"sm_cuont\": 3"), "unknown key \"sm_cuont\"",
                 "did you mean \"sm_count\"?");
    expect_error(MINE(SOURCED("\"1 PFLOP/s\""), ",\n \"clock\": 3"), "clock", "");
    expect_error(MINE(SOURCED("1e15"), ",\n \"scale_up_topology\": \"ring\""), "switch, mesh", "");
    expect_error(MINE(SOURCED("1e15"), ",\n \"like\": \"h100sxm\""), "calibration of \"h100sxm\"",
                 "did you mean \"h100-sxm\"?");
    expect_error(MINE("{\"value\": 1e15, \"source\": \"rumour: a friend\"}", ""), "datasheet", "");
}

static void test_unknown_name(void **state)
{
    (void)state;
    struct gpu gpu;
    struct error e;
    error_init(&e);
    assert_int_equal(gpu_find("h10-sxm", NULL, &gpu, &e), STATUS_INPUT);
    assert_non_null(strstr(e.message, "no gpu named \"h10-sxm\""));
    assert_non_null(strstr(e.hint, "h100-sxm"));
    assert_non_null(strstr(e.hint, "stepcast list gpus"));
    error_init(&e);
    assert_int_equal(gpu_find("warp-drive-9000", NULL, &gpu, &e), STATUS_INPUT);
    assert_non_null(strstr(e.hint, "stepcast list gpus"));
    error_init(&e);
    assert_int_equal(gpu_find("no/such/file.json", NULL, &gpu, &e), STATUS_IO);
}

/* ---- constants of another part ---- */

static void test_like_transfers_constants(void **state)
{
    (void)state;
    struct gpu h100, h200, mi355x;
    find("h100-sxm", &h100);
    find("h200-sxm", &h200);
    find("mi355x", &mi355x);
    assert_string_equal(h200.calibration_source, "transferred from h100-sxm");
    struct calibration_slot slot;
    for (size_t i = 0; calibration_slot(i, &slot); i++) {
        for (size_t row = 0; row < slot.count; row++)
            if (strcmp(slot.constants[row].key, "droop") != 0 &&
                strcmp(slot.constants[row].key, "cache_bandwidth_frac") != 0 &&
                strcmp(slot.constants[row].key, "cache_l2_ratio") != 0)
                /* idle, it draws 5 W more: the clocks of its bursts are (625 / 630)^(1/6) of H100's
                 */
                check_near(*calibration_constant(&h100.calibration, &slot, row),
                           *calibration_constant(&h200.calibration, &slot, row),
                           strcmp(slot.constants[row].key, "peak_frac") == 0 ? 2e-3 : 0);
        assert_true(calibration_group_of(&h200.calibration, &slot)->kind != CALIBRATION_MEASURED);
        assert_true(calibration_group_of(&mi355x.calibration, &slot)->kind != CALIBRATION_MEASURED);
    }
    assert_true(h200.calibration.collective.kind != SOURCE_MEASURED);
    assert_int_equal(mi355x.calibration.collective.kind, SOURCE_NONE);
}

/* The same chip under a cap of 500 W instead of 700: clocks fall by the cube roots of the power. */
static void test_clocks_follow_power(void **state)
{
    (void)state;
    struct gpu h100, h100_500w;
    find("h100-sxm", &h100);
    find("h100-sxm-96gb-hbm2e-500w", &h100_500w);
    const double w = h100.flop_j * h100.peak_flop_per_s[DTYPE_BF16];
    const double own_w = h100_500w.flop_j * h100_500w.peak_flop_per_s[DTYPE_BF16];
    const double idle_w = h100.idle_power_w, idle_500_w = h100_500w.idle_power_w;
    double own = cbrt(own_w / (500 - idle_500_w)) - 1, theirs = cbrt(w / (700 - idle_w)) - 1;
    const struct gemm_constants *c = &h100_500w.calibration.gemm[DTYPE_BF16],
                                *from = &h100.calibration.gemm[DTYPE_BF16];
    check_near(c->droop, from->droop * own / theirs, 1e-5);
    assert_true(c->droop > from->droop);
    /* a burst runs halfway between the full and the settled clock */
    check_near(c->peak_frac, from->peak_frac * sqrt((1 + theirs) / (1 + own)), 1e-5);
    assert_true(c->peak_frac < from->peak_frac);
}

/* H20 has 148 of H100's 989 TFLOP/s under five sevenths of its power: its clock never falls. */
static void test_a_part_with_power_to_spare_keeps_its_clock(void **state)
{
    (void)state;
    struct gpu h100, h20;
    find("h100-sxm", &h100);
    find("h20", &h20);
    assert_true(power_is_known(&h20, DTYPE_BF16));
    check_near(power_slow_down(&h20, DTYPE_BF16), 0, 0);
    double theirs = power_slow_down(&h100, DTYPE_BF16);
    const struct gemm_constants *c = &h20.calibration.gemm[DTYPE_BF16];
    check_near(c->droop, 0, 0);
    check_near(c->peak_frac, h100.calibration.gemm[DTYPE_BF16].peak_frac * sqrt(1 + theirs), 1e-5);
}

static double cached_bytes_per_s(const struct gpu *gpu)
{
    const struct attention_constants *c = &gpu->calibration.attention[ATTENTION_PREFILL][0];
    return gpu->memory_bandwidth_bytes_per_s * c->cache_bandwidth_frac * c->cache_l2_ratio;
}

/* H200 has H100's SMs and 1.43 times its memory bandwidth: what its SMs pass stays as it is. A part
 * with 100 / 108 of A100's SMs at 2 / 1.41 of its clock passes 1.3134 times as much, fills the
 * cache and launches decode in as many cycles, and in its own architecture's time. */
static void test_serving_goes_with_sms_and_clocks(void **state)
{
    (void)state;
    struct gpu a100, h100, h200, mine;
    struct error e;
    find("a100-sxm-80gb", &a100);
    find("h100-sxm", &h100);
    find("h200-sxm", &h200);
    check_near(cached_bytes_per_s(&h200), cached_bytes_per_s(&h100), 1e-12);
    assert_true(h200.calibration.attention[ATTENTION_PREFILL][0].cache_bandwidth_frac < 0.7);
    assert_int_equal(
        read_text(MINE(SOURCED("\"1 PFLOP/s\""), ", \"like\": \"a100-sxm-80gb\""), &mine, &e),
        STATUS_OK);
    check_near(cached_bytes_per_s(&mine), 100.0 / 108 * 2 / 1.41 * cached_bytes_per_s(&a100), 1e-9);
    const struct decode_constants *own = &mine.calibration.decode[0],
                                  *from = &a100.calibration.decode[0];
    check_near(own->group.t0_s * 2e9, from->group.t0_s * 1.41e9, 1e-9);
    check_near(own->head.key_s * 2e9, from->head.key_s * 1.41e9, 1e-9);
    /* FLOP a cycle and SM */
    check_near(own->head.math_frac * 1e15 / (100 * 2e9),
               from->head.math_frac * 312e12 / (108 * 1.41e9), 1e-9);
    /* Hopper's products are other kernels than A100's, Volta's are taken for the same */
    struct gpu v100;
    find("v100-sxm-16gb", &v100);
    check_near(mine.calibration.gemm[DTYPE_BF16].t0_s, a100.calibration.gemm[DTYPE_BF16].t0_s, 0);
    check_near(v100.calibration.gemm[DTYPE_BF16].t0_s * 1.53e9,
               a100.calibration.gemm[DTYPE_BF16].t0_s * 1.41e9, 1e-9);
    struct calibration hopper;
    calibration_default(&hopper, "hopper");
    check_near(mine.calibration.attention[ATTENTION_PREFILL][0].cache_t0_s,
               hopper.attention[ATTENTION_PREFILL][0].cache_t0_s, 0);
}

/* Hopper's kernels of attention cut 128 rows, Ampere's 64, whoever's rates are taken. */
static void test_tiles_are_of_the_architecture(void **state)
{
    (void)state;
    struct gpu a100, hopper;
    struct error e;
    find("a100-sxm-80gb", &a100);
    assert_int_equal(read_text(MINE(SOURCED("1e15"), ", \"like\": \"a100-sxm-80gb\""), &hopper, &e),
                     STATUS_OK);
    for (int fp8 = 0; fp8 < 2; fp8++) {
        const struct attention_constants *from =
                                             &a100.calibration.attention[ATTENTION_PREFILL][fp8],
                                         *own =
                                             &hopper.calibration.attention[ATTENTION_PREFILL][fp8];
        check_near(from->tile_rows, 64, 0);
        check_near(own->tile_rows, 128, 0);
        check_near(own->least_keys, 64, 0);
        check_near(own->math_frac, from->math_frac, 0);
    }
}

/* ---- a folder of the user, and paths ---- */

static void write_gpu(const char *path, const char *name, const char *like)
{
    struct error e;
    char text[2048];
    error_init(&e);
    int n = snprintf(text, sizeof text, MINE(SOURCED("1e15"), ", \"like\": \"%s\""), like);
    assert_true(n > 0 && (size_t)n < sizeof text);
    memcpy(strstr(text, "mine"), name, strlen("mine"));
    assert_int_equal(file_write(path, text, strlen(text), &e), STATUS_OK);
}

static void test_folder_comes_first(void **state)
{
    (void)state;
    char folder[] = "/tmp/stepcast-gpu-XXXXXX", path[128];
    struct gpu gpu;
    struct error e;
    error_init(&e);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/gpus", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/gpus/h100-sxm.json", folder);
    write_gpu(path, "ours", "gb300");
    assert_int_equal(gpu_find("H100_SXM", folder, &gpu, &e), STATUS_OK);
    assert_string_equal(gpu.name, "ours");
    assert_int_equal(gpu_find(path, NULL, &gpu, &e), STATUS_OK);
    assert_string_equal(gpu.name, "ours");
    assert_int_equal(gpu_find("h200-sxm", folder, &gpu, &e), STATUS_OK);
    assert_string_equal(gpu.name, "h200-sxm");
    unlink(path);
    snprintf(path, sizeof path, "%s/loop.json", folder);
    write_gpu(path, "loop", "loop");
    assert_int_equal(gpu_find("loop", folder, &gpu, &e), STATUS_INPUT);
    assert_non_null(strstr(e.message, "circle"));
    unlink(path);
    snprintf(path, sizeof path, "%s/gpus", folder);
    rmdir(path);
    rmdir(folder);
}

/* ---- writing ---- */

static void write_object(const struct gpu *gpu, struct text *text)
{
    struct json_writer w;
    json_writer_init(&w, text);
    json_open_object(&w, NULL);
    gpu_write(&w, gpu);
    json_close_object(&w);
    assert_int_equal(w.bad, 0);
}

static void assert_same(const struct gpu *a, const struct gpu *b)
{
    for (size_t row = 0; row < gpu_field_count; row++) {
        size_t offset = gpu_fields[row].offset;
        size_t size = gpu_fields[row].kind == FIELD_STRING ? strlen((const char *)a + offset) + 1
                                                           : gpu_fields[row].size;
        assert_memory_equal((const char *)a + offset, (const char *)b + offset, size);
        assert_int_equal(a->source[row].kind, b->source[row].kind);
        assert_string_equal(a->source[row].text, b->source[row].text);
    }
    assert_memory_equal(&a->calibration.gemm, &b->calibration.gemm, sizeof a->calibration.gemm);
}

static void test_writes_what_it_reads(void **state)
{
    (void)state;
    struct gpu gpu, again;
    struct error e;
    for (size_t i = 0; gpu_catalog_name(i); i++) {
        struct text text = {0};
        find(gpu_catalog_name(i), &gpu);
        write_object(&gpu, &text);
        assert_int_equal(read_text(text.data, &again, &e), STATUS_OK);
        assert_same(&gpu, &again);
        text_free(&text);
    }
}

static void test_a_changed_figure_says_so(void **state)
{
    (void)state;
    struct gpu gpu, again;
    struct error e;
    struct text text = {0};
    find("mi250x", &gpu);
    gpu.price_usd_per_h = 2;
    write_object(&gpu, &text);
    assert_int_equal(read_text(text.data, &again, &e), STATUS_OK);
    check_near(again.price_usd_per_h, 2, 1e-12);
    assert_int_equal(gpu_source(&again, "price")->kind, SOURCE_ASSUMED);
    text_free(&text);
}

/* Collectives measured on H100 go to H200, over the same NVLink, and not to an xGMI mesh. */
static void test_collectives_transfer_on_the_same_links(void **state)
{
    (void)state;
    char folder[] = "/tmp/stepcast-gpu-XXXXXX", path[128];
    struct gpu h100, other;
    struct error e;
    struct text text = {0};
    error_init(&e);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/h100-sxm.json", folder);
    find("h100-sxm", &h100);
    struct collective_calibration *c = &h100.calibration.collective;
    *c = (struct collective_calibration){.kind = SOURCE_MEASURED, .source = "a test"};
    c->op[COLLECTIVE_ALL_REDUCE] = *collective_default("nvlink4", COLLECTIVE_ALL_REDUCE);
    write_object(&h100, &text);
    assert_int_equal(file_write(path, text.data, text.length, &e), STATUS_OK);
    text_free(&text);
    assert_int_equal(gpu_find("h100-sxm", folder, &other, &e), STATUS_OK);
    assert_memory_equal(other.calibration.collective.op, c->op, sizeof c->op);
    assert_int_equal(other.calibration.collective.kind, SOURCE_MEASURED);
    assert_int_equal(gpu_find("h200-sxm", folder, &other, &e), STATUS_OK);
    assert_int_equal(other.calibration.collective.kind, SOURCE_TRANSFERRED);
    assert_true(other.calibration.collective.op[COLLECTIVE_ALL_REDUCE].regimes > 0);
    assert_int_equal(gpu_find("mi300x", folder, &other, &e), STATUS_OK);
    assert_int_equal(other.calibration.collective.kind, SOURCE_NONE);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_units_and_sources),
        cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_unknown_name),
        cmocka_unit_test(test_like_transfers_constants),
        cmocka_unit_test(test_serving_goes_with_sms_and_clocks),
        cmocka_unit_test(test_clocks_follow_power),
        cmocka_unit_test(test_a_part_with_power_to_spare_keeps_its_clock),
        cmocka_unit_test(test_tiles_are_of_the_architecture),
        cmocka_unit_test(test_folder_comes_first),
        cmocka_unit_test(test_writes_what_it_reads),
        cmocka_unit_test(test_a_changed_figure_says_so),
        cmocka_unit_test(test_collectives_transfer_on_the_same_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
