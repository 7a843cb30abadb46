#include "hardware/gpu.h"
#include "hardware/roofline.h"
#include "tests/unit/check.h"
#include <math.h>
#include <string.h>

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

/* ---- the catalog ---- */

/* DESIGN, Names: the contract. */
static const char *const contract[] = {
    "v100-sxm-16gb",
    "v100-sxm-32gb",
    "a100-sxm-40gb",
    "a100-sxm-80gb",
    "a800-sxm",
    "l40s",
    "h100-sxm",
    "h100-pcie",
    "h100-nvl",
    "h100-sxm-96gb-hbm2e-500w",
    "h800-sxm",
    "h20",
    "h200-sxm",
    "gh200",
    "b200-sxm",
    "gb200",
    "b300-sxm",
    "gb300",
    "mi250x",
    "mi300x",
    "mi325x",
    "mi355x",
    "gaudi2",
    "gaudi3",
    "tpu-v4",
    "tpu-v5e",
    "tpu-v5p",
    "tpu-v6e",
    NULL,
};

static void test_contract_names(void **state)
{
    (void)state;
    struct gpu gpu;
    for (int i = 0; contract[i]; i++) {
        find(contract[i], &gpu);
        assert_string_equal(gpu.name, contract[i]);
    }
    find("H100_SXM", &gpu);
    assert_string_equal(gpu.name, "h100-sxm");
}

static void test_names_are_sorted_and_files_name_themselves(void **state)
{
    (void)state;
    struct gpu gpu;
    size_t n = 0;
    for (; gpu_catalog_name(n); n++) {
        find(gpu_catalog_name(n), &gpu);
        assert_string_equal(gpu.name, gpu_catalog_name(n));
        if (n > 0)
            assert_true(strcmp(gpu_catalog_name(n - 1), gpu_catalog_name(n)) < 0);
    }
    assert_true(n >= 28);
}

static void test_every_figure_has_a_source(void **state)
{
    (void)state;
    struct gpu gpu;
    for (size_t i = 0; gpu_catalog_name(i); i++) {
        find(gpu_catalog_name(i), &gpu);
        for (size_t row = 0; row < gpu_field_count; row++) {
            double value;
            if (gpu_fields[row].kind != FIELD_NUMBER)
                continue;
            memcpy(&value, (const char *)&gpu + gpu_fields[row].offset, sizeof value);
            bool sourced = gpu.source[row].kind != SOURCE_NONE && gpu.source[row].text[0];
            if (sourced != (value != 0))
                fail_msg("%s: %s", gpu.name, gpu_fields[row].key);
        }
    }
}

/* ---- properties over the catalog ---- */

/* Dense matrix FLOP of one SM (CU, core) in one clock at bf16, or at fp16 where there is no bf16:
 * architecture white papers. H20 is left out: its rate is cut below what its SMs could do. */
static const struct {
    const char *architecture;
    double flop_per_sm_clock;
} rates[] = {
    {"volta",           1024  },
    {"ampere",          2048  },
    {"ada",             1024  },
    {"hopper",          4096  },
    {"blackwell",       8192  },
    {"cdna2",           1024  },
    {"cdna3",           2048  },
    {"cdna4",           4096  },
    {"blackwell-ultra", 8192  },
    {"gaudi2",          131072},
    {"gaudi3",          131072},
    {"tpu-v4",          131072},
    {"tpu-v5e",         131072},
    {"tpu-v5p",         131072},
    {"tpu-v6e",         524288},
};

static double rate_of(const struct gpu *gpu)
{
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        if (strcmp(rates[i].architecture, gpu->architecture) == 0)
            return rates[i].flop_per_sm_clock;
    fail_msg("%s: no rate for architecture %s", gpu->name, gpu->architecture);
    return 0;
}

static void test_peak_is_sms_times_clock(void **state)
{
    (void)state;
    struct gpu gpu;
    for (size_t i = 0; gpu_catalog_name(i); i++) {
        find(gpu_catalog_name(i), &gpu);
        if (strcmp(gpu.name, "h20") == 0)
            continue;
        double peak = gpu.peak_flop_per_s[DTYPE_BF16];
        if (peak == 0)
            peak = gpu.peak_flop_per_s[DTYPE_FP16];
        check_near(gpu.sm_count * gpu.clock_hz * rate_of(&gpu), peak, 0.015);
    }
}

