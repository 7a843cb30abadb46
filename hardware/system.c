#include "hardware/system.h"
#include "base/catalog.h"
#include "hardware/figures.h"
#include "hardware/system_finish.h"
#include <stdio.h>
#include <string.h>

extern const struct embedded_file system_catalog[];
static const struct catalog systems = {"system", "systems", system_catalog};

static const char *const tier_names[SYSTEM_TIERS_MAX] = {
    "scale_up",
    "scale_out",
    "upper",
    "top",
};

/* Where a system file stands. */
struct system_reading {
    const struct json *json;
    const struct json_value *object;
    const char *catalog;
};

/* ---- the gpu ---- */

static enum status find_gpu(const struct system_reading *r, const struct json_value *v,
                            struct gpu *gpu, struct error *e)
{
    struct error cause;
    error_init(&cause);
    if (catalog_check_name(json_string(v), &cause) == STATUS_OK &&
        gpu_find(json_string(v), r->catalog, gpu, &cause) == STATUS_OK)
        return STATUS_OK;
    if (cause.line > 0) {
        if (e->status == STATUS_OK)
            *e = cause;
        return e->status;
    }
    json_error(r->json, v, e, cause.status, "%s", cause.message);
    error_set_hint(e, "%s", cause.hint);
    return e->status;
}

static enum status read_gpu(const struct system_reading *r, struct gpu *gpu, struct error *e)
{
    const struct json_value *v = json_member(r->object, "gpu");
    if (!v)
        return json_error(r->json, r->object, e, STATUS_INPUT, "the key \"gpu\" is missing");
    if (json_kind(v) == JSON_STRING)
        return find_gpu(r, v, gpu, e);
    return gpu_read(r->json, v, r->catalog, gpu, e);
}

/* ---- the tiers ---- */

static enum status read_tier(const struct system_reading *r, const struct json_value *object,
                             struct tier *tier, struct error *e)
{
    static const char *const objects[] = {"collective", NULL};
    struct fields_options options = {
        .sources = tier->source, .require_source = true, .extra = objects};
    tier->oversubscription = 1;
    enum status status = fields_read(
        r->json, object, (struct fields){tier_fields, tier_field_count}, tier, &options, e);
    const struct json_value *own = json_member(object, "collective");
    if (status == STATUS_OK && own)
        status = collective_calibration_read(r->json, own, &tier->collective, e);
    return status;
}

/* Tiers go outward: each connects more GPUs than the one before it, the last may connect all. */
static enum status check_order(const struct system_reading *r, const struct json_value *v,
                               const struct system *s, int i, struct error *e)
{
    double inner = i > 0 ? s->tier[i - 1].domain_gpus : 0, own = s->tier[i].domain_gpus;
    if (i > 0 && inner == 0)
        return json_error(r->json, v, e, STATUS_INPUT,
                          "expected no tier outside one that connects all GPUs (no domain_gpus)");
    if (own > 0 && own <= inner)
        return json_error(r->json, v, e, STATUS_INPUT,
                          "expected a tier of more GPUs than the one before it: %g after %g", own,
                          inner);
    return STATUS_OK;
}

static enum status read_tiers(const struct system_reading *r, struct system *s, struct error *e)
{
    const struct json_value *list = json_member(r->object, "tiers");
    size_t count = list && json_kind(list) == JSON_ARRAY ? json_count(list) : 0;
    enum status status = STATUS_OK;
    if (count < 1 || count > SYSTEM_TIERS_MAX)
        return json_error(r->json, list ? list : r->object, e, STATUS_INPUT,
                          "expected \"tiers\", a list of 1 to %d network tiers from the scale-up "
                          "domain outward",
                          SYSTEM_TIERS_MAX);
    for (const struct json_value *v = json_first(list); v && status == STATUS_OK;
         v = json_next(v)) {
        struct tier *tier = &s->tier[s->tiers];
        snprintf(tier->name, sizeof tier->name, "%s", tier_names[s->tiers]);
        status = read_tier(r, v, tier, e);
        if (status == STATUS_OK && s->tiers == 0 && tier->domain_gpus == 0 && count > 1)
            tier->domain_gpus = s->gpu.scale_up_domain_gpus;
        if (status == STATUS_OK)
            status = check_order(r, v, s, s->tiers, e);
        s->tiers++;
    }
    return status;
}

/* ---- the system ---- */

enum status system_read(const struct json *json, const struct json_value *object,
                        const char *catalog, struct system *system, struct error *e)
{
    static const char *const objects[] = {"gpu", "tiers", NULL};
    struct system_reading r = {json, object, catalog};
    struct system read = {0};
    struct fields_options options = {
        .sources = read.source, .require_source = true, .extra = objects};
    enum status status = fields_read(
        json, object, (struct fields){system_fields, system_field_count}, &read, &options, e);
    if (status == STATUS_OK)
        status = read_gpu(&r, &read.gpu, e);
    if (status == STATUS_OK)
        status = read_tiers(&r, &read, e);
    if (status != STATUS_OK)
        return status;
    if (read.gpus_per_node == 0)
        read.gpus_per_node = read.gpu.gpus_per_node > 0 ? read.gpu.gpus_per_node : 1;
    if (read.nics_per_node == 0)
        read.nics_per_node = read.gpus_per_node;
    system_finish(&read,
                  &read.source[figures_row(system_fields, system_field_count, "power_limit")]);
    *system = read;
    return STATUS_OK;
}

enum status system_find(const char *name, const char *catalog, struct system *system,
                        struct error *e)
{
    struct json *json = catalog_load(&systems, name, catalog, e);
    if (!json)
        return e->status;
    enum status status = system_read(json, json_root(json), catalog, system, e);
    json_free(json);
    return status;
}

const char *system_catalog_name(size_t i)
{
    return catalog_name(&systems, i);
}

static void write_tiers(struct json_writer *w, const struct system *system)
{
    json_open_array(w, "tiers");
    for (int i = 0; i < system->tiers; i++) {
        const struct tier *tier = &system->tier[i];
        json_open_object(w, NULL);
        figures_write(w, tier_fields, tier_field_count, tier, tier->source);
        collective_calibration_write(w, "collective", &tier->collective);
        json_close_object(w);
    }
    json_close_array(w);
}

void system_write(struct json_writer *w, const struct system *system)
{
    figures_write(w, system_fields, system_field_count, system, system->source);
    json_put_string(w, "gpu", system->gpu.name);
    write_tiers(w, system);
}

void system_write_whole(struct json_writer *w, const struct system *system)
{
    figures_write(w, system_fields, system_field_count, system, system->source);
    json_open_object(w, "gpu");
    gpu_write(w, &system->gpu);
    json_close_object(w);
    write_tiers(w, system);
}

double system_domain_gpus(const struct system *system)
{
    double domain = system->tier[0].domain_gpus;
    if (domain <= 0)
        domain = system->gpus > 0 ? system->gpus : system->gpus_per_node;
    return system->gpus > 0 && system->gpus < domain ? system->gpus : domain;
}
