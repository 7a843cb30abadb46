#include "base/array.h"
#include "cli/output.h"
#include "reports/support_report.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Machines with their datatypes, as they are asked for. */
struct asked {
    const struct arguments *arguments;
    int dtype; /* -1: all that the machine has */
    struct support_row *rows;
    size_t count, room;
};

static enum status add_row(struct asked *asked, const struct support_row *row, struct error *e)
{
    struct support_row *rows = array_grow(asked->rows, asked->count, &asked->room, sizeof *rows);
    if (!rows)
        return error_set(e, STATUS_IO, "out of memory");
    asked->rows = rows;
    asked->rows[asked->count++] = *row;
    return STATUS_OK;
}

/* A row a datatype that the machine has, or for the one that is asked for. */
static enum status add_machine(struct asked *asked, const char *name, const struct system *system,
                               struct error *e)
{
    struct support_row row = {.machine = ""};
    snprintf(row.machine, sizeof row.machine, "%s", name);
    snprintf(row.gpu, sizeof row.gpu, "%s", system->gpu.name);
    for (int dtype = 0; dtype < DTYPES && e->status == STATUS_OK; dtype++) {
        row.dtype = (enum dtype)dtype;
        if (asked->dtype >= 0 ? dtype != asked->dtype : dtype > DTYPE_NVFP4)
            continue;
        if (support_find(system, row.dtype, row.part))
            add_row(asked, &row, e);
    }
    return e->status;
}

/* A gpu and its scale-up links: a system of one tier. */
static enum status add_gpu(struct asked *asked, const char *name, struct error *e)
{
    struct system *system = calloc(1, sizeof *system);
    if (!system)
        return error_set(e, STATUS_IO, "out of memory");
    const char *catalog = argument_value(asked->arguments, "catalog");
    if (gpu_find(name, catalog, &system->gpu, e) == STATUS_OK) {
        struct tier *links = &system->tier[system->tiers++];
        memcpy(links->technology, system->gpu.scale_up_technology, sizeof links->technology);
        add_machine(asked, system->gpu.name, system, e);
    }
    free(system);
    return e->status;
}

static enum status add_system(struct asked *asked, const char *name, struct error *e)
{
    struct system *system = malloc(sizeof *system);
    if (!system)
        return error_set(e, STATUS_IO, "out of memory");
    if (system_find(name, argument_value(asked->arguments, "catalog"), system, e) == STATUS_OK)
        add_machine(asked, system->name, system, e);
    free(system);
    return e->status;
}

static enum status add_asked(struct asked *asked, struct error *e)
{
    const char *gpu = argument_value(asked->arguments, "gpu");
    const char *system = argument_value(asked->arguments, "system");
    if (gpu && system)
        return error_set(e, STATUS_USAGE, "--gpu and --system exclude each other here");
    if (gpu)
        return add_gpu(asked, gpu, e);
    if (system)
        return add_system(asked, system, e);
    for (size_t i = 0; e->status == STATUS_OK && gpu_catalog_name(i); i++)
        add_gpu(asked, gpu_catalog_name(i), e);
    for (size_t i = 0; e->status == STATUS_OK && system_catalog_name(i); i++)
        add_system(asked, system_catalog_name(i), e);
    return e->status;
}

static enum status find_precision(struct asked *asked, struct error *e)
{
    const char *name = argument_value(asked->arguments, "precision");
    asked->dtype = name ? names_find(dtype_names, name) : -1;
    if (name && asked->dtype < 0) {
        error_set(e, STATUS_USAGE, "there is no datatype %s", name);
        const char *nearest = nearest_name(name, dtype_names, DTYPES);
        if (nearest)
            error_set_hint(e, "did you mean %s?", nearest);
    }
    return e->status;
}

/* The answer is no where nothing that is asked about is measured. */
static enum status judge(const struct asked *asked, struct error *e)
{
    for (size_t i = 0; i < asked->count; i++)
        if (support_answer(asked->rows[i].part) != SUPPORT_NO)
            return STATUS_OK;
    return error_set(e, STATUS_NO,
                     asked->count > 0 ? "no constant of it is measured"
                                      : "it does not compute in that datatype");
}

enum status support_command(const struct arguments *a, struct error *e)
{
    static void (*const writers[])(const struct support_report *, struct text *) = {
        [OUTPUT_TEXT] = support_text, [OUTPUT_JSON] = support_json, [OUTPUT_CSV] = support_csv};
    struct asked asked = {.arguments = a};
    struct text out = {0};
    enum output_format format;
    if (a->operand_count > 0) {
        error_set(e, STATUS_USAGE, "support takes no operand, got %s", a->operands[0]);
        error_set_hint(e, "--gpu %s or --system %s", a->operands[0], a->operands[0]);
    }
    if (e->status == STATUS_OK && output_format(a, &format, e) == STATUS_OK &&
        find_precision(&asked, e) == STATUS_OK && add_asked(&asked, e) == STATUS_OK) {
        bool one = argument_given(a, "gpu") || argument_given(a, "system");
        writers[format](&(struct support_report){asked.rows, asked.count, one}, &out);
        if (output_write(a, &out, e) == STATUS_OK)
            judge(&asked, e);
    }
    text_free(&out);
    free(asked.rows);
    return e->status;
}