static void test_narrow_types_are_no_slower(void **state)
{
    (void)state;
    struct gpu gpu;
    for (size_t i = 0; gpu_catalog_name(i); i++) {
        find(gpu_catalog_name(i), &gpu);
        const double *peak = gpu.peak_flop_per_s;
        double half = peak[DTYPE_BF16] > 0 ? peak[DTYPE_BF16] : peak[DTYPE_FP16];
        assert_true(half > 0);
        assert_true(peak[DTYPE_FP8] == 0 || peak[DTYPE_FP8] >= half);
        assert_true(peak[DTYPE_NVFP4] == 0 || peak[DTYPE_NVFP4] >= 1.9 * peak[DTYPE_FP8]);
        assert_true(peak[DTYPE_FP32] <= half && peak[DTYPE_TF32] <= half);
        assert_true(peak[DTYPE_FP8_BLOCK] <= peak[DTYPE_FP8]);
        assert_true(peak[DTYPE_MXFP8] <= peak[DTYPE_FP8]);
    }
}

/* A datatype that the tensor cores lack stays absent. */
static void test_missing_types_are_absent(void **state)
{
    (void)state;
    struct gpu gpu;
    for (size_t i = 0; gpu_catalog_name(i); i++) {
        find(gpu_catalog_name(i), &gpu);
        const double *peak = gpu.peak_flop_per_s;
        bool blackwell = strncmp(gpu.architecture, "blackwell", 9) == 0;
        bool cdna4 = strcmp(gpu.architecture, "cdna4") == 0;
        assert_int_equal(peak[DTYPE_NVFP4] > 0, blackwell);
        assert_int_equal(peak[DTYPE_MXFP8] > 0, blackwell || cdna4);
        if (strcmp(gpu.architecture, "volta") == 0)
            assert_true(peak[DTYPE_BF16] == 0 && peak[DTYPE_TF32] == 0);
        if (strcmp(gpu.architecture, "ampere") == 0 || strcmp(gpu.architecture, "cdna2") == 0)
            assert_true(peak[DTYPE_FP8] == 0 && peak[DTYPE_FP8_BLOCK] == 0);
    }
}

/* What the box says, decimal GB; the device reports within a tenth of it. */
static const struct {
    const char *name;
    double marketed_gb;
} capacities[] = {
    {"v100-sxm-16gb", 16 },
    {"v100-sxm-32gb", 32 },
    {"a100-sxm-40gb", 40 },
    {"a100-sxm-80gb", 80 },
    {"a800-sxm",      80 },
    {"l40s",          48 },
    {"h100-sxm",      80 },
    {"h100-nvl",      94 },
    {"h100-pcie",     80 },
    {"h800-sxm",      80 },
    {"h20",           96 },
    {"h200-sxm",      141},
    {"gh200",         96 },
    {"b200-sxm",      180},
    {"gb200",         186},
    {"b300-sxm",      288},
    {"gb300",         288},
    {"mi250x",        64 },
    {"mi300x",        192},
    {"mi325x",        256},
    {"mi355x",        288},
    {"gaudi2",        96 },
    {"gaudi3",        128},
    {"tpu-v5e",       16 },
};

static void test_memory_is_near_the_marketed(void **state)
{
    (void)state;
    struct gpu gpu;
    for (size_t i = 0; i < sizeof capacities / sizeof capacities[0]; i++) {
        find(capacities[i].name, &gpu);
        check_near(gpu.memory_bytes, capacities[i].marketed_gb * 1e9, 0.1);
    }
}

static void test_ranges(void **state)
{
    (void)state;
    struct gpu gpu;
    for (size_t i = 0; gpu_catalog_name(i); i++) {
        find(gpu_catalog_name(i), &gpu);
        /* HBM and GDDR of 2017 to 2025; NVLink 1.8 TB/s both ways at most. */
        assert_true(gpu.memory_bandwidth_bytes_per_s > 0.5e12);
        assert_true(gpu.memory_bandwidth_bytes_per_s < 10e12);
        assert_true(gpu.scale_up_bandwidth_bytes_per_s <= 900e9);
        assert_true(gpu.scale_up_bandwidth_bytes_per_s > gpu.nic_bandwidth_bytes_per_s);
        assert_true(gpu.idle_power_w < 0.5 * gpu.power_cap_w);
        assert_true(gpu.exp_per_sm_clock >= 16);
        assert_true(gpu.scale_up_domain_gpus >= 2 && gpu.gpus_per_node >= 1);
        assert_true(gpu.scale_up_technology[0] && gpu.nic_technology[0]);
    }
}

