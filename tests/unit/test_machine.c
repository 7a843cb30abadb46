#include "base/file.h"
#include "calibrate/fit/machine_fit.h"
#include "calibrate/fit/quiet.h"
#include "calibrate/machine_power.h"
#include "calibrate/machine_review.h"
#include "calibrate/model_shapes.h"
#include "hardware/roofline.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of samples made from a known machine. */
struct folder {
    char path[64];
};

static const char *const files[] = {"gemm", "memory", "fleet", "collective", "host", "sustained"};

static int make_folder(void **state)
{
    struct folder *f = calloc(1, sizeof *f);
    char samples[128];
    snprintf(f->path, sizeof f->path, "/tmp/stepcast-machine-XXXXXX");
    if (!mkdtemp(f->path))
        return -1;
    snprintf(samples, sizeof samples, "%s/samples", f->path);
    *state = f;
    return mkdir(samples, 0777);
}

static int remove_folder(void **state)
{
    struct folder *f = *state;
    char path[128];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/samples/%s.csv", f->path, files[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/samples", f->path);
    rmdir(path);
    rmdir(f->path);
    free(f);
    return 0;
}

static void write_samples(const struct folder *f, const char *name, struct text *text)
{
    char path[128];
    struct error e;
    error_init(&e);
    snprintf(path, sizeof path, "%s/samples/%s.csv", f->path, name);
    assert_int_equal(file_write(path, text->data, text->length, &e), STATUS_OK);
    text_free(text);
}

static void start(struct text *text, const char *machine, const char *device, const char *columns)
{
    text_addf(
        text,
        "# machine: %s\n# device: %s\n# program: stepcast-bench 1\n# date: 2026-11-21T10:00:00Z\n"
        "# threads: 4\n# clock_mhz: 2500\n# memory_bytes: 16e9\n# gpu: %s, 132 SMs\n%s\n",
        machine, device, machine, columns);
}

/* A processor: 200 GFLOP/s, 20 GB/s, 2 us to start; products take the roofline's longer side. */
static const double PEAK = 200e9, BANDWIDTH = 20e9, START = 2e-6;

static void write_processor(const struct folder *f)
{
    static const int sizes[] = {64, 128, 256, 512, 1024, 2048, 4096};
    struct text gemm = {0}, memory = {0};
    start(&gemm, "cpu, test, 4 threads", "cpu", "dtype,m,n,k,time_us");
    for (size_t i = 0; i < 7; i++)
        for (size_t j = 0; j < 7; j++)
            for (size_t k = 0; k < 7; k++) {
                double m = sizes[i], n = sizes[j], d = sizes[k];
                double math_s = 2 * m * n * d / PEAK, bytes = 4 * (m * d + n * d + m * n);
                double time_s = START + fmax(math_s, bytes / BANDWIDTH);
                text_addf(&gemm, "fp32,%g,%g,%g,%.6f\n", m, n, d, 1e6 * time_s);
            }
    write_samples(f, "gemm", &gemm);
    start(&memory, "cpu, test, 4 threads", "cpu", "op,dtype,bytes,time_us");
    for (int octave = 16; octave < 30; octave++) {
        double bytes = exp2(octave);
        text_addf(&memory, "copy,fp32,%.0f,%.6f\n", bytes, 1e6 * (START + bytes / BANDWIDTH));
    }
    write_samples(f, "memory", &memory);
}

static const struct kernel_fit_options options = {.date = "2026-11-21"};

static struct machine *load(const struct folder *f, enum status expected, struct error *e)
{
    struct machine *machine = calloc(1, sizeof *machine);
    assert_non_null(machine);
    error_init(e);
    assert_int_equal(machine_load(f->path, NULL, NULL, machine, e), expected);
    return machine;
}

static void unload(struct machine *machine)
{
    machine_free(machine);
    free(machine);
}

static void a_processor_is_described_by_its_samples(void **state)
{
    struct error e;
    write_processor(*state);
    struct machine *machine = load(*state, STATUS_OK, &e);
    assert_false(machine->catalog);
    check_near(machine->gpu.peak_flop_per_s[DTYPE_FP32], PEAK, 0.01); /* the largest product's */
    check_near(machine->gpu.memory_bandwidth_bytes_per_s, BANDWIDTH, 0.01);
    check_near(machine->gpu.sm_count, 4, 0);
    check_near(machine->gpu.clock_hz, 2.5e9, 0);
    check_near(machine->gpu.memory_bytes, 16e9, 0);
    assert_int_equal(gpu_source(&machine->gpu, "memory_bandwidth")->kind, SOURCE_MEASURED);
    assert_int_equal(gpu_source(&machine->gpu, "scale_up_bandwidth")->kind, SOURCE_ASSUMED);
    unload(machine);
}

