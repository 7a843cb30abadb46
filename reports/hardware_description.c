#include "hardware/gpu.h"
#include "hardware/system.h"
#include "reports/description_kinds.h"
#include "reports/table.h"
#include <math.h>
#include <string.h>

static double peak_bf16(const void *thing)
{
    return ((const struct gpu *)thing)->peak_flop_per_s[DTYPE_BF16];
}

static double peak_fp8(const void *thing)
{
    return ((const struct gpu *)thing)->peak_flop_per_s[DTYPE_FP8];
}

static double memory(const void *thing)
{
    return ((const struct gpu *)thing)->memory_bytes;
}

static double memory_bandwidth(const void *thing)
{
    return ((const struct gpu *)thing)->memory_bandwidth_bytes_per_s;
}

static double scale_up_bandwidth(const void *thing)
{
    return ((const struct gpu *)thing)->scale_up_bandwidth_bytes_per_s;
}

static double power_cap(const void *thing)
{
    return ((const struct gpu *)thing)->power_cap_w;
}

/* How far the constants that price its GEMMs are measured. */
static const char *calibration(const void *thing)
{
    const struct gpu *gpu = thing;
    return calibration_kind_names[gpu->calibration.gemm_group[DTYPE_BF16].kind];
}

static const struct figure gpu_figures[] = {
    {"peak_bf16_flop_per_s",           "bf16",      UNIT_FLOP_PER_S,  4, peak_bf16,          NULL,        NULL},
    {"peak_fp8_flop_per_s",            "fp8",       UNIT_FLOP_PER_S,  4, peak_fp8,           NULL,        NULL},
    {"memory_bytes",                   "memory",    UNIT_BYTES,       4, memory,             NULL,        NULL},
    {"memory_bandwidth_bytes_per_s",   "bandwidth", UNIT_BYTES_PER_S, 4, memory_bandwidth,   NULL,
     NULL                                                                                                     },
    {"scale_up_bandwidth_bytes_per_s", "scale-up",  UNIT_BYTES_PER_S, 4, scale_up_bandwidth, NULL,
     NULL                                                                                                     },
    {"power_cap_w",                    "power",     UNIT_WATTS,       4, power_cap,          NULL,        NULL},
    {"calibration",                    "constants", UNIT_NONE,        0, NULL,               calibration, NULL},
    {NULL,                             NULL,        UNIT_NONE,        0, NULL,               NULL,        NULL},
};

static enum status find_gpu(const struct description_request *request, void *thing, struct error *e)
{
    return gpu_find(request->name, request->catalog, thing, e);
}

static void show_gpu_json(const void *thing, struct text *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    gpu_write(&w, thing);
    json_close_object(&w);
}

/* One line a group of constants: where it comes from and how good it is. */
static void add_calibration(const struct gpu *gpu, struct text *out)
{
    static const struct table_column columns[] = {
        {"constants of", true },
        {"kind",         true },
        {"error",        false},
        {"source",       true }
    };
    struct table t;
    struct calibration_slot slot;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; calibration_slot(i, &slot); i++) {
        struct calibration_group group;
        memcpy(&group, (const char *)&gpu->calibration + slot.group_offset, sizeof group);
        if (group.source[0] == '\0')
            continue;
        table_cell(&t, "%s %s", slot.op, slot.name);
        table_cell(&t, "%s", calibration_kind_names[group.kind]);
        table_percent(&t, group.error_frac > 0 ? group.error_frac : (double)NAN, 1);
        table_cell(&t, "%s", group.source);
    }
    text_addf(out, "\ncalibration: %s\n", gpu->calibration_source);
    if (t.cell_count > 0)
        table_write(&t, 2, out);
    table_free(&t);
}

static void show_gpu_text(const void *thing, struct text *out)
{
    const struct gpu *gpu = thing;
    fields_text(gpu_fields, gpu_field_count, gpu, gpu->source, out);
    add_calibration(gpu, out);
}

const struct description_kind gpu_description = {
    "gpu",
    "gpus",
    gpu_catalog_name,
    gpu_figures,
    sizeof(struct gpu),
    find_gpu,
    show_gpu_text,
    show_gpu_json,
    "Peaks are dense; bandwidth: of the memory; scale-up: one direction of all links of a GPU; "
    "constants: of its kernels.",
};

/* ---- systems ---- */

static const char *gpu_name(const void *thing)
{
    return ((const struct system *)thing)->gpu.name;
}

static double gpus_per_node(const void *thing)
{
    return ((const struct system *)thing)->gpus_per_node;
}

static double scale_up_domain(const void *thing)
{
    return ((const struct system *)thing)->tier[0].domain_gpus;
}

static double scale_up(const void *thing)
{
    return ((const struct system *)thing)->tier[0].bandwidth_bytes_per_s;
}

static double scale_out(const void *thing)
{
    const struct system *system = thing;
    return system->tiers > 1 ? system->tier[1].bandwidth_bytes_per_s : 0;
}

static const char *scale_out_technology(const void *thing)
{
    const struct system *system = thing;
    return system->tiers > 1 ? system->tier[1].technology : "-";
}

static const struct figure system_figures[] = {
    {"gpu",                   "GPU",       UNIT_NONE,        0, NULL,            gpu_name,             NULL},
    {"gpus_per_node",         "GPUs/node", UNIT_NONE,        4, gpus_per_node,   NULL,                 NULL},
    {"scale_up_domain_gpus",  "domain",    UNIT_NONE,        6, scale_up_domain, NULL,                 NULL},
    {"scale_up_bytes_per_s",  "scale-up",  UNIT_BYTES_PER_S, 4, scale_up,        NULL,                 NULL},
    {"scale_out_bytes_per_s", "scale-out", UNIT_BYTES_PER_S, 4, scale_out,       NULL,                 NULL},
    {"scale_out_technology",  "network",   UNIT_NONE,        0, NULL,            scale_out_technology, NULL},
    {NULL,                    NULL,        UNIT_NONE,        0, NULL,            NULL,                 NULL},
};

static enum status find_system(const struct description_request *request, void *thing,
                               struct error *e)
{
    return system_find(request->name, request->catalog, thing, e);
}

static void show_system_json(const void *thing, struct text *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    system_write(&w, thing);
    json_close_object(&w);
}

static void show_system_text(const void *thing, struct text *out)
{
    const struct system *system = thing;
    fields_text(system_fields, system_field_count, system, system->source, out);
    text_addf(out, "%-24s%s\n", "gpu", system->gpu.name);
    for (int i = 0; i < system->tiers; i++) {
        text_addf(out, "\ntier %d\n", i);
        fields_text(tier_fields, tier_field_count, &system->tier[i], system->tier[i].source, out);
    }
    text_addf(out, "\ncollectives of the scale-up domain: %s\n", system->calibration_source);
}

const struct description_kind system_description = {
    "system",
    "systems",
    system_catalog_name,
    system_figures,
    sizeof(struct system),
    find_system,
    show_system_text,
    show_system_json,
    "domain: GPUs of one scale-up network; rates: per GPU, one direction.",
};
