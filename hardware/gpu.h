#ifndef HARDWARE_GPU_H
#define HARDWARE_GPU_H
#include "base/fields.h"
#include "base/json_read.h"
#include "base/op.h"
#include "hardware/calibration.h"

/* One accelerator as its datasheet describes it, and its calibration. Dense peaks, never sparse; per
 * direction, never both. A figure that nobody states is 0. */
struct gpu {
    char name[64];
    char vendor[16];       /* "nvidia", "amd", "intel", "google" */
    char architecture[16]; /* "ampere", "hopper", "blackwell", "cdna3" ... */
    double peak_flop_per_s[DTYPES];
    double memory_bytes; /* as the device reports it */
    double memory_bandwidth_bytes_per_s;
    double l2_bytes;
    double sm_count; /* SMs, CUs, cores */
    double clock_hz; /* the clock at which the peaks are stated */
    double exp_per_sm_clock; /* exponentials per SM and clock */
    double power_cap_w, idle_power_w;
    double scale_up_bandwidth_bytes_per_s; /* all links together, per direction, per GPU */
    double scale_up_links;
    double host_bandwidth_bytes_per_s; /* to host memory, per direction */
    double price_usd_per_h;            /* 0: not stated */
    struct calibration calibration;
    struct source source[24]; /* by row of gpu_fields */
    char calibration_source[200];
};

extern const struct field gpu_fields[];
extern const size_t gpu_field_count;

/* Reads a gpu file: figures by gpu_fields (each with its source), then "calibration" (calibration.h).
 * "like": NAME takes another catalog GPU's calibration constants, marked transferred. */
enum status gpu_read(const struct json *json, const struct json_value *object, struct gpu *gpu,
                     struct error *e);

/* By catalog name (any case, '_' for '-') or by path; `catalog` (NULL: none) is a folder searched first:
 * CATALOG/gpus/NAME.json, then CATALOG/NAME.json. An unknown name is an error with the nearest name. */
enum status gpu_find(const char *name, const char *catalog, struct gpu *gpu, struct error *e);

/* Names of the compiled-in catalog, sorted; NULL past the end. */
const char *gpu_catalog_name(size_t i);

#endif