/* Constants of the memory form come back; products are forecast where they were not fitted. */
static void a_fit_recovers_what_made_the_samples(void **state)
{
    struct error e;
    struct machine_fit_report report = {0};
    struct gpu *fitted = calloc(1, sizeof *fitted);
    write_processor(*state);
    struct machine *machine = load(*state, STATUS_OK, &e);
    assert_int_equal(machine_fit(machine, &options, fitted, &report, &e), STATUS_OK);
    const struct calibration *c = &fitted->calibration;
    check_near(c->memory[MEMORY_ELEMENTWISE].t0_s, START, 0.05);
    check_near(c->memory[MEMORY_ELEMENTWISE].bandwidth_frac, 1, 0.02);
    assert_int_equal(c->memory_group[MEMORY_ELEMENTWISE].kind, CALIBRATION_MEASURED);
    assert_true(c->gemm_group[DTYPE_FP32].error_frac > 0);
    assert_true(c->gemm_group[DTYPE_FP32].error_frac < 0.15);
    check_near(c->gemm_group[DTYPE_FP32].samples, 343, 0);
    check_near(c->gemm_group[DTYPE_FP32].high[0], 4096, 0);
    assert_int_equal(c->memory_group[MEMORY_NORM].kind, CALIBRATION_ASSUMED); /* nothing measured */
    const struct gemm unseen = {700, 900, 1500, 1, 4, false, 1};
    double truth = START + 2 * unseen.m * unseen.n * unseen.k / PEAK;
    check_near(gemm_s(fitted, DTYPE_FP32, &unseen), truth, 0.15);
    unload(machine);
    machine_fit_report_free(&report);
    free(fitted);
}

static void too_few_samples_are_told(void **state)
{
    struct error e;
    struct text gemm = {0}, memory = {0};
    struct machine_fit_report report = {0};
    struct gpu *fitted = calloc(1, sizeof *fitted);
    start(&gemm, "cpu, test, 4 threads", "cpu", "dtype,m,n,k,time_us");
    text_add(&gemm, "fp32,64,64,64,10\nfp32,128,64,64,20\n");
    write_samples(*state, "gemm", &gemm);
    start(&memory, "cpu, test, 4 threads", "cpu", "op,dtype,bytes,time_us");
    text_add(&memory, "copy,fp32,1000000,100\n");
    write_samples(*state, "memory", &memory);
    struct machine *machine = load(*state, STATUS_OK, &e);
    assert_int_equal(machine_fit(machine, &options, fitted, &report, &e), STATUS_OK);
    assert_non_null(strstr(report.groups.data, "gemm fp32 cannot be fitted to these samples: "));
    assert_int_equal(fitted->calibration.gemm_group[DTYPE_FP32].kind, CALIBRATION_ASSUMED);
    unload(machine);
    machine_fit_report_free(&report);
    free(fitted);
}

/* Links inside nodes are compared with each other, not with those between nodes. */
static void outliers_are_named(void **state)
{
    struct error e;
    struct text fleet = {0};
    start(&fleet, "cuda, NVIDIA H200, 150 GB", "cuda", "check,rank,host,to_rank,to_host,time_us");
    for (int r = 0; r < 8; r++)
        text_addf(&fleet, "gemm,%d,n%d,%d,n%d,%d\n", r, r / 4, r, r / 4, r == 5 ? 1200 : 1000 + r);
    for (int r = 0; r < 8; r++)
        text_addf(&fleet, "link,%d,n%d,%d,n%d,%d\n", r, r / 4, (r + 1) % 8, (r + 1) % 8 / 4,
                  r % 4 == 3 ? 5000 : 400);
    write_samples(*state, "fleet", &fleet);
    struct machine *machine = load(*state, STATUS_OK, &e);
    assert_true(machine->catalog);
    assert_string_equal(machine->gpu.name, "h200-sxm");
    struct machine_review *review = calloc(1, sizeof *review);
    assert_int_equal(machine_review(machine, &machine->gpu, review, &e), STATUS_OK);
    assert_int_equal(review->outliers, 1);
    assert_string_equal(review->outlier[0].name, "gemm: rank 5 on n1");
    check_near(review->outlier[0].slower_frac, 0.195, 0.05);
    free(review);
    unload(machine);
}

