#include "hardware/gpu.h"
#include "base/catalog.h"
#include "base/file.h"
#include "hardware/figures.h"
#include "hardware/power.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

extern const struct embedded_file gpu_catalog[];
static const struct catalog gpus = {"gpu", "gpus", gpu_catalog};

/* How far "like" is followed before it is taken for a circle. */
enum { LIKE_DEPTH = 4 };

/* What a file is read with; `depth` counts the "like" steps that led here. */
struct gpu_reading {
    const struct json *json;
    const struct json_value *object;
    const char *catalog;
    int depth;
};

static enum status find_at(const char *name, const char *catalog, int depth, struct gpu *gpu,
                           struct error *e);

/* A part that computes in no datatype is a file with its peaks misspelt or forgotten. */
static enum status check_peaks(const struct gpu_reading *r, const struct gpu *gpu, struct error *e)
{
    for (int dtype = 0; dtype < DTYPES; dtype++)
        if (gpu->peak_flop_per_s[dtype] > 0)
            return STATUS_OK;
    return json_error(r->json, r->object, e, STATUS_INPUT,
                      "expected the peak of a datatype, such as \"peak_bf16\"");
}

/* Shares of a link's bandwidth hold on the same technology alone: an xGMI mesh is no NVSwitch. */
static void transfer_collectives(struct gpu *gpu, const struct gpu *from)
{
    struct collective_calibration *c = &gpu->calibration.collective;
    if (names_equal(gpu->scale_up_technology, from->scale_up_technology))
        collective_calibration_transfer(c, from->name);
    else
        memset(c, 0, sizeof *c);
}

double gpu_peak_16bit_flop_per_s(const struct gpu *gpu)
{
    return fmax(gpu->peak_flop_per_s[DTYPE_BF16], gpu->peak_flop_per_s[DTYPE_FP16]);
}

/* What of another part's times and rates holds here. */
struct transfer {
    bool same_vendor; /* SMs and their cycles are comparable: not those of cores of another make */
    bool same_architecture; /* libraries choose alike; datasheets' clocks differ more within one
                               than times do */
    bool same_kernels;      /* of attention and of products: Ampere and Ada, Hopper and Blackwell */
    double cycles;          /* seconds a second of the other's kernels */
};

static struct transfer transfer_of(const struct gpu *gpu, const struct gpu *from)
{
    const struct attention_constants *own = &gpu->calibration.attention[ATTENTION_PREFILL][0],
                                     *other = &from->calibration.attention[ATTENTION_PREFILL][0];
    struct transfer t = {
        .same_vendor = gpu->vendor[0] == '\0' || names_equal(gpu->vendor, from->vendor),
        .same_architecture = names_equal(gpu->architecture, from->architecture),
        .same_kernels = own->tile_rows == other->tile_rows,
    };
    t.cycles = t.same_vendor && !t.same_architecture ? from->clock_hz / gpu->clock_hz : 1;
    return t;
}

/* Clocks fall under products the more, the further their power lies above the cap, by the slow-down
 * s of settled clocks (hardware/power.c):
 *     droop = droop_from s / s_from
 * as measured droops do: 0.025 on A100, 0.035 on H100, 0.05 on B200, where the power gives 0.22,
 * 0.39 and 0.46. Short bursts, behind the share of the peak, run between the full clock and the
 * settled one, halfway for want of a better rule (calibrate/KERNELS.md):
 *     peak_frac = peak_frac_from ((1 + s_from) / (1 + s))^(1/2)
 * A part of the same make that its cap does not slow at its peak (H20) runs at its full clock;
 * parts whose power is not known keep their relative's. Launches of the same kernels are cycles. */
static void transfer_products(struct gpu *gpu, const struct gpu *from, const struct transfer *t)
{
    for (int d = 0; d < DTYPES; d++) {
        struct gemm_constants *c = &gpu->calibration.gemm[d];
        double own = power_slow_down(gpu, (enum dtype)d),
               theirs = power_slow_down(from, (enum dtype)d);
        bool free = t->same_vendor && power_is_known(gpu, (enum dtype)d);
        if ((own > 0 || free) && theirs > 0) {
            c->droop *= own / theirs;
            c->peak_frac *= sqrt((1 + theirs) / (1 + own));
        }
        if (t->same_kernels) {
            c->t0_s *= t->cycles;
            c->split_s *= t->cycles;
        }
    }
}

