#ifndef HARDWARE_GPU_H
#define HARDWARE_GPU_H
#include "base/fields.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/op.h"
#include "hardware/calibration.h"
#include "hardware/topology.h"

enum { GPU_FIELDS_MAX = 40 };

/* One accelerator as its datasheet describes it, and its calibration. Dense peaks, never sparse;
 * per direction, never both. A figure that nobody states, and the peak of a datatype that the part
 * lacks, is 0. */
struct gpu {
    char name[64];
    char vendor[16];       /* "nvidia", "amd", "intel", "google" */
    char architecture[16]; /* "ampere", "hopper", "blackwell", "cdna3" ... */
    char note[256];        /* what a reader must know, such as which unit one GPU is */
    double peak_flop_per_s[DTYPES];
    double memory_bytes; /* as the device reports it */
    double memory_bandwidth_bytes_per_s;
    double l2_bytes;
    double sm_count;         /* SMs, CUs, cores */
    double clock_hz;         /* the clock at which the peaks are stated */
    double exp_per_sm_clock; /* exponentials per SM and clock */
    double power_cap_w, idle_power_w;
    double flop_j;     /* energy of a bf16 matrix FLOP at the full clock; 0: not known */
    double flop_fp8_j; /* of an fp8 one; 0: the usual share of flop_j */
    double scale_up_bandwidth_bytes_per_s; /* all links together, per direction, per GPU */
    double scale_up_links;
    double host_bandwidth_bytes_per_s;        /* to host memory, per direction, what copies reach */
    double host_memory_bandwidth_bytes_per_s; /* of the host's own memory, peak, a GPU's share */
    double price_usd_per_h;                   /* 0: not stated */

    /* How the part is usually built into a system: what system_from_parts takes where it is not
     * told. */
    double scale_up_domain_gpus;
    char scale_up_technology[32]; /* "nvlink4" ... */
    enum topology scale_up_topology;
    double gpus_per_node;
    double nic_bandwidth_bytes_per_s; /* per GPU and direction */
    char nic_technology[32];          /* "infiniband-ndr" ... */

    char like[64];           /* catalog GPU whose calibration is taken; empty: none */
    bool across_generations; /* and that is a part of another architecture, whose products'
                                constants no own ones replace */
    struct calibration calibration;
    struct source source[GPU_FIELDS_MAX]; /* by row of gpu_fields */
    char calibration_source[200];
};

extern const struct field gpu_fields[];
extern const size_t gpu_field_count;

/* Reads a gpu file: figures by gpu_fields (each with its source), then "calibration"
 * (calibration.h) and "collective" (collective_constants.h: of its scale-up links) over the
 * defaults of its architecture. "like": NAME takes another GPU's constants first, marked
 * transferred, with its corrections near measured points within an architecture; its collectives only when the scale-up technology is the same. `catalog` is where
 * NAME is looked up: see gpu_find. */
enum status gpu_read(const struct json *json, const struct json_value *object, const char *catalog,
                     struct gpu *gpu, struct error *e);

/* Writes the members of a gpu file, into an open object; read back, they give the same gpu. A
 * figure without a source is written as assumed. */
void gpu_write(struct json_writer *w, const struct gpu *gpu);

/* By catalog name (any case, '_' for '-') or by path; `catalog` (NULL: none) is a folder searched
 * first: CATALOG/gpus/NAME.json, then CATALOG/NAME.json. An unknown name is an error with the
 * nearest name. */
enum status gpu_find(const char *name, const char *catalog, struct gpu *gpu, struct error *e);

/* Names of the compiled-in catalog, sorted; NULL past the end. */
const char *gpu_catalog_name(size_t i);

/* Where the figure of that key of gpu_fields comes from; kind none when it is not stated or no key.
 */
const struct source *gpu_source(const struct gpu *gpu, const char *key);
/* The faster of the 16-bit peaks, FLOP/s: V100 has fp16 and no bf16. */
double gpu_peak_16bit_flop_per_s(const struct gpu *gpu);

#endif