static void a_catalog_part_is_compared_with_its_datasheet(void **state)
{
    struct error e;
    struct text gemm = {0};
    start(&gemm, "cuda, NVIDIA H200, 150 GB", "cuda", "dtype,m,n,k,time_us");
    text_add(&gemm, "bf16,8192,8192,8192,1400\n"); /* 785 of 989 TFLOP/s */
    write_samples(*state, "gemm", &gemm);
    struct machine *machine = load(*state, STATUS_OK, &e);
    struct machine_review *review = calloc(1, sizeof *review);
    assert_int_equal(machine_review(machine, &machine->gpu, review, &e), STATUS_OK);
    assert_int_equal(review->figures, 1);
    check_near(review->figure[0].measured, 2.0 * 8192 * 8192 * 8192 / 1400e-6, 1e-12);
    check_near(review->figure[0].datasheet, 989e12, 0.01);
    assert_int_equal(review->forecasts, 1);
    free(review);
    unload(machine);
}

static double measured(const struct machine_review *r, const char *name)
{
    for (size_t i = 0; i < r->figures; i++)
        if (strcmp(r->figure[i].name, name) == 0)
            return r->figure[i].measured;
    return 0;
}

/* Best copies by direction; the long product's rate, power and clock. */
static void host_and_sustained_figures(void **state)
{
    struct error e;
    struct text host = {0}, sustained = {0};
    start(&host, "cuda, NVIDIA H200, 150 GB", "cuda", "op,dtype,gpus,bytes,time_us");
    text_add(&host, "h2d,int8,1,55000000,1000\nh2d,int8,1,1000,10\nd2h,int8,1,50000000,1000\n"
                    "h2d,int8,8,30000000,1000\n");
    write_samples(*state, "host", &host);
    start(&sustained, "cuda, NVIDIA H200, 150 GB", "cuda",
          "load,dtype,duty,time_us,clock_mhz,power_w,flop");
    text_add(&sustained, "idle,bf16,0,0,345,75,0\ngemm,bf16,1,1500,1700,690,1.1e12\n"
                         "gemm,bf16,0.5,1400,1980,500,1.1e12\n");
    write_samples(*state, "sustained", &sustained);
    struct machine *machine = load(*state, STATUS_OK, &e);
    struct machine_review *r = calloc(1, sizeof *r);
    assert_int_equal(machine_review(machine, &machine->gpu, r, &e), STATUS_OK);
    check_near(measured(r, "host to device"), 55e9, 1e-12);
    check_near(measured(r, "host to device, all GPUs at once"), 30e9, 1e-12);
    check_near(measured(r, "device to host"), 50e9, 1e-12);
    check_near(measured(r, "idle power"), 75, 0);
    check_near(measured(r, "product for 30 s, bf16"), 1.1e12 / 1500e-6, 1e-12);
    check_near(measured(r, "power during it, bf16"), 690, 0);
    check_near(measured(r, "clock during it, bf16"), 1.7e9, 0);
    assert_int_equal(r->figures, 7);
    free(r);
    unload(machine);
}

/* 75 W idle; a copy of 4e12 B/s draws 160 W more: 40 pJ a byte. A product of 1e15 FLOP/s and 1e12
 * B/s at the full clock draws 75 + 40 + 500 W, and at half of the duty 75 + 20 + 250: 0.5 pJ a
 * FLOP; at 0.8 of the clock 0.64 of that a FLOP. */
static void the_power_model_is_fitted(void **state)
{
    struct error e;
    struct text sustained = {0};
    struct machine_power power;
    start(&sustained, "cuda, NVIDIA H200, 150 GB", "cuda",
          "load,dtype,duty,time_us,clock_mhz,power_w,busy_frac,flop,bytes");
    text_add(&sustained, "idle,bf16,0,0,345,75,0,0,0\ncopy,bf16,1,250,1980,235,1,0,1e9\n"
                         "gemm,bf16,0.5,1000,2000,345,0.5,1e12,1e9\n"
                         "gemm,bf16,1,1000,2000,615,1,1e12,1e9\n"
                         "gemm,fp8,1,500,1600,435,1,1e12,5e8\n");
    write_samples(*state, "sustained", &sustained);
    struct machine *machine = load(*state, STATUS_OK, &e);
    machine_power_fit(&machine->table[MACHINE_SUSTAINED], &power);
    check_near(power.idle_w, 75, 0);
    check_near(power.byte_j, 40e-12, 1e-9);
    check_near(power.flop_j[DTYPE_BF16], 0.5e-12, 1e-9);
    check_near(power.flop_j[DTYPE_FP8], 320 / (0.64 * 2e15), 1e-9);
    assert_int_equal(power.products, 3);
    assert_true(power.error_frac < 1e-9);
    unload(machine);
}