/* The kernel that fills the cache is bound by the SMs, which pass 4 to 9 bytes a cycle each on all
 * six measured parts, until memory binds it, at 0.7 of its bandwidth. */
static void transfer_cache_kernel(const struct gpu *gpu, const struct gpu *from,
                                  const struct transfer *t, struct attention_constants *c)
{
    static const double streamed_frac = 0.7;
    if (!t->same_vendor)
        return;
    double cached_bytes_per_s = from->memory_bandwidth_bytes_per_s * c->cache_bandwidth_frac *
                                c->cache_l2_ratio * gpu->sm_count / (from->sm_count * t->cycles);
    double frac = cached_bytes_per_s / gpu->memory_bandwidth_bytes_per_s;
    c->cache_bandwidth_frac = fmin(frac, streamed_frac);
    c->cache_l2_ratio = frac / c->cache_bandwidth_frac;
}

/* Training's attention, where nobody measured the relative's: its architecture's own. Other makes'
 * parts keep an older relative's forward pass. */
static void transfer_training(struct gpu *gpu, const struct transfer *t,
                              struct attention_constants own[][2])
{
    struct calibration *c = &gpu->calibration;
    for (int fp8 = 0; fp8 < 2; fp8++) {
        if (c->attention_group[ATTENTION_FORWARD][fp8].kind == CALIBRATION_ASSUMED &&
            (t->same_vendor || t->same_kernels))
            c->attention[ATTENTION_FORWARD][fp8] = own[ATTENTION_FORWARD][fp8];
        if (c->attention_group[ATTENTION_BACKWARD][fp8].kind == CALIBRATION_ASSUMED)
            calibration_backward(c, gpu->architecture, fp8);
    }
}

/* Serving's attention: tiles of queries and keys are the architecture's (64 rows for Ampere's
 * matrix instructions, 128 for Hopper's), which no fit tells: its own, not the relative's. Fixed
 * times go with the clock where both run the same kernel, and are the architecture's own elsewhere.
 */
static void transfer_prefill(struct gpu *gpu, const struct gpu *from, const struct transfer *t,
                             const struct attention_constants own[2])
{
    for (int fp8 = 0; fp8 < 2; fp8++) {
        struct attention_constants *c = &gpu->calibration.attention[ATTENTION_PREFILL][fp8];
        bool theirs = t->same_kernels || !t->same_vendor;
        c->tile_rows = own[fp8].tile_rows;
        c->least_keys = own[fp8].least_keys;
        c->t0_s = theirs ? c->t0_s : own[fp8].t0_s;
        c->cta_s = theirs ? c->cta_s * t->cycles : own[fp8].cta_s;
        c->cache_t0_s = theirs ? c->cache_t0_s * t->cycles : own[fp8].cache_t0_s;
        transfer_cache_kernel(gpu, from, t, c);
    }
}

static void transfer_decode_kernel(struct decode_kernel *k, double cycles)
{
    k->t0_s *= cycles;
    k->cta_s *= cycles;
    k->key_s *= cycles;
    k->part_s *= cycles;
}

/* Decode on another architecture: its times are cycles (of a further CTA 7,400 to 7,800 and 2,200
 * to 2,900 on A100, H100 and L40S, of a launch 16,000 to 23,000), and the kernel without groups
 * multiplies on the CUDA cores, 20 to 36 FLOP a cycle and SM on all six measured parts. */
static void transfer_decode(struct gpu *gpu, const struct gpu *from, const struct transfer *t)
{
    if (!t->same_vendor || t->same_architecture)
        return;
    double cores = gpu->sm_count / (from->sm_count * t->cycles);
    double peak = gpu_peak_16bit_flop_per_s(gpu), theirs = gpu_peak_16bit_flop_per_s(from);
    for (int fp8 = 0; fp8 < 2; fp8++) {
        struct decode_constants *c = &gpu->calibration.decode[fp8];
        transfer_decode_kernel(&c->group, t->cycles);
        transfer_decode_kernel(&c->head, t->cycles);
        c->group_head_s *= t->cycles;
        c->group_64_s *= t->cycles;
        c->head.math_frac *= cores * theirs / peak;
    }
}