static void check_products(const struct gpu *gpu, enum dtype dtype, double size)
{
    struct gemm one = {.m = size, .n = size, .k = size, .batch = 1, .output_bytes = 2, .skew = 1};
    struct gemm eight = one;
    eight.batch = 8;
    double least = gemm_flop(&one) / gpu->peak_flop_per_s[dtype];
    double t = gemm_s(gpu, dtype, &one), grouped = grouped_gemm_s(gpu, dtype, &eight);
    if (!(t >= least && t < 10) || !(grouped >= 8 * least && grouped < 80))
        fail_msg("%s: %.0f in %s: %g s, eight together %g s, at the peak %g s", gpu->name, size,
                 dtype_names[dtype], t, grouped, least);
}

static void check_attention(const struct gpu *gpu, enum attention_pass pass, double seq)
{
    struct attention a = {1, 32, 8, seq, seq, 128, 128, 0.5};
    double peak = fmax(gpu->peak_flop_per_s[DTYPE_BF16], gpu->peak_flop_per_s[DTYPE_FP16]);
    double t = attention_s(gpu, DTYPE_FP16, pass, &a);
    if (!(t >= attention_flop(pass, &a) / peak && t < 10))
        fail_msg("%s: attention over %.0f: %g s", gpu->name, seq, t);
}

/* The figures are enough for the kernel models: products and attention of any size take a finite
 * time, no less than the peak allows, in every datatype that the part has, with its own constants
 * or another part's. */
static void test_kernel_times_are_finite(void **state)
{
    (void)state;
    struct gpu gpu;
    for (size_t i = 0; gpu_catalog_name(i); i++) {
        find(gpu_catalog_name(i), &gpu);
        for (double size = 512; size <= 16384; size *= 2) {
            for (enum dtype dtype = DTYPE_BF16; dtype < DTYPES; dtype++)
                if (gpu.peak_flop_per_s[dtype] > 0)
                    check_products(&gpu, dtype, size);
            check_attention(&gpu, ATTENTION_FORWARD, size);
            check_attention(&gpu, ATTENTION_BACKWARD, size);
        }
    }
}

/* Figures that two documents agree on. */
static void test_published_figures(void **state)
{
    (void)state;
    struct gpu gpu;
    find("a100-sxm-80gb", &gpu);
    check_near(gpu.peak_flop_per_s[DTYPE_BF16], 312e12, 1e-9);
    check_near(gpu.memory_bandwidth_bytes_per_s, 2039e9, 1e-9);
    check_near(gpu.scale_up_bandwidth_bytes_per_s, 300e9, 1e-9);
    check_near(gpu.nic_bandwidth_bytes_per_s, 25e9, 1e-9);
    check_near(gpu.l2_bytes, 41943040, 1e-9);
    find("h100-sxm", &gpu);
    check_near(gpu.peak_flop_per_s[DTYPE_FP8], 1978.9e12, 1e-9);
    check_near(gpu.memory_bytes, 81559.0 * 1048576, 1e-12);
    find("h100-sxm-96gb-hbm2e-500w", &gpu);
    check_near(gpu.memory_bandwidth_bytes_per_s, 2.4e12, 1e-9);
    check_near(gpu.power_cap_w, 500, 1e-9);
    find("gb300", &gpu);
    check_near(gpu.exp_per_sm_clock, 32, 1e-9);
    check_near(gpu.peak_flop_per_s[DTYPE_NVFP4], 15e15, 1e-9);
    find("mi250x", &gpu);
    check_near(gpu.peak_flop_per_s[DTYPE_FP16], 383e12 / 2, 1e-9);
    check_near(gpu.sm_count, 110, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_names),
        cmocka_unit_test(test_names_are_sorted_and_files_name_themselves),
        cmocka_unit_test(test_every_figure_has_a_source),
        cmocka_unit_test(test_peak_is_sms_times_clock),
        cmocka_unit_test(test_narrow_types_are_no_slower),
        cmocka_unit_test(test_missing_types_are_absent),
        cmocka_unit_test(test_memory_is_near_the_marketed),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_kernel_times_are_finite),
        cmocka_unit_test(test_published_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