static void broken_samples_are_refused(void **state)
{
    struct error e;
    struct text text = {0};
    unload(load(*state, STATUS_INPUT, &e));
    assert_non_null(strstr(e.message, "found none"));
    start(&text, "cpu, test, 4 threads", "cpu", "dtype,m,n,k,time_us");
    text_add(&text, "fp32,64,64,64,3\n");
    write_samples(*state, "gemm", &text);
    start(&text, "cpu, another, 2 threads", "cpu", "op,dtype,bytes,time_us");
    text_add(&text, "copy,fp32,1000,1\n");
    write_samples(*state, "memory", &text);
    unload(load(*state, STATUS_INPUT, &e));
    assert_non_null(strstr(e.message, "another"));
    start(&text, "cpu, test, 4 threads", "cpu", "op,dtype,bytes,time_us");
    text_add(&text, "copy,fp32,1000,-1\n");
    write_samples(*state, "memory", &text);
    unload(load(*state, STATUS_INPUT, &e));
    assert_int_equal(e.line, 10);
    start(&text, "cuda, Unheard Of, 150 GB", "cuda", "dtype,m,n,k,time_us");
    text_add(&text, "bf16,64,64,64,3\n");
    write_samples(*state, "gemm", &text);
    struct folder *f = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/samples/memory.csv", f->path);
    unlink(path);
    unload(load(*state, STATUS_INPUT, &e));
    assert_non_null(strstr(e.message, "no catalog gpu is known for"));
}

static void driver_names(void **state)
{
    (void)state;
    assert_string_equal(machine_catalog_name("NVIDIA H100 80GB HBM3"), "h100-sxm");
    assert_string_equal(machine_catalog_name("NVIDIA H100 PCIe"), "h100-pcie");
    assert_string_equal(machine_catalog_name("NVIDIA H200"), "h200-sxm");
    assert_string_equal(machine_catalog_name("NVIDIA A100-SXM4-80GB"), "a100-sxm-80gb");
    assert_string_equal(machine_catalog_name("NVIDIA GH200 480GB"), "gh200");
    assert_null(machine_catalog_name("Radeon"));
    for (const char *const *name = (const char *const[]){"H200", "H20", "L40S", "B300", NULL};
         *name; name++) {
        struct gpu *gpu = calloc(1, sizeof *gpu);
        struct error e;
        error_init(&e);
        assert_int_equal(gpu_find(machine_catalog_name(*name), NULL, gpu, &e), STATUS_OK);
        free(gpu);
    }
}

/* Llama-3 8B's FC1, whole and over 8 ranks: 2 * 14336 out-features. */
static void shapes_of_models(void **state)
{
    (void)state;
    struct text csv = {0}, few = {0};
    struct error e;
    error_init(&e);
    assert_int_equal(model_shapes_write(100000, &csv, &e), STATUS_OK);
    assert_non_null(strstr(csv.data, "\n8192,28672,4096\n"));
    assert_non_null(strstr(csv.data, "\n8192,3584,4096\n"));
    assert_int_equal(model_shapes_write(20, &few, &e), STATUS_OK);
    int lines = 0;
    for (const char *p = few.data; *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 21);
    text_free(&csv);
    text_free(&few);
}

int main(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_processor_is_described_by_its_samples),
        WITH_FOLDER(a_fit_recovers_what_made_the_samples),
        WITH_FOLDER(too_few_samples_are_told),
        WITH_FOLDER(outliers_are_named),
        WITH_FOLDER(a_catalog_part_is_compared_with_its_datasheet),
        WITH_FOLDER(host_and_sustained_figures),
        WITH_FOLDER(the_power_model_is_fitted),
        WITH_FOLDER(broken_samples_are_refused),
        cmocka_unit_test(driver_names),
        cmocka_unit_test(shapes_of_models),
    };
    fit_quiet();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