/* The constants of another GPU, marked as transferred; its own "like" is followed first. */
static enum status read_like(const struct gpu_reading *r, struct gpu *gpu, struct error *e)
{
    const struct json_value *like = json_member(r->object, "like");
    struct attention_constants own[ATTENTION_KERNELS][2];
    struct gpu from = {.like = ""};
    struct error cause;
    if (r->depth >= LIKE_DEPTH)
        return json_error(r->json, like, e, STATUS_INPUT,
                          "\"like\" leads through more than %d files, a circle perhaps",
                          LIKE_DEPTH);
    error_init(&cause);
    if (catalog_check_name(gpu->like, &cause) != STATUS_OK ||
        find_at(gpu->like, r->catalog, r->depth + 1, &from, &cause) != STATUS_OK) {
        json_error(r->json, like, e, cause.status, "calibration of \"%.60s\": %.250s", gpu->like,
                   cause.message);
        error_set_hint(e, "%s", cause.hint);
        return e->status;
    }
    memcpy(own, gpu->calibration.attention, sizeof own);
    gpu->across_generations =
        from.across_generations || strcmp(gpu->architecture, from.architecture) != 0;
    struct transfer t = transfer_of(gpu, &from);
    gpu->calibration = from.calibration;
    calibration_transfer(&gpu->calibration, from.name, t.same_architecture);
    transfer_products(gpu, &from, &t);
    transfer_training(gpu, &t, own);
    transfer_prefill(gpu, &from, &t, own[ATTENTION_PREFILL]);
    transfer_decode(gpu, &from, &t);
    transfer_collectives(gpu, &from);
    return STATUS_OK;
}

static enum status read_constants(const struct gpu_reading *r, struct gpu *gpu, struct error *e)
{
    const struct json_value *own = json_member(r->object, "calibration");
    const struct json_value *collective = json_member(r->object, "collective");
    enum status status = STATUS_OK;
    calibration_default(&gpu->calibration, gpu->architecture);
    if (gpu->like[0])
        status = read_like(r, gpu, e);
    if (status == STATUS_OK && own)
        status = calibration_read(r->json, own, &gpu->calibration, e);
    if (gpu->calibration.gemm_group[DTYPE_BF16].kind != CALIBRATION_TRANSFERRED)
        gpu->across_generations = false;
    if (status == STATUS_OK && collective)
        status = collective_calibration_read(r->json, collective, &gpu->calibration.collective, e);
    if (own)
        snprintf(gpu->calibration_source, sizeof gpu->calibration_source, "calibration of %s",
                 gpu->name);
    else if (gpu->like[0])
        snprintf(gpu->calibration_source, sizeof gpu->calibration_source, "transferred from %s",
                 gpu->like);
    else
        snprintf(gpu->calibration_source, sizeof gpu->calibration_source, "assumed: defaults");
    return status;
}

static enum status read_at(const struct gpu_reading *r, struct gpu *gpu, struct error *e)
{
    static const char *const objects[] = {"calibration", "collective", NULL};
    struct gpu read = {0};
    struct fields_options options = {
        .sources = read.source, .require_source = true, .extra = objects};
    enum status status = fields_read(
        r->json, r->object, (struct fields){gpu_fields, gpu_field_count}, &read, &options, e);
    if (status == STATUS_OK)
        status = check_peaks(r, &read, e);
    if (status == STATUS_OK)
        status = read_constants(r, &read, e);
    if (status == STATUS_OK)
        *gpu = read;
    return status;
}

static enum status find_at(const char *name, const char *catalog, int depth, struct gpu *gpu,
                           struct error *e)
{
    struct json *json = catalog_load(&gpus, name, catalog, e);
    if (!json)
        return e->status;
    struct gpu_reading r = {json, json_root(json), catalog, depth};
    enum status status = read_at(&r, gpu, e);
    json_free(json);
    return status;
}

enum status gpu_read(const struct json *json, const struct json_value *object, const char *catalog,
                     struct gpu *gpu, struct error *e)
{
    struct gpu_reading r = {json, object, catalog, 0};
    return read_at(&r, gpu, e);
}

enum status gpu_find(const char *name, const char *catalog, struct gpu *gpu, struct error *e)
{
    return find_at(name, catalog, 0, gpu, e);
}

const char *gpu_catalog_name(size_t i)
{
    return catalog_name(&gpus, i);
}

void gpu_write(struct json_writer *w, const struct gpu *gpu)
{
    figures_write(w, gpu_fields, gpu_field_count, gpu, gpu->source);
    calibration_write(w, "calibration", &gpu->calibration);
    collective_calibration_write(w, "collective", &gpu->calibration.collective);
}
